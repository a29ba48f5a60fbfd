//! Many requests at once.

use refinex_core::{Answer, Chunk, Identity, RewriteError, RewriteFault, Rewriter};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};

/// Asks for many chunks at once, one thread each, up to a limit that all callers share. Answers
/// come in the order of their chunks.
pub struct Concurrent<R> {
    inner: R,
    limit: usize,
    free: Mutex<usize>,
    freed: Condvar,
}

impl<R: Rewriter> Concurrent<R> {
    /// `inner`, asked for at most `limit` chunks at once.
    pub fn new(inner: R, limit: usize) -> Self {
        let limit = limit.max(1);
        Self { inner, limit, free: Mutex::new(limit), freed: Condvar::new() }
    }

    fn permit(&self) -> Permit<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free =
            self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Permit { free: &self.free, freed: &self.freed }
    }
}

/// The right to one request at a time; it is given back even where the request panics.
struct Permit<'a> {
    free: &'a Mutex<usize>,
    freed: &'a Condvar,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.freed.notify_one();
    }
}

impl<R: Rewriter> Rewriter for Concurrent<R> {
    fn identity(&self) -> Identity {
        self.inner.identity()
    }

    fn rewrite_one(&self, chunk: &Chunk<'_>) -> Result<Answer, RewriteError> {
        let _permit = self.permit();
        self.inner.rewrite_one(chunk)
    }

    fn rewrite(&self, chunks: &[Chunk<'_>]) -> Vec<Result<Answer, RewriteError>> {
        let next = AtomicUsize::new(0);
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..self.limit.min(chunks.len()) {
                let (next, sender) = (&next, sender.clone());
                scope.spawn(move || {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(chunk) = chunks.get(at) else { return };
                        let _ = sender.send((at, self.rewrite_one(chunk)));
                    }
                });
            }
        });
        drop(sender);
        in_order(chunks.len(), receiver)
    }
}

type Answered = (usize, Result<Answer, RewriteError>);

fn in_order(count: usize, answers: mpsc::Receiver<Answered>) -> Vec<Result<Answer, RewriteError>> {
    let mut slots: Vec<Option<Result<Answer, RewriteError>>> = vec![None; count];
    for (at, answer) in answers {
        slots[at] = Some(answer);
    }
    let missing = || {
        let message = "expected an answer for every chunk, but found none";
        Err(RewriteError::new(RewriteFault::WrongCount, message))
    };
    slots.into_iter().map(|slot| slot.unwrap_or_else(missing)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Answers with the chunk, the later ones first, and remembers how many asked at once.
    #[derive(Default)]
    struct Slow {
        now: AtomicUsize,
        most: AtomicUsize,
    }

    impl Rewriter for Slow {
        fn identity(&self) -> Identity {
            Identity { name: String::new(), fingerprint: String::new() }
        }

        fn rewrite_one(&self, chunk: &Chunk<'_>) -> Result<Answer, RewriteError> {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            let number: u64 = chunk.text().parse().unwrap();
            std::thread::sleep(Duration::from_millis(20 - number % 20));
            self.now.fetch_sub(1, Ordering::SeqCst);
            Ok(Answer::saying(chunk.text(), ""))
        }
    }

    #[test]
    fn answers_keep_their_order_and_all_callers_share_the_limit() {
        let texts: Vec<String> = (0..40).map(|number| number.to_string()).collect();
        let chunks: Vec<Chunk<'_>> = texts.iter().map(|text| Chunk::whole(text)).collect();
        let concurrent = Concurrent::new(Slow::default(), 5);
        let all = || {
            for (answer, text) in concurrent.rewrite(&chunks).into_iter().zip(&texts) {
                assert_eq!(&answer.unwrap().read(text).unwrap().text, text);
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(all);
            scope.spawn(all);
        });
        assert_eq!(concurrent.inner.most.load(Ordering::SeqCst), 5);
    }

    #[test]
    fn no_chunk_has_no_answer() {
        assert!(Concurrent::new(Slow::default(), 5).rewrite(&[]).is_empty());
    }
}
