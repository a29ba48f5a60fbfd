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
//!
//! Each deletion can be chosen by itself: the furthest that is reached before a piece stands before
//! the earliest that must be reached in it, or one deletion fewer would do. So where a piece begins
//! has no bearing on where it ends.

use super::cost::IMPOSSIBLE;
use super::window::{Texts, Window};
use crate::span::Span;
use std::ops::Range;

/// Bytes that may be looked at for any pair (guess: some milliseconds).
const WORK_AT_LEAST: usize = 8 << 20;
/// Bytes that may be looked at more for each raw byte of a window. This bounds the time by the size
/// of the input. Measured on texts that are made to be hard: see `lab/LOG.md`.
const WORK_A_BYTE: usize = 64;
/// What a place that is found counts for: its time, and, since all may be kept, its memory, which is so
/// bounded by the size of the input too.
const WORK_A_REACH: usize = 16;
const WORK_A_PIECE: usize = 64;

/// Solves windows of one pair.
pub(super) struct Fewest {
    /// What may still be looked at beyond what each window may by its size.
    spare: usize,
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
    let texts = (refined.len() <= raw.len()).then(|| Texts::of(raw, refined, &whole))?;
    let (first, last) = texts.ends();
    (last <= first).then(|| texts.cheapest_span(last..first, texts.least, texts.most).1)
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

impl Fewest {
    pub const fn new() -> Self {
        Self { spare: WORK_AT_LEAST, work_left: 0, reaches: Levels::new(), pieces: Levels::new() }
    }

    /// Adds the deletions of least cost in a window, and of these the leftmost, to `spans`; `None`
    /// if the bound on work is reached.
    pub fn solve(&mut self, texts: &Texts<'_>, spans: &mut Vec<Span>) -> Option<()> {
        let (first, last) = texts.ends();
        if last <= first {
            spans.push(texts.cheapest_span(last..first, texts.least, texts.most).1);
            return Some(());
        }
        self.work_left = self.spare + WORK_A_BYTE * (texts.range.len() + texts.most - texts.least);
        let found = self.search(texts, first, last, spans);
        self.spare = self.spare.min(self.work_left);
        found
    }

    fn search(
        &mut self,
        texts: &Texts<'_>,
        first: usize,
        last: usize,
        spans: &mut Vec<Span>,
    ) -> Option<()> {
        self.reach(texts, first, last)?;
        self.trace_back(texts, last)?;
        self.choose(texts, first, spans)
    }

    /// Counts bytes that were looked at; `None` if there were too many.
    fn work(&mut self, bytes: usize) -> Option<()> {
        self.work_left = self.work_left.checked_sub(bytes)?;
        Some(())
    }

    /// Finds what can be reached with each number of deletions, until one more comes to `last`.
    fn reach(&mut self, texts: &Texts<'_>, first: usize, last: usize) -> Option<()> {
        self.reaches.clear();
        self.reaches.begin();
        self.reaches.items.push(Reach { gone: texts.least, refined: first });
        while self.reaches.items.last()?.refined < last {
            let level = self.reaches.last();
            self.reaches.begin();
            self.reach_further(texts, level, last)?;
        }
        Some(())
    }

    /// The same with one deletion more than at `level`.
    fn reach_further(&mut self, texts: &Texts<'_>, level: Range<usize>, last: usize) -> Option<()> {
        let mut best = 0;
        for at in level.clone() {
            let from = self.reaches.items[at];
            let next = self.reaches.items[..level.end].get(at + 1);
            let until = next.map_or(texts.most, |next| next.gone);
            if from.refined > best {
                best = from.refined;
                self.reaches.items.push(from);
            }
            let mut gone = from.gone + 1..until;
            self.work(gone.len() + WORK_A_REACH)?;
            while best < last
                && let Some(found) = texts.find(from.refined..best + 1, gone.clone())
            {
                gone.start = found + 1;
                self.work(WORK_A_REACH)?;
                if !texts.is_same(best, found) {
                    continue;
                }
                let high = texts.high(from.refined, found);
                self.work((high - from.refined) / 8)?;
                if high > best {
                    best = high;
                    self.reaches.items.push(Reach { gone: found, refined: high });
                }
            }
        }
        Some(())
    }

    /// Finds the pieces of all ways with the fewest deletions, from the last to the first.
    fn trace_back(&mut self, texts: &Texts<'_>, last: usize) -> Option<()> {
        self.pieces.clear();
        self.pieces.begin();
        self.pieces.items.push(Piece::new(texts.most, last, texts.range.end));
        for level in (0..self.reaches.begins.len() - 1).rev() {
            let behind = self.pieces.last();
            self.pieces.begin();
            self.pieces_before(texts, self.reaches.range(level), behind)?;
        }
        Some(())
    }

    /// Finds the pieces that go on from one of `reaches` and come to one of the pieces `behind`, which
    /// are sorted from the most gone to the least.
    fn pieces_before(
        &mut self,
        texts: &Texts<'_>,
        reaches: Range<usize>,
        behind: Range<usize>,
    ) -> Option<()> {
        let mut low = usize::MAX;
        let mut reach = reaches.end;
        for at in behind.clone() {
            let piece = self.pieces.items[at];
            low = low.min(piece.low);
            let next = self.pieces.items[..behind.end].get(at + 1);
            let least = next.map_or(texts.least + 1, |next| next.gone);
            let mut end = piece.gone;
            while end > least {
                while self.reaches.items[reach - 1].gone + 1 >= end {
                    reach -= 1;
                }
                let from = self.reaches.items[reach - 1];
                let begin = least.max(from.gone + 1);
                self.pieces_within(texts, from.refined, low, begin..end)?;
                end = begin;
            }
        }
        Some(())
    }

    /// The pieces from `from` to `low` with so much gone.
    fn pieces_within(
        &mut self,
        texts: &Texts<'_>,
        from: usize,
        low: usize,
        mut gone: Range<usize>,
    ) -> Option<()> {
        if from >= low {
            // Cannot be: one deletion fewer would do.
            return None;
        }
        let begin = self.pieces.items.len();
        self.work(gone.len() + WORK_A_REACH)?;
        while let Some(found) = texts.find(from..low, gone.clone()) {
            gone.start = found + 1;
            self.work(WORK_A_REACH)?;
            if !texts.is_same(low - 1, found) {
                continue;
            }
            let high = texts.high(from, found);
            self.work((high - from) / 8)?;
            if high >= low {
                let low = texts.low(low, found);
                self.work(WORK_A_PIECE + (high - low) / 8)?;
                self.pieces.items.push(Piece::new(found, low, high));
            }
        }
        self.pieces.items[begin..].reverse();
        Some(())
    }

    /// The cheapest and leftmost way through the pieces.
    fn choose(&mut self, texts: &Texts<'_>, first: usize, spans: &mut Vec<Span>) -> Option<()> {
        self.pieces.begin();
        self.pieces.items.push(Piece::new(texts.least, texts.range.start, first));
        for level in 1..self.pieces.begins.len() {
            for at in self.pieces.range(level) {
                self.choose_next(texts, at, self.pieces.range(level - 1))?;
            }
        }
        let mut piece = *self.pieces.items.last()?;
        while piece.gone < texts.most {
            spans.push(piece.span);
            piece = self.pieces.items[piece.next];
        }
        Some(())
    }

    /// The cheapest and leftmost deletion behind the piece `at`.
    fn choose_next(&mut self, texts: &Texts<'_>, at: usize, behind: Range<usize>) -> Option<()> {
        let piece = self.pieces.items[at];
        let mut best = Piece { cost: IMPOSSIBLE, ..piece };
        self.work(behind.len())?;
        for next in behind {
            let other = self.pieces.items[next];
            if other.gone <= piece.gone || other.low > piece.high {
                continue;
            }
            self.work(4 * (piece.high - other.low))?;
            let (cost, span) = texts.cheapest_span(other.low..piece.high, piece.gone, other.gone);
            let cost = cost.saturating_add(other.cost);
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
