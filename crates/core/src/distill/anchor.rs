//! Passages that stand once in either text: where an alignment too large for a table is cut.

use super::band::Stretch;
use super::cost::Edges;
use super::symbols::Symbols;
use std::collections::HashMap;
use std::ops::Range;

/// Characters of a passage (guess: long enough that one which stands once in either text is hardly
/// ever there by chance, short enough that one stands in nearly every sentence).
const LENGTH: usize = 24;

/// A passage: where it begins in the raw and in the refined text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    pub raw: usize,
    pub refined: usize,
}

impl Anchor {
    /// The raw characters of the passage.
    pub const fn raw_range(self) -> Range<usize> {
        self.raw..self.raw + LENGTH
    }

    /// Its refined characters.
    pub const fn refined_range(self) -> Range<usize> {
        self.refined..self.refined + LENGTH
    }
}

/// Passages of `stretch` that stand in the same order in both texts, that do not overlap, and that
/// leave room for all characters between them.
pub(super) fn anchors(symbols: &Symbols, edges: &Edges, stretch: &Stretch) -> Vec<Anchor> {
    let unique = unique_in_both(symbols, edges, stretch);
    feasible(symbols, stretch, &longest_rising(&unique))
}

/// Where a passage was seen.
#[derive(Clone, Copy)]
struct Seen {
    refined: usize,
    refined_times: u32,
    raw: usize,
    raw_times: u32,
}

/// Passages that begin with a word and stand once in either text, in the order of the refined one.
fn unique_in_both(symbols: &Symbols, edges: &Edges, stretch: &Stretch) -> Vec<Anchor> {
    let mut seen: HashMap<&[u32], Seen> = HashMap::new();
    for at in starts(&stretch.refined) {
        let passage = &symbols.refined[at..at + LENGTH];
        if at == 0 || is_begin(symbols.refined[at - 1], symbols.refined[at]) {
            let new = Seen { refined: at, refined_times: 0, raw: 0, raw_times: 0 };
            seen.entry(passage).or_insert(new).refined_times += 1;
        }
    }
    for at in starts(&stretch.raw).filter(|&at| edges.is_word_edge(at)) {
        if let Some(found) = seen.get_mut(&symbols.raw[at..at + LENGTH]) {
            (found.raw, found.raw_times) = (at, found.raw_times + 1);
        }
    }
    let once = seen.values().filter(|found| found.refined_times == 1 && found.raw_times == 1);
    let mut anchors: Vec<Anchor> =
        once.map(|found| Anchor { raw: found.raw, refined: found.refined }).collect();
    anchors.sort_unstable_by_key(|anchor| anchor.refined);
    anchors
}

fn starts(range: &Range<usize>) -> Range<usize> {
    range.start..(range.end + 1).saturating_sub(LENGTH).max(range.start)
}

/// Whether a passage may begin between these characters: behind a blank or a line end, for ASCII;
/// anywhere in scripts beyond, of which many write no blanks.
fn is_begin(before: u32, after: u32) -> bool {
    matches!(before, 9..=32) && !matches!(after, 9..=32) || after >= 128
}

/// The longest choice of anchors that rise in both texts.
fn longest_rising(anchors: &[Anchor]) -> Vec<Anchor> {
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(anchors.len());
    for (at, anchor) in anchors.iter().enumerate() {
        let length = tails.partition_point(|&tail| anchors[tail].raw < anchor.raw);
        before.push(length.checked_sub(1).map(|last| tails[last]));
        if length == tails.len() {
            tails.push(at);
        } else {
            tails[length] = at;
        }
    }
    let mut rising = Vec::with_capacity(tails.len());
    let mut next = tails.last().copied();
    while let Some(at) = next {
        rising.push(anchors[at]);
        next = before[at];
    }
    rising.reverse();
    rising
}

/// Of these anchors, those that can all be kept: what stands between two of them in the refined
/// text is a subsequence of what does in the raw one, and so is what stands behind the last.
fn feasible(symbols: &Symbols, stretch: &Stretch, rising: &[Anchor]) -> Vec<Anchor> {
    let mut chosen: Vec<Anchor> = Vec::new();
    let (mut raw, mut refined) = (stretch.raw.start, stretch.refined.start);
    let latest = latest_starts(symbols, stretch, rising);
    for (&anchor, latest) in rising.iter().zip(latest) {
        if anchor.refined < refined || anchor.raw < raw || latest.is_none_or(|at| anchor.raw > at) {
            continue;
        }
        while raw < anchor.raw && refined < anchor.refined {
            refined += usize::from(symbols.raw[raw] == symbols.refined[refined]);
            raw += 1;
        }
        if refined == anchor.refined {
            chosen.push(anchor);
            (raw, refined) = (anchor.raw + LENGTH, anchor.refined + LENGTH);
        }
    }
    chosen
}

/// For each anchor, the last raw place from which its passage and all that follows fit.
fn latest_starts(symbols: &Symbols, stretch: &Stretch, rising: &[Anchor]) -> Vec<Option<usize>> {
    let (mut raw, mut refined) = (stretch.raw.end, stretch.refined.end);
    let mut latest = Vec::with_capacity(rising.len());
    for anchor in rising.iter().rev() {
        let behind = anchor.refined + LENGTH;
        while refined > behind && raw > stretch.raw.start {
            raw -= 1;
            refined -= usize::from(symbols.raw[raw] == symbols.refined[refined - 1]);
        }
        latest.push((refined == behind).then(|| raw.checked_sub(LENGTH)).flatten());
    }
    latest.reverse();
    latest
}
