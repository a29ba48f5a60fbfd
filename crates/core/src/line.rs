//! Lines: maximal runs of bytes that end at U+000A or at the end of the text, and nowhere else.

use crate::span::Span;

/// One line of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    number: usize,
    content: Span,
    terminated: bool,
}

impl Line {
    /// Its number, counted from 1.
    #[must_use]
    pub const fn number(self) -> usize {
        self.number
    }

    /// Its bytes without the terminator.
    #[must_use]
    pub const fn content(self) -> Span {
        self.content
    }

    /// Its bytes with the terminator, if it has one.
    #[must_use]
    pub const fn full(self) -> Span {
        Span::new(self.content.start(), self.content.end() + self.terminated as usize)
    }

    /// The byte of its terminator, if it has one.
    #[must_use]
    pub const fn terminator(self) -> Span {
        Span::new(self.content.end(), self.full().end())
    }

    /// Whether it ends with U+000A (only the last line of a text may not).
    #[must_use]
    pub const fn is_terminated(self) -> bool {
        self.terminated
    }
}

/// An index of the lines of one text.
///
/// Empty text has no line; a final U+000A opens no further line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    starts: Vec<usize>,
    text_len: usize,
    last_terminated: bool,
}

impl Lines {
    /// Indexes `text`, in one pass.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = Vec::with_capacity(bytes.len() / 48 + 1);
        if !bytes.is_empty() {
            starts.push(0);
        }
        starts.extend(memchr::memchr_iter(b'\n', bytes).map(|at| at + 1));
        let last_terminated = bytes.last() == Some(&b'\n');
        if last_terminated {
            starts.pop();
        }
        Self { starts, text_len: bytes.len(), last_terminated }
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is no line: the text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The line of this number, counted from 1.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<Line> {
        let index = number.checked_sub(1)?;
        (index < self.len()).then(|| self.line_at_index(index))
    }

    /// The last line.
    #[must_use]
    pub fn last(&self) -> Option<Line> {
        self.get(self.len())
    }

    /// The line that holds this byte (its terminator included).
    #[must_use]
    pub fn at(&self, byte: usize) -> Option<Line> {
        if byte >= self.text_len {
            return None;
        }
        self.get(self.starts.partition_point(|&start| start <= byte))
    }

    /// All lines in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Line> + DoubleEndedIterator + '_ {
        (0..self.len()).map(|index| self.line_at_index(index))
    }

    /// The lines that `span` touches, in order.
    pub fn touching(&self, span: Span) -> impl Iterator<Item = Line> + '_ {
        let from = self.starts.partition_point(|&start| start <= span.start()).max(1);
        (from..=self.len())
            .map(|number| self.line_at_index(number - 1))
            .take_while(move |line| line.full().start() < span.end())
    }

    fn line_at_index(&self, index: usize) -> Line {
        let start = self.starts[index];
        let next = self.starts.get(index + 1).copied();
        let terminated = next.is_some() || self.last_terminated;
        let end = next.unwrap_or(self.text_len) - usize::from(terminated);
        Line { number: index + 1, content: Span::new(start, end), terminated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn contents(text: &str) -> Vec<&str> {
        Lines::of(text).iter().map(|line| line.content().of(text)).collect()
    }

    #[test]
    fn a_final_newline_opens_no_further_line() {
        assert_eq!(contents("a\nb\n"), ["a", "b"]);
        assert_eq!(contents("a\nb"), ["a", "b"]);
        assert_eq!(contents("\n\n"), ["", ""]);
        assert!(contents("").is_empty());
    }

    #[test]
    fn no_other_character_ends_a_line() {
        assert_eq!(contents("a\rb\u{2028}c\u{85}d\u{c}e\u{b}f").len(), 1);
    }

    #[test]
    fn a_byte_belongs_to_the_line_that_its_terminator_ends() {
        let lines = Lines::of("ab\n\nc");
        let numbers: Vec<_> = (0..6).map(|at| lines.at(at).map(Line::number)).collect();
        assert_eq!(numbers, [Some(1), Some(1), Some(1), Some(2), Some(3), None]);
    }

    proptest! {
        #[test]
        fn full_lines_tile_the_text(text in "[ab\n]{0,40}") {
            let lines = Lines::of(&text);
            let joined: String = lines.iter().map(|line| line.full().of(&text)).collect();
            prop_assert_eq!(joined, text.as_str());
            for line in lines.iter() {
                prop_assert_eq!(lines.get(line.number()), Some(line));
            }
        }

        #[test]
        fn touching_lines_are_those_that_share_a_byte(text in "[ab\n]{1,40}", a in 0usize..41, b in 0usize..41) {
            let span = Span::new(a.min(b).min(text.len()), a.max(b).min(text.len()));
            let lines = Lines::of(&text);
            let wanted: Vec<_> = lines.iter().filter(|l| l.full().intersect(span).is_some()).collect();
            if !span.is_empty() {
                prop_assert_eq!(lines.touching(span).collect::<Vec<_>>(), wanted);
            }
        }
    }
}
