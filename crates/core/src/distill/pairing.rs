//! Matching two lists of tokens in order: most matched text with fewest gaps.

use std::collections::HashMap;
use std::ops::Range;

/// What opening a gap costs, in bytes of matched text (guess). A match between two rewritten phrases
/// opens two gaps more, so it needs four bytes: `the` is none there, which any two sentences have.
const OPEN: i32 = 2;
/// A token counts for no more bytes than this, so that costs cannot overflow.
const HEAVIEST: usize = 1 << 10;
/// Cells of a table that are filled for any two lists, and more for each token (guesses).
const CELLS_AT_LEAST: usize = 1 << 20;
const CELLS_A_TOKEN: usize = 64;

/// Matches equal tokens of two lists in order. The pairs are of positions in `raw` and `refined`.
///
/// Lists that are too long for a table are cut at tokens that stand once in either; `unaligned` is
/// counted up for each piece in which even that left nothing to match.
pub(super) fn pair_up(raw: &[&str], refined: &[&str], unaligned: &mut u32) -> Vec<(usize, usize)> {
    let mut numbers = Numbers::default();
    let raw = numbers.of_all(raw);
    let refined = numbers.of_all(refined);
    let tokens = Tokens { raw, refined, weights: numbers.weights };
    let mut pairing = Pairing { tokens: &tokens, pairs: Vec::new(), unaligned };
    pairing.pair(0..tokens.raw.len(), 0..tokens.refined.len());
    pairing.pairs
}

/// Equal tokens have equal numbers.
#[derive(Default)]
struct Numbers<'t> {
    known: HashMap<&'t str, u32>,
    weights: Vec<i32>,
}

impl<'t> Numbers<'t> {
    fn of_all(&mut self, tokens: &[&'t str]) -> Vec<u32> {
        tokens.iter().map(|token| self.of(token)).collect()
    }

    fn of(&mut self, token: &'t str) -> u32 {
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        *self.known.entry(token).or_insert_with(|| {
            self.weights.push(i32::try_from(token.len().min(HEAVIEST)).unwrap_or(0));
            next
        })
    }
}

/// Both lists as numbers, and what a match of each number is worth.
struct Tokens {
    raw: Vec<u32>,
    refined: Vec<u32>,
    weights: Vec<i32>,
}

struct Pairing<'a, 'c> {
    tokens: &'a Tokens,
    pairs: Vec<(usize, usize)>,
    unaligned: &'c mut u32,
}

impl Pairing<'_, '_> {
    fn pair(&mut self, raw: Range<usize>, refined: Range<usize>) {
        let (mut raw, mut refined) = (raw, refined);
        if raw.is_empty() || refined.is_empty() {
            return;
        }
        if raw.len() * refined.len() <= CELLS_AT_LEAST + CELLS_A_TOKEN * (raw.len() + refined.len())
        {
            return self.by_table(&raw, &refined);
        }
        while !raw.is_empty()
            && !refined.is_empty()
            && self.tokens.raw[raw.start] == self.tokens.refined[refined.start]
        {
            self.pairs.push((raw.start, refined.start));
            (raw.start, refined.start) = (raw.start + 1, refined.start + 1);
        }
        let anchors = self.anchors(&raw, &refined);
        if anchors.is_empty() {
            *self.unaligned += u32::from(!raw.is_empty() && !refined.is_empty());
        }
        for (at_raw, at_refined) in anchors {
            self.pair(raw.start..at_raw, refined.start..at_refined);
            self.pairs.push((at_raw, at_refined));
            (raw.start, refined.start) = (at_raw + 1, at_refined + 1);
            if raw.is_empty() || refined.is_empty() {
                return;
            }
        }
    }

    /// Tokens that stand once in either range, in the same order.
    fn anchors(&self, raw: &Range<usize>, refined: &Range<usize>) -> Vec<(usize, usize)> {
        let mut seen: HashMap<u32, (usize, usize, usize, usize)> = HashMap::new();
        for at in refined.clone() {
            let found = seen.entry(self.tokens.refined[at]).or_default();
            (found.0, found.1) = (at, found.1 + 1);
        }
        for at in raw.clone() {
            if let Some(found) = seen.get_mut(&self.tokens.raw[at]) {
                (found.2, found.3) = (at, found.3 + 1);
            }
        }
        let once = seen.values().filter(|found| found.1 == 1 && found.3 == 1);
        let mut pairs: Vec<(usize, usize)> = once.map(|found| (found.2, found.0)).collect();
        pairs.sort_unstable_by_key(|pair| pair.1);
        rising(&pairs)
    }

    fn by_table(&mut self, raw: &Range<usize>, refined: &Range<usize>) {
        let (rows, columns) =
            (&self.tokens.raw[raw.clone()], &self.tokens.refined[refined.clone()]);
        let found = Table::fill(rows, columns, &self.tokens.weights).trace(rows.len());
        self.pairs.extend(found.into_iter().map(|(a, b)| (raw.start + a, refined.start + b)));
    }
}

/// The longest choice of pairs that rise on both sides.
pub(super) fn rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, pair) in pairs.iter().enumerate() {
        let length = tails.partition_point(|&tail| pairs[tail].0 < pair.0);
        before.push(length.checked_sub(1).map(|last| tails[last]));
        if length == tails.len() {
            tails.push(at);
        } else {
            tails[length] = at;
        }
    }
    let mut found = Vec::with_capacity(tails.len());
    let mut next = tails.last().copied();
    while let Some(at) = next {
        found.push(pairs[at]);
        next = before[at];
    }
    found.reverse();
    found
}

/// What the best way on from a cell does first. Each cell has one way for each state that it can
/// be reached in: behind a match, in a gap of raw tokens, in a gap of refined ones.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Match,
    RawGap,
    RefinedGap,
}

/// Best sums of the ways on from the cells of a row, by state.
#[derive(Clone, Copy, Default)]
struct Sums {
    matched: i32,
    raw_gap: i32,
    refined_gap: i32,
}

/// For each cell, two bits a state: the state that the best way goes on in.
struct Table {
    ways: Vec<u8>,
    columns: usize,
}

impl Table {
    fn fill(raw: &[u32], refined: &[u32], weights: &[i32]) -> Self {
        let columns = refined.len() + 1;
        let mut table = Self { ways: vec![0; (raw.len() + 1) * columns], columns };
        let mut below = vec![Sums::default(); columns];
        for row in (0..=raw.len()).rev() {
            let mut right = Sums::default();
            let mut diagonal = Sums::default();
            for column in (0..columns).rev() {
                let next = Next { below: below[column], right, diagonal };
                let weight = weight(raw.get(row), refined.get(column), weights);
                let ends = (row == raw.len(), column == refined.len());
                let (sums, ways) = next.best(weight, ends);
                table.ways[row * columns + column] = ways;
                diagonal = below[column];
                below[column] = sums;
                right = sums;
            }
        }
        table
    }

    fn trace(&self, rows: usize) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        let (mut row, mut column, mut state) = (0, 0, State::Match);
        while row < rows && column + 1 < self.columns {
            let ways = self.ways[row * self.columns + column];
            state = way_out(ways, state);
            match state {
                State::Match => {
                    pairs.push((row, column));
                    (row, column) = (row + 1, column + 1);
                }
                State::RawGap => row += 1,
                State::RefinedGap => column += 1,
            }
        }
        pairs
    }
}

/// What a match of these tokens is worth, by their bytes; `None` if they do not match.
fn weight(raw: Option<&u32>, refined: Option<&u32>, weights: &[i32]) -> Option<i32> {
    let (raw, refined) = (raw?, refined?);
    (raw == refined).then(|| weights[*raw as usize])
}

/// The sums of the cells that can follow.
struct Next {
    below: Sums,
    right: Sums,
    diagonal: Sums,
}

impl Next {
    /// The best sums from here by state, and the ways that they take. `ends` says whether there is
    /// no further raw, and no further refined token.
    fn best(&self, weight: Option<i32>, ends: (bool, bool)) -> (Sums, u8) {
        if ends == (true, true) {
            return (Sums::default(), 0);
        }
        let matched = weight.map_or(i32::MIN / 2, |weight| weight + self.diagonal.matched);
        let raw_gap = if ends.0 { i32::MIN / 2 } else { self.below.raw_gap };
        let refined_gap = if ends.1 { i32::MIN / 2 } else { self.right.refined_gap };
        let pick = |raw_open: i32, refined_open: i32| {
            let (raw_gap, refined_gap) = (raw_gap - raw_open, refined_gap - refined_open);
            if matched >= raw_gap && matched >= refined_gap {
                (matched, 0)
            } else if raw_gap >= refined_gap {
                (raw_gap, 1)
            } else {
                (refined_gap, 2)
            }
        };
        let picks = [pick(OPEN, OPEN), pick(0, OPEN), pick(OPEN, 0)];
        let sums = Sums { matched: picks[0].0, raw_gap: picks[1].0, refined_gap: picks[2].0 };
        (sums, picks[0].1 | picks[1].1 << 2 | picks[2].1 << 4)
    }
}

fn way_out(ways: u8, state: State) -> State {
    let shift = match state {
        State::Match => 0,
        State::RawGap => 2,
        State::RefinedGap => 4,
    };
    match ways >> shift & 3 {
        0 => State::Match,
        1 => State::RawGap,
        _ => State::RefinedGap,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(raw: &str, refined: &str) -> Vec<(usize, usize)> {
        let raw: Vec<&str> = raw.split(' ').collect();
        let refined: Vec<&str> = refined.split(' ').collect();
        pair_up(&raw, &refined, &mut 0)
    }

    #[test]
    fn what_is_equal_and_together_is_matched() {
        assert_eq!(pairs("a menu the cat sat", "the cat sat"), [(2, 0), (3, 1), (4, 2)]);
        assert_eq!(pairs("cat sat the cat sat", "the cat sat"), [(2, 0), (3, 1), (4, 2)]);
    }

    #[test]
    fn a_short_word_between_two_rewritten_phrases_is_no_match() {
        assert_eq!(pairs("click here in store", "written in Berlin"), []);
    }

    #[test]
    fn lists_too_long_for_a_table_are_cut_at_what_stands_once() {
        let word = |at: usize| format!("word{at}");
        let raw: Vec<String> = (0..5000).flat_map(|at| [word(at), "noise".to_owned()]).collect();
        let refined: Vec<String> = (0..5000).map(word).collect();
        let raw: Vec<&str> = raw.iter().map(String::as_str).collect();
        let refined: Vec<&str> = refined.iter().map(String::as_str).collect();
        let mut unaligned = 0;
        assert_eq!(pair_up(&raw, &refined, &mut unaligned).len(), 5000);
        assert_eq!(unaligned, 0);
    }
}
