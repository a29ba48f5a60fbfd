//! What is seen of one document of a run.

use refinex_core::{Outcome, Span};

/// One document of a run, before and after.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// Name of its shard.
    pub shard: &'a str,
    /// Its number among the documents of the shard, from 1; of a dropped one, among those that were
    /// dropped.
    pub row: u64,
    /// Its id.
    pub id: &'a str,
    /// What came of it.
    pub outcome: Outcome,
    /// Why deletions that were proposed were not made, why the model said nothing of it, or which rule
    /// dropped it.
    pub reason: Option<&'a str>,
    /// Its text, as it was.
    pub text: &'a str,
    /// What was deleted: sorted, disjoint, on character boundaries of the text.
    pub deletions: &'a [Deletion],
    /// Scores of its lines in thousandths, if there are any.
    pub line_scores: Option<&'a [u16]>,
    /// Values of the columns by which documents are grouped, in their order.
    pub columns: &'a [Option<String>],
    /// Where it came from, if its row says so.
    pub url: Option<&'a str>,
}

/// A deleted span, in bytes, and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deletion {
    /// What is deleted.
    pub span: Span,
    /// How sure the model was, 0 to 1, if it says so.
    pub score: Option<f32>,
}

impl Observation<'_> {
    /// Deleted bytes.
    #[must_use]
    pub fn deleted_bytes(&self) -> usize {
        self.deletions.iter().map(|deletion| deletion.span.len()).sum()
    }

    /// Share of the text that was deleted, 0 of an empty text.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    pub fn deleted_share(&self) -> f64 {
        self.deleted_bytes() as f64 / self.text.len().max(1) as f64
    }
}
