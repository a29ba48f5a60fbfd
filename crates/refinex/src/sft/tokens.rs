//! The tokenizer that the user gives, to keep examples within a limit of tokens.

use crate::error::RunError;
use refinex_core::Measure;
use std::path::Path;

/// A limit of tokens, and how they are counted.
pub struct TokenLimit {
    /// Most tokens of an example: instruction, numbered lines and program together. The marks of a
    /// chat template (a dozen tokens) are not counted.
    pub most: usize,
    /// Counts them.
    pub measure: Box<dyn Measure>,
    /// Which tokenizer it is, for provenance.
    pub tokenizer: String,
}

impl TokenLimit {
    /// `most` tokens of the tokenizer in a `tokenizer.json`.
    ///
    /// # Errors
    /// If it cannot be read, or this refinex was built without the feature `tokenizers`.
    pub fn of_file(most: usize, path: &Path) -> Result<Self, RunError> {
        let fail = |found: String| {
            let place = path.display();
            RunError::new(format!("expected a tokenizer at {place}, but found: {found}"))
        };
        let bytes = std::fs::read(path).map_err(|error| fail(error.to_string()))?;
        Self::of_bytes(most, &bytes).map_err(fail)
    }

    #[cfg(feature = "tokenizers")]
    fn of_bytes(most: usize, bytes: &[u8]) -> Result<Self, String> {
        let counter = refinex_model::TokenCounter::from_bytes(bytes)?;
        let tokenizer = format!("tokenizer.json:{}", counter.fingerprint());
        Ok(Self { most, measure: Box::new(counter), tokenizer })
    }

    #[cfg(not(feature = "tokenizers"))]
    fn of_bytes(_: usize, _: &[u8]) -> Result<Self, String> {
        Err("a refinex that was built without the feature tokenizers".to_owned())
    }
}
