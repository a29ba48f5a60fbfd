//! What a deletion costs among as few as there can be: most edges on line edges, then most on word
//! edges.

/// One edge more that is no line edge. Fewer than a million deletions are ever counted together.
const OFF_LINE: u64 = 1 << 21;
/// One edge more that is no word edge.
const OFF_WORD: u64 = 1;

/// More than any cost.
pub(super) const IMPOSSIBLE: u64 = u64::MAX;

/// The cost of an edge at byte `at` of `raw`.
pub(super) fn edge_cost_at(raw: &str, at: usize) -> u64 {
    let before = raw[..at].chars().next_back().unwrap_or('\n');
    match raw[at..].chars().next() {
        None => 0,
        Some(_) if before == '\n' => 0,
        Some(after) if before.is_alphanumeric() && after.is_alphanumeric() => OFF_LINE + OFF_WORD,
        Some(_) => OFF_LINE,
    }
}
