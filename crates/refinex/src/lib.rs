//! The roads of refinex.
//!
//! The main road refines a corpus, shard by shard ([`run_corpus`], [`shard_run`]); the same road
//! replays stored programs without a model and applies another threshold to stored scores, since
//! all that differs is where a document's decision comes from ([`Decider`]).

pub mod bench;
pub mod corpus_run;
pub mod decider;
pub mod deleted_run;
pub mod distiller;
mod done;
pub mod error;
pub mod expert;
#[cfg(feature = "tokenizers")]
mod generator_folder;
#[cfg(feature = "tokenizers")]
pub mod generator_training;
pub mod judge;
pub mod labels;
pub mod not_done;
pub mod pairs;
pub mod plan;
pub mod progress;
pub mod prox;
mod prox_source;
pub mod quality;
pub mod queue_run;
pub mod report_run;
pub mod restore_run;
pub mod ruler;
pub mod run_file;
mod run_reader;
mod seen_ids;
pub mod settings;
pub mod sft;
pub mod shard_run;
pub mod stored;
pub mod tagger;
pub mod training;
pub mod training_folder;
mod window;

pub use corpus_run::{Job, RunReport, ShardFailure, run_corpus};
pub use decider::Decider;
pub use distiller::Distiller;
pub use error::RunError;
pub use judge::{Contender, Coverage, Judging, judge};
pub use not_done::NotDone;
pub use pairs::{Pair, pairs_of_shard};
pub use plan::{Plan, ShardChoice};
pub use progress::{Progress, Silent};
pub use prox::Prox;
pub use prox_source::{ProxFile, ProxSource};
pub use report_run::{ReportJob, report_runs};
pub use restore_run::restore_run;
pub use ruler::Ruler;
pub use run_file::RunFile;
pub use settings::Settings;
pub use stored::ProgramStore;
pub use tagger::{LineTagger, OperatingPoint, TaggerWeights, Tier};

pub use refinex_core as core;
pub use refinex_corpus as corpus;
pub use refinex_eval as eval;
pub use refinex_expert as experts;
pub use refinex_model as model;
pub use refinex_rules as rules;
