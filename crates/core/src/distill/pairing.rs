//! Matching two lists of tokens in order: most matched text with fewest gaps.

use super::chain::Chain;
use super::quick_hash::QuickMap;
use std::ops::Range;

/// A token counts for no more bytes than this, so that sums cannot overflow.
const HEAVIEST: usize = 1 << 10;
/// Equal pairs of tokens that are looked at for any two texts, and more for each byte of both
/// (guesses: some 20 ms, and a tenth of a second for a megabyte).
const MATCHES_AT_LEAST: usize = 1 << 19;
const MATCHES_A_BYTE: usize = 2;
/// Equal pairs that are kept in memory (8 MiB).
const MATCHES_AT_ONCE: usize = 1 << 19;
/// Anchors between anchors are looked for this often (guess): it bounds the time of texts that are
/// made to be hard.
const DEEPEST: usize = 32;

/// Matches lists of tokens of two texts.
pub(super) struct Pairing<'t> {
    known: QuickMap<&'t str, u32>,
    tokens: Tokens,
    chain: Chain,
    /// Equal pairs that may still be looked at.
    matches_left: usize,
    /// Pieces in which nothing further was matched since they had too many.
    pub unaligned: u32,
}

impl<'t> Pairing<'t> {
    /// For texts that have so many bytes together.
    pub fn new(bytes: usize) -> Self {
        let matches_left = MATCHES_AT_LEAST + MATCHES_A_BYTE * bytes;
        let (known, tokens, chain) = Default::default();
        Self { known, tokens, chain, matches_left, unaligned: 0 }
    }

    /// Matches equal tokens of two lists in order. The pairs are of positions in `raw` and `refined`.
    ///
    /// Lists that have too many equal pairs are cut at tokens that stand once in either; `unaligned`
    /// is counted up for each piece in which even that left nothing to match.
    pub fn pair_up(
        &mut self,
        raw: impl Iterator<Item = &'t str>,
        refined: impl Iterator<Item = &'t str>,
    ) -> Vec<(usize, usize)> {
        self.tokens.number(raw, refined, &mut self.known);
        let mut search = Search {
            tokens: &self.tokens,
            chain: &mut self.chain,
            pairs: Vec::new(),
            matches_left: &mut self.matches_left,
            unaligned: &mut self.unaligned,
        };
        search.pair(0..search.tokens.raw.len(), 0..search.tokens.refined.len(), 0);
        search.pairs
    }
}

/// A token that the other list lacks.
const ALONE: u32 = u32::MAX;

/// Both lists as numbers: equal tokens have equal numbers.
#[derive(Default)]
struct Tokens {
    /// [`ALONE`] for those that no refined token equals.
    raw: Vec<u32>,
    refined: Vec<u32>,
    /// What a match of each number is worth: its bytes.
    weights: Vec<i32>,
    /// Positions of refined tokens by number, side by side, and where those of each number begin.
    places: Vec<u32>,
    begins: Vec<u32>,
}

impl Tokens {
    /// Takes up other lists.
    fn number<'t>(
        &mut self,
        raw: impl Iterator<Item = &'t str>,
        refined: impl Iterator<Item = &'t str>,
        known: &mut QuickMap<&'t str, u32>,
    ) {
        let mut seen = Seen::default();
        known.clear();
        known.reserve(refined.size_hint().0);
        self.weights.clear();
        self.refined.clear();
        self.refined.extend(refined.map(|token| {
            seen.add(token);
            *known.entry(token).or_insert_with(|| {
                self.weights.push(i32::try_from(token.len().min(HEAVIEST)).unwrap_or(0));
                u32::try_from(self.weights.len() - 1).unwrap_or(ALONE)
            })
        }));
        self.raw.clear();
        let number = |token: &str| known.get(token).copied().unwrap_or(ALONE);
        self.raw.extend(raw.map(|token| if seen.may_have(token) { number(token) } else { ALONE }));
        self.sort_places();
    }

    /// Sorts the positions of refined tokens by number.
    fn sort_places(&mut self) {
        self.begins.clear();
        self.begins.resize(self.weights.len() + 2, 0);
        self.places.clear();
        self.places.resize(self.refined.len(), 0);
        // Two on, so that counting up while places are put makes begins of ends.
        self.refined.iter().for_each(|&number| self.begins[number as usize + 2] += 1);
        (2..self.begins.len()).for_each(|at| self.begins[at] += self.begins[at - 1]);
        for (place, &number) in (0..).zip(&self.refined) {
            let next = &mut self.begins[number as usize + 1];
            self.places[*next as usize] = place;
            *next += 1;
        }
    }

    /// The positions in `range` of refined tokens of this number.
    fn places(&self, number: u32, range: &Range<usize>) -> &[u32] {
        if number == ALONE {
            return &[];
        }
        let [begin, end] = [0, 1].map(|next| self.begins[number as usize + next] as usize);
        let all = &self.places[begin..end];
        if range.len() == self.refined.len() {
            return all;
        }
        let before = |end: usize| all.partition_point(|&place| (place as usize) < end);
        &all[before(range.start)..before(range.end)]
    }
}

/// Which tokens a short list may have: a filter that says surely only of what it has not. Most words
/// of a deleted passage end here.
#[derive(Default)]
struct Seen {
    bits: [u64; 16],
}

impl Seen {
    fn add(&mut self, token: &str) {
        let (word, bit) = Self::place(token);
        self.bits[word] |= bit;
    }

    fn may_have(&self, token: &str) -> bool {
        let (word, bit) = Self::place(token);
        self.bits[word] & bit != 0
    }

    /// Of its first two bytes, its last and its length.
    fn place(token: &str) -> (usize, u64) {
        let bytes = token.as_bytes();
        let at = |at: usize| bytes.get(at).copied().map_or(0, usize::from);
        let last = at(bytes.len().wrapping_sub(1));
        let place = at(0) ^ last << 3 ^ at(1) << 5 ^ bytes.len() << 6;
        (place / 64 % 16, 1 << (place % 64))
    }
}

struct Search<'a> {
    tokens: &'a Tokens,
    chain: &'a mut Chain,
    pairs: Vec<(usize, usize)>,
    matches_left: &'a mut usize,
    unaligned: &'a mut u32,
}

impl Search<'_> {
    /// Matches what stands in these ranges, which are between anchors of so many levels.
    fn pair(&mut self, mut raw: Range<usize>, mut refined: Range<usize>, depth: usize) {
        while !raw.is_empty()
            && !refined.is_empty()
            && self.tokens.raw[raw.start] == self.tokens.refined[refined.start]
        {
            self.pairs.push((raw.start, refined.start));
            (raw.start, refined.start) = (raw.start + 1, refined.start + 1);
        }
        let most = raw.len().saturating_mul(refined.len());
        let allowed = MATCHES_AT_ONCE.min(*self.matches_left);
        if most <= allowed || self.count(&raw, &refined) <= allowed {
            *self.matches_left -= self.by_chain(&raw, &refined);
        } else {
            self.by_anchors(raw, refined, depth);
        }
    }

    /// How many equal pairs there are.
    fn count(&self, raw: &Range<usize>, refined: &Range<usize>) -> usize {
        let numbers = &self.tokens.raw[raw.clone()];
        numbers.iter().map(|&number| self.tokens.places(number, refined).len()).sum()
    }

    /// Matches by the best chain of equal pairs; their number comes back.
    fn by_chain(&mut self, raw: &Range<usize>, refined: &Range<usize>) -> usize {
        let size = |range: &Range<usize>| u32::try_from(range.len()).unwrap_or(u32::MAX);
        let first = u32::try_from(refined.start).unwrap_or(u32::MAX);
        self.chain.begin(size(raw), size(refined));
        for (row, &number) in (0..size(raw)).zip(&self.tokens.raw[raw.clone()]).rev() {
            for &place in self.tokens.places(number, refined).iter().rev() {
                self.chain.push(row, place - first, self.tokens.weights[number as usize]);
            }
        }
        for (row, column) in self.chain.best() {
            self.pairs.push((raw.start + row as usize, refined.start + column as usize));
        }
        self.chain.len()
    }

    fn by_anchors(&mut self, mut raw: Range<usize>, mut refined: Range<usize>, depth: usize) {
        let anchors = if depth < DEEPEST { self.anchors(&raw, &refined) } else { Vec::new() };
        *self.unaligned += u32::from(anchors.is_empty());
        for (at_raw, at_refined) in anchors {
            self.pair(raw.start..at_raw, refined.start..at_refined, depth + 1);
            self.pairs.push((at_raw, at_refined));
            (raw.start, refined.start) = (at_raw + 1, at_refined + 1);
        }
    }

    /// Tokens that stand once in either range, in the same order.
    fn anchors(&self, raw: &Range<usize>, refined: &Range<usize>) -> Vec<(usize, usize)> {
        let mut numbered: Vec<(u32, usize)> =
            raw.clone().map(|at| (self.tokens.raw[at], at)).collect();
        numbered.sort_unstable();
        let once = numbered.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() == 1);
        let place = |same: &[(u32, usize)]| match self.tokens.places(same[0].0, refined) {
            &[place] => Some((same[0].1, place as usize)),
            _ => None,
        };
        let mut pairs: Vec<(usize, usize)> = once.filter_map(place).collect();
        pairs.sort_unstable_by_key(|pair| pair.1);
        rising(&pairs)
    }
}

/// The longest choice of pairs that rise on both sides.
fn rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(raw: &str, refined: &str) -> Vec<(usize, usize)> {
        let raw: Vec<&str> = raw.split(' ').collect();
        let refined: Vec<&str> = refined.split(' ').collect();
        Pairing::new(0).pair_up(raw.into_iter(), refined.into_iter())
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
    fn lists_with_too_many_matches_are_cut_at_what_stands_once() {
        let word = |at: usize| format!("word{at}");
        let raw: Vec<String> = (0..5000).flat_map(|at| [word(at), "noise".to_owned()]).collect();
        let refined: Vec<String> = (0..5000).map(word).collect();
        let raw: Vec<&str> = raw.iter().map(String::as_str).collect();
        let refined: Vec<&str> = refined.iter().map(String::as_str).collect();
        let mut pairing = Pairing { matches_left: 100, ..Pairing::new(0) };
        assert_eq!(pairing.pair_up(raw.into_iter(), refined.into_iter()).len(), 5000);
        assert_eq!(pairing.unaligned, 0);
    }
}
