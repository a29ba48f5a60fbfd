//! A window with as few deletions as it can have, by search: exact, and without a table of all
//! characters.
//!
//! What is kept in one piece stands in the raw text as far behind its place in the refined text as
//! is *gone* before it. With one deletion more a text can go on anywhere further behind, from the
//! furthest place that was reached with less gone; so the reach of each number of deletions is
//! found by one pass over the raw text (as in Myers' O(ND) algorithm, where a deletion has one
//! character; here it has any number). Once the end is reached, a pass back for each deletion finds
//! all pieces that a way with so few deletions can have. These are few, and the cheapest and
//! leftmost way through them is chosen.

use super::common::{boundary_before, boundary_behind, prefix, suffix};
use super::cost::{IMPOSSIBLE, edge_cost_at};
use super::embedding::Window;
use crate::span::Span;
use memchr::memmem;
use std::ops::Range;

/// With more places than these a search by vectors is worth its preparation (guess).
const FAR: usize = 512;
/// Bytes that such a search looks for at most; the rest is compared.
const LONGEST: usize = 16;
/// Bytes that may be looked at for any window (guess: some 10 µs).
const WORK_AT_LEAST: usize = 1 << 14;
/// Bytes that may be looked at more for each raw byte of a window. This bounds the time by the size
/// of the input: with more, a table takes less time. Measured: see `lab/LOG.md`.
const WORK_A_BYTE: usize = 64;

/// Solves windows of one pair.
pub(super) struct Fewest<'t> {
    raw: &'t str,
    refined: &'t str,
    /// What may still be looked at in this window.
    work_left: usize,
    reaches: Levels<Reach>,
    pieces: Levels<Piece>,
}

/// With more than `gone` bytes gone, and one deletion to come, the refined text is made up to here.
#[derive(Clone, Copy)]
struct Reach {
    gone: usize,
    refined: usize,
}

/// Text that is kept in one, between two deletions.
#[derive(Clone, Copy)]
struct Piece {
    gone: usize,
    /// The first byte of the refined text that can be in it.
    low: usize,
    /// One past the last.
    high: usize,
    /// The cost of all deletions behind it.
    cost: u64,
    /// The next deletion.
    span: Span,
    /// The piece behind that.
    next: usize,
}

/// The one deletion of least cost, and of these the leftmost, that makes `refined` of `raw`; `None` if
/// one is not enough. Of equal texts it is empty.
pub(super) fn one_span(raw: &str, refined: &str) -> Option<Span> {
    if raw == refined {
        return Some(Span::new(0, 0));
    }
    let whole = Window { raw: 0..raw.len(), refined: 0..refined.len() };
    let text = (refined.len() <= raw.len()).then(|| Text::of(raw, refined, &whole))?;
    let (first, last) = text.ends();
    (last <= first).then(|| text.cheapest_span(last..first, text.least, text.most).1)
}

/// Lists of lists, side by side.
struct Levels<T> {
    items: Vec<T>,
    begins: Vec<usize>,
}

impl<T> Levels<T> {
    const fn new() -> Self {
        Self { items: Vec::new(), begins: Vec::new() }
    }

    fn clear(&mut self) {
        self.items.clear();
        self.begins.clear();
    }

    /// Begins a list.
    fn begin(&mut self) {
        self.begins.push(self.items.len());
    }

    /// The items of the last list.
    fn last(&self) -> Range<usize> {
        self.range(self.begins.len() - 1)
    }

    /// The items of a list.
    fn range(&self, level: usize) -> Range<usize> {
        self.begins[level]..self.begins.get(level + 1).copied().unwrap_or(self.items.len())
    }
}

impl<'t> Fewest<'t> {
    pub const fn new(raw: &'t str, refined: &'t str) -> Self {
        Self { raw, refined, work_left: 0, reaches: Levels::new(), pieces: Levels::new() }
    }

    /// Adds the deletions of least cost in `window`, and of these the leftmost, to `spans`; `None`
    /// if the bound on work is reached.
    pub fn solve(&mut self, window: &Window, spans: &mut Vec<Span>) -> Option<()> {
        let text = Text::of(self.raw, self.refined, window);
        let (first, last) = text.ends();
        if last <= first {
            spans.push(text.cheapest_span(last..first, text.least, text.most).1);
            return Some(());
        }
        self.work_left = WORK_AT_LEAST + WORK_A_BYTE * window.raw.len();
        self.reach(&text, first, last)?;
        self.trace_back(&text, last)?;
        self.choose(&text, first, spans)
    }

    /// Counts bytes that were looked at; `None` if there were too many.
    fn work(&mut self, bytes: usize) -> Option<()> {
        self.work_left = self.work_left.checked_sub(bytes)?;
        Some(())
    }

    /// Finds what can be reached with each number of deletions, until one more comes to `last`.
    fn reach(&mut self, text: &Text<'_>, first: usize, last: usize) -> Option<()> {
        self.reaches.clear();
        self.reaches.begin();
        self.reaches.items.push(Reach { gone: text.least, refined: first });
        while self.reaches.items.last()?.refined < last {
            let level = self.reaches.last();
            self.reaches.begin();
            self.reach_further(text, level, last)?;
        }
        Some(())
    }

    /// The same with one deletion more than at `level`.
    fn reach_further(&mut self, text: &Text<'_>, level: Range<usize>, last: usize) -> Option<()> {
        let mut best = 0;
        for at in level.clone() {
            let from = self.reaches.items[at];
            let next = self.reaches.items[..level.end].get(at + 1);
            let until = next.map_or(text.most, |next| next.gone + 1);
            if from.refined > best {
                best = from.refined;
                self.reaches.items.push(from);
            }
            let mut gone = from.gone + 1..until;
            self.work(gone.len())?;
            while best < last
                && let Some(found) = text.find(from.refined..best + 1, gone.clone())
            {
                let high = text.high(from.refined, found);
                self.work(1 + (high - from.refined) / 8)?;
                if high > best {
                    best = high;
                    self.reaches.items.push(Reach { gone: found, refined: high });
                }
                gone.start = found + 1;
            }
        }
        Some(())
    }

    /// Finds the pieces of all ways with the fewest deletions, from the last to the first.
    fn trace_back(&mut self, text: &Text<'_>, last: usize) -> Option<()> {
        self.pieces.clear();
        self.pieces.begin();
        self.pieces.items.push(Piece::new(text.most, last, text.range.end));
        for level in (0..self.reaches.begins.len() - 1).rev() {
            let behind = self.pieces.last();
            self.pieces.begin();
            self.pieces_before(text, self.reaches.range(level), behind)?;
        }
        Some(())
    }

    /// Finds the pieces that go on from `reaches` and come to one of the pieces `behind`, both
    /// sorted from the most gone to the least.
    fn pieces_before(
        &mut self,
        text: &Text<'_>,
        reaches: Range<usize>,
        behind: Range<usize>,
    ) -> Option<()> {
        let mut low = usize::MAX;
        let mut reach = reaches.end;
        for at in behind.clone() {
            let piece = self.pieces.items[at];
            low = low.min(piece.low);
            let next = self.pieces.items[..behind.end].get(at + 1);
            let least = next.map_or(text.least + 1, |next| next.gone);
            let mut end = piece.gone;
            while end > least {
                while self.reaches.items[reach - 1].gone + 1 >= end {
                    reach -= 1;
                }
                let from = self.reaches.items[reach - 1];
                let begin = least.max(from.gone + 1);
                self.pieces_within(text, from.refined, low, begin..end)?;
                end = begin;
            }
        }
        Some(())
    }

    /// The pieces from `from` to `low` with so much gone.
    fn pieces_within(
        &mut self,
        text: &Text<'_>,
        from: usize,
        low: usize,
        mut gone: Range<usize>,
    ) -> Option<()> {
        let begin = self.pieces.items.len();
        self.work(gone.len())?;
        while let Some(found) = text.find(from..low, gone.clone()) {
            let high = text.high(from, found);
            self.work(1 + (high - from) / 8)?;
            if high >= low {
                let low = text.low(low, found);
                self.work((high - low) / 8)?;
                self.pieces.items.push(Piece::new(found, low, high));
            }
            gone.start = found + 1;
        }
        self.pieces.items[begin..].reverse();
        Some(())
    }

    /// The cheapest and leftmost way through the pieces.
    fn choose(&mut self, text: &Text<'_>, first: usize, spans: &mut Vec<Span>) -> Option<()> {
        self.pieces.begin();
        self.pieces.items.push(Piece::new(text.least, text.range.start, first));
        for level in 1..self.pieces.begins.len() {
            for at in self.pieces.range(level) {
                self.choose_next(text, at, self.pieces.range(level - 1))?;
            }
        }
        let mut piece = *self.pieces.items.last()?;
        while piece.gone < text.most {
            spans.push(piece.span);
            piece = self.pieces.items[piece.next];
        }
        Some(())
    }

    /// The cheapest and leftmost deletion behind the piece `at`.
    fn choose_next(&mut self, text: &Text<'_>, at: usize, behind: Range<usize>) -> Option<()> {
        let piece = self.pieces.items[at];
        let mut best = Piece { cost: IMPOSSIBLE, ..piece };
        self.work(behind.len())?;
        for next in behind {
            let other = self.pieces.items[next];
            if other.gone <= piece.gone || other.low > piece.high {
                continue;
            }
            self.work(4 * (piece.high - other.low))?;
            let (cost, span) = text.cheapest_span(other.low..piece.high, piece.gone, other.gone);
            let cost = cost + other.cost;
            if (cost, span) < (best.cost, best.span) {
                best = Piece { cost, span, next, ..piece };
            }
        }
        self.pieces.items[at] = best;
        Some(())
    }
}

impl Piece {
    /// A piece at whose end there is no more to delete.
    const fn new(gone: usize, low: usize, high: usize) -> Self {
        Self { gone, low, high, cost: 0, span: Span::new(0, 0), next: 0 }
    }
}

/// A window of two texts.
struct Text<'t> {
    raw: &'t str,
    refined: &'t str,
    /// Its bytes of the refined text.
    range: Range<usize>,
    /// What is gone before it.
    least: usize,
    /// What is gone behind it.
    most: usize,
}

impl<'t> Text<'t> {
    fn of(raw: &'t str, refined: &'t str, window: &Window) -> Self {
        let (least, most) =
            (window.raw.start - window.refined.start, window.raw.end - window.refined.end);
        Self { raw, refined, range: window.refined.clone(), least, most }
    }

    /// How much of the refined text has nothing gone, and from where on all is gone.
    fn ends(&self) -> (usize, usize) {
        (self.high(self.range.start, self.least), self.low(self.range.end, self.most))
    }

    /// How far the refined text goes on from `from` as the raw one does with so much gone.
    fn high(&self, from: usize, gone: usize) -> usize {
        let end = self.range.end;
        let (raw, refined) = (self.raw.as_bytes(), self.refined.as_bytes());
        let same = prefix(&raw[from + gone..end + gone], &refined[from..end]);
        boundary_before(refined, from + same)
    }

    /// From where on the refined text is as the raw one with so much gone, up to `until`.
    fn low(&self, until: usize, gone: usize) -> usize {
        let begin = self.range.start;
        let (raw, refined) = (self.raw.as_bytes(), self.refined.as_bytes());
        let same = suffix(&raw[begin + gone..until + gone], &refined[begin..until]);
        boundary_behind(refined, until - same)
    }

    /// The least of `gone` with which the raw text may have these bytes of the refined one: their
    /// begin is looked for.
    fn find(&self, wanted: Range<usize>, gone: Range<usize>) -> Option<usize> {
        let raw = &self.raw.as_bytes()[wanted.start..];
        let wanted = &self.refined.as_bytes()[wanted];
        if gone.len() > FAR {
            let wanted = &wanted[..wanted.len().min(LONGEST)];
            let raw = &raw[gone.start..gone.end - 1 + wanted.len()];
            return Some(gone.start + memmem::find(raw, wanted)?);
        }
        find_near(raw, wanted, gone)
    }

    /// The cheapest and leftmost deletion before one of these bytes of the refined text (the last
    /// included), before which `before` and behind which `behind` bytes are gone.
    fn cheapest_span(&self, at: Range<usize>, before: usize, behind: usize) -> (u64, Span) {
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
