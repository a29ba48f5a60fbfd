//! Every byte of a text, marked with who deletes it.

use crate::counts::{Counts, SpanOutside};
use refinex_core::{Deletions, Lines, Span};
use std::ops::Range;

const GOLD: u8 = 1;
const PREDICTED: u8 = 2;

/// A text with a mark for each of its bytes.
pub(crate) struct Marks<'t> {
    text: &'t str,
    marks: Vec<u8>,
}

impl<'t> Marks<'t> {
    pub(crate) fn of(
        text: &'t str,
        gold: &Deletions,
        predicted: &Deletions,
    ) -> Result<Self, SpanOutside> {
        let mut marks = vec![0u8; text.len()];
        mark(&mut marks, gold, GOLD)?;
        mark(&mut marks, predicted, PREDICTED)?;
        Ok(Self { text, marks })
    }

    /// All characters.
    pub(crate) fn characters(&self) -> Counts {
        self.within(0..self.text.len())
    }

    /// The characters whose first byte lies in these bytes.
    pub(crate) fn within(&self, bytes: Range<usize>) -> Counts {
        let mut of = [0u64; 4];
        let places = self.text.as_bytes()[bytes.clone()].iter().zip(&self.marks[bytes]);
        for (&byte, &mark) in places {
            let counts = !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x80..0xc0);
            of[usize::from(mark)] += u64::from(counts);
        }
        let [true_negative, false_negative, false_positive, true_positive] = of;
        Counts { true_positive, false_positive, false_negative, true_negative }
    }

    /// The characters of each line, and where the line lies.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (Span, Counts)> {
        let lines: Vec<Span> = Lines::of(self.text).iter().map(|line| line.full()).collect();
        lines.into_iter().map(|full| (full, self.within(full.start()..full.end())))
    }

    /// The characters of each fifth of the text, by bytes.
    pub(crate) fn fifths(&self) -> [Counts; 5] {
        let edge = |fifth: usize| self.text.len() * fifth / 5;
        std::array::from_fn(|fifth| self.within(edge(fifth)..edge(fifth + 1)))
    }
}

fn mark(marks: &mut [u8], deletions: &Deletions, bit: u8) -> Result<(), SpanOutside> {
    let length = marks.len();
    for span in deletions.spans() {
        let outside = SpanOutside { span: (span.start(), span.end()), length };
        let marked = marks.get_mut(span.start()..span.end()).ok_or(outside)?;
        marked.iter_mut().for_each(|mark| *mark |= bit);
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Deletions of these bytes.
    pub(crate) fn deletions(text: &str, spans: &[(usize, usize)]) -> Deletions {
        let spans = spans.iter().map(|&(start, end)| Span::new(start, end));
        Deletions::from_spans(text, spans).unwrap()
    }

    #[test]
    fn lines_and_fifths_hold_every_character_once() {
        let text = "eins é\n\nzwei drei\nvier";
        let (gold, predicted) = (deletions(text, &[(0, 9)]), deletions(text, &[(5, 14)]));
        let marks = Marks::of(text, &gold, &predicted).unwrap();
        let sum = |counts: &mut dyn Iterator<Item = Counts>| {
            let mut all = Counts::default();
            counts.for_each(|counts| all.add(&counts));
            all
        };
        assert_eq!(sum(&mut marks.lines().map(|(_, counts)| counts)), marks.characters());
        assert_eq!(sum(&mut marks.fifths().into_iter()), marks.characters());
        assert_eq!(marks.lines().count(), 4);
    }
}
