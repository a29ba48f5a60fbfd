//! How hard an alignment was, and where it is not proven to be the least costly.

use serde::{Deserialize, Serialize};

/// Where a bound on time was reached, so that another way was taken than the exact one.
///
/// All zero means that the result is exact: of least cost by law L4, or, for pairs that are no pure
/// deletion, aligned as the settings say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effort {
    /// Windows in which the longest near run was taken after each deletion.
    pub greedy: u32,
    /// Gaps between matched lines or words in which nothing further was matched.
    pub unaligned: u32,
}

impl Effort {
    /// Whether no fallback was used.
    #[must_use]
    pub fn is_exact(self) -> bool {
        self == Self::default()
    }

    /// The names of the fallbacks that were used, for counts.
    pub fn fallbacks(self) -> impl Iterator<Item = &'static str> {
        let all = [("greedy", self.greedy), ("unaligned", self.unaligned)];
        all.into_iter().filter(|(_, times)| *times > 0).map(|(name, _)| name)
    }
}
