//! Byte spans into a document's text.

use serde::{Deserialize, Serialize};

/// A half-open range of **bytes** `start..end` into a text.
///
/// A span says nothing about which text it belongs to; whoever holds both checks that the edges
/// stand on character boundaries (see [`Span::fits`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// The span `start..end`. An end before the start is taken as the empty span at `start`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end: if end < start { start } else { end } }
    }

    /// First byte.
    #[must_use]
    pub const fn start(self) -> usize {
        self.start
    }

    /// One past the last byte.
    #[must_use]
    pub const fn end(self) -> usize {
        self.end
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether the span holds no byte.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether every byte of `other` lies in this span.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The bytes that both spans hold, if there are any.
    #[must_use]
    pub fn intersect(self, other: Self) -> Option<Self> {
        let (start, end) = (self.start.max(other.start), self.end.min(other.end));
        (start < end).then_some(Self { start, end })
    }

    /// The same span, `by` bytes further on.
    #[must_use]
    pub const fn shift(self, by: usize) -> Self {
        Self { start: self.start + by, end: self.end + by }
    }

    /// Whether the span lies in `text` with both edges on character boundaries.
    #[must_use]
    pub fn fits(self, text: &str) -> bool {
        text.is_char_boundary(self.start) && text.is_char_boundary(self.end)
    }

    /// The text under the span.
    ///
    /// # Panics
    /// If the span does not [fit](Self::fits) the text.
    #[must_use]
    pub fn of(self, text: &str) -> &str {
        &text[self.start..self.end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reversed_span_is_empty() {
        assert!(Span::new(5, 2).is_empty());
    }

    #[test]
    fn spans_that_only_touch_do_not_intersect() {
        assert_eq!(Span::new(0, 3).intersect(Span::new(3, 5)), None);
        assert_eq!(Span::new(0, 4).intersect(Span::new(3, 5)), Some(Span::new(3, 4)));
    }
}
