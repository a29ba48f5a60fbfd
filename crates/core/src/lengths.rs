//! How long texts are: sums that are exact, so that they do not depend on the order of the texts.

use serde::{Deserialize, Serialize};

/// Lengths of texts in code points, summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lengths {
    /// How many texts.
    pub n: u64,
    /// The sum of their lengths.
    pub total: u64,
    /// The sum of the squares of their lengths, in JSON a string, since it may exceed 64 bits.
    #[serde(with = "digits")]
    pub squares: u128,
    /// The shortest; 0 where there is none.
    pub min: u64,
    /// The longest.
    pub max: u64,
}

impl Lengths {
    /// The length of one text.
    #[must_use]
    pub fn one(length: u64) -> Self {
        let squares = u128::from(length) * u128::from(length);
        Self { n: 1, total: length, squares, min: length, max: length }
    }

    /// Whether there is no text.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Adds the lengths of `other`.
    pub fn add(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        self.min = if self.is_empty() { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.n += other.n;
        self.total += other.total;
        self.squares += other.squares;
    }

    /// Their mean, 0 if there is none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
    pub fn mean(&self) -> f64 {
        if self.is_empty() { 0.0 } else { self.total as f64 / self.n as f64 }
    }

    /// The variance of a sample, 0 of fewer than two.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a variance for people")]
    pub fn variance(&self) -> f64 {
        if self.n < 2 {
            return 0.0;
        }
        // n times the sum of squares less the square of the sum; both are exact until here.
        let total = u128::from(self.total);
        let spread = self.squares.checked_mul(u128::from(self.n)).zip(total.checked_mul(total));
        let spread = spread.map_or_else(
            || self.squares as f64 * self.n as f64 - (self.total as f64).powi(2),
            |(squares, square)| squares.saturating_sub(square) as f64,
        );
        spread.max(0.0) / (self.n as f64 * (self.n - 1) as f64)
    }
}

/// A number of more than 64 bits as a string of its digits.
mod digits {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        number: &u128,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<u128, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("expected digits, but found {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_variance_of_known_lengths_in_any_order() {
        let values = [2, 4, 4, 4, 5, 5, 7, 9];
        let sum = |values: &mut dyn Iterator<Item = u64>| {
            let mut all = Lengths::default();
            values.for_each(|value| all.add(&Lengths::one(value)));
            all
        };
        let all = sum(&mut values.into_iter());
        assert_eq!(all, sum(&mut values.into_iter().rev()));
        assert_eq!((all.n, all.total, all.min, all.max), (8, 40, 2, 9));
        assert!((all.mean() - 5.0).abs() < 1e-12 && (all.variance() - 32.0 / 7.0).abs() < 1e-12);
        assert!(Lengths::one(7).variance() == 0.0 && Lengths::default().mean() == 0.0);
    }

    #[test]
    fn squares_beyond_64_bits_come_back_from_json() {
        let mut all = Lengths::one(u64::from(u32::MAX) * 7);
        all.add(&all.clone());
        let json = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Lengths>(&json).unwrap(), all);
        assert!(
            serde_json::from_str::<Lengths>(&json.replace("\"squares\":\"", "\"squares\":\"x"))
                .is_err()
        );
    }
}
