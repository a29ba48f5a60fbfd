//! The scores of many documents.

use crate::character_scores::CharacterScores;
use crate::counts::Counts;
use crate::judged::Judged;
use crate::share::{as_float, share};
use serde::Serialize;

/// How well predicted deletions agree with gold. The unit is the character that is not white space,
/// where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DeletionScores {
    /// Of characters.
    #[serde(flatten)]
    pub text: CharacterScores,
    /// Mean over documents of the F1 of what is kept; 1 where both keep nothing.
    pub mean_document_kept_f1: f64,
    /// Share of the lines deleted whole that gold deletes whole.
    pub line_precision: f64,
    /// Share of the lines that gold deletes whole that were.
    pub line_recall: f64,
    /// Their harmonic mean.
    pub line_f1: f64,
    /// Share of the documents whose deletions are those of gold, byte for byte.
    pub exact_programs: f64,
    /// Share of the documents whose deletions are those of gold, white space aside.
    pub exact_but_white_space: f64,
    /// Lines that are not blank.
    pub lines: u64,
    /// Documents.
    pub documents: u64,
    /// Documents of which something was deleted.
    pub touched: u64,
    /// Documents of which no character was kept.
    pub emptied: u64,
    /// Documents of which gold keeps no character.
    pub gold_emptied: u64,
    /// Emptied documents of which gold keeps something.
    pub wrongly_emptied: u64,
    /// Documents without a prediction; they count as untouched.
    pub missing: u64,
}

/// What adds up over documents.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// Characters.
    pub characters: Counts,
    /// Lines.
    pub lines: Counts,
    kept_f1: f64,
    exact: u64,
    agreeing: u64,
    documents: u64,
    touched: u64,
    emptied: u64,
    gold_emptied: u64,
    wrongly_emptied: u64,
    missing: u64,
}

impl Sums {
    /// The sums of one document.
    #[must_use]
    pub fn of(judged: &Judged) -> Self {
        let Counts { false_positive, false_negative, true_negative, .. } = judged.characters;
        let emptied = false_negative + true_negative == 0;
        let gold_emptied = false_positive + true_negative == 0;
        Self {
            characters: judged.characters,
            lines: judged.lines,
            kept_f1: judged.characters.kept_f1(),
            exact: u64::from(judged.exact),
            agreeing: u64::from(judged.agrees()),
            documents: 1,
            touched: u64::from(judged.touched),
            emptied: u64::from(emptied),
            gold_emptied: u64::from(gold_emptied),
            wrongly_emptied: u64::from(emptied && !gold_emptied),
            missing: u64::from(judged.missing),
        }
    }

    /// Adds other documents.
    pub fn add(&mut self, other: &Self) {
        self.characters.add(&other.characters);
        self.lines.add(&other.lines);
        self.kept_f1 += other.kept_f1;
        self.exact += other.exact;
        self.agreeing += other.agreeing;
        self.documents += other.documents;
        self.touched += other.touched;
        self.emptied += other.emptied;
        self.gold_emptied += other.gold_emptied;
        self.wrongly_emptied += other.wrongly_emptied;
        self.missing += other.missing;
    }

    /// Documents.
    #[must_use]
    pub const fn documents(&self) -> u64 {
        self.documents
    }

    /// The scores.
    #[must_use]
    pub fn scores(&self) -> DeletionScores {
        let (lines, documents) = (&self.lines, self.documents);
        DeletionScores {
            text: CharacterScores::from(&self.characters),
            mean_document_kept_f1: self.kept_f1 / as_float(documents.max(1)),
            line_precision: lines.precision(),
            line_recall: lines.recall(),
            line_f1: lines.f1(),
            exact_programs: share(self.exact, documents),
            exact_but_white_space: share(self.agreeing, documents),
            lines: lines.all(),
            documents,
            touched: self.touched,
            emptied: self.emptied,
            gold_emptied: self.gold_emptied,
            wrongly_emptied: self.wrongly_emptied,
            missing: self.missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marks::tests::deletions;

    type Spans<'a> = &'a [(usize, usize)];

    fn scores(documents: &[(&str, Spans<'_>, Option<Spans<'_>>)]) -> DeletionScores {
        let mut sums = Sums::default();
        for (text, gold, predicted) in documents {
            let predicted = predicted.map(|spans| deletions(text, spans));
            let judged = Judged::of(text, &deletions(text, gold), predicted.as_ref()).unwrap();
            sums.add(&Sums::of(&judged));
        }
        sums.scores()
    }

    /// The figures were computed with `score.py` of the project's measures on the same rows.
    #[test]
    fn scores_are_those_of_the_measure() {
        let scores = scores(&[
            ("menu\nstory é\n", &[(0, 5)], Some(&[(0, 4), (8, 10)])),
            ("all gone", &[(0, 8)], Some(&[(0, 8)])),
            ("nobody asked", &[(0, 3)], None),
        ]);
        let rounded = |score: f64| (score * 10_000.0).round() / 10_000.0;
        assert_eq!(rounded(scores.text.deletion_precision), 0.8462);
        assert_eq!(rounded(scores.text.deletion_recall), 0.7857);
        assert_eq!(rounded(scores.text.deletion_f1), 0.8148);
        assert_eq!(rounded(scores.text.kept_recall), 0.8571);
        assert_eq!(rounded(scores.mean_document_kept_f1), 0.8807);
        assert_eq!((scores.documents, scores.touched, scores.missing), (3, 2, 1));
        assert_eq!((scores.emptied, scores.gold_emptied, scores.wrongly_emptied), (1, 1, 0));
        assert_eq!((rounded(scores.line_precision), rounded(scores.line_recall)), (1.0, 1.0));
        assert_eq!(rounded(scores.exact_programs), 0.3333);
    }

    #[test]
    fn no_documents_have_scores_of_zero_and_not_of_nan() {
        let scores = Sums::default().scores();
        assert_eq!((scores.text.deletion_f1, scores.text.kept_recall), (0.0, 0.0));
        assert_eq!((scores.line_f1, scores.exact_programs), (0.0, 0.0));
    }

    #[test]
    fn a_document_that_should_have_kept_something_is_wrongly_emptied() {
        let text = "menu\nstory";
        let scores = scores(&[(text, &[(0, 5)], Some(&[(0, 10)])), (" \n", &[], Some(&[]))]);
        assert_eq!((scores.emptied, scores.gold_emptied, scores.wrongly_emptied), (2, 1, 1));
    }
}
