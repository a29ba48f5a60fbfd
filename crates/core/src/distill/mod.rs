//! Distillation: from an expert's rewrite of a document to what the expert deleted.
//!
//! [`distill()`] compares a raw text with its refined one. If the refined text is a subsequence of
//! the raw one, the answer is exact (law L3) and of least cost (law L4): fewest spans, then most
//! span edges on line edges, then most on word edges, then the leftmost. If the expert also
//! inserted, replaced or moved text, the answer has what was deleted, and the rest as [`Residue`].
//! The whole is explained, with worked examples that run as tests, in `docs/distill.md`.
//!
//! [`Verdict::of`] then says by a [`DistillPolicy`] which parts of the pair are fit to learn from.

mod chain;
mod common;
mod cost;
mod effort;
mod embedding;
mod fewest;
mod gap;
mod greedy;
mod moved;
mod pairing;
mod policy;
mod quick_hash;
mod residue;
mod rewrite;
mod similar;
mod subsequence;
mod tally;
mod token;
mod verdict;
mod window;

pub use effort::Effort;
pub use policy::{DistillPolicy, Limits};
pub use residue::{Residue, ResidueItem, ResidueKind};
pub use tally::{DistillTally, ProgramStatistics};
pub use token::is_unspaced;
pub use verdict::{DropReason, Verdict};

use crate::deletions::Deletions;

/// What became of a raw text under an expert's hands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distilled {
    /// What was deleted.
    pub deletions: Deletions,
    /// What was done beside deletion: nothing, if the refined text is a subsequence of the raw one.
    pub residue: Residue,
    /// Where a bound on time was reached.
    pub effort: Effort,
}

impl Distilled {
    /// The refined text, made of the raw one by the deletions and the residue together. Every
    /// result of [`distill()`] gives back the refined text that it was made of, byte for byte.
    #[must_use]
    pub fn rebuild(&self, raw: &str, refined: &str) -> String {
        self.residue.rebuild(raw, &self.deletions, refined)
    }
}

/// Finds what an expert deleted from `raw` to come to `refined`.
///
/// If `refined` is a subsequence of `raw`, `execute(raw, deletions) == refined` and the residue is
/// empty. Time and memory are bounded by the size of the input; where that forced another way than
/// the exact one, [`Effort`] says so.
#[must_use]
pub fn distill(raw: &str, refined: &str) -> Distilled {
    let mut effort = Effort::default();
    match subsequence::align(raw, refined, &mut effort) {
        Some(deletions) => Distilled { deletions, residue: Residue::default(), effort },
        None => rewrite::align(raw, refined),
    }
}

#[cfg(test)]
mod tests;
