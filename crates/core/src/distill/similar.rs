//! Lines that have no word in common and still are the same line, rewritten.

use super::rewrite::Matched;
use super::token;
use crate::span::Span;
use std::cell::OnceCell;

/// Share of pairs of letters that two lines must have in common (guess: typos and other encodings
/// leave more, two lines that have nothing to do with each other less).
const LEAST: f64 = 0.5;
/// Pairs of lines that are compared in one gap (guess); a gap with more is taken as one.
const MOST_COMPARED: usize = 4096;
/// Bytes of a line that are compared, so that the time is bounded (guess).
const MOST_BYTES: usize = 2048;

/// Lines of the gap that resemble each other, in order. The line that goes on behind the token
/// before the gap is taken for the same on both sides, and so is the one before the token behind.
pub(super) fn similar_lines(raw: &str, refined: &str, gap: Matched) -> Vec<Matched> {
    let raw_lines = token::lines(raw, gap.raw);
    let refined_lines = token::lines(refined, gap.refined);
    if raw_lines.len().max(refined_lines.len()) == 1
        || raw_lines.len() * refined_lines.len() > MOST_COMPARED
    {
        return Vec::new();
    }
    let letters: Vec<Letters<'_>> =
        raw_lines.iter().map(|line| Letters::of(line.of(raw))).collect();
    let mut pairs: Vec<Matched> = Vec::new();
    let mut from = 0;
    for (at, &line) in refined_lines.iter().enumerate() {
        let attached = at == 0 && goes_on(raw, gap.raw) && goes_on(refined, gap.refined);
        let best =
            if attached { Some(0) } else { most_similar(&letters[from..], line.of(refined)) };
        if let Some(best) = best {
            pairs.push(Matched { raw: raw_lines[from + best], refined: line });
            from += best + 1;
        }
    }
    pairs
}

/// Whether the gap begins inside a line that has begun before it.
fn goes_on(text: &str, gap: Span) -> bool {
    let within = gap.of(text);
    let blank = &within[..within.len() - within.trim_start().len()];
    gap.start() > 0 && !blank.contains('\n') && !text[..gap.start()].ends_with('\n')
}

/// Which of these lines resembles the wanted one most, if any does.
fn most_similar(lines: &[Letters<'_>], wanted: &str) -> Option<usize> {
    let wanted = Letters::of(wanted);
    let scores = lines.iter().map(|line| resemblance(line, &wanted));
    let best = scores.enumerate().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
    (best.1 >= LEAST).then_some(best.0)
}

/// The letters of a line.
struct Letters<'t> {
    line: &'t str,
    /// Pairs of neighbouring ones as numbers, sorted, once they are needed.
    pairs: OnceCell<Vec<u64>>,
}

impl<'t> Letters<'t> {
    const fn of(line: &'t str) -> Self {
        Self { line, pairs: OnceCell::new() }
    }

    fn pairs(&self) -> &[u64] {
        self.pairs.get_or_init(|| letter_pairs(self.line))
    }
}

fn letter_pairs(line: &str) -> Vec<u64> {
    let mut letters: Vec<u32> = Vec::with_capacity(line.len().min(MOST_BYTES));
    for (_, c) in line.char_indices().take_while(|(at, _)| *at < MOST_BYTES) {
        if c.is_ascii() {
            letters.push(u32::from(c.to_ascii_lowercase()));
        } else {
            letters.extend(c.to_lowercase().map(u32::from));
        }
    }
    let pair = |pair: &[u32]| u64::from(pair[0]) << 32 | u64::from(pair[1]);
    let mut pairs: Vec<u64> = letters.windows(2).map(pair).collect();
    pairs.sort_unstable();
    pairs
}

/// Dice's coefficient of the pairs of two lines; 0 if it cannot come to [`LEAST`].
#[expect(clippy::cast_precision_loss, reason = "counts of letters of a line")]
fn resemblance(a: &Letters<'_>, b: &Letters<'_>) -> f64 {
    let (a, b) = (a.pairs(), b.pairs());
    let share = |common: usize| 2.0 * common as f64 / (a.len() + b.len()).max(1) as f64;
    if share(a.len().min(b.len())) < LEAST {
        return 0.0;
    }
    let (mut common, mut at, mut other) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(at), b.get(other)) {
        common += usize::from(x == y);
        at += usize::from(x <= y);
        other += usize::from(y <= x);
    }
    share(common)
}
