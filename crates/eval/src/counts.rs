//! Characters of one document, counted by what gold and prediction do with them.

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
    /// Counts the characters of `text`. Spans are in bytes, in any order, and may overlap; a
    /// character is deleted if its first byte is. White space is U+0020, tab, CR and LF.
    ///
    /// # Errors
    /// If a span does not lie in the text.
    pub fn of(
        text: &str,
        gold: &[(usize, usize)],
        predicted: &[(usize, usize)],
    ) -> Result<Self, SpanOutside> {
        let mut marks = vec![0u8; text.len()];
        mark(&mut marks, gold, GOLD)?;
        mark(&mut marks, predicted, PREDICTED)?;
        let mut of = [0u64; 4];
        for (&byte, &mark) in text.as_bytes().iter().zip(&marks) {
            let counts = !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x80..0xc0);
            of[usize::from(mark)] += u64::from(counts);
        }
        let [true_negative, false_negative, false_positive, true_positive] = of;
        Ok(Self { true_positive, false_positive, false_negative, true_negative })
    }

    /// All characters.
    #[must_use]
    pub const fn all(&self) -> u64 {
        self.true_positive + self.false_positive + self.false_negative + self.true_negative
    }

    /// Adds the characters of another text.
    pub const fn add(&mut self, other: &Self) {
        self.true_positive += other.true_positive;
        self.false_positive += other.false_positive;
        self.false_negative += other.false_negative;
        self.true_negative += other.true_negative;
    }
}

const GOLD: u8 = 1;
const PREDICTED: u8 = 2;

fn mark(marks: &mut [u8], spans: &[(usize, usize)], bit: u8) -> Result<(), SpanOutside> {
    let length = marks.len();
    for &span in spans {
        let outside = SpanOutside { span, length };
        let marked = marks.get_mut(span.0..span.1).ok_or(outside)?;
        marked.iter_mut().for_each(|mark| *mark |= bit);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_once_and_white_space_never() {
        let counts = Counts::of("aé \n\u{2028}b", &[(0, 3)], &[(1, 5), (1, 3)]).unwrap();
        let wanted =
            Counts { true_positive: 1, false_positive: 0, false_negative: 1, true_negative: 2 };
        assert_eq!(counts, wanted);
        assert_eq!(counts.all(), 4);
    }

    #[test]
    fn a_span_outside_of_its_text_is_an_error() {
        for span in [(0, 3), (2, 1), (5, 5)] {
            let error = Counts::of("ab", &[], &[span]).unwrap_err();
            assert_eq!(error, SpanOutside { span, length: 2 });
        }
        assert!(Counts::of("ab", &[(2, 2)], &[(0, 2)]).is_ok());
    }
}
