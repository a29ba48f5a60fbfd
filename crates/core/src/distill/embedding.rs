//! How early and how late each character of the refined text can stand in the raw one, and the
//! windows in which that leaves a choice.
//!
//! Where the earliest and the latest place of a character are the same, its place is forced. In real
//! text most places are forced: a chance alignment of letters falls behind the right one within
//! some dozen characters. What stands between two forced characters can be aligned by itself.

use super::common::{boundary_before, boundary_behind, prefix, suffix};
use super::window::Window;
use memchr::{memchr, memrchr};

/// Characters of the refined text that stand in one piece in the raw one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// The first byte of them in the refined text.
    pub refined: usize,
    /// How much further on they stand in the raw text: what is gone before them.
    pub gone: usize,
}

/// The windows of a pair, in order. Outside of them nothing is deleted. `None` if the refined text is
/// no subsequence of the raw one.
pub(super) fn windows(raw: &str, refined: &str) -> Option<Vec<Window>> {
    let (raw, refined) = (raw.as_bytes(), refined.as_bytes());
    let earliest = earliest(raw, refined)?;
    let latest = latest(raw, refined)?;
    Some(between_forced(&earliest, &latest, raw.len(), refined.len()))
}

/// Each character at its first possible place.
fn earliest(raw: &[u8], refined: &[u8]) -> Option<Vec<Run>> {
    let mut runs = Vec::new();
    let (mut at_raw, mut at) = (0, 0);
    while at < refined.len() {
        let same = prefix(&raw[at_raw..], &refined[at..]);
        let end = boundary_before(refined, at + same);
        if end > at {
            runs.push(Run { refined: at, gone: at_raw - at });
            (at_raw, at) = (at_raw + end - at, end);
        } else {
            at_raw += first_place(&raw[at_raw..], &refined[at..])?;
        }
    }
    Some(runs)
}

/// Where the first character of `refined` stands first in `raw`.
fn first_place(raw: &[u8], refined: &[u8]) -> Option<usize> {
    let character = &refined[..boundary_behind(refined, 1)];
    let (&last, begin) = character.split_last()?;
    let mut from = begin.len();
    loop {
        let end = from + memchr(last, raw.get(from..)?)?;
        if raw[..end].ends_with(begin) {
            return Some(end - begin.len());
        }
        from = end + 1;
    }
}

/// Each character at its last possible place.
pub(super) fn latest(raw: &[u8], refined: &[u8]) -> Option<Vec<Run>> {
    let mut runs = Vec::new();
    let (mut at_raw, mut at) = (raw.len(), refined.len());
    while at > 0 {
        let same = suffix(&raw[..at_raw], &refined[..at]);
        let start = boundary_behind(refined, at - same);
        if start < at {
            at_raw -= at - start;
            at = start;
            runs.push(Run { refined: at, gone: at_raw - at });
        } else {
            at_raw = last_place(&raw[..at_raw], &refined[..at])?;
        }
    }
    runs.reverse();
    Some(runs)
}

/// Where the last character of `refined` ends last in `raw`.
fn last_place(raw: &[u8], refined: &[u8]) -> Option<usize> {
    let character = &refined[boundary_before(refined, refined.len() - 1)..];
    let (&last, begin) = character.split_last()?;
    let mut until = raw.len();
    loop {
        let end = memrchr(last, &raw[..until])?;
        if raw[..end].ends_with(begin) {
            return Some(end + 1);
        }
        until = end;
    }
}

/// What stands between the characters that have the same place in both.
fn between_forced(
    earliest: &[Run],
    latest: &[Run],
    raw_length: usize,
    refined_length: usize,
) -> Vec<Window> {
    let mut found = Windows { windows: Vec::new(), open: Run { refined: 0, gone: 0 } };
    let (mut early, mut late) = (Cursor::of(earliest), Cursor::of(latest));
    let mut at = 0;
    while at < refined_length {
        let end = early.end(refined_length).min(late.end(refined_length));
        if early.run.gone == late.run.gone {
            found.close(Run { refined: at, gone: early.run.gone });
            found.open = Run { refined: end, gone: early.run.gone };
        }
        early.advance(end);
        late.advance(end);
        at = end;
    }
    found.close(Run { refined: refined_length, gone: raw_length - refined_length });
    found.windows
}

/// A run, and those behind it.
struct Cursor<'r> {
    run: Run,
    rest: &'r [Run],
}

impl<'r> Cursor<'r> {
    fn of(runs: &'r [Run]) -> Self {
        let mut cursor = Self { run: Run { refined: 0, gone: 0 }, rest: runs };
        cursor.advance(0);
        cursor
    }

    /// Where the run ends.
    fn end(&self, length: usize) -> usize {
        self.rest.first().map_or(length, |next| next.refined)
    }

    /// Goes on to the run that begins at `at`, if one does.
    fn advance(&mut self, at: usize) {
        if let Some((&next, rest)) = self.rest.split_first().filter(|(next, _)| next.refined == at)
        {
            (self.run, self.rest) = (next, rest);
        }
    }
}

struct Windows {
    windows: Vec<Window>,
    /// The end of the last forced characters.
    open: Run,
}

impl Windows {
    /// Before these forced characters, whatever is not settled is a window.
    fn close(&mut self, forced: Run) {
        let open = self.open;
        if open.gone < forced.gone {
            self.windows.push(Window {
                raw: open.refined + open.gone..forced.refined + forced.gone,
                refined: open.refined..forced.refined,
            });
        }
    }
}
