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
        QuickHasher { state: self.seed, seed: self.seed | 1 }
    }
}

/// Folds eight bytes at a time by a wide multiplication.
#[derive(Clone, Copy, Debug)]
pub(super) struct QuickHasher {
    state: u64,
    seed: u64,
}

impl QuickHasher {
    fn fold(&mut self, word: u64) {
        let wide = u128::from(self.state ^ word) * u128::from(self.seed ^ MIX);
        self.state = (wide as u64) ^ (wide >> 64) as u64;
    }
}

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.fold(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.fold(u64::from_le_bytes(last));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.fold(u64::from(byte));
    }

    fn finish(&self) -> u64 {
        self.state
    }
}
