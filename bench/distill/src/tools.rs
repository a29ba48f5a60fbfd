//! Each tool says whether its answer deletes and inserts nothing.

use imara_diff::{Algorithm, Diff, InternedInput, Interner, Token};
use refinex_core::{distill, execute};

/// A tool: raw and refined text in, whether it found pure deletion out.
pub type Tool = fn(&str, &str) -> bool;

/// The tools by name.
pub const TOOLS: [(&str, Tool); 10] = [
    ("refinex", ours),
    ("imara-diff histogram, numbered by us", imara_histogram_numbered),
    ("imara-diff myers, numbered by us", imara_myers_numbered),
    ("imara-diff myers", imara_myers),
    ("imara-diff histogram", imara_histogram),
    ("similar myers", similar_myers),
    ("similar hunt", similar_hunt),
    ("similar histogram", similar_histogram),
    ("dissimilar", dissimilar_chunks),
    ("diff_match_patch, lines first", dmp),
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

fn imara_histogram_numbered(raw: &str, refined: &str) -> bool {
    imara_numbered(Algorithm::Histogram, raw, refined)
}

fn imara_myers_numbered(raw: &str, refined: &str) -> bool {
    imara_numbered(Algorithm::Myers, raw, refined)
}

/// The crate without its own numbering, which hashes each character: here ASCII is its own number,
/// and only what is beyond goes through the interner.
fn imara_numbered(algorithm: Algorithm, raw: &str, refined: &str) -> bool {
    let mut interner = Interner::new(128);
    let mut number = |c: char| {
        if c.is_ascii() { Token(u32::from(c)) } else { Token(128 + interner.intern(c).0) }
    };
    let before: Vec<Token> = raw.chars().map(&mut number).collect();
    let after: Vec<Token> = refined.chars().map(&mut number).collect();
    let mut diff = Diff::default();
    diff.compute_with(algorithm, &before, &after, 128 + interner.num_tokens());
    diff.count_additions() == 0
}

fn similar_myers(raw: &str, refined: &str) -> bool {
    similar_by(similar::Algorithm::Myers, raw, refined)
}

fn similar_hunt(raw: &str, refined: &str) -> bool {
    similar_by(similar::Algorithm::Hunt, raw, refined)
}

fn similar_histogram(raw: &str, refined: &str) -> bool {
    similar_by(similar::Algorithm::Histogram, raw, refined)
}

fn similar_by(algorithm: similar::Algorithm, raw: &str, refined: &str) -> bool {
    let raw: Vec<char> = raw.chars().collect();
    let refined: Vec<char> = refined.chars().collect();
    let ops = similar::capture_diff_slices(algorithm, &raw, &refined);
    ops.iter().all(|op| matches!(op.tag(), similar::DiffTag::Equal | similar::DiffTag::Delete))
}

fn dissimilar_chunks(raw: &str, refined: &str) -> bool {
    let chunks = dissimilar::diff(raw, refined);
    !chunks.iter().any(|chunk| matches!(chunk, dissimilar::Chunk::Insert(_)))
}

/// As it is set by default: lines first, then characters, and what is not found within a second is
/// left coarse.
fn dmp(raw: &str, refined: &str) -> bool {
    let diffs = diff_match_patch::Dmp::new().diff_main(raw, refined, true);
    diffs.iter().all(|diff| diff.operation != 1)
}
