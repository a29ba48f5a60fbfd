//! The scores of characters: of one group of documents, or of all.

use crate::counts::Counts;
use crate::share::share;
use serde::Serialize;

/// How well predicted deletions agree with gold, in characters that are not white space.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CharacterScores {
    /// Share of what was deleted that gold deletes.
    pub deletion_precision: f64,
    /// Share of what gold deletes that was deleted.
    pub deletion_recall: f64,
    /// Their harmonic mean.
    pub deletion_f1: f64,
    /// Share of what gold keeps that was kept.
    pub kept_recall: f64,
    /// Share of the text that was deleted.
    pub deleted_share: f64,
    /// Share of the text that gold deletes.
    pub gold_deleted_share: f64,
    /// Characters.
    pub characters: u64,
}

impl From<&Counts> for CharacterScores {
    fn from(counts: &Counts) -> Self {
        Self {
            deletion_precision: counts.precision(),
            deletion_recall: counts.recall(),
            deletion_f1: counts.f1(),
            kept_recall: counts.kept_recall(),
            deleted_share: share(counts.deleted(), counts.all()),
            gold_deleted_share: share(counts.gold_deleted(), counts.all()),
            characters: counts.all(),
        }
    }
}
