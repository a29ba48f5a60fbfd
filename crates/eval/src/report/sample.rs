//! A sample of fixed size that does not depend on the order of what it is drawn from.

use crate::report::bounded::{hash, mixed};
use std::collections::BTreeMap;

/// The key of a document, or of a part of it, in samples of this seed.
#[must_use]
pub fn sample_key(shard: &str, row: u64, part: u64, seed: u64) -> u64 {
    mixed(hash(shard.as_bytes()) ^ mixed(row ^ mixed(part ^ mixed(seed))))
}

/// Keeps the `most` things whose keys are least. With keys that are hashes this is a uniform sample
/// without replacement.
pub struct Reservoir<T> {
    most: usize,
    held: BTreeMap<u64, T>,
}

impl<T> Reservoir<T> {
    /// A sample of at most so many.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { most, held: BTreeMap::new() }
    }

    /// Offers a thing; it is made only if it is taken.
    pub fn offer(&mut self, key: u64, make: impl FnOnce() -> T) {
        let beyond = self.held.last_key_value().is_some_and(|(&last, _)| key >= last);
        if self.most == 0 || (self.held.len() >= self.most && beyond) {
            return;
        }
        self.held.insert(key, make());
        if self.held.len() > self.most {
            self.held.pop_last();
        }
    }

    /// What was drawn, by key.
    pub fn into_drawn(self) -> impl Iterator<Item = (u64, T)> {
        self.held.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::bounded::mixed;

    #[test]
    fn the_sample_is_the_same_in_any_order_and_of_all_parts() {
        let drawn = |order: &mut dyn Iterator<Item = u64>| {
            let mut sample = Reservoir::new(100);
            order.for_each(|n| sample.offer(mixed(n), || n));
            sample.into_drawn().map(|(_, n)| n).collect::<Vec<_>>()
        };
        let one = drawn(&mut (0..10_000));
        assert_eq!(one, drawn(&mut (0..10_000).rev()));
        let low = one.iter().filter(|n| **n < 5000).count();
        assert!(one.len() == 100 && (30..70).contains(&low), "{low}");
    }
}
