//! The figures that intervals, comparisons and tables speak of.

use crate::deletion_scores::DeletionScores;

/// One figure of [`DeletionScores`].
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its key in JSON.
    pub key: &'static str,
    /// A short name for tables.
    pub name: &'static str,
    of: fn(&DeletionScores) -> f64,
}

impl Figure {
    /// Its value.
    #[must_use]
    pub fn of(&self, scores: &DeletionScores) -> f64 {
        (self.of)(scores)
    }
}

/// The figures with intervals.
pub const FIGURES: [Figure; 8] = [
    Figure { key: "deletion_precision", name: "precision", of: |s| s.text.deletion_precision },
    Figure { key: "deletion_recall", name: "recall", of: |s| s.text.deletion_recall },
    Figure { key: "deletion_f1", name: "F1", of: |s| s.text.deletion_f1 },
    Figure { key: "kept_recall", name: "kept recall", of: |s| s.text.kept_recall },
    Figure { key: "mean_document_kept_f1", name: "kept F1", of: |s| s.mean_document_kept_f1 },
    Figure { key: "line_f1", name: "line F1", of: |s| s.line_f1 },
    Figure { key: "exact_but_white_space", name: "exact", of: |s| s.exact_but_white_space },
    Figure { key: "deleted_share", name: "deleted", of: |s| s.text.deleted_share },
];

/// All figures of these scores, in order.
pub(crate) fn values(scores: &DeletionScores) -> [f64; FIGURES.len()] {
    std::array::from_fn(|at| FIGURES[at].of(scores))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deletion_scores::Sums;

    #[test]
    fn every_key_is_one_of_the_scores() {
        let scores = Sums::default().scores();
        let json = serde_json::to_value(scores).unwrap();
        for figure in FIGURES {
            assert_eq!(json[figure.key], figure.of(&scores), "{}", figure.key);
        }
    }
}
