//! Alignment of a refined text that is no subsequence of the raw one: lines first, then the words
//! between matched lines, then what is left between matched words.

use super::gap::Gaps;
use super::moved::Moved;
use super::pairing::Pairing;
use super::residue::Residue;
use super::token;
use super::{Distilled, Effort};
use crate::span::Span;

/// A word or line that stands in both texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Matched {
    pub raw: Span,
    pub refined: Span,
}

/// Finds deletions and residue.
pub(super) fn align(raw: &str, refined: &str) -> Distilled {
    let mut effort = Effort::default();
    let whole = Matched { raw: all(raw), refined: all(refined) };
    let mut pairing = Pairing::new(raw.len() + refined.len());
    let (lines, moved) = match_lines(raw, refined, whole, &mut pairing);
    let mut gaps = Gaps::new(raw, refined, &moved);
    for gap in between(&lines, whole) {
        let words = match_words(raw, refined, gap, &moved, &mut pairing);
        between(&words, gap).for_each(|gap| gaps.settle(gap));
    }
    effort.unaligned = pairing.unaligned;
    let (deletions, items) = gaps.finish(&mut effort);
    Distilled { deletions, residue: Residue::new(items), effort }
}

const fn all(text: &str) -> Span {
    Span::new(0, text.len())
}

/// What stands before, between and behind these matches within `whole`.
pub(super) fn between(matches: &[Matched], whole: Matched) -> impl Iterator<Item = Matched> {
    let end = Matched {
        raw: Span::new(whole.raw.end(), whole.raw.end()),
        refined: Span::new(whole.refined.end(), whole.refined.end()),
    };
    let mut next = (whole.raw.start(), whole.refined.start());
    matches.iter().copied().chain([end]).map(move |matched| {
        let gap = Matched {
            raw: Span::new(next.0, matched.raw.start()),
            refined: Span::new(next.1, matched.refined.start()),
        };
        next = (matched.raw.end(), matched.refined.end());
        gap
    })
}

fn match_lines<'t>(
    raw: &'t str,
    refined: &'t str,
    whole: Matched,
    pairing: &mut Pairing<'t>,
) -> (Vec<Matched>, Moved) {
    let raw_lines = token::lines(raw, whole.raw);
    let refined_lines = token::lines(refined, whole.refined);
    let pairs = pair_texts(raw, &raw_lines, refined, &refined_lines, pairing);
    let unmatched = |lines: &[Span], matched: &mut dyn Iterator<Item = usize>| {
        let mut free = vec![true; lines.len()];
        matched.for_each(|at| free[at] = false);
        lines.iter().zip(free).filter(|(_, free)| *free).map(|(line, _)| *line).collect::<Vec<_>>()
    };
    let raw_free = unmatched(&raw_lines, &mut pairs.iter().map(|pair| pair.0));
    let refined_free = unmatched(&refined_lines, &mut pairs.iter().map(|pair| pair.1));
    let moved = Moved::find(
        raw_free.iter().map(|&line| (line.of(raw), line)),
        refined_free.iter().map(|&line| (line.of(refined), line)),
    );
    (matches_of(&pairs, &raw_lines, &refined_lines), moved)
}

fn match_words<'t>(
    raw: &'t str,
    refined: &'t str,
    gap: Matched,
    moved: &Moved,
    pairing: &mut Pairing<'t>,
) -> Vec<Matched> {
    if gap.refined.of(refined).trim_start().is_empty() {
        return Vec::new();
    }
    let words = |text, part, is_moved: &dyn Fn(usize) -> bool| {
        let lines = token::lines(text, part).into_iter();
        token::words(text, lines.filter(|line| !is_moved(line.start())))
    };
    let refined_words = words(refined, gap.refined, &|start| moved.at(start).is_some());
    if refined_words.is_empty() {
        return Vec::new();
    }
    let raw_words = words(raw, gap.raw, &|start| moved.is_source(start));
    let pairs = pair_texts(raw, &raw_words, refined, &refined_words, pairing);
    matches_of(&pairs, &raw_words, &refined_words)
}

fn pair_texts<'t>(
    raw: &'t str,
    raw_tokens: &[Span],
    refined: &'t str,
    refined_tokens: &[Span],
    pairing: &mut Pairing<'t>,
) -> Vec<(usize, usize)> {
    let raw = raw_tokens.iter().map(|span| span.of(raw));
    let refined = refined_tokens.iter().map(|span| span.of(refined));
    pairing.pair_up(raw, refined)
}

fn matches_of(pairs: &[(usize, usize)], raw: &[Span], refined: &[Span]) -> Vec<Matched> {
    pairs.iter().map(|&(a, b)| Matched { raw: raw[a], refined: refined[b] }).collect()
}
