//! Spending no more than one is given.

use crate::error::SetupError;
use refinex_core::{Answer, Chunk, Identity, RewriteError, RewriteFault, Rewriter, Usage};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Bytes a token, to foresee what a request will cost (a guess on the safe side: English has about
/// four with modern tokenizers).
const BYTES_A_TOKEN: u64 = 3;
/// Tokens of a reason, to foresee the same (a guess).
const REASON_TOKENS: u64 = 200;

/// Money for a million tokens, in any one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prices {
    /// For tokens read.
    pub input: f64,
    /// For tokens written.
    pub output: f64,
}

impl Prices {
    /// What tokens cost.
    #[must_use]
    pub fn of(&self, usage: Usage) -> f64 {
        let (read, written) = (usage.prompt_tokens as f64, usage.completion_tokens as f64);
        (read * self.input + written * self.output) / 1e6
    }
}

/// What may be spent in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Tokens, read and written.
    pub tokens: Option<u64>,
    /// Money.
    pub cost: Option<f64>,
    /// What tokens cost.
    pub prices: Prices,
}

impl Limits {
    /// Checks that money can be counted where it is limited.
    ///
    /// # Errors
    /// If it is limited, but nothing has a price.
    pub fn check(&self) -> Result<(), SetupError> {
        if self.cost.is_some() && self.prices == Prices::default() {
            return Err(SetupError::new(
                "expected prices for a limit of money, but found none (give what a million tokens \
                 cost)",
            ));
        }
        Ok(())
    }

    fn allow(&self, usage: Usage) -> bool {
        self.tokens.is_none_or(|limit| usage.total() <= limit)
            && self.cost.is_none_or(|limit| self.prices.of(usage) <= limit)
    }
}

/// Sends nothing that may not be paid any more.
///
/// Each request in flight has its likely cost set aside: the largest that any had, or an estimate
/// from its size. So the limit is passed only where a request costs more than both, by that one.
pub struct Budget<R> {
    inner: R,
    limits: Limits,
    /// Bytes that a request has beside its chunk.
    overhead: u64,
    /// Most tokens that an answer may have.
    max_tokens: Option<u64>,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Debug, Default)]
struct State {
    spent: Usage,
    aside: Usage,
    in_flight: usize,
    largest: Usage,
}

impl<R: Rewriter> Budget<R> {
    /// `inner` within limits. `overhead` is the size in bytes of a request about nothing;
    /// `max_tokens` the most that an answer may have.
    pub fn new(inner: R, limits: Limits, overhead: u64, max_tokens: Option<u64>) -> Self {
        let (state, returned) = (Mutex::default(), Condvar::new());
        Self { inner, limits, overhead, max_tokens, state, returned }
    }

    /// Waits until the request fits beside those in flight; if nothing is in flight and it still
    /// does not fit, the budget is spent.
    fn set_aside(&self, chunk: &Chunk<'_>) -> Result<Usage, RewriteError> {
        let mut state = self.state();
        loop {
            let likely = self.likely(chunk, state.largest);
            let mut wanted = state.spent;
            wanted.add(state.aside);
            wanted.add(likely);
            if self.limits.allow(wanted) {
                state.aside.add(likely);
                state.in_flight += 1;
                return Ok(likely);
            }
            if state.in_flight == 0 {
                return Err(self.spent(state.spent, likely));
            }
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn likely(&self, chunk: &Chunk<'_>, largest: Usage) -> Usage {
        let text = chunk.text().len() as u64;
        let written = (text / BYTES_A_TOKEN + REASON_TOKENS).max(largest.completion_tokens);
        Usage {
            prompt_tokens: ((self.overhead + text) / BYTES_A_TOKEN).max(largest.prompt_tokens),
            completion_tokens: self.max_tokens.map_or(written, |most| written.min(most)),
        }
    }

    fn settle(&self, likely: Usage, used: Usage) {
        let mut state = self.state();
        state.in_flight -= 1;
        state.aside.prompt_tokens -= likely.prompt_tokens;
        state.aside.completion_tokens -= likely.completion_tokens;
        state.spent.add(used);
        state.largest.prompt_tokens = state.largest.prompt_tokens.max(used.prompt_tokens);
        state.largest.completion_tokens =
            state.largest.completion_tokens.max(used.completion_tokens);
        self.returned.notify_all();
    }

    fn spent(&self, spent: Usage, likely: Usage) -> RewriteError {
        let money = match self.limits.cost {
            Some(limit) => format!(" and {:.4} of {limit} in money", self.limits.prices.of(spent)),
            None => String::new(),
        };
        let tokens = match self.limits.tokens {
            Some(limit) => format!("{} of {limit}", spent.total()),
            None => spent.total().to_string(),
        };
        RewriteError::new(
            RewriteFault::BudgetSpent,
            format!(
                "expected the next request to fit the budget, but found {tokens} tokens{money} \
                 spent, and about {} tokens needed",
                likely.total()
            ),
        )
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Rewriter> Rewriter for Budget<R> {
    fn identity(&self) -> Identity {
        self.inner.identity()
    }

    fn rewrite_one(&self, chunk: &Chunk<'_>) -> Result<Answer, RewriteError> {
        let likely = self.set_aside(chunk)?;
        let answer = self.inner.rewrite_one(chunk);
        let used = match &answer {
            Ok(answer) => answer.usage.unwrap_or(likely),
            Err(_) => Usage::default(),
        };
        self.settle(likely, used);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use refinex_core::Course;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Answers at a fixed cost, and counts.
    struct Costly(Usage, AtomicU64);

    impl Rewriter for Costly {
        fn identity(&self) -> Identity {
            Identity { name: String::new(), fingerprint: String::new() }
        }

        fn rewrite_one(&self, _: &Chunk<'_>) -> Result<Answer, RewriteError> {
            self.1.fetch_add(1, Ordering::Relaxed);
            Ok(Answer { usage: Some(self.0), ..Answer::saying("x", "") })
        }
    }

    fn budget(limits: Limits) -> Budget<Costly> {
        let usage = Usage { prompt_tokens: 600, completion_tokens: 400 };
        Budget::new(Costly(usage, AtomicU64::new(0)), limits, 300, None)
    }

    fn answered(budget: &Budget<Costly>) -> usize {
        let chunks = [Chunk::whole("x"); 20];
        budget.rewrite(&chunks).iter().filter(|answer| answer.is_ok()).count()
    }

    #[test]
    fn nothing_is_sent_that_would_pass_the_limit_of_tokens() {
        let budget = budget(Limits { tokens: Some(5500), ..Limits::default() });
        assert_eq!(answered(&budget), 5);
        assert_eq!(budget.inner.1.load(Ordering::Relaxed), 5);
        let error = budget.rewrite_one(&Chunk::whole("x")).unwrap_err();
        assert_eq!((error.fault, error.course), (RewriteFault::BudgetSpent, Course::Stop));
        assert!(error.message.contains("found 5000 of 5500 tokens spent"), "{error}");
    }

    #[test]
    fn money_is_limited_by_prices() {
        let prices = Prices { input: 1000.0, output: 1000.0 };
        let limits = Limits { cost: Some(3.0), prices, ..Limits::default() };
        assert_eq!(answered(&budget(limits)), 3);
        assert!(Limits { prices: Prices::default(), ..limits }.check().is_err());
    }

    #[test]
    fn threads_together_keep_the_limit_and_use_it_up() {
        let budget = budget(Limits { tokens: Some(10_000), ..Limits::default() });
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| answered(&budget));
            }
        });
        assert_eq!(budget.inner.1.load(Ordering::Relaxed), 10);
    }
}
