//! Why a run cannot begin or go on.

use refinex_corpus::{InputError, StoreError};
use std::fmt;

/// A run that could not be done at all (exit code 2). A shard that fails is not one of these: the
/// other shards go on, and the failure stands in the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunError {
    message: String,
}

impl RunError {
    /// An error in designed prose: "expected …, but found …".
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RunError {}

impl From<InputError> for RunError {
    fn from(error: InputError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        Self::new(error.to_string())
    }
}
