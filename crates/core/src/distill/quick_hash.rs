//! A quick hash for the lines of one document. It has no seed, so a hostile text can make lines
//! collide: whoever uses it bounds the number of keys.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map with the quick hash.
pub(super) type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<QuickHasher>>;

/// Odd number with its bits well mixed (the golden ratio in 64 bits).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Folds eight bytes at a time by a wide multiplication.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct QuickHasher {
    state: u64,
}

/// The hash of eight bytes.
pub(super) const fn key_hash(key: u64) -> u64 {
    fold(key ^ MIX)
}

const fn fold(word: u64) -> u64 {
    let wide = word as u128 * MIX as u128;
    (wide as u64) ^ (wide >> 64) as u64
}

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.state = fold(self.state ^ u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.state = fold(self.state ^ u64::from_le_bytes(last));
        }
    }

    fn write_usize(&mut self, number: usize) {
        self.state = fold(self.state ^ number as u64);
    }

    fn finish(&self) -> u64 {
        self.state
    }
}
