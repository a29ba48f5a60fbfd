//! Giving up in time.

use refinex_core::{Answer, Chunk, Course, Identity, RewriteError, RewriteFault, Rewriter};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Sends nothing more once it is clear that no request will succeed: after an error that stops all
/// (a wrong key, a spent budget), after so many requests in a row that failed in spite of retries,
/// and after so many that were refused while none was ever answered.
///
/// Without it, a server that is down would turn a whole corpus into failed rows.
pub struct Breaker<R> {
    inner: R,
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failed_in_a_row: usize,
    refused: usize,
    answered: bool,
    stopped: Option<RewriteError>,
}

impl<R: Rewriter> Breaker<R> {
    /// `inner`, given up after `most` failures in a row.
    pub fn new(inner: R, most: usize) -> Self {
        Self { inner, most: most.max(1), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hear(&mut self, answer: Result<(), &RewriteError>, most: usize) {
        let Err(error) = answer else {
            (self.failed_in_a_row, self.answered) = (0, true);
            return;
        };
        match error.course {
            Course::Stop => drop(self.stopped.get_or_insert_with(|| error.clone())),
            Course::Again { .. } => self.failed_in_a_row += 1,
            Course::Skip => {
                self.refused += usize::from(error.fault == RewriteFault::RequestRefused)
            }
        }
        let hopeless = self.refused >= most && !self.answered;
        if self.stopped.is_none() && (self.failed_in_a_row >= most || hopeless) {
            let found = if hopeless {
                "requests refused and none answered"
            } else {
                "requests in a row failed"
            };
            self.stopped = Some(RewriteError::new(
                RewriteFault::EndpointDown,
                format!("expected an endpoint that answers, but found {most} {found}: {error}"),
            ));
        }
    }
}

impl<R: Rewriter> Rewriter for Breaker<R> {
    fn identity(&self) -> Identity {
        self.inner.identity()
    }

    fn rewrite_one(&self, chunk: &Chunk<'_>) -> Result<Answer, RewriteError> {
        let stopped = self.state().stopped.clone();
        if let Some(error) = stopped {
            return Err(error);
        }
        let answer = self.inner.rewrite_one(chunk);
        self.state().hear(answer.as_ref().map(|_| ()), self.most);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// Fails as it is told, then answers.
    struct Scripted(Mutex<VecDeque<Option<RewriteFault>>>);

    impl Rewriter for Scripted {
        fn identity(&self) -> Identity {
            Identity { name: String::new(), fingerprint: String::new() }
        }

        fn rewrite_one(&self, _: &Chunk<'_>) -> Result<Answer, RewriteError> {
            match self.0.lock().unwrap().pop_front().flatten() {
                None => Ok(Answer::saying("x", "")),
                Some(fault) => Err(RewriteError::new(fault, "expected x, but found y")),
            }
        }
    }

    fn faults(script: &[Option<RewriteFault>]) -> Vec<Option<RewriteFault>> {
        let breaker = Breaker::new(Scripted(Mutex::new(script.iter().copied().collect())), 3);
        let answers = breaker.rewrite(&vec![Chunk::whole("x"); script.len() + 1]);
        answers.into_iter().map(|answer| answer.err().map(|error| error.fault)).collect()
    }

    #[test]
    fn failures_in_a_row_stop_all_and_an_answer_between_them_does_not() {
        let (down, fine) = (Some(RewriteFault::Timeout), None);
        let stopped = Some(RewriteFault::EndpointDown);
        assert_eq!(faults(&[down, down, down]), [down, down, down, stopped]);
        assert_eq!(faults(&[down, down, fine, down, down]).last(), Some(&fine));
    }

    #[test]
    fn refused_requests_stop_all_only_while_none_was_answered() {
        let (refused, fine) = (Some(RewriteFault::RequestRefused), None);
        let stopped = Some(RewriteFault::EndpointDown);
        assert_eq!(faults(&[refused; 3]).last(), Some(&stopped));
        assert_eq!(faults(&[fine, refused, refused, refused, refused]).last(), Some(&fine));
    }

    #[test]
    fn a_wrong_key_stops_all_at_once() {
        let wrong = Some(RewriteFault::Unauthorised);
        assert_eq!(faults(&[wrong]), [wrong, wrong]);
    }
}
