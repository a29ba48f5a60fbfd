//! The judge of refinex: scores of predicted deletions against gold deletions, and reports. Pure.
//!
//! [`Judged`] is one document; [`Sums`] adds documents up and gives [`DeletionScores`];
//! [`Evaluator`] takes the documents of a gold set with the predictions of several refiners and
//! gives an [`Evaluation`], a plain record that [`tables`](Evaluation::tables) lay out for people.

pub mod benchmark;
mod benchmark_page;
mod benchmark_tables;
pub mod bootstrap;
pub mod breakdown;
pub mod calibration;
pub mod character_scores;
pub mod counts;
pub mod deletion_scores;
pub mod evaluation;
mod evaluation_tables;
pub mod evaluator;
pub mod figure;
pub mod judged;
mod marks;
pub mod proxy;
pub mod quality;
pub mod random;
pub mod rank;
pub mod report;
pub mod rewriting;
pub mod share;
pub mod table;

pub use benchmark::{Benched, Benchmark, CorpusFacts, Machine, Speed, Timed, usd_per_trillion};
pub use bootstrap::{Comparison, Difference, Interval, Resampling};
pub use breakdown::{Breakdown, GroupScores};
pub use calibration::{Bin, Calibration, Reliability};
pub use character_scores::CharacterScores;
pub use counts::{Counts, SpanOutside};
pub use deletion_scores::{DeletionScores, Sums};
pub use evaluation::{Evaluation, Outcomes, RefinerScores};
pub use evaluator::{Evaluator, Misfit, Predicted, Subject};
pub use figure::{FIGURES, Figure};
pub use judged::{Judged, Share};
pub use proxy::{NgramCounter, NgramError, NgramModel, Proxy};
pub use quality::{After, Level, Quality, Scored, Validity, levels};
pub use random::Random;
pub use rank::spearman;
pub use rewriting::{Rewriting, RewritingScores};
pub use table::Table;
