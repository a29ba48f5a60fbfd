//! Lines that have no word in common and still are the same line, rewritten.

use super::rewrite::Matched;
use super::token;
use crate::span::Span;

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
    let mut pairs: Vec<Matched> = Vec::new();
    let mut from = 0;
    for (at, &line) in refined_lines.iter().enumerate() {
        let attached = at == 0 && goes_on(raw, gap.raw) && goes_on(refined, gap.refined);
        let best = if attached {
            Some(0)
        } else {
            most_similar(raw, &raw_lines[from..], line.of(refined))
        };
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

fn most_similar(raw: &str, lines: &[Span], wanted: &str) -> Option<usize> {
    let wanted = letter_pairs(wanted);
    let scores = lines.iter().map(|line| resemblance(&letter_pairs(line.of(raw)), &wanted));
    let best = scores.enumerate().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
    (best.1 >= LEAST).then_some(best.0)
}

/// Pairs of neighbouring letters, sorted.
fn letter_pairs(line: &str) -> Vec<(char, char)> {
    let letters = line.char_indices().take_while(|(at, _)| *at < MOST_BYTES).map(|(_, c)| c);
    let letters: Vec<char> = letters.flat_map(char::to_lowercase).collect();
    let mut pairs: Vec<_> = letters.windows(2).map(|pair| (pair[0], pair[1])).collect();
    pairs.sort_unstable();
    pairs
}

/// Dice's coefficient of two sorted lists.
#[expect(clippy::cast_precision_loss, reason = "counts of letters of a line")]
fn resemblance(a: &[(char, char)], b: &[(char, char)]) -> f64 {
    let (mut common, mut rest) = (0, b);
    for pair in a {
        rest = &rest[rest.partition_point(|other| other < pair).min(rest.len())..];
        if rest.first() == Some(pair) {
            (common, rest) = (common + 1, &rest[1..]);
        }
    }
    let total = a.len() + b.len();
    if total == 0 { 0.0 } else { 2.0 * f64::from(common) / total as f64 }
}
