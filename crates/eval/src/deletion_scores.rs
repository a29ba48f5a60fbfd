//! The scores of many documents.

use crate::counts::{Counts, SpanOutside};
use serde::Serialize;

/// How well predicted deletions agree with gold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DeletionScores {
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
    /// Mean over documents of the F1 of what is kept; 1 where both keep nothing.
    pub mean_document_kept_f1: f64,
    /// Documents.
    pub documents: u64,
    /// Documents of which something was deleted.
    pub touched: u64,
    /// Documents of which no character was kept.
    pub emptied: u64,
    /// Documents of which gold keeps no character.
    pub gold_emptied: u64,
    /// Documents without a prediction; they count as untouched.
    pub missing: u64,
}

/// Sums up documents to [`DeletionScores`].
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    counts: Counts,
    kept_f1: f64,
    documents: u64,
    touched: u64,
    emptied: u64,
    gold_emptied: u64,
    missing: u64,
}

impl Judgement {
    /// Takes one document in. Spans are in bytes; without a prediction it counts as untouched.
    ///
    /// # Errors
    /// If a span does not lie in the text.
    pub fn take(
        &mut self,
        text: &str,
        gold: &[(usize, usize)],
        predicted: Option<&[(usize, usize)]>,
    ) -> Result<(), SpanOutside> {
        let spans = predicted.unwrap_or_default();
        let counts = Counts::of(text, gold, spans)?;
        let Counts { false_positive, false_negative, true_negative, .. } = counts;
        self.counts.add(&counts);
        self.kept_f1 += kept_f1(&counts);
        self.documents += 1;
        self.touched += u64::from(spans.iter().any(|(start, end)| start < end));
        self.emptied += u64::from(false_negative + true_negative == 0);
        self.gold_emptied += u64::from(false_positive + true_negative == 0);
        self.missing += u64::from(predicted.is_none());
        Ok(())
    }

    /// The scores of what was taken in.
    #[must_use]
    pub fn scores(&self) -> DeletionScores {
        let Counts { true_positive, false_positive, false_negative, true_negative } = self.counts;
        let (deleted, gold) = (true_positive + false_positive, true_positive + false_negative);
        let deletion_precision = share(true_positive, deleted);
        let deletion_recall = share(true_positive, gold);
        let sum = deletion_precision + deletion_recall;
        DeletionScores {
            deletion_precision,
            deletion_recall,
            deletion_f1: 2.0 * deletion_precision * deletion_recall / sum.max(1e-12),
            kept_recall: share(true_negative, true_negative + false_positive),
            deleted_share: share(deleted, self.counts.all()),
            gold_deleted_share: share(gold, self.counts.all()),
            mean_document_kept_f1: self.kept_f1 / as_float(self.documents.max(1)),
            documents: self.documents,
            touched: self.touched,
            emptied: self.emptied,
            gold_emptied: self.gold_emptied,
            missing: self.missing,
        }
    }
}

fn kept_f1(counts: &Counts) -> f64 {
    let both = 2 * counts.true_negative;
    let all = both + counts.false_positive + counts.false_negative;
    if all == 0 { 1.0 } else { share(both, all) }
}

fn share(part: u64, whole: u64) -> f64 {
    as_float(part) / as_float(whole.max(1))
}

#[expect(clippy::cast_precision_loss, reason = "counts of characters stay below 2^53")]
const fn as_float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures were computed with `score.py` of the project's measures on the same rows.
    #[test]
    fn scores_are_those_of_the_measure() {
        let mut judgement = Judgement::default();
        judgement.take("menu\nstory é\n", &[(0, 5)], Some(&[(0, 4), (8, 10)])).unwrap();
        judgement.take("all gone", &[(0, 8)], Some(&[(0, 8)])).unwrap();
        judgement.take("nobody asked", &[(0, 3)], None).unwrap();
        let scores = judgement.scores();
        let rounded = |score: f64| (score * 10_000.0).round() / 10_000.0;
        assert_eq!(rounded(scores.deletion_precision), 0.8462);
        assert_eq!(rounded(scores.deletion_recall), 0.7857);
        assert_eq!(rounded(scores.deletion_f1), 0.8148);
        assert_eq!(rounded(scores.kept_recall), 0.8571);
        assert_eq!(rounded(scores.mean_document_kept_f1), 0.8807);
        assert_eq!((scores.documents, scores.touched, scores.missing), (3, 2, 1));
        assert_eq!((scores.emptied, scores.gold_emptied), (1, 1));
    }

    #[test]
    fn no_documents_have_scores_of_zero_and_not_of_nan() {
        let scores = Judgement::default().scores();
        assert_eq!((scores.deletion_f1, scores.kept_recall), (0.0, 0.0));
    }
}
