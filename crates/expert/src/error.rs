//! Why an expert cannot be asked at all.

use std::fmt;

/// An expert that cannot be set up: a bad address, prompt, cache or batch file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupError(String);

impl SetupError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// An error on a file or folder, with its place.
    pub(crate) fn at(expected: &str, place: &std::path::Path, found: impl fmt::Display) -> Self {
        Self(format!("expected {expected} at {}, but found: {found}", place.display()))
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SetupError {}
