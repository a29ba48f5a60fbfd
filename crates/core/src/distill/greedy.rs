//! The last resort for a window that takes too long to solve: after each deletion, the longest run
//! that is near.

use super::embedding::{Run, latest};
use super::window::Texts;
use crate::span::Span;

/// Places that are tried for each run (guess).
const TRIED: usize = 64;
/// Bytes behind the first of them in which others are looked for (guess).
const NEAR: usize = 4096;
/// Bytes that are compared for each place (guess). A run that is as long is taken; it need not be the
/// longest, so the time is bounded by the bytes that are settled.
const COMPARED: usize = 256;

/// Adds deletions that solve the window to `spans`: not those of least cost.
pub(super) fn fill(texts: &Texts<'_>, spans: &mut Vec<Span>) -> Option<()> {
    let (raw, refined) = texts.sides();
    let latest = latest(raw.as_bytes(), refined.as_bytes())?;
    let (mut at, mut gone, mut rest) = (texts.range.start, texts.least, &latest[..]);
    loop {
        at = texts.high(at, gone);
        if at == texts.range.end {
            spans.push(Span::new(at + gone, at + texts.most));
            return Some(());
        }
        rest = still_latest(rest, at - texts.range.start);
        let next = jump(texts, at, gone, texts.least + rest.first()?.gone)?;
        spans.push(Span::new(at + gone, at + next));
        gone = next;
    }
}

/// The runs without those that end before `at`.
fn still_latest(runs: &[Run], at: usize) -> &[Run] {
    &runs[runs.partition_point(|run| run.refined <= at).saturating_sub(1)..]
}

/// How much is gone behind the deletion before `at`, before which `gone` is; at most `most`, so that
/// what stands behind still fits.
fn jump(texts: &Texts<'_>, at: usize, gone: usize, most: usize) -> Option<usize> {
    let mut best = (0, None);
    let (mut from, mut until) = (gone + 1, most + 1);
    for _ in 0..TRIED {
        let Some(found) = texts.find_character(at, from..until) else { break };
        let length = texts.high_within(at, found, COMPARED) - at;
        if best.1.is_none() {
            until = until.min(found + NEAR);
        }
        if length > best.0 {
            best = (length, Some(found));
        }
        if length >= COMPARED {
            break;
        }
        from = found + 1;
    }
    best.1
}
