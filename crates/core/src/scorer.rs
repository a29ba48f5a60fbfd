//! What gives a text a number for its quality.

use crate::refiner::{Identity, RefineError};

/// Gives texts numbers for their quality: a large model that is asked, or a cheap proxy.
pub trait Scorer: Send + Sync {
    /// Who it is: everything that decides its numbers.
    fn identity(&self) -> Identity;

    /// Whether a larger number is a better text.
    fn larger_is_better(&self) -> bool;

    /// One number, or the reason why there is none, for each text, in order. The number of a text
    /// must not depend on the other texts.
    fn score(&self, texts: &[&str]) -> Vec<Result<f64, RefineError>>;
}
