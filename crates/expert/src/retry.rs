//! Asking again.

use fastrand::Rng;
use refinex_core::{Answer, Chunk, Course, Identity, RewriteError, Rewriter};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// When to ask again, and when to give up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patience {
    /// Requests for one chunk, the first included.
    pub attempts: u32,
    /// The first wait is at most this; it doubles each time.
    pub first: Duration,
    /// No wait is longer; a server that asks for a longer one is given up.
    pub longest: Duration,
    /// Seed of the waits.
    pub seed: u64,
}

impl Default for Patience {
    /// Six attempts over half a minute on average (a guess: longer than a server's hiccup, shorter
    /// than its restart).
    fn default() -> Self {
        let (first, longest) = (Duration::from_secs(1), Duration::from_secs(60));
        Self { attempts: 6, first, longest, seed: 0 }
    }
}

impl Patience {
    /// The wait after failure number `failures` (from 1); `None` to give up.
    ///
    /// The back-off has full jitter: any wait from nothing to the doubled limit is as likely as
    /// another, so that clients that failed together do not come back together.
    fn wait(&self, failures: u32, asked: Option<Duration>, random: &mut Rng) -> Option<Duration> {
        if failures >= self.attempts {
            return None;
        }
        let doubled = self.first.saturating_mul(2u32.saturating_pow((failures - 1).min(30)));
        match asked {
            Some(asked) if asked > self.longest => None,
            Some(asked) => Some(asked + self.first.mul_f64(random.f64())),
            None => Some(doubled.min(self.longest).mul_f64(random.f64())),
        }
    }
}

/// Asks again where that may help.
pub struct Retry<R> {
    inner: R,
    patience: Patience,
}

impl<R: Rewriter> Retry<R> {
    /// `inner`, asked with patience.
    pub const fn new(inner: R, patience: Patience) -> Self {
        Self { inner, patience }
    }
}

fn given_up(error: RewriteError, failures: u32) -> RewriteError {
    let message = format!("{} (given up after {failures} attempts)", error.message);
    RewriteError { message, ..error }
}

impl<R: Rewriter> Rewriter for Retry<R> {
    fn identity(&self) -> Identity {
        self.inner.identity()
    }

    fn rewrite_one(&self, chunk: &Chunk<'_>) -> Result<Answer, RewriteError> {
        let mut hasher = DefaultHasher::new();
        (self.patience.seed, chunk.text()).hash(&mut hasher);
        let mut random = Rng::with_seed(hasher.finish());
        let mut failures = 0;
        loop {
            let error = match self.inner.rewrite_one(chunk) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            failures += 1;
            let Course::Again { after } = error.course else { return Err(error) };
            match self.patience.wait(failures, after, &mut random) {
                Some(wait) => std::thread::sleep(wait),
                None => return Err(given_up(error, failures)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use refinex_core::RewriteFault;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Failing(AtomicU32, RewriteFault);

    impl Rewriter for Failing {
        fn identity(&self) -> Identity {
            Identity { name: String::new(), fingerprint: String::new() }
        }

        fn rewrite_one(&self, _: &Chunk<'_>) -> Result<Answer, RewriteError> {
            let left = self.0.load(Ordering::Relaxed);
            self.0.store(left.saturating_sub(1), Ordering::Relaxed);
            match left {
                0 => Ok(Answer::saying("x", "")),
                _ => Err(RewriteError::new(self.1, "expected x, but found y")),
            }
        }
    }

    fn ask(failures: u32, fault: RewriteFault) -> (Result<Answer, RewriteError>, u32) {
        let patience = Patience { first: Duration::from_micros(1), ..Patience::default() };
        let retry = Retry::new(Failing(AtomicU32::new(failures), fault), patience);
        let answer = retry.rewrite_one(&Chunk::whole("x"));
        (answer, retry.inner.0.load(Ordering::Relaxed))
    }

    #[test]
    fn what_passes_is_asked_again_up_to_the_limit() {
        assert!(ask(5, RewriteFault::Timeout).0.is_ok());
        let (answer, left) = ask(6, RewriteFault::Timeout);
        assert_eq!(left, 0);
        let message = answer.unwrap_err().message;
        assert_eq!(message, "expected x, but found y (given up after 6 attempts)");
    }

    #[test]
    fn what_lasts_is_asked_once() {
        for fault in [RewriteFault::RequestRefused, RewriteFault::Unauthorised] {
            let (answer, left) = ask(9, fault);
            assert_eq!((answer.unwrap_err().fault, left), (fault, 8));
        }
    }

    #[test]
    fn waits_double_have_full_jitter_and_repeat_with_their_seed() {
        let patience = Patience { attempts: 99, ..Patience::default() };
        let mut random = Rng::with_seed(1);
        let limits = [1, 2, 4, 8, 16, 32, 60, 60];
        for (failures, limit) in (1..).zip(limits) {
            let waits: Vec<Duration> =
                (0..400).filter_map(|_| patience.wait(failures, None, &mut random)).collect();
            let limit = Duration::from_secs(limit);
            assert!(waits.iter().all(|wait| *wait <= limit));
            assert!(waits.iter().any(|wait| *wait > limit.mul_f64(0.95)));
            assert!(waits.iter().any(|wait| *wait < limit.mul_f64(0.05)));
        }
        let again = |seed| patience.wait(3, None, &mut Rng::with_seed(seed));
        assert_eq!(again(7), again(7));
    }

    #[test]
    fn the_wait_that_a_server_asks_for_is_kept_unless_it_is_too_long() {
        let patience = Patience::default();
        let wait =
            |seconds| patience.wait(1, Some(Duration::from_secs(seconds)), &mut Rng::with_seed(3));
        let kept = wait(30).unwrap();
        assert!((30.0..=31.0).contains(&kept.as_secs_f64()), "{kept:?}");
        assert_eq!(wait(61), None);
    }
}
