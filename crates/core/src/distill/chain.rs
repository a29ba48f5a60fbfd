//! The best chain of matches: most matched text with fewest gaps.
//!
//! Of all pairs of a raw and a refined token only those that are equal are looked at, which are few:
//! some in a hundred.

use std::ops::Range;

/// What opening a gap costs, in bytes of matched text (guess). A match between two rewritten phrases
/// opens two gaps more, so it needs four bytes: `the` is none there, which any two sentences have.
const OPEN: i32 = 2;

/// No match.
const NONE: u32 = u32::MAX;

/// A raw token (row) that equals a refined one (column).
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    row: u32,
    column: u32,
    /// What it is worth, in the end with the best way on from here.
    sum: i32,
    /// The next match of that way.
    next: u32,
}

/// Matches of a column in the rows that are settled, by number.
#[derive(Clone, Copy)]
struct Column {
    /// The one in the nearest row.
    nearest: u32,
    /// The best of the others.
    best: u32,
}

/// Finds chains, one after the other.
#[derive(Default)]
pub(super) struct Chain {
    matches: Vec<Match>,
    rows: u32,
    width: usize,
    columns: Vec<Column>,
    /// The best matches right of a column and at least a row apart, as a Fenwick tree from the
    /// right.
    further: Vec<Best>,
    /// How many matches that tree has.
    entered: usize,
}

/// A match in the tree.
#[derive(Clone, Copy)]
struct Best {
    sum: i32,
    row: u32,
    at: u32,
}

impl Best {
    /// Whether it is better, or else in a further row, or else on the left, as later ones of a row
    /// are.
    fn beats(self, other: Self) -> bool {
        (self.sum, self.row) > (other.sum, other.row)
            || self.sum == other.sum && self.row == other.row && self.at > other.at
    }
}

/// The matches of the next row, the right ones first, and the best of those that were passed.
struct Beside {
    rest: Range<usize>,
    best: u32,
}

impl Chain {
    /// Begins another search, among so many raw and refined tokens.
    pub fn begin(&mut self, rows: u32, columns: u32) {
        self.matches.clear();
        self.columns.clear();
        self.further.clear();
        self.entered = 0;
        (self.rows, self.width) = (rows, columns as usize);
    }

    /// How many matches were added.
    pub const fn len(&self) -> usize {
        self.matches.len()
    }

    /// Adds a match that is worth `weight`. They come from the last row to the first, and in a row
    /// from the last column to the first.
    pub fn push(&mut self, row: u32, column: u32, weight: i32) {
        self.matches.push(Match { row, column, sum: weight, next: NONE });
    }

    /// The rows and columns of the chain in which both rise and that is worth the most: the matches
    /// less what gaps cost, before, between and behind them. Of several such chains that one is
    /// taken which matches at once, or else leaves out raw tokens first.
    ///
    /// Time is the number of matches, times the logarithm of that of columns.
    pub fn best(&mut self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let first = self.fill();
        let at = |at: u32| self.matches.get(at as usize);
        let chain = std::iter::successors(at(first), move |matched| at(matched.next));
        chain.map(|matched| (matched.row, matched.column))
    }

    /// Sums up all matches; the first of the best chain comes back.
    fn fill(&mut self) -> u32 {
        if self.matches.is_empty() {
            return NONE;
        }
        self.columns.resize(self.width, Column { nearest: NONE, best: NONE });
        self.further.resize(self.width + 1, Best { sum: i32::MIN, row: 0, at: NONE });
        let mut below = 0..0;
        while below.end < self.matches.len() {
            let row = self.matches[below.end].row;
            let rest = &self.matches[below.end..];
            let count = rest.iter().take_while(|matched| matched.row == row).count();
            let here = below.end..below.end + count;
            let mut beside = self.beside(row + 1, below);
            for at in here.clone() {
                let next = self.best_next(row + 1, self.matches[at].column + 1, &mut beside);
                self.matches[at].sum += next.0;
                self.matches[at].next = next.1;
            }
            here.clone().for_each(|at| self.settle(at));
            below = here;
        }
        let mut beside = self.beside(0, below);
        self.best_next(0, 0, &mut beside).1
    }

    /// Makes ready for ways on from `row`: `below` are the matches of the last row that was settled.
    fn beside(&mut self, row: u32, below: Range<usize>) -> Beside {
        while self.matches.get(self.entered).is_some_and(|matched| matched.row > row)
            && self.entered < below.end
        {
            self.enter(self.entered);
            self.entered += 1;
        }
        let is_next = self.matches[below.clone()].first().is_some_and(|first| first.row == row);
        Beside { rest: if is_next { below } else { 0..0 }, best: NONE }
    }

    /// What the best way on from before `row` and `column` is worth, and its first match.
    fn best_next(&self, row: u32, column: u32, beside: &mut Beside) -> (i32, u32) {
        while let Some(&matched) = self.matches[beside.rest.clone()].first()
            && matched.column > column
        {
            let at = number(beside.rest.start);
            if beside.best == NONE || matched.sum >= self.sum(beside.best) {
                beside.best = at;
            }
            beside.rest.start += 1;
        }
        let end = OPEN * (i32::from(row < self.rows) + i32::from(self.column(column).is_some()));
        let mut best = (-end, NONE);
        let mut offer = |at: u32, cost: i32, wins_ties: bool| {
            if at != NONE {
                let sum = self.sum(at) - cost;
                if sum > best.0 || wins_ties && sum == best.0 {
                    best = (sum, at);
                }
            }
        };
        if let Some(column) = self.column(column) {
            let is_next =
                column.nearest != NONE && self.matches[column.nearest as usize].row == row;
            offer(if is_next { column.best } else { self.better_above(column) }, OPEN, true);
            offer(if is_next { column.nearest } else { NONE }, 0, true);
        }
        offer(self.best_further(column), 2 * OPEN, false);
        offer(beside.best, OPEN, false);
        best
    }

    fn column(&self, column: u32) -> Option<Column> {
        self.columns.get(column as usize).copied()
    }

    fn sum(&self, at: u32) -> i32 {
        self.matches[at as usize].sum
    }

    /// Of all matches of a column the best, or else the nearest.
    fn better_above(&self, column: Column) -> u32 {
        if column.best == NONE || self.sum(column.nearest) >= self.sum(column.best) {
            column.nearest
        } else {
            column.best
        }
    }

    /// The match is the nearest of its column from now on.
    fn settle(&mut self, at: usize) {
        let column = self.matches[at].column as usize;
        let old = self.columns[column];
        self.columns[column] = Column { nearest: number(at), best: self.better_above(old) };
    }

    /// Enters a match into the tree.
    fn enter(&mut self, at: usize) {
        let Match { row, column, sum, .. } = self.matches[at];
        let new = Best { sum, row, at: number(at) };
        let mut node = self.columns.len() - column as usize;
        while let Some(best) = self.further.get_mut(node) {
            if !new.beats(*best) {
                // What stands behind has all that this node has.
                return;
            }
            *best = new;
            node += node & node.wrapping_neg();
        }
    }

    /// The best match of the tree right of `column`.
    fn best_further(&self, column: u32) -> u32 {
        let mut node = self.columns.len().saturating_sub(column as usize + 1);
        // Node 0 stands for no column, and is never entered.
        let mut best = self.further[0];
        while node > 0 {
            if self.further[node].beats(best) {
                best = self.further[node];
            }
            node &= node - 1;
        }
        best.at
    }
}

/// Matches are counted in 32 bits: whoever makes them bounds their number.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(NONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The most that a chain of equal tokens is worth, by a table: from each cell on, behind a match,
    /// in a gap of raw tokens, in a gap of refined ones.
    fn most(raw: &[u8], refined: &[u8]) -> i32 {
        let mut below = vec![[i32::MIN / 2; 3]; refined.len() + 1];
        for row in (0..=raw.len()).rev() {
            let mut here = vec![[i32::MIN / 2; 3]; refined.len() + 1];
            for column in (0..=refined.len()).rev() {
                if (row, column) == (raw.len(), refined.len()) {
                    here[column] = [0; 3];
                    continue;
                }
                let pair = raw.get(row).zip(refined.get(column)).filter(|(a, b)| a == b);
                let matched =
                    pair.map_or(i32::MIN / 2, |(token, _)| weight(*token) + below[column + 1][0]);
                let raw_gap = if row < raw.len() { below[column][1] } else { i32::MIN / 2 };
                let refined_gap = here.get(column + 1).map_or(i32::MIN / 2, |cell| cell[2]);
                let best = |a: i32, b: i32| matched.max(raw_gap - a).max(refined_gap - b);
                here[column] = [best(OPEN, OPEN), best(0, OPEN), best(OPEN, 0)];
            }
            below = here;
        }
        below[0][0]
    }

    fn weight(token: u8) -> i32 {
        1 + 2 * i32::from(token)
    }

    /// What a chain is worth.
    fn worth(chain: &[(u32, u32)], raw: &[u8], refined: &[u8]) -> i32 {
        let (mut row, mut column, mut sum) = (0, 0, 0);
        let end = (number(raw.len()), number(refined.len()));
        for &(a, b) in chain.iter().chain([&end]) {
            sum -= OPEN * (i32::from(a > row) + i32::from(b > column));
            (row, column) = (a + 1, b + 1);
        }
        sum + chain.iter().map(|&(a, _)| weight(raw[a as usize])).sum::<i32>()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn no_chain_is_worth_more(
            raw in prop::collection::vec(0u8..4, 0..14),
            refined in prop::collection::vec(0u8..4, 0..14),
        ) {
            let mut chain = Chain::default();
            chain.begin(number(raw.len()), number(refined.len()));
            for (row, a) in raw.iter().enumerate().rev() {
                for (column, _) in refined.iter().enumerate().rev().filter(|(_, b)| *b == a) {
                    chain.push(number(row), number(column), weight(*a));
                }
            }
            let found: Vec<(u32, u32)> = chain.best().collect();
            prop_assert!(found.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1));
            prop_assert!(found.iter().all(|&(a, b)| raw[a as usize] == refined[b as usize]));
            prop_assert_eq!(worth(&found, &raw, &refined), most(&raw, &refined));
        }
    }
}
