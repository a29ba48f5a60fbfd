//! Lines that have no word in common and still are the same line, rewritten.

use super::rewrite::Matched;
use super::token;
use crate::span::Span;
use std::collections::HashMap;

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

/// Pairs of neighbouring letters, by how often they come.
fn letter_pairs(line: &str) -> HashMap<(char, char), usize> {
    let mut pairs = HashMap::new();
    let letters = line.char_indices().take_while(|(at, _)| *at < MOST_BYTES).map(|(_, c)| c);
    let letters: Vec<char> = letters.flat_map(char::to_lowercase).collect();
    for pair in letters.windows(2) {
        *pairs.entry((pair[0], pair[1])).or_default() += 1;
    }
    pairs
}

/// Dice's coefficient.
#[expect(clippy::cast_precision_loss, reason = "counts of letters of a line")]
fn resemblance(a: &HashMap<(char, char), usize>, b: &HashMap<(char, char), usize>) -> f64 {
    let total: usize = a.values().sum::<usize>() + b.values().sum::<usize>();
    let common: usize =
        a.iter().map(|(pair, times)| b.get(pair).map_or(0, |b| *b.min(times))).sum();
    if total == 0 { 0.0 } else { 2.0 * common as f64 / total as f64 }
}
