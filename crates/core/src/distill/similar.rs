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
    let letters: Vec<Vec<(char, char)>> =
        raw_lines.iter().map(|line| letter_pairs(line.of(raw))).collect();
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
fn most_similar(lines: &[Vec<(char, char)>], wanted: &str) -> Option<usize> {
    let wanted = letter_pairs(wanted);
    let scores = lines.iter().map(|line| resemblance(line, &wanted));
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

/// Dice's coefficient of two sorted lists; 0 if it cannot come to [`LEAST`].
#[expect(clippy::cast_precision_loss, reason = "counts of letters of a line")]
fn resemblance(a: &[(char, char)], b: &[(char, char)]) -> f64 {
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
