//! Histograms.

use serde::Serialize;

/// How often values fell into ranges.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    /// A stable name.
    pub name: &'static str,
    /// What is counted, for people.
    pub title: &'static str,
    /// The ranges, from low to high.
    pub bins: Vec<Bin>,
}

/// A range and how many values fell into it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// From this value on.
    pub from: f64,
    /// To this value; the last range holds it too.
    pub to: f64,
    /// How many.
    pub count: u64,
}

/// The largest power of two that has a range of its own: 16 MiB.
const MOST_POWER: u32 = 24;

impl Histogram {
    /// Of shares and scores, 0 to 1, in `parts` ranges. With `zero`, what is exactly 0 has a range of
    /// its own.
    pub(crate) fn of_shares(
        name: &'static str,
        title: &'static str,
        parts: u32,
        zero: bool,
    ) -> Self {
        let edge = |at: u32| f64::from(at) / f64::from(parts);
        let mut bins: Vec<Bin> =
            (0..parts).map(|at| Bin { from: edge(at), to: edge(at + 1), count: 0 }).collect();
        if zero {
            bins.insert(0, Bin { from: 0.0, to: 0.0, count: 0 });
        }
        Self { name, title, bins }
    }

    /// Of lengths, in powers of two; the first range is 0 alone, the last holds all that is longer.
    pub(crate) fn of_lengths(name: &'static str, title: &'static str) -> Self {
        let power = |at: u32| f64::from(1_u32 << at);
        let zero = Bin { from: 0.0, to: 0.0, count: 0 };
        let powers = (0..MOST_POWER).map(|at| Bin { from: power(at), to: power(at + 1), count: 0 });
        Self { name, title, bins: std::iter::once(zero).chain(powers).collect() }
    }

    /// Counts a share or score.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to the parts")]
    pub(crate) fn count_share(&mut self, share: f64) {
        let zero = self.bins.first().is_some_and(|bin| bin.to == 0.0);
        let parts = self.bins.len() - usize::from(zero);
        let part = (share.clamp(0.0, 1.0) * parts as f64) as usize;
        let at = part.min(parts - 1) + usize::from(zero);
        self.bins[if zero && share <= 0.0 { 0 } else { at }].count += 1;
    }

    /// Counts a length.
    pub(crate) fn count_length(&mut self, length: usize) {
        let power = length.checked_ilog2().map_or(0, |power| power as usize + 1);
        let last = self.bins.len() - 1;
        self.bins[power.min(last)].count += 1;
    }

    /// All values.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.bins.iter().map(|bin| bin.count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(histogram: &Histogram) -> Vec<u64> {
        histogram.bins.iter().map(|bin| bin.count).collect()
    }

    #[test]
    fn shares_fall_into_their_ranges_and_the_ends_are_held() {
        let mut shares = Histogram::of_shares("s", "", 4, true);
        [0.0, 0.001, 0.25, 0.999, 1.0, 1.0].iter().for_each(|&share| shares.count_share(share));
        assert_eq!(counts(&shares), [1, 1, 1, 0, 3]);
        let mut scores = Histogram::of_shares("s", "", 2, false);
        [0.0, 0.5, 1.0].iter().for_each(|&share| scores.count_share(share));
        assert_eq!(counts(&scores), [1, 2]);
    }

    #[test]
    fn lengths_fall_between_powers_of_two() {
        let mut lengths = Histogram::of_lengths("l", "");
        [0, 1, 2, 3, 4, 1 << 30].iter().for_each(|&length| lengths.count_length(length));
        assert_eq!(counts(&lengths)[..4], [1, 1, 2, 1]);
        assert_eq!((counts(&lengths).last(), lengths.total()), (Some(&1), 6));
    }
}
