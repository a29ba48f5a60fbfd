//! What became of a document.

use crate::deletions::Deletions;
use serde::{Deserialize, Serialize};

/// What became of a document that could be read and refined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing was deleted.
    Kept,
    /// Something was deleted and text is left.
    Edited,
    /// Something was deleted and nothing but white space is left.
    Emptied,
    /// A rule left the whole document out.
    Dropped,
}

impl Outcome {
    /// The outcome of a document of which `refined` is left.
    #[must_use]
    pub fn of(refined: &str, deletions: &Deletions) -> Self {
        if deletions.is_empty() {
            Self::Kept
        } else if refined.trim().is_empty() {
            Self::Emptied
        } else {
            Self::Edited
        }
    }

    /// Its stable name, as it stands in sidecars.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Edited => "edited",
            Self::Emptied => "emptied",
            Self::Dropped => "dropped",
        }
    }
}
