//! The threads that compute one forward pass.

use crate::error::ModelError;
use rayon::prelude::*;
use std::ops::Range;

/// One thread or several. What is computed does not depend on how many.
pub(super) struct Team {
    pool: Option<rayon::ThreadPool>,
    threads: usize,
}

impl Team {
    pub(super) fn of(threads: usize) -> Result<Self, ModelError> {
        let pool = || rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = (threads > 1).then(pool).transpose();
        let pool = pool.map_err(|error| super::unfit(format!("{threads} threads"), error))?;
        Ok(Self { pool, threads: threads.max(1) })
    }

    pub(super) const fn threads(&self) -> usize {
        self.threads
    }

    /// Runs `work`, whose inner parts the team's threads then share.
    pub(super) fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// The results of `work` for `0..count`, in order.
    pub(super) fn map<R: Send>(
        &self,
        count: usize,
        work: impl Fn(usize) -> R + Sync + Send,
    ) -> Vec<R> {
        if self.threads == 1 {
            return (0..count).map(work).collect();
        }
        (0..count).into_par_iter().with_max_len(1).map(work).collect()
    }

    /// Parts of a range, about equally long, one a thread.
    pub(super) fn ranges(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let (length, threads) = (range.len(), self.threads);
        let at = |part: usize| range.start + length * part / threads;
        (0..threads).map(|part| at(part)..at(part + 1)).filter(|part| !part.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_whole_and_in_order() {
        let team = Team::of(3).unwrap();
        assert_eq!(team.ranges(2..12), [2..5, 5..8, 8..12]);
        assert_eq!(team.ranges(0..2), [0..1, 1..2]);
        assert_eq!(team.run(|| team.map(5, |at| at * at)), [0, 1, 4, 9, 16]);
    }
}
