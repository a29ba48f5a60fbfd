//! Pure deletion of one span, or of none: solved without a table, whatever the size.

use super::cost::edge_cost_at;
use crate::deletions::Deletions;
use crate::span::Span;

/// The deletion of one span of least cost that makes `refined` of `raw`; `None` if one span is not
/// enough. A megabyte of one letter or of one repeated line is solved here.
pub(super) fn one_span(raw: &str, refined: &str) -> Option<Deletions> {
    let gone = raw.len().checked_sub(refined.len())?;
    if gone == 0 {
        return (raw == refined).then(Deletions::none);
    }
    let (prefix, suffix) = (common_prefix(raw, refined), common_suffix(raw, refined));
    let first = refined.len().saturating_sub(suffix);
    if first > prefix {
        return None;
    }
    let starts = (first..=prefix).filter(|&start| Span::new(start, start + gone).fits(raw));
    let cost = |start: &usize| edge_cost_at(raw, *start) + edge_cost_at(raw, start + gone);
    let start = starts.min_by_key(cost)?;
    Some(Deletions::union(vec![Span::new(start, start + gone)]))
}

fn common_prefix(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}

fn common_suffix(a: &str, b: &str) -> usize {
    a.bytes().rev().zip(b.bytes().rev()).take_while(|(a, b)| a == b).count()
}
