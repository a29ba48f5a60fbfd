//! What is deleted from a text: spans, and nothing else.

use crate::span::Span;
use std::fmt;

/// A sorted list of disjoint, non-empty, non-adjacent byte spans on character boundaries of one
/// text.
///
/// This is the whole of what refinex can do to a document. There is no field for content, so no
/// text can be added (law L1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Deletions {
    spans: Vec<Span>,
}

impl Deletions {
    /// Nothing is deleted.
    #[must_use]
    pub const fn none() -> Self {
        Self { spans: Vec::new() }
    }

    /// All of `text` is deleted.
    #[must_use]
    pub fn all(text: &str) -> Self {
        Self::union(vec![Span::new(0, text.len())])
    }

    /// The union of `spans`, in any order, overlapping, touching or empty.
    ///
    /// # Errors
    /// If a span leaves `text` or has an edge inside a character.
    pub fn from_spans(
        text: &str,
        spans: impl IntoIterator<Item = Span>,
    ) -> Result<Self, SpanError> {
        let spans: Vec<Span> = spans.into_iter().collect();
        match spans.iter().find(|span| !span.fits(text)) {
            Some(&span) => Err(SpanError { span, text_len: text.len() }),
            None => Ok(Self::union(spans)),
        }
    }

    /// The union of spans that are known to fit their text.
    pub(crate) fn union(mut spans: Vec<Span>) -> Self {
        spans.retain(|span| !span.is_empty());
        if !spans.is_sorted() {
            spans.sort_unstable();
        }
        spans.dedup_by(|next, last| {
            let touches = next.start() <= last.end();
            if touches {
                *last = Span::new(last.start(), last.end().max(next.end()));
            }
            touches
        });
        Self { spans }
    }

    /// The spans, sorted.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Whether nothing is deleted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Number of deleted bytes.
    #[must_use]
    pub fn deleted_bytes(&self) -> usize {
        self.spans.iter().map(|span| span.len()).sum()
    }

    /// Whether every byte of `span` is deleted. True for an empty span.
    #[must_use]
    pub fn cover(&self, span: Span) -> bool {
        if span.is_empty() {
            return true;
        }
        let at = self.spans.partition_point(|s| s.end() <= span.start());
        self.spans.get(at).is_some_and(|s| s.contains(span))
    }

    /// The parts of `window` that are deleted, in order.
    pub fn within(&self, window: Span) -> impl Iterator<Item = Span> + '_ {
        let from = self.spans.partition_point(|s| s.end() <= window.start());
        self.spans[from..].iter().map_while(move |s| s.intersect(window))
    }

    /// These, and then `second` from what they leave of `text`, as deletions from `text`.
    #[must_use]
    pub fn then(&self, text: &str, second: &Self) -> Self {
        let mut spans = self.spans.clone();
        let (mut gone, mut passed) = (0, self.spans.iter().peekable());
        for span in &second.spans {
            let mut at = span.start();
            // What was deleted before a place moves it to the right.
            while at < span.end() {
                while let Some(before) = passed.next_if(|before| before.start() - gone <= at) {
                    gone += before.len();
                }
                let next = passed.peek().map_or(usize::MAX, |before| before.start() - gone);
                let end = span.end().min(next);
                spans.push(Span::new(at + gone, end + gone));
                at = end;
            }
        }
        debug_assert!(spans.iter().all(|span| span.fits(text)), "both fit their texts");
        Self::union(spans)
    }

    /// Whether the spans stand in a text of this many bytes on character boundaries.
    #[must_use]
    pub fn fit(&self, text: &str) -> bool {
        self.spans.iter().all(|span| span.fits(text))
    }
}

/// A span that does not stand in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanError {
    /// The span at fault.
    pub span: Span,
    /// Length of the text in bytes.
    pub text_len: usize,
}

impl fmt::Display for SpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected a span on character boundaries of a text of {} bytes, but found {}..{}",
            self.text_len,
            self.span.start(),
            self.span.end()
        )
    }
}

impl std::error::Error for SpanError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn touching_and_overlapping_spans_become_one() {
        let d = Deletions::from_spans("abcdefgh", [(4, 6), (0, 2), (2, 3), (5, 7)].map(span));
        assert_eq!(d.unwrap().spans(), [(0, 3), (4, 7)].map(span));
    }

    #[test]
    fn all_of_a_text_is_one_span_and_of_none_it_is_none() {
        assert_eq!(Deletions::all("é\n").spans(), [Span::new(0, 3)]);
        assert_eq!(Deletions::all(""), Deletions::none());
    }

    #[test]
    fn deletions_one_after_the_other_are_one() {
        let text = "0123456789abcdef";
        let all: Vec<(usize, usize)> =
            (0..16).flat_map(|start| (start + 1..=16).map(move |end| (start, end))).collect();
        for first in [&[][..], &[(0, 3)], &[(2, 4), (6, 9)], &[(1, 2), (3, 4), (10, 16)]] {
            let first = Deletions::from_spans(text, first.iter().copied().map(span)).unwrap();
            let between = crate::execute(text, &first);
            for &place in all.iter().filter(|(_, end)| *end <= between.len()) {
                let second = Deletions::from_spans(&between, [span(place)]).unwrap();
                let both = first.then(text, &second);
                let left = crate::execute(&between, &second);
                assert_eq!(crate::execute(text, &both), left, "{place:?}");
            }
        }
    }

    #[test]
    fn a_span_inside_a_character_is_an_error() {
        let error = Deletions::from_spans("é", [Span::new(0, 1)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected a span on character boundaries of a text of 2 bytes, but found 0..1"
        );
    }

    #[test]
    fn cover_and_within_agree_with_the_spans() {
        let d = Deletions::from_spans("abcdefgh", [(1, 3), (5, 8)].map(span)).unwrap();
        assert!(d.cover(Span::new(1, 3)) && d.cover(Span::new(6, 7)));
        assert!(!d.cover(Span::new(0, 2)) && !d.cover(Span::new(3, 4)));
        let seen: Vec<_> = d.within(Span::new(2, 6)).collect();
        assert_eq!(seen, [(2, 3), (5, 6)].map(span));
    }

    fn span((a, b): (usize, usize)) -> Span {
        Span::new(a, b)
    }

    proptest! {
        #[test]
        fn the_union_is_sorted_disjoint_and_apart(raw in prop::collection::vec((0usize..40, 0usize..40), 0..12)) {
            let text = "x".repeat(40);
            let d = Deletions::from_spans(&text, raw.iter().map(|&(a, b)| Span::new(a, b))).unwrap();
            prop_assert!(d.spans().windows(2).all(|w| w[0].end() < w[1].start()));
            for at in 0..40 {
                let wanted = raw.iter().any(|&(a, b)| a <= at && at < b);
                prop_assert_eq!(d.cover(Span::new(at, at + 1)), wanted);
            }
        }
    }
}
