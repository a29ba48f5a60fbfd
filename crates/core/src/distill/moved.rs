//! Lines that an expert wrote at another place.

use super::quick_hash::QuickMap;
use crate::span::Span;
use std::collections::{HashMap, HashSet};

/// Bytes that a line must have to count as moved (guess: shorter ones stand in a page by chance).
const SHORTEST: usize = 10;

/// Lines that stand in both texts and were matched in neither.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// By the start of the line in the refined text: where it stands there and in the raw text.
    lines: HashMap<usize, (Span, Span)>,
    /// Starts of the lines in the raw text.
    sources: HashSet<usize>,
}

impl Moved {
    /// Finds them among the unmatched lines of both texts.
    pub fn find<'t>(
        raw: impl Iterator<Item = (&'t str, Span)>,
        refined: impl Iterator<Item = (&'t str, Span)>,
    ) -> Self {
        let long = |(text, _): &(&str, Span)| text.len() >= SHORTEST;
        let refined: Vec<(&str, Span)> = refined.filter(long).collect();
        let mut free: QuickMap<&str, Vec<Span>> = QuickMap::default();
        free.extend(refined.iter().map(|(text, _)| (*text, Vec::new())));
        for (text, span) in raw.filter(long) {
            if let Some(places) = free.get_mut(text) {
                places.push(span);
            }
        }
        free.values_mut().for_each(|spans| spans.reverse());
        let mut moved = Self::default();
        for (text, span) in refined {
            if let Some(source) = free.get_mut(text).and_then(Vec::pop) {
                moved.lines.insert(span.start(), (span, source));
                moved.sources.insert(source.start());
            }
        }
        moved
    }

    /// Whether no line was moved.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether the line that begins at `start` in the raw text was moved away.
    pub fn is_source(&self, start: usize) -> bool {
        self.sources.contains(&start)
    }

    /// The line that begins at `start` in the refined text, and where it came from.
    pub fn at(&self, start: usize) -> Option<(Span, Span)> {
        self.lines.get(&start).copied()
    }
}
