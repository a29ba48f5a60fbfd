//! Counts of many things in bounded memory.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Counts by key, of which the rarest are forgotten when there are too many.
///
/// This is lossy counting (Manku and Motwani 2002) with the floor chosen by the memory: when more
/// than `most` keys are held, the lower half of them is forgotten, and every key that comes new after
/// that may have been forgotten before, so its count may be too low by as much as the floor. Counts are
/// never too high. While nothing was forgotten, they are exact.
pub(crate) struct BoundedCounts<T> {
    most: usize,
    floor: u64,
    counts: HashMap<u64, Counted<T>, BuildHasherDefault<Hashed>>,
}

/// A count and what is known beside it.
pub(crate) struct Counted<T> {
    pub count: u64,
    /// By how much the count may be too low.
    pub missed: u64,
    pub value: T,
}

impl<T> BoundedCounts<T> {
    /// Counts of at most so many keys at once.
    pub(crate) fn new(most: usize) -> Self {
        Self { most: most.max(1), floor: 0, counts: HashMap::default() }
    }

    /// Counts a key once more. A key should be a hash already.
    pub(crate) fn add(&mut self, key: u64, new: impl FnOnce() -> T) -> &mut T {
        if self.counts.len() >= self.most && !self.counts.contains_key(&key) {
            self.forget();
        }
        let missed = self.floor;
        let entry = self.counts.entry(key);
        let counted = entry.or_insert_with(|| Counted { count: 0, missed, value: new() });
        counted.count += 1;
        &mut counted.value
    }

    /// The count of a key, 0 if it is not held.
    pub(crate) fn count(&self, key: u64) -> u64 {
        self.counts.get(&key).map_or(0, |counted| counted.count)
    }

    /// By how much any count may be too low.
    pub(crate) const fn floor(&self) -> u64 {
        self.floor
    }

    /// How many keys are held.
    pub(crate) fn len(&self) -> usize {
        self.counts.len()
    }

    /// All that is held, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &Counted<T>)> {
        self.counts.iter().map(|(&key, counted)| (key, counted))
    }

    fn forget(&mut self) {
        let mut highest: Vec<u64> = self.counts.values().map(Counted::at_most).collect();
        let middle = highest.len() / 2;
        let (_, &mut median, _) = highest.select_nth_unstable(middle);
        self.floor = self.floor.max(median);
        let floor = self.floor;
        self.counts.retain(|_, counted| counted.at_most() > floor);
    }
}

impl<T> Counted<T> {
    const fn at_most(&self) -> u64 {
        self.count + self.missed
    }
}

/// Keys are hashes already.
#[derive(Default)]
pub(crate) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.0 = (self.0 << 8) | u64::from(byte));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// A hash of bytes that is the same on every machine (FNV-1a over words, then SplitMix64's finish, so
/// that all bits are of use).
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64 ^ bytes.len() as u64;
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        let word = word.iter().fold(0_u64, |all, &byte| (all << 8) | u64::from(byte));
        state = (state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }
    for &byte in words.remainder() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    mixed(state)
}

/// SplitMix64's finish.
pub(crate) const fn mixed(state: u64) -> u64 {
    let a = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let b = (a ^ (a >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    b ^ (b >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_while_nothing_was_forgotten() {
        let mut counts = BoundedCounts::new(3);
        for key in [1, 2, 1, 3, 1] {
            counts.add(mixed(key), || key);
        }
        assert_eq!((counts.count(mixed(1)), counts.count(mixed(9)), counts.floor()), (3, 0, 0));
    }

    #[test]
    fn what_is_frequent_stays_and_its_count_is_off_by_no_more_than_it_says() {
        let mut counts = BoundedCounts::new(50);
        for n in 0..20_000_u64 {
            counts.add(mixed(if n % 4 == 0 { 7 } else { 1000 + n }), || ());
        }
        let held: Vec<_> = counts.iter().map(|(_, counted)| counted.count).collect();
        let (found, floor) = (counts.count(mixed(7)), counts.floor());
        assert!(held.len() <= 50 && floor > 0);
        assert!(found <= 5000 && found + floor >= 5000, "{found} {floor}");
        assert_eq!(held.iter().max(), Some(&found));
    }

    #[test]
    fn hashes_of_like_texts_differ_in_all_their_bits() {
        let hashes: Vec<u64> = (0..1000).map(|n| hash(format!("line {n}").as_bytes())).collect();
        for bit in [0, 1, 31, 32, 63] {
            let set = hashes.iter().filter(|hash| (*hash >> bit) & 1 == 1).count();
            assert!((400..600).contains(&set), "bit {bit} is set {set} times of 1000");
        }
    }
}
