//! Characters of one document, counted by what gold and prediction do with them.

use crate::marks::Marks;
use crate::share::{f1, share};
use refinex_core::Deletions;
use serde::Serialize;
use std::fmt;

/// Characters that are not white space, by what becomes of them. "Positive" is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Deleted by both.
    pub true_positive: u64,
    /// Deleted by the prediction alone: text that was lost.
    pub false_positive: u64,
    /// Deleted by gold alone: noise that was left.
    pub false_negative: u64,
    /// Kept by both.
    pub true_negative: u64,
}

/// A deletion that does not lie in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanOutside {
    /// Its start and end in bytes.
    pub span: (usize, usize),
    /// The length of the text in bytes.
    pub length: usize,
}

impl fmt::Display for SpanOutside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((start, end), length) = (self.span, self.length);
        write!(f, "expected spans within a text of {length} bytes, but found {start}..{end}")
    }
}

impl std::error::Error for SpanOutside {}

impl Counts {
    /// Counts the characters of `text`. A character is deleted if its first byte is. White space is
    /// U+0020, tab, CR and LF.
    ///
    /// # Errors
    /// If a span does not lie in the text.
    pub fn of(text: &str, gold: &Deletions, predicted: &Deletions) -> Result<Self, SpanOutside> {
        Ok(Marks::of(text, gold, predicted)?.characters())
    }

    /// All characters.
    #[must_use]
    pub const fn all(&self) -> u64 {
        self.true_positive + self.false_positive + self.false_negative + self.true_negative
    }

    /// Characters that the prediction deletes.
    #[must_use]
    pub const fn deleted(&self) -> u64 {
        self.true_positive + self.false_positive
    }

    /// Characters that gold deletes.
    #[must_use]
    pub const fn gold_deleted(&self) -> u64 {
        self.true_positive + self.false_negative
    }

    /// Adds the characters of another text.
    pub const fn add(&mut self, other: &Self) {
        self.true_positive += other.true_positive;
        self.false_positive += other.false_positive;
        self.false_negative += other.false_negative;
        self.true_negative += other.true_negative;
    }

    /// Share of what was deleted that gold deletes.
    #[must_use]
    pub fn precision(&self) -> f64 {
        share(self.true_positive, self.deleted())
    }

    /// Share of what gold deletes that was deleted.
    #[must_use]
    pub fn recall(&self) -> f64 {
        share(self.true_positive, self.gold_deleted())
    }

    /// Their harmonic mean.
    #[must_use]
    pub fn f1(&self) -> f64 {
        f1(self.precision(), self.recall())
    }

    /// Share of what gold keeps that was kept.
    #[must_use]
    pub fn kept_recall(&self) -> f64 {
        share(self.true_negative, self.true_negative + self.false_positive)
    }

    /// F1 of what is kept; 1 where both keep nothing.
    #[must_use]
    pub fn kept_f1(&self) -> f64 {
        let both = 2 * self.true_negative;
        let all = both + self.false_positive + self.false_negative;
        if all == 0 { 1.0 } else { share(both, all) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marks::tests::deletions;

    #[test]
    fn characters_are_counted_once_and_white_space_never() {
        let text = "aé \n\u{2028}b";
        let gold = deletions(text, &[(0, 3)]);
        let counts = Counts::of(text, &gold, &deletions(text, &[(1, 5), (1, 3)])).unwrap();
        let wanted =
            Counts { true_positive: 1, false_positive: 0, false_negative: 1, true_negative: 2 };
        assert_eq!(counts, wanted);
        assert_eq!(counts.all(), 4);
    }

    #[test]
    fn a_span_outside_of_its_text_is_an_error() {
        let outside = deletions("abc", &[(0, 3)]);
        let error = Counts::of("ab", &Deletions::none(), &outside).unwrap_err();
        assert_eq!(error, SpanOutside { span: (0, 3), length: 2 });
        assert!(Counts::of("ab", &Deletions::none(), &deletions("ab", &[(0, 2)])).is_ok());
    }
}
