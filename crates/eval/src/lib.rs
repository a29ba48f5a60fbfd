//! The judge of refinex: scores of predicted deletions against gold deletions. Pure.

pub mod counts;
pub mod deletion_scores;

pub use counts::{Counts, SpanOutside};
pub use deletion_scores::{DeletionScores, Judgement};
