//! Spans in code points, as Dolma and Python count, and in bytes.

use refinex_core::{Deletions, Span};

/// The spans of deletions in code points.
#[must_use]
pub fn in_code_points(text: &str, deletions: &Deletions) -> Vec<(usize, usize)> {
    let (mut byte, mut point) = (0, 0);
    let mut advance = |to: usize| {
        point += text[byte..to].chars().count();
        byte = to;
        point
    };
    deletions.spans().iter().map(|span| (advance(span.start()), advance(span.end()))).collect()
}

/// Deletions of spans in code points, in any order, which may overlap.
///
/// # Errors
/// If a span is not in the text: what was found.
pub fn from_code_points(text: &str, spans: &[(usize, usize)]) -> Result<Deletions, String> {
    let mut edges: Vec<usize> = spans.iter().flat_map(|&(start, end)| [start, end]).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut bytes = Vec::with_capacity(edges.len());
    let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let mut wanted = edges.iter().copied().peekable();
    for (point, byte) in starts.enumerate() {
        if wanted.next_if_eq(&point).is_some() {
            bytes.push(byte);
        }
    }
    let byte = |point: usize| {
        edges.binary_search(&point).ok().and_then(|at| bytes.get(at)).copied().ok_or_else(|| {
            let points = text.chars().count();
            format!("expected spans in a text of {points} code points, but found {point}")
        })
    };
    let mut found = Vec::with_capacity(spans.len());
    for &(start, end) in spans {
        if start > end {
            return Err(format!("expected a start not after its end, but found {start}..{end}"));
        }
        found.push(Span::new(byte(start)?, byte(end)?));
    }
    Deletions::from_spans(text, found).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn code_points_and_bytes_say_the_same(
            text in "[a-cé雪\u{1F600}\n]{0,40}",
            edges in proptest::collection::vec((0usize..41, 0usize..41), 0..6),
        ) {
            let points: Vec<usize> =
                text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let edge = |n: usize| n % points.len();
            let spans: Vec<(usize, usize)> = edges
                .iter()
                .map(|&(a, b)| (edge(a).min(edge(b)), edge(a).max(edge(b))))
                .collect();
            let bytes = spans.iter().map(|&(a, b)| Span::new(points[a], points[b]));
            let wanted = Deletions::from_spans(&text, bytes).unwrap();
            let found = from_code_points(&text, &spans).unwrap();
            prop_assert_eq!(&found, &wanted);
            let again = from_code_points(&text, &in_code_points(&text, &found)).unwrap();
            prop_assert_eq!(again, wanted);
        }
    }

    #[test]
    fn spans_outside_of_the_text_are_refused() {
        let error = from_code_points("é雪", &[(1, 3)]).unwrap_err();
        assert!(error.contains("2 code points, but found 3"), "{error}");
        assert!(from_code_points("ab", &[(2, 1)]).is_err());
        assert!(from_code_points("", &[(0, 0)]).unwrap().is_empty());
    }
}
