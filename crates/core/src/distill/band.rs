//! How early and how late each character of the refined text can stand in the raw one.

use super::symbols::{Places, Symbols};
use std::ops::Range;

/// A stretch of both texts, to be aligned by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Characters of the raw text.
    pub raw: Range<usize>,
    /// Characters of the refined text.
    pub refined: Range<usize>,
}

/// For each refined character of a stretch, the first and the last of the raw places that it can
/// have in any alignment, as ranks in [`Places`]. All places between that hold the same character
/// are side by side there.
///
/// Where both are the same the place is forced, so that what stands before and what stands behind
/// can be aligned apart. In real text most places are forced: a chance alignment of letters falls
/// behind the right one within some dozen characters.
#[derive(Debug)]
pub(super) struct Band {
    first: Vec<u32>,
    last: Vec<u32>,
    offset: usize,
}

impl Band {
    /// The band of a stretch; `None` if its refined text is no subsequence of its raw text.
    pub fn of(symbols: &Symbols, places: &Places, stretch: &Stretch) -> Option<Self> {
        let refined = &symbols.refined[stretch.refined.clone()];
        let mut first = Vec::with_capacity(refined.len());
        let mut raw = stretch.raw.clone();
        for &wanted in refined {
            let at = raw.by_ref().find(|&at| symbols.raw[at] == wanted)?;
            first.push(places.rank[at]);
        }
        let mut last = Vec::with_capacity(refined.len());
        let mut raw = stretch.raw.clone().rev();
        for &wanted in refined.iter().rev() {
            let at = raw.by_ref().find(|&at| symbols.raw[at] == wanted)?;
            last.push(places.rank[at]);
        }
        last.reverse();
        Some(Self { first, last, offset: stretch.refined.start })
    }

    /// The ranks of the places that the refined character `at` can have.
    pub fn ranks(&self, at: usize) -> Range<usize> {
        self.first[at - self.offset] as usize..self.last[at - self.offset] as usize + 1
    }

    /// Whether the refined character `at` can have but one place.
    pub fn is_forced(&self, at: usize) -> bool {
        self.first[at - self.offset] == self.last[at - self.offset]
    }

    /// How many pairs of a refined character and a place there are.
    pub fn cells(&self, refined: Range<usize>) -> usize {
        refined.map(|at| self.ranks(at).len()).sum()
    }
}
