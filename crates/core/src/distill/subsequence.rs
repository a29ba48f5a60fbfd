//! Alignment of a refined text that is a subsequence of the raw one: pure deletion.

use super::anchor::anchors;
use super::band::{Band, Stretch};
use super::cost::{Edges, MOST_SPANS};
use super::effort::Effort;
use super::embedding::{Window, windows};
use super::fewest::{Fewest, one_span};
use super::greedy;
use super::symbols::{Places, Symbols};
use super::table::{self, Run};
use crate::deletions::Deletions;
use crate::span::Span;
use std::ops::Range;

/// Cells of tables that are filled for any text, however short (guess: some 20 ms).
const CELLS_AT_LEAST: usize = 8 << 20;
/// Cells that may be filled more for each character of both texts: this bounds the time by the
/// size of the input. Measured on web pages of a megabyte: see `lab/LOG.md`.
const CELLS_A_CHARACTER: usize = 48;
/// Cells of one table for each character of both texts, which bounds memory by the size of the
/// input.
const CELLS_AT_ONCE: usize = 16;

/// The deletions of least cost that make `refined` of `raw` (laws L3 and L4); `None` if there are
/// none.
pub(super) fn align(raw: &str, refined: &str, effort: &mut Effort) -> Option<Deletions> {
    if let Some(one) = one_span(raw, refined) {
        return Some(Deletions::union(vec![one]));
    }
    let mut spans = Vec::new();
    let mut fewest = Fewest::new(raw, refined);
    for window in windows(raw, refined)? {
        if fewest.solve(&window, &mut spans).is_none() {
            spans.extend(by_characters(raw, refined, &window, effort)?);
        }
    }
    Some(Deletions::union(spans))
}

/// The same for a window, by a table of its characters.
fn by_characters(
    raw: &str,
    refined: &str,
    window: &Window,
    effort: &mut Effort,
) -> Option<Vec<Span>> {
    let within = &raw[window.raw.clone()];
    let symbols = Symbols::of(within, &refined[window.refined.clone()])?;
    let aligning = Aligning {
        edges: Edges::of(raw, window.raw.clone()),
        places: Places::of(&symbols),
        room: symbols.raw.len() + symbols.refined.len(),
        symbols,
    };
    let places = aligning.places(effort)?;
    let spans = gaps(within, &places).into_iter();
    Some(spans.map(|span| span.shift(window.raw.start)).collect())
}

struct Aligning {
    symbols: Symbols,
    edges: Edges,
    places: Places,
    /// Characters of both texts.
    room: usize,
}

/// What is still allowed, and what was found.
struct Progress<'e> {
    cells_left: usize,
    found: Vec<u32>,
    effort: &'e mut Effort,
}

impl Aligning {
    /// The place of each refined character.
    fn places(&self, effort: &mut Effort) -> Option<Vec<u32>> {
        let all =
            Stretch { raw: 0..self.symbols.raw.len(), refined: 0..self.symbols.refined.len() };
        let cells_left = CELLS_AT_LEAST + CELLS_A_CHARACTER * self.room;
        let found = Vec::with_capacity(all.refined.len());
        let mut progress = Progress { cells_left, found, effort };
        let band = Band::of(&self.symbols, &self.places, &all)?;
        self.fill(&all, &band, true, &mut progress);
        Some(progress.found)
    }

    /// Aligns a stretch, run by run between the forced places.
    fn fill(&self, stretch: &Stretch, band: &Band, may_cut: bool, progress: &mut Progress<'_>) {
        let mut before = place(stretch.raw.start);
        let mut at = stretch.refined.start;
        while at < stretch.refined.end {
            let end = run_end(band, at, stretch.refined.end);
            if end == at {
                before = self.places.sorted[band.ranks(at).start];
                progress.found.push(before);
                at += 1;
                continue;
            }
            let after = if end < stretch.refined.end {
                self.places.sorted[band.ranks(end).start]
            } else {
                place(stretch.raw.end + 1)
            };
            let run = Run { refined: at..end, before, after };
            self.fill_run(&run, band, may_cut, progress);
            at = end;
        }
    }

    fn fill_run(&self, run: &Run, band: &Band, may_cut: bool, progress: &mut Progress<'_>) {
        let cells = band.cells(run.refined.clone());
        let at_once = CELLS_AT_LEAST + CELLS_AT_ONCE * self.room;
        if cells <= progress.cells_left.min(at_once) && run.refined.len() < MOST_SPANS {
            progress.cells_left -= cells;
            return table::fill(run, band, &self.places.sorted, &self.edges, &mut progress.found);
        }
        if may_cut && self.cut(run, progress) {
            return;
        }
        progress.effort.greedy += 1;
        greedy::fill(run, band, &self.symbols, &self.places, &mut progress.found);
    }

    /// Aligns a run piece by piece between anchors; false if there are none.
    fn cut(&self, run: &Run, progress: &mut Progress<'_>) -> bool {
        let raw = run.before as usize..run.after as usize - 1;
        let stretch = Stretch { raw, refined: run.refined.clone() };
        let anchors = anchors(&self.symbols, &self.edges, &stretch);
        if anchors.is_empty() {
            return false;
        }
        progress.effort.anchored += 1;
        let mut rest = stretch;
        for anchor in anchors {
            let piece = |from: &Range<usize>, to: usize| from.start..to;
            let between = Stretch {
                raw: piece(&rest.raw, anchor.raw),
                refined: piece(&rest.refined, anchor.refined),
            };
            self.fill_piece(&between, progress);
            progress.found.extend(anchor.raw_range().map(|at| place(at + 1)));
            rest.raw.start = anchor.raw_range().end;
            rest.refined.start = anchor.refined_range().end;
        }
        self.fill_piece(&rest, progress);
        true
    }

    fn fill_piece(&self, piece: &Stretch, progress: &mut Progress<'_>) {
        if let Some(band) = Band::of(&self.symbols, &self.places, piece) {
            self.fill(piece, &band, false, progress);
        }
    }
}

/// Where the run of characters with a choice of places that begins at `from` ends.
fn run_end(band: &Band, from: usize, end: usize) -> usize {
    (from..end).find(|&at| band.is_forced(at)).unwrap_or(end)
}

/// Places are counted from 1 in 32 bits; [`Symbols::of`] refuses texts with more.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The spans of `raw` in which no character of `places` stands.
fn gaps(raw: &str, places: &[u32]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut wanted = places.iter().map(|&place| place as usize - 1);
    let mut next = wanted.next();
    let mut gap_start = 0;
    for (number, (at, c)) in raw.char_indices().enumerate() {
        if next == Some(number) {
            if gap_start < at {
                spans.push(Span::new(gap_start, at));
            }
            gap_start = at + c.len_utf8();
            next = wanted.next();
        }
    }
    spans.push(Span::new(gap_start, raw.len()));
    spans
}
