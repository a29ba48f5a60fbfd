//! The report of runs: what was deleted, and whether to trust it.
//!
//! ```text
//! Observation → Digest (any thread) → Collector::take (in order) → Collector::finish → Report
//!             → html | markdown | json, as strings
//! ```

mod bounded;
mod collector;
mod comparison;
mod datatrove;
mod digest;
pub(crate) mod figures;
mod finding;
mod group;
mod histogram;
pub(crate) mod html;
mod markdown;
mod observation;
mod pattern;
mod record;
mod sample;
mod shape;
mod spread;
mod summary;

pub use collector::{Collector, ReportSettings};
pub use comparison::{Comparer, Comparison, DifferingDocument, SidePattern, SidesOfBytes};
pub use datatrove::{Pipeline, datatrove, datatrove_of};
pub use digest::Digest;
pub use finding::FindingKind;
pub use group::{GROUP_RULE, Group, GroupAlarm, GroupTable};
pub use histogram::{Bin, Histogram};
pub use html::html;
pub use markdown::markdown;
pub use observation::{Deletion, Observation};
pub use record::{
    Alarm, Pattern, Patterns, REPORT_VERSION, Report, Reports, RunFacts, SampledDocument, Sampling,
    TextFunnel,
};
pub use sample::{Reservoir, sample_key};
pub use spread::Spread;

/// Reports as JSON.
///
/// # Errors
/// Never for a report that was collected.
pub fn json(reports: &Reports) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(reports).map(|json| json + "\n")
}
