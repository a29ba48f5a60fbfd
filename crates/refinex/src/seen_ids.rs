//! Ids of one shard that were seen before.

use std::collections::HashSet;
use xxhash_rust::xxh3::xxh3_64;

/// Ids of one shard beyond which collisions are no longer looked for, so that memory is bounded
/// (guess: 16 bytes each).
const MOST_IDS: usize = 4 << 20;

/// An id, as it is compared.
pub(crate) fn hash_of(id: &str) -> u64 {
    xxh3_64(id.as_bytes())
}

/// The ids of one shard so far.
#[derive(Default)]
pub(crate) struct SeenIds(HashSet<u64>);

impl SeenIds {
    /// How many of these ids were there before.
    pub(crate) fn collisions(&mut self, ids: impl IntoIterator<Item = u64>) -> u64 {
        ids.into_iter().map(|id| u64::from(self.see(id))).sum()
    }

    fn see(&mut self, id: u64) -> bool {
        let full = self.0.len() >= MOST_IDS;
        if full { self.0.contains(&id) } else { !self.0.insert(id) }
    }
}
