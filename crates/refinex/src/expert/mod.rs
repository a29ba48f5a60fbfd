//! The road to an expert: seed documents, chunk by chunk, rewritten end to end.
//!
//! ```text
//! store → corpus → Document → (is it a seed?) → chunker → Chunk → Rewriter → Answer → Rewrite
//!       → pairs/ (raw, refined, reason)  |  failed/ (why not)  → manifest (last)
//! ```
//!
//! A shard is done when its manifest exists. A run that is stopped, by its budget or by a server
//! that is down, leaves the shard at which it stood without one; all answers are in the cache, so
//! the same command goes on where it stood and pays for nothing again.

mod pair;
mod run;
mod seeds;
mod settings;
mod shard;
mod tally;
mod window;

pub use pair::{FailedChunk, PairRow};
pub use run::{ExpertJob, ExpertReport, QueueReport, queue_requests, run_expert};
pub use seeds::{Sample, Seeds};
pub use settings::ExpertRun;
pub use tally::{ExpertImbalance, ExpertTally};
