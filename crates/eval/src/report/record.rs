//! What a report says, as plain records.

use crate::evaluation::Evaluation;
use crate::report::comparison::Comparison;
use crate::report::finding::FindingKind;
use crate::report::group::GroupTable;
use crate::report::histogram::Histogram;
use crate::report::spread::Spread;
use refinex_core::{Outcome, Tally};
use serde::Serialize;

/// The version of the form of a report in JSON.
pub const REPORT_VERSION: u32 = 1;

/// One or more runs.
#[derive(Clone, Debug, Serialize)]
pub struct Reports {
    /// The version of this form.
    pub version: u32,
    /// Each run.
    pub runs: Vec<Report>,
    /// The first run beside each of the others.
    pub comparisons: Vec<Comparison>,
    /// The runs against gold, in their order; nothing where no gold was given.
    pub gold: Option<Evaluation>,
}

/// What a run did.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Which run it is.
    pub run: RunFacts,
    /// Counts of rows and documents, from the manifests.
    pub tally: Tally,
    /// What became of the text.
    pub text: TextFunnel,
    /// Lengths of documents before, in code points.
    pub lengths_before: Spread,
    /// Lengths of documents after, in code points.
    pub lengths_after: Spread,
    /// Deletions that a person should look at first.
    pub alarms: Vec<Alarm>,
    /// Distributions over all documents.
    pub histograms: Vec<Histogram>,
    /// What was deleted most often.
    pub patterns: Patterns,
    /// Documents by column.
    pub groups: Vec<GroupTable>,
    /// Some documents, before and after.
    pub documents: Vec<SampledDocument>,
    /// What was counted in full and what was sampled.
    pub sampling: Sampling,
}

/// Which run it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunFacts {
    /// Where it is, as the user named it.
    pub location: String,
    /// The command that made it.
    pub command: String,
    /// Its inputs.
    pub inputs: Vec<String>,
    /// The model.
    pub model: String,
    /// The fingerprint of the model.
    pub model_fingerprint: String,
    /// What scores at least this is deleted.
    pub threshold: f64,
    /// Its settings that matter to the report, for people.
    pub settings: Vec<(String, String)>,
    /// Shards that are done.
    pub shards: u64,
    /// Whether the whole run is done.
    pub complete: bool,
}

/// What became of the text, in bytes unless it says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TextFunnel {
    /// Text of all documents.
    pub read: u64,
    /// Deleted with documents of which nothing was left.
    pub in_emptied: u64,
    /// Deleted as whole lines of the other documents.
    pub in_whole_lines: u64,
    /// Deleted inside of lines of the other documents.
    pub inside_lines: u64,
    /// What is left.
    pub left: u64,
    /// Lines.
    pub lines: u64,
    /// Lines that were deleted whole.
    pub deleted_lines: u64,
    /// Deleted spans.
    pub spans: u64,
}

/// A kind of finding, over the whole run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alarm {
    /// What it is.
    pub kind: FindingKind,
    /// The same, for people.
    pub title: &'static str,
    /// The rule by which it is found.
    pub rule: &'static str,
    /// Documents in which it was found.
    pub documents: u64,
    /// Documents in which it could be found: those of which something was deleted.
    pub of: u64,
    /// Places in which it was found.
    pub places: u64,
}

/// What was deleted most often.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Patterns {
    /// The most frequent patterns, by how often they were deleted.
    pub top: Vec<Pattern>,
    /// Deleted lines and parts of lines.
    pub deleted: u64,
    /// Patterns that were held at the end.
    pub held: u64,
    /// By how much a count of deletions may be too low.
    pub deleted_missed_at_most: u64,
    /// By how much a count of kept lines may be too low.
    pub kept_missed_at_most: u64,
}

/// Lines that are the same but for numbers, dates, hosts and case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pattern {
    /// The normal form.
    pub normal: String,
    /// Some lines as they stood, different from each other.
    pub examples: Vec<String>,
    /// How often it was deleted, as a line or as a part of one.
    pub deleted: u64,
    /// How often a line of it was kept.
    pub kept: u64,
    /// Share of kept ones among all.
    pub kept_share: f64,
    /// Deleted bytes.
    pub bytes: u64,
    /// Mean score of its deletions, if there are any.
    pub mean_score: Option<f64>,
}

/// A document that is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SampledDocument {
    /// Name of its shard.
    pub shard: String,
    /// Its number among the documents of the shard, from 1; of a dropped one, among those that were
    /// dropped.
    pub row: u64,
    /// Its id.
    pub id: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Why it stayed as it was, or was dropped, if there is a reason.
    pub reason: Option<String>,
    /// Where it came from.
    pub url: Option<String>,
    /// The columns by which documents are grouped: name, value.
    pub columns: Vec<(String, String)>,
    /// Its text, or the first of it.
    pub text: String,
    /// Length of its whole text in bytes.
    pub text_bytes: u64,
    /// Deleted bytes of the whole text.
    pub deleted_bytes: u64,
    /// What was deleted of the text that stands here: start, end (bytes), score.
    pub deletions: Vec<(usize, usize, Option<f32>)>,
    /// Scores of the lines that stand here, in thousandths.
    pub line_scores: Vec<u16>,
    /// What may be wrong, in the text that stands here: kind, start, end (bytes).
    pub findings: Vec<(FindingKind, usize, usize)>,
}

/// What was counted in full and what was sampled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sampling {
    /// Seed of the samples.
    pub seed: u64,
    /// Documents that were looked at.
    pub documents: u64,
    /// Documents that rules dropped and that were looked at beside these; none where their text stands in
    /// no file that is read.
    pub dropped: u64,
    /// Documents that are shown.
    pub shown: u64,
    /// Documents that were drawn but are not shown, since the page would be too large.
    pub left_out: u64,
    /// Most bytes of a text that is shown.
    pub most_text_bytes: u64,
}
