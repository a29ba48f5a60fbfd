//! Shares of counts.

/// `part` of `whole`; 0 where there is nothing.
#[must_use]
pub fn share(part: u64, whole: u64) -> f64 {
    as_float(part) / as_float(whole.max(1))
}

/// The harmonic mean of precision and recall; 0 where both are.
#[must_use]
pub fn f1(precision: f64, recall: f64) -> f64 {
    2.0 * precision * recall / (precision + recall).max(1e-12)
}

/// A count as a number to compute with.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of characters stay below 2^53")]
pub const fn as_float(count: u64) -> f64 {
    count as f64
}
