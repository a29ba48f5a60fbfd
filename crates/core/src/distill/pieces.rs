//! Places for pieces of the refined text that are each kept in one, and the deletions between them.

use super::cost::{IMPOSSIBLE, edge_cost_at};
use crate::span::Span;
use memchr::memmem;
use std::ops::Range;

/// Most places of a piece that are looked at, so that the time is bounded (guess).
const MOST_PLACES: usize = 24;
/// Bytes of a piece that are searched for; the rest is compared.
const CORE: usize = 64;

/// Bytes of the refined text before which the one deletion of a window can stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub lowest: usize,
    pub highest: usize,
}

/// The spans of least cost, and of these the leftmost, that make `refined` of `raw` with one
/// deletion in each window and none elsewhere; `None` if a piece stands in too many places.
pub(super) fn cheapest(raw: &str, refined: &str, windows: &[Window]) -> Option<Vec<Span>> {
    let pieces = Pieces { raw, refined, windows };
    let places: Option<Vec<Vec<usize>>> =
        (0..=windows.len()).map(|number| pieces.places(number)).collect();
    let places = places?;
    let mut ways: Vec<Vec<Way>> = Vec::with_capacity(windows.len());
    let mut costs = vec![0; places[windows.len()].len()];
    for number in (0..windows.len()).rev() {
        let from = |&before: &usize| pieces.best_way(number, before, &places[number + 1], &costs);
        let found: Vec<Way> = places[number].iter().map(from).collect();
        costs = found.iter().map(|way| way.cost).collect();
        ways.push(found);
    }
    let (mut spans, mut place) = (Vec::with_capacity(windows.len()), 0);
    for ways in ways.iter().rev() {
        spans.push(ways[place].span);
        place = ways[place].to;
    }
    (costs.first().is_some_and(|&cost| cost < IMPOSSIBLE)).then_some(spans)
}

struct Pieces<'t> {
    raw: &'t str,
    refined: &'t str,
    windows: &'t [Window],
}

/// How to go on from a place of a piece: the deletion, and the place of the next piece.
#[derive(Clone, Copy)]
struct Way {
    cost: u64,
    span: Span,
    to: usize,
}

impl Pieces<'_> {
    /// The places of a piece in the raw text, as distances from its place in the refined text. The
    /// first and the last piece cannot be anywhere but at the ends.
    fn places(&self, number: usize) -> Option<Vec<usize>> {
        if number == 0 {
            return Some(vec![0]);
        }
        if number == self.windows.len() {
            return Some(vec![self.raw.len() - self.refined.len()]);
        }
        let piece = self.windows[number - 1].highest..self.windows[number].lowest;
        let wanted = &self.refined.as_bytes()[piece.clone()];
        let raw = self.raw.as_bytes();
        let finder = memmem::Finder::new(&wanted[..wanted.len().min(CORE)]);
        // Places may overlap, so each search begins one byte behind the last find.
        let next = |from: usize| finder.find(raw.get(from..)?).map(|at| at + from);
        let found = std::iter::successors(next(piece.start), |at| next(at + 1));
        let found: Vec<usize> = found.take(MOST_PLACES + 1).collect();
        if found.len() > MOST_PLACES {
            return None;
        }
        let whole = found.into_iter().filter(|&at| raw[at..].starts_with(wanted));
        Some(whole.map(|at| at - piece.start).collect())
    }

    fn best_way(&self, window: usize, before: usize, places: &[usize], costs: &[u64]) -> Way {
        let none = Way { cost: IMPOSSIBLE, span: Span::new(0, 0), to: 0 };
        let further = places.iter().enumerate().filter(|(_, behind)| **behind > before);
        let ways = further.map(|(to, &behind)| {
            let (cost, span) = self.cheapest_span(self.windows[window], before, behind);
            Way { cost: cost.saturating_add(costs[to]), span, to }
        });
        ways.min_by_key(|way| (way.cost, way.span)).unwrap_or(none)
    }

    /// The deletion in the window between pieces at these places.
    fn cheapest_span(&self, window: Window, before: usize, behind: usize) -> (u64, Span) {
        let cost =
            |span: &Span| edge_cost_at(self.raw, span.start()) + edge_cost_at(self.raw, span.end());
        let spans = self
            .slide(window, before, behind)
            .map(|at| Span::new(at + before, at + behind))
            .filter(|span| span.fits(self.raw));
        let best = spans.map(|span| (cost(&span), span)).min();
        best.unwrap_or((IMPOSSIBLE, Span::new(0, 0)))
    }

    /// Where in the window the text can change from one place to the other.
    fn slide(&self, window: Window, before: usize, behind: usize) -> Range<usize> {
        let (raw, refined) = (self.raw.as_bytes(), self.refined.as_bytes());
        let kept = &refined[window.lowest..window.highest];
        let left = raw[window.lowest + before..].iter();
        let right = raw[window.lowest + behind..window.highest + behind].iter();
        let from_left = kept.iter().zip(left).take_while(|(a, b)| a == b).count();
        let from_right = kept.iter().rev().zip(right.rev()).take_while(|(a, b)| a == b).count();
        window.highest - from_right..window.lowest + from_left + 1
    }
}
