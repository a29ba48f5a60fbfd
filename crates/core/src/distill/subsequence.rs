//! Alignment of a refined text that is a subsequence of the raw one: pure deletion.

use super::effort::Effort;
use super::embedding::windows;
use super::fewest::{Fewest, one_span};
use super::greedy;
use super::window::Texts;
use crate::deletions::Deletions;

/// The deletions of least cost that make `refined` of `raw` (laws L3 and L4); `None` if there are
/// none.
pub(super) fn align(raw: &str, refined: &str, effort: &mut Effort) -> Option<Deletions> {
    if let Some(one) = one_span(raw, refined) {
        return Some(Deletions::union(vec![one]));
    }
    let mut spans = Vec::new();
    let mut fewest = Fewest::new();
    for window in windows(raw, refined)? {
        let texts = Texts::of(raw, refined, &window);
        if fewest.solve(&texts, &mut spans).is_none() {
            effort.greedy += 1;
            greedy::fill(&texts, &mut spans)?;
        }
    }
    Some(Deletions::union(spans))
}
