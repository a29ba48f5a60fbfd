//! A quick hash for the words and lines of one pair. Its seed is drawn anew for each pair, so that no
//! text can be made such that its words collide; what is found does not depend on it.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// A map with the quick hash.
pub(super) type QuickMap<K, V> = HashMap<K, V, QuickState>;

/// Odd number with its bits well mixed (the golden ratio in 64 bits).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// A seed.
#[derive(Clone, Debug)]
pub(super) struct QuickState {
    seed: u64,
}

impl Default for QuickState {
    fn default() -> Self {
        Self { seed: RandomState::new().hash_one(0u8) }
    }
}

impl BuildHasher for QuickState {
    type Hasher = QuickHasher;

    fn build_hasher(&self) -> QuickHasher {
        QuickHasher { state: self.seed, factor: (self.seed ^ MIX) | 1 }
    }
}

/// Folds eight bytes at a time by a wide multiplication.
#[derive(Clone, Copy, Debug)]
pub(super) struct QuickHasher {
    state: u64,
    factor: u64,
}

impl QuickHasher {
    fn fold(&mut self, word: u64) {
        let wide = u128::from(self.state ^ word) * u128::from(self.factor);
        self.state = (wide as u64) ^ (wide >> 64) as u64;
    }
}

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.state ^= bytes.len() as u64;
        if let Some(last) = bytes.last_chunk::<8>() {
            for word in bytes.as_chunks::<8>().0 {
                self.fold(u64::from_le_bytes(*word));
            }
            self.fold(u64::from_le_bytes(*last));
        } else {
            self.fold(short_word(bytes));
        }
    }

    /// Of a text this is the mark behind its bytes, which says nothing: their number does.
    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        self.state
    }
}

/// Up to seven bytes as a number.
fn short_word(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
    }
    let at = |at: usize| bytes.get(at).copied().map_or(0, u64::from);
    at(0) << 16 | at(bytes.len() / 2) << 8 | at(bytes.len().saturating_sub(1))
}
