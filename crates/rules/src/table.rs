//! Hash tables of numbers, for counting without allocation: the room of one text serves the next.

/// A number that is far from those of its neighbours.
#[inline]
pub(crate) const fn mix(key: u64) -> u64 {
    // The finaliser of SplitMix64.
    let key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

/// A hash of bytes, eight at a time.
#[inline]
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let step = |hash: u64, word: u64| {
        let product = u128::from(hash ^ word) * u128::from(ODD);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        let folded = product as u64 ^ (product >> 64) as u64;
        folded
    };
    let mut hash = ODD ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        hash = step(hash, load(chunk)).wrapping_add(ODD);
    }
    mix(step(hash, load(chunks.remainder())))
}

/// Up to eight bytes as a number.
#[inline]
pub(crate) fn load(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    let length = bytes.len().min(8);
    word[..length].copy_from_slice(&bytes[..length]);
    u64::from_le_bytes(word)
}

/// A hash table: open, linear, at most half full. It holds values up to `u32::MAX - 1`; which of
/// them is meant is for the caller to compare.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// The high half of the hash and the value plus one; 0 is free.
    slots: Vec<(u32, u32)>,
}

impl Table {
    /// Forgets all, and makes room for so many values.
    pub(crate) fn clear(&mut self, values: usize) {
        let wanted = (2 * values + 2).next_power_of_two();
        self.slots.clear();
        self.slots.resize(wanted, (0, 0));
    }

    /// The value with that hash for which `same` is true, or `value`, which is then put in.
    #[inline]
    pub(crate) fn find_or_insert(
        &mut self,
        hash: u64,
        value: usize,
        mut same: impl FnMut(usize) -> bool,
    ) -> Option<usize> {
        let mask = self.slots.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "the low half says where to begin")]
        let (mut at, tag) = (hash as usize & mask, (hash >> 32) as u32);
        loop {
            let (other, held) = self.slots[at];
            if held == 0 {
                #[expect(clippy::cast_possible_truncation, reason = "texts have fewer words")]
                let slot = (tag, value as u32 + 1);
                self.slots[at] = slot;
                return None;
            }
            let held = held as usize - 1;
            if other == tag && same(held) {
                return Some(held);
            }
            at = (at + 1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_again_by_its_key_also_where_hashes_are_the_same() {
        let keys = ["a", "b", "c", "a", "c", "d"];
        for hash_of in [|key: &str| hash(key.as_bytes()), |_: &str| 7] {
            let mut table = Table::default();
            table.clear(keys.len());
            let mut found = Vec::new();
            for (at, key) in keys.iter().enumerate() {
                found.push(table.find_or_insert(hash_of(key), at, |other| keys[other] == *key));
            }
            assert_eq!(found, [None, None, None, Some(0), Some(2), None]);
        }
    }

    #[test]
    fn hashes_tell_lengths_and_tails_apart() {
        let texts = ["", "\0", "\0\0", "abcdefgh", "abcdefgh\0", "abcdefghi", "hgfedcba"];
        for (at, one) in texts.iter().enumerate() {
            assert!(texts[..at].iter().all(|two| hash(one.as_bytes()) != hash(two.as_bytes())));
        }
    }
}
