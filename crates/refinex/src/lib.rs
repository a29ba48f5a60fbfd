//! The roads of refinex.
//!
//! The main road refines a corpus, shard by shard ([`run_corpus`], [`shard_run`]); the same road
//! replays stored programs without a model and applies another threshold to stored scores, since
//! all that differs is where a document's decision comes from ([`Decider`]).

pub mod bench;
pub mod corpus_run;
pub mod decider;
pub mod distiller;
mod done;
pub mod error;
pub mod expert;
pub mod judge;
pub mod labels;
pub mod not_done;
pub mod pairs;
pub mod plan;
pub mod progress;
pub mod quality;
pub mod restore_run;
pub mod run_file;
mod seen_ids;
pub mod settings;
pub mod sft;
pub mod shard_run;
pub mod tagger;
pub mod training;
pub mod training_folder;
mod window;

pub use corpus_run::{Job, RunReport, ShardFailure, run_corpus};
pub use decider::{Decider, ProgramStore};
pub use distiller::Distiller;
pub use error::RunError;
pub use judge::{Contender, Judging, judge};
pub use not_done::NotDone;
pub use pairs::{Pair, pairs_of_shard};
pub use plan::{Plan, ShardChoice};
pub use progress::{Progress, Silent};
pub use restore_run::restore_run;
pub use run_file::RunFile;
pub use settings::Settings;
pub use tagger::LineTagger;

pub use refinex_core as core;
pub use refinex_corpus as corpus;
pub use refinex_eval as eval;
pub use refinex_expert as experts;
pub use refinex_model as model;
