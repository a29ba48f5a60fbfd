//! The judge of refinex: scores of predicted deletions against gold deletions, and reports. Pure.

pub mod counts;
pub mod deletion_scores;
pub mod report;

pub use counts::{Counts, SpanOutside};
pub use deletion_scores::{DeletionScores, Judgement};
