//! Counts of what happened, and the law that they must add up.

use crate::distill::DistillTally;
use crate::lengths::Lengths;
use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What became of the rows of a shard, or of many shards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Rows that were read.
    pub rows: u64,
    /// Documents of which nothing was deleted.
    pub kept: u64,
    /// Documents of which a part was deleted.
    pub edited: u64,
    /// Documents of which nothing but white space is left.
    pub emptied: u64,
    /// Documents that a rule left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: u64,
    /// The dropped documents by step and rule: `gopher-quality/gopher_short_doc`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dropped_by_reason: BTreeMap<String, u64>,
    /// Bytes of the text of dropped documents.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped_bytes: u64,
    /// What each step did, in runs of several: rules, and the model after them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub steps: BTreeMap<String, StepTally>,
    /// Rows that could not be read or refined.
    pub failed: u64,
    /// The failed rows by reason.
    pub failed_by_reason: BTreeMap<String, u64>,
    /// Blank lines between rows, which are no rows.
    pub blank_rows: u64,
    /// Documents whose id was seen before in the same shard.
    pub id_collisions: u64,
    /// Bytes of text read.
    pub text_bytes: u64,
    /// Bytes of text deleted.
    pub deleted_bytes: u64,
    /// Deleted spans.
    pub deletions: u64,
    /// Lengths of the documents that were read.
    #[serde(default, skip_serializing_if = "Lengths::is_empty")]
    pub lengths_before: Lengths,
    /// Lengths of the documents that were written.
    #[serde(default, skip_serializing_if = "Lengths::is_empty")]
    pub lengths_after: Lengths,
    /// Calls that were refused, by reason.
    pub refused_by_reason: BTreeMap<String, u64>,
    /// Chunks that stayed as they were because their program was void.
    pub voided_chunks: u64,
    /// Documents that stayed as they were because of a limit of the policy, by reason. They are
    /// among the kept.
    #[serde(default)]
    pub withheld_by_reason: BTreeMap<String, u64>,
    /// Documents that stayed as they were because the model said nothing of them, by reason. They
    /// are among the kept.
    #[serde(default)]
    pub unrefined_by_reason: BTreeMap<String, u64>,
    /// Counts of distilled pairs, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distill: Option<Box<DistillTally>>,
}

/// What one step of several did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTally {
    /// Its place among the steps, from 0.
    #[serde(default)]
    pub place: u32,
    /// Documents that came to it.
    pub documents: u64,
    /// Documents that it dropped.
    pub dropped: u64,
    /// Documents from which it deleted something.
    pub edited: u64,
    /// Bytes that it deleted.
    pub deleted_bytes: u64,
    /// Lengths of the documents that it let pass, as it left them.
    #[serde(default, skip_serializing_if = "Lengths::is_empty")]
    pub lengths_after: Lengths,
}

impl StepTally {
    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Self) {
        self.place = self.place.max(other.place);
        self.lengths_after.add(&other.lengths_after);
        self.documents += other.documents;
        self.dropped += other.dropped;
        self.edited += other.edited;
        self.deleted_bytes += other.deleted_bytes;
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Tally {
    /// Counts one document.
    pub fn count_document(&mut self, outcome: Outcome, text_bytes: u64, deleted_bytes: u64) {
        self.rows += 1;
        self.text_bytes += text_bytes;
        self.deleted_bytes += deleted_bytes;
        match outcome {
            Outcome::Kept => self.kept += 1,
            Outcome::Edited => self.edited += 1,
            Outcome::Emptied => self.emptied += 1,
            Outcome::Dropped => {
                self.dropped += 1;
                self.dropped_bytes += text_bytes;
            }
        }
    }

    /// Counts the reason for which a document was dropped, beside
    /// [`count_document`](Self::count_document).
    pub fn count_drop(&mut self, reason: &str) {
        *self.dropped_by_reason.entry(reason.to_owned()).or_default() += 1;
    }

    /// Counts the length of one document, and of what was written of it.
    pub fn count_lengths(&mut self, before: u64, after: Option<u64>) {
        self.lengths_before.add(&Lengths::one(before));
        if let Some(after) = after {
            self.lengths_after.add(&Lengths::one(after));
        }
    }

    /// The steps in their order.
    #[must_use]
    pub fn steps_in_order(&self) -> Vec<(&str, &StepTally)> {
        let steps = self.steps.iter().map(|(name, step)| (name.as_str(), step));
        let mut steps: Vec<_> = steps.collect();
        steps.sort_by_key(|(_, step)| step.place);
        steps
    }

    /// Counts what a step did with one document.
    pub fn count_step(&mut self, name: &str, step: &StepTally) {
        self.steps.entry(name.to_owned()).or_default().add(step);
    }

    /// Counts one row that failed.
    pub fn count_failure(&mut self, reason: &str) {
        self.rows += 1;
        self.failed += 1;
        *self.failed_by_reason.entry(reason.to_owned()).or_default() += 1;
    }

    /// Counts one refused call.
    pub fn count_refusal(&mut self, reason: &str) {
        *self.refused_by_reason.entry(reason.to_owned()).or_default() += 1;
    }

    /// Counts one document that stayed as it was because of a limit.
    pub fn count_withheld(&mut self, reason: &str) {
        *self.withheld_by_reason.entry(reason.to_owned()).or_default() += 1;
    }

    /// Counts one document that stayed as it was because the model said nothing of it.
    pub fn count_unrefined(&mut self, reason: &str) {
        *self.unrefined_by_reason.entry(reason.to_owned()).or_default() += 1;
    }

    /// Documents of which the model said nothing.
    #[must_use]
    pub fn unrefined(&self) -> u64 {
        self.unrefined_by_reason.values().sum()
    }

    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.kept += other.kept;
        self.edited += other.edited;
        self.emptied += other.emptied;
        self.dropped += other.dropped;
        self.dropped_bytes += other.dropped_bytes;
        add_counts(&mut self.dropped_by_reason, &other.dropped_by_reason);
        other.steps.iter().for_each(|(name, step)| self.count_step(name, step));
        self.failed += other.failed;
        self.blank_rows += other.blank_rows;
        self.id_collisions += other.id_collisions;
        self.text_bytes += other.text_bytes;
        self.deleted_bytes += other.deleted_bytes;
        self.deletions += other.deletions;
        self.lengths_before.add(&other.lengths_before);
        self.lengths_after.add(&other.lengths_after);
        self.voided_chunks += other.voided_chunks;
        add_counts(&mut self.failed_by_reason, &other.failed_by_reason);
        add_counts(&mut self.refused_by_reason, &other.refused_by_reason);
        add_counts(&mut self.withheld_by_reason, &other.withheld_by_reason);
        add_counts(&mut self.unrefined_by_reason, &other.unrefined_by_reason);
        if let Some(more) = &other.distill {
            self.distill.get_or_insert_default().add(more);
        }
    }

    /// Documents that were written.
    #[must_use]
    pub const fn documents(&self) -> u64 {
        self.kept + self.edited + self.emptied
    }

    /// Share of the text that was deleted, 0 if there was none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    pub fn deleted_share(&self) -> f64 {
        if self.text_bytes == 0 { 0.0 } else { self.deleted_bytes as f64 / self.text_bytes as f64 }
    }

    /// Law L6: `rows_read`, counted apart by the reader, is what the tally accounts for.
    ///
    /// # Errors
    /// If a row is unaccounted for or counted twice.
    pub fn check(&self, rows_read: u64) -> Result<(), Imbalance> {
        let accounted = self.documents() + self.dropped + self.failed;
        let failed: u64 = self.failed_by_reason.values().sum();
        let dropped: u64 = self.dropped_by_reason.values().sum();
        let reasons = failed == self.failed && dropped == self.dropped;
        if accounted == rows_read && self.rows == rows_read && reasons {
            return Ok(());
        }
        Err(Imbalance { rows_read, tally: Box::new(self.clone()) })
    }
}

fn add_counts(into: &mut BTreeMap<String, u64>, from: &BTreeMap<String, u64>) {
    for (reason, count) in from {
        *into.entry(reason.clone()).or_default() += count;
    }
}

/// Rows that do not add up: a defect of refinex, never of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imbalance {
    rows_read: u64,
    tally: Box<Tally>,
}

impl fmt::Display for Imbalance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { kept, edited, emptied, dropped, failed, .. } = *self.tally;
        write!(
            f,
            "expected {} rows accounted for, but found {kept} kept + {edited} edited + {emptied} \
             emptied + {dropped} dropped + {failed} failed (this is a defect of refinex; nothing was committed)",
            self.rows_read
        )
    }
}

impl std::error::Error for Imbalance {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_row_is_an_imbalance() {
        let mut tally = Tally::default();
        tally.count_document(Outcome::Edited, 10, 4);
        tally.count_failure("text_null");
        assert!(tally.check(2).is_ok());
        let message = tally.check(3).unwrap_err().to_string();
        assert!(message.starts_with("expected 3 rows accounted for, but found 0 kept + 1 edited"));
    }

    #[test]
    fn a_dropped_document_without_a_reason_is_an_imbalance() {
        let mut tally = Tally::default();
        tally.count_document(Outcome::Dropped, 10, 0);
        assert!(tally.check(1).is_err());
        tally.count_drop("c4/curly_bracket");
        assert!(tally.check(1).is_ok());
        assert_eq!((tally.dropped, tally.dropped_bytes, tally.documents()), (1, 10, 0));
    }

    #[test]
    fn sums_of_tallies_add_up() {
        let mut one = Tally::default();
        one.count_document(Outcome::Kept, 5, 0);
        let mut two = one.clone();
        two.count_failure("text_null");
        two.count_document(Outcome::Dropped, 0, 0);
        two.count_drop("c4/curly_bracket");
        one.add(&two);
        assert!(one.check(4).is_ok());
        assert_eq!((one.kept, one.text_bytes), (2, 10));
    }
}
