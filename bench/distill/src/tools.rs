//! Each tool says whether its answer deletes and inserts nothing.

use imara_diff::{Algorithm, Diff, InternedInput};
use refinex_core::{distill, execute};

/// A tool: raw and refined text in, whether it found pure deletion out.
pub type Tool = fn(&str, &str) -> bool;

/// The tools by name.
pub const TOOLS: [(&str, Tool); 5] = [
    ("refinex", ours),
    ("imara-diff myers", imara_myers),
    ("imara-diff histogram", imara_histogram),
    ("similar myers", similar_myers),
    ("dissimilar", dissimilar_chunks),
];

fn ours(raw: &str, refined: &str) -> bool {
    let found = distill(raw, refined);
    if found.residue.is_empty() {
        assert_eq!(execute(raw, &found.deletions), refined, "law L3");
    }
    found.residue.is_empty()
}

fn imara_myers(raw: &str, refined: &str) -> bool {
    imara(Algorithm::Myers, raw, refined)
}

fn imara_histogram(raw: &str, refined: &str) -> bool {
    imara(Algorithm::Histogram, raw, refined)
}

fn imara(algorithm: Algorithm, raw: &str, refined: &str) -> bool {
    let mut input = InternedInput::default();
    input.update_before(raw.chars());
    input.update_after(refined.chars());
    let diff = Diff::compute(algorithm, &input);
    diff.count_additions() == 0
}

fn similar_myers(raw: &str, refined: &str) -> bool {
    let raw: Vec<char> = raw.chars().collect();
    let refined: Vec<char> = refined.chars().collect();
    let ops = similar::capture_diff_slices(similar::Algorithm::Myers, &raw, &refined);
    ops.iter().all(|op| matches!(op.tag(), similar::DiffTag::Equal | similar::DiffTag::Delete))
}

fn dissimilar_chunks(raw: &str, refined: &str) -> bool {
    let chunks = dissimilar::diff(raw, refined);
    !chunks.iter().any(|chunk| matches!(chunk, dissimilar::Chunk::Insert(_)))
}
