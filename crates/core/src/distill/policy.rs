//! Which pairs are fit to learn from.

use serde::{Deserialize, Serialize};

/// A rule that says which pairs, or which parts of a pair, are examples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DistillPolicy {
    /// Ours: clean documents are examples too, white space does not matter, and of a pair that is
    /// bad in places the rest is salvaged.
    #[default]
    Default,
    /// That of RefineX (arXiv:2507.03253): drop the pair if an inserted or replaced span has 20
    /// characters, or if fewer than 10 characters were deleted in all.
    RefinexPaper,
}

impl DistillPolicy {
    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::RefinexPaper => "refinex-paper",
        }
    }
}

/// The numbers of the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits;

impl Limits {
    /// An inserted, replaced or moved span of this many characters spoils its place, or for the
    /// paper's policy its pair (the paper).
    pub const SPOILS: usize = 20;
    /// The paper drops a pair of which fewer characters were deleted (the paper).
    pub const FEWEST_DELETED: usize = 10;
    /// A pair is rewritten as a whole if more than one character in this many of the refined text
    /// is residue, and the residue has [`Self::SPOILS`] characters (guess).
    pub const REWRITTEN_ONE_IN: usize = 3;
    /// Bytes of whole lines that a salvaged part must have (guess: a short paragraph).
    pub const SHORTEST_PART: usize = 200;
}
