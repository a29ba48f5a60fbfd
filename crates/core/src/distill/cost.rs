//! What a set of deletions costs: fewest spans, then most edges on line edges, then most on word
//! edges.

use std::ops::Range;

/// One span more.
const SPAN: u64 = 1 << 42;
/// One edge more that is no line edge.
const OFF_LINE: u64 = 1 << 21;
/// One edge more that is no word edge.
const OFF_WORD: u64 = 1;

/// More than any cost.
pub(super) const IMPOSSIBLE: u64 = u64::MAX;

/// Spans that costs can count in one piece of work: with more the lower parts would overflow.
pub(super) const MOST_SPANS: usize = 1 << 20;

/// The cost of a span edge at each place of a raw text, from before its first character to behind
/// its last.
#[derive(Debug)]
pub(super) struct Edges {
    kinds: Vec<u8>,
}

/// The costs of the kinds of edges: line edge, word edge, inside a word.
const COSTS: [u64; 4] = [0, OFF_LINE, OFF_LINE + OFF_WORD, OFF_LINE + OFF_WORD];

impl Edges {
    /// The edges of these bytes of `raw`.
    pub fn of(raw: &str, range: Range<usize>) -> Self {
        let mut kinds = Vec::with_capacity(range.len() + 1);
        let mut before = raw[..range.start].chars().next_back().unwrap_or('\n');
        for c in raw[range.clone()].chars() {
            kinds.push(kind_between(before, c));
            before = c;
        }
        let behind = raw[range.end..].chars().next();
        kinds.push(behind.map_or(0, |behind| kind_between(before, behind)));
        Self { kinds }
    }

    /// The cost of an edge before the character at `place`.
    pub fn cost(&self, place: u32) -> u64 {
        COSTS[usize::from(self.kinds[place as usize] & 3)]
    }

    /// Whether a word begins or ends here, or a line does.
    pub fn is_word_edge(&self, place: usize) -> bool {
        self.kinds[place] < 2
    }
}

fn kind_between(before: char, after: char) -> u8 {
    match (before, after) {
        ('\n', _) => 0,
        (a, b) if a.is_alphanumeric() && b.is_alphanumeric() => 2,
        _ => 1,
    }
}

/// The cost of a span, but for its end.
pub(super) fn opening(edges: &Edges, start: u32) -> u64 {
    SPAN + edges.cost(start)
}

/// The cost of an edge at byte `at` of `raw`, without an index.
pub(super) fn edge_cost_at(raw: &str, at: usize) -> u64 {
    let before = raw[..at].chars().next_back().unwrap_or('\n');
    match raw[at..].chars().next() {
        Some(after) => COSTS[usize::from(kind_between(before, after))],
        None => 0,
    }
}
