//! Experts: large language models behind OpenAI-compatible endpoints, asked to rewrite chunks.
//!
//! An [`Endpoint`] sends one request a chunk. Everything else is a wrapper with the same trait,
//! [`Rewriter`](refinex_core::Rewriter):
//!
//! ```text
//! Concurrent ( Cache ( Breaker ( Budget ( Retry ( Record ( Endpoint ) ) ) ) ) )
//!    many at     paid     gives up   tokens     waits,    counts
//!     once       once     in time    and money  then again  and logs
//! ```
//!
//! [`Expert::connect`] builds that tower. Batch files are the second transport: [`Queue`] writes
//! requests where an endpoint would send them, and [`import_batch`] puts their answers into the
//! cache, from which the same run then takes them.
//!
//! The same tower asks the remote [`Generator`], a refine model that writes programs: what differs
//! is the [`Task`].
//!
//! Keys come from the environment only ([`ApiKey`]); no error, log or record can hold one.

mod batch;
mod breaker;
mod budget;
mod cache;
mod claim;
mod concurrent;
mod constrain;
mod endpoint;
mod error;
mod expert;
mod generator;
mod grammar;
mod judge;
mod key;
mod prompt;
mod record;
mod request;
mod response;
mod retry;
mod task;
mod wait;

pub use batch::{Absent, BatchImport, Queue, import_batch};
pub use breaker::Breaker;
pub use budget::{Budget, Limits, Prices};
pub use cache::{Cache, CacheFolder};
pub use concurrent::Concurrent;
pub use constrain::Constrain;
pub use endpoint::{Endpoint, Timeouts};
pub use error::SetupError;
pub use expert::{Expert, ExpertSettings, Transport};
pub use generator::Generator;
pub use judge::Judge;
pub use key::ApiKey;
pub use prompt::Prompt;
pub use record::{Ledger, Record, Sums};
pub use request::{Asking, RequestKey, Sampling};
pub use retry::{Patience, Retry};
pub use task::Task;
