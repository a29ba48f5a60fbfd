//! Counts of what an expert was asked, and the law that they must add up.

use crate::done::Counts;
use refinex_core::{RewriteFault, Usage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What became of the rows and chunks of a shard, or of many shards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpertTally {
    /// Rows that were read.
    pub rows: u64,
    /// Documents that are not in the sample.
    pub left_out: u64,
    /// Documents of nothing but white space, which nobody is asked about.
    pub blank: u64,
    /// Documents with a rewrite for every chunk.
    pub rewritten: u64,
    /// Documents with a rewrite for some chunks.
    pub partly: u64,
    /// Documents with no rewrite.
    pub without: u64,
    /// Rows that could not be read.
    pub failed: u64,
    /// These by reason.
    pub failed_by_reason: BTreeMap<String, u64>,
    /// Blank lines between rows, which are no rows.
    pub blank_rows: u64,
    /// Documents that were asked about whose id was seen before in the same shard.
    #[serde(default)]
    pub id_collisions: u64,
    /// Chunks of the documents that were asked about.
    pub chunks: u64,
    /// Chunks of nothing but white space, which nobody is asked about.
    pub blank_chunks: u64,
    /// Chunks with a rewrite.
    pub pairs: u64,
    /// Chunks without one, by reason.
    pub refused_by_reason: BTreeMap<String, u64>,
    /// Of these, chunks that were not answered at all: `--retry-failed` asks again.
    pub unanswered: u64,
    /// Bytes of the pairs, raw.
    pub raw_bytes: u64,
    /// Bytes of the pairs, refined.
    pub refined_bytes: u64,
    /// Tokens of all answers, taken from the cache or not.
    pub usage: Usage,
}

impl ExpertTally {
    /// Counts one row that could not be read.
    pub fn count_failure(&mut self, reason: &str) {
        self.rows += 1;
        self.failed += 1;
        *self.failed_by_reason.entry(reason.to_owned()).or_default() += 1;
    }

    /// Counts one document that was asked about: so many of so many chunks have a rewrite.
    pub fn count_document(&mut self, rewrites: usize, asked: usize) {
        self.rows += 1;
        match rewrites {
            _ if asked == 0 => self.blank += 1,
            0 => self.without += 1,
            some if some == asked => self.rewritten += 1,
            _ => self.partly += 1,
        }
    }

    /// Counts one chunk without a rewrite.
    pub fn count_refused(&mut self, fault: RewriteFault) {
        *self.refused_by_reason.entry(fault.name().to_owned()).or_default() += 1;
        self.unanswered += u64::from(!fault.is_of_answer());
    }

    /// Chunks without a rewrite.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused_by_reason.values().sum()
    }

    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.left_out += other.left_out;
        self.blank += other.blank;
        self.rewritten += other.rewritten;
        self.partly += other.partly;
        self.without += other.without;
        self.failed += other.failed;
        self.blank_rows += other.blank_rows;
        self.id_collisions += other.id_collisions;
        self.chunks += other.chunks;
        self.blank_chunks += other.blank_chunks;
        self.pairs += other.pairs;
        self.unanswered += other.unanswered;
        self.raw_bytes += other.raw_bytes;
        self.refined_bytes += other.refined_bytes;
        self.usage.add(other.usage);
        for (into, from) in [
            (&mut self.failed_by_reason, &other.failed_by_reason),
            (&mut self.refused_by_reason, &other.refused_by_reason),
        ] {
            for (reason, count) in from {
                *into.entry(reason.clone()).or_default() += count;
            }
        }
    }

    /// Law L6: all rows that the reader has counted, and all chunks, are accounted for.
    ///
    /// # Errors
    /// If one is unaccounted for or counted twice.
    pub fn check(&self, rows_read: u64) -> Result<(), ExpertImbalance> {
        let Self { left_out, blank, rewritten, partly, without, failed, .. } = *self;
        let rows = left_out + blank + rewritten + partly + without + failed;
        let chunks = self.pairs + self.blank_chunks + self.refused();
        let sound = rows == rows_read && self.rows == rows_read && chunks == self.chunks;
        if sound {
            Ok(())
        } else {
            Err(ExpertImbalance { rows_read, rows, chunks: (self.chunks, chunks) })
        }
    }
}

impl Counts for ExpertTally {
    fn sum_up(&mut self, other: &Self) {
        self.add(other);
    }
}

/// Rows or chunks that do not add up: a defect of refinex, never of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpertImbalance {
    rows_read: u64,
    rows: u64,
    chunks: (u64, u64),
}

impl fmt::Display for ExpertImbalance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows_read, rows, chunks: (chunks, accounted) } = self;
        write!(
            f,
            "expected {rows_read} rows and {chunks} chunks accounted for, but found {rows} and \
             {accounted} (this is a defect of refinex; nothing was committed)"
        )
    }
}

impl std::error::Error for ExpertImbalance {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_row_or_chunk_is_an_imbalance() {
        let mut tally = ExpertTally::default();
        tally.count_failure("text_null");
        tally.count_document(1, 2);
        tally.count_document(0, 0);
        (tally.chunks, tally.pairs, tally.blank_chunks) = (3, 1, 1);
        tally.count_refused(RewriteFault::Truncated);
        assert!(tally.check(3).is_ok());
        assert!(tally.check(4).is_err());
        let mut twice = tally.clone();
        twice.add(&tally);
        assert!(twice.check(6).is_ok());
        tally.pairs += 1;
        let message = tally.check(3).unwrap_err().to_string();
        assert!(message.starts_with("expected 3 rows and 3 chunks"), "{message}");
    }

    #[test]
    fn only_chunks_without_an_answer_are_worth_another_run() {
        let mut tally = ExpertTally::default();
        tally.count_refused(RewriteFault::Truncated);
        tally.count_refused(RewriteFault::Timeout);
        assert_eq!((tally.refused(), tally.unanswered), (2, 1));
    }
}
