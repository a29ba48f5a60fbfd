//! Windows: stretches of a raw and a refined text that are aligned by themselves.

use super::common::{boundary_before, boundary_behind, prefix, suffix};
use super::cost::{IMPOSSIBLE, edge_cost_at};
use crate::span::Span;
use memchr::memmem;
use std::ops::Range;

/// With more places than these a search by vectors is worth its preparation (guess).
const FAR: usize = 512;
/// Bytes that such a search looks for at most; the rest is compared.
const LONGEST: usize = 16;

/// A stretch of both texts in bytes, to be aligned by itself: it has deletions, and the characters
/// before and behind it, if there are any, are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub raw: Range<usize>,
    pub refined: Range<usize>,
}

/// A window of two texts, to be aligned by itself.
#[derive(Clone, Debug)]
pub(super) struct Texts<'t> {
    raw: &'t str,
    refined: &'t str,
    /// Its bytes of the refined text.
    pub range: Range<usize>,
    /// What is gone before it.
    pub least: usize,
    /// What is gone behind it.
    pub most: usize,
}

impl<'t> Texts<'t> {
    pub fn of(raw: &'t str, refined: &'t str, window: &Window) -> Self {
        let (least, most) =
            (window.raw.start - window.refined.start, window.raw.end - window.refined.end);
        Self { raw, refined, range: window.refined.clone(), least, most }
    }

    /// How much of the refined text has nothing gone, and from where on all is gone.
    pub fn ends(&self) -> (usize, usize) {
        (self.high(self.range.start, self.least), self.low(self.range.end, self.most))
    }

    /// Whether the raw text has this byte of the refined one with so much gone.
    pub fn is_same(&self, at: usize, gone: usize) -> bool {
        self.raw.as_bytes()[at + gone] == self.refined.as_bytes()[at]
    }

    /// The raw and the refined side.
    pub fn sides(&self) -> (&'t str, &'t str) {
        let raw = self.range.start + self.least..self.range.end + self.most;
        (&self.raw[raw], &self.refined[self.range.clone()])
    }

    /// How far the refined text goes on from `from` as the raw one does with so much gone.
    pub fn high(&self, from: usize, gone: usize) -> usize {
        self.high_within(from, gone, usize::MAX)
    }

    /// The same for some bytes, and those that belong to the last character.
    pub fn high_within(&self, from: usize, gone: usize, bytes: usize) -> usize {
        let end = boundary_behind(
            self.refined.as_bytes(),
            self.range.end.min(from.saturating_add(bytes)),
        );
        let (raw, refined) = (self.raw.as_bytes(), self.refined.as_bytes());
        let same = prefix(&raw[from + gone..end + gone], &refined[from..end]);
        boundary_before(refined, from + same)
    }

    /// From where on the refined text is as the raw one with so much gone, up to `until`.
    pub fn low(&self, until: usize, gone: usize) -> usize {
        let begin = self.range.start;
        let (raw, refined) = (self.raw.as_bytes(), self.refined.as_bytes());
        let same = suffix(&raw[begin + gone..until + gone], &refined[begin..until]);
        boundary_behind(refined, until - same)
    }

    /// The least of `gone` with which the raw text may have these bytes of the refined one: their
    /// begin is looked for.
    pub fn find(&self, wanted: Range<usize>, gone: Range<usize>) -> Option<usize> {
        let raw = &self.raw.as_bytes()[wanted.start..];
        let wanted = &self.refined.as_bytes()[wanted];
        if gone.len() > FAR {
            let wanted = &wanted[..wanted.len().min(LONGEST)];
            let raw = &raw[gone.start..gone.end - 1 + wanted.len()];
            return Some(gone.start + memmem::find(raw, wanted)?);
        }
        find_near(raw, wanted, gone)
    }

    /// The least of `gone` with which the raw text has the character at `at` of the refined one.
    pub fn find_character(&self, at: usize, gone: Range<usize>) -> Option<usize> {
        self.find(at..boundary_behind(self.refined.as_bytes(), at + 1), gone)
    }

    /// The cheapest and leftmost deletion before one of these bytes of the refined text (the last
    /// included), before which `before` and behind which `behind` bytes are gone.
    pub fn cheapest_span(&self, at: Range<usize>, before: usize, behind: usize) -> (u64, Span) {
        let places = (at.start..=at.end).filter(|&at| self.refined.is_char_boundary(at));
        let spans = places.map(|at| Span::new(at + before, at + behind));
        let cost =
            |span: &Span| edge_cost_at(self.raw, span.start()) + edge_cost_at(self.raw, span.end());
        spans.map(|span| (cost(&span), span)).min().unwrap_or((IMPOSSIBLE, Span::new(0, 0)))
    }
}

/// The same byte by byte, or rather eight at a time, without making ready for it.
fn find_near(raw: &[u8], wanted: &[u8], mut gone: Range<usize>) -> Option<usize> {
    let length = wanted.len().min(8);
    let mut key = [0; 8];
    key[..length].copy_from_slice(&wanted[..length]);
    let (key, mask) = (u64::from_le_bytes(key), u64::MAX >> (64 - 8 * length));
    let words = raw[gone.start..].windows(8).take(gone.len());
    let is_same =
        |word: &[u8]| word.try_into().is_ok_and(|word| u64::from_le_bytes(word) & mask == key);
    let near = words.len();
    if let Some(found) = words.into_iter().position(is_same) {
        return Some(gone.start + found);
    }
    gone.start += near;
    gone.find(|&gone| raw[gone..].starts_with(&wanted[..length]))
}
