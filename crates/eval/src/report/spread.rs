//! How values spread: their number, sum, mean, variance and ends.

use serde::Serialize;

/// Values, summed up one after the other (Welford's method).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// How many.
    pub n: u64,
    /// Their sum.
    pub total: u64,
    /// Their mean.
    pub mean: f64,
    /// The sum of their squared distances from the mean.
    pub squares: f64,
    /// The least.
    pub min: u64,
    /// The greatest.
    pub max: u64,
}

impl Default for Spread {
    fn default() -> Self {
        Self { n: 0, total: 0, mean: 0.0, squares: 0.0, min: u64::MAX, max: 0 }
    }
}

impl Spread {
    /// Takes a value in.
    #[expect(clippy::cast_precision_loss, reason = "lengths stay below 2^53")]
    pub(crate) fn take(&mut self, value: u64) {
        self.n += 1;
        self.total += value;
        let off = value as f64 - self.mean;
        self.mean += off / self.n as f64;
        self.squares += off * (value as f64 - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// The variance of a sample.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    pub fn variance(&self) -> f64 {
        if self.n > 1 { self.squares / (self.n - 1) as f64 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_of_known_values() {
        let mut spread = Spread::default();
        [2, 4, 4, 4, 5, 5, 7, 9].iter().for_each(|&value| spread.take(value));
        assert_eq!((spread.n, spread.total, spread.min, spread.max), (8, 40, 2, 9));
        assert!((spread.mean - 5.0).abs() < 1e-12);
        assert!((spread.variance() - 32.0 / 7.0).abs() < 1e-12);
        assert!(Spread::default().variance() == 0.0);
    }
}
