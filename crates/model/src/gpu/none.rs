//! A build without the feature `cuda`.

use super::Call;
use crate::error::ModelError;

/// There is none.
pub(crate) enum Gpu {}

impl Gpu {
    /// # Errors
    /// Always.
    pub(crate) fn open() -> Result<Self, ModelError> {
        Err(ModelError::Foreign {
            expected: "a build with the feature cuda for --device cuda".to_owned(),
            found: "one without it: cargo build --release -p refinex-cli --features cuda"
                .to_owned(),
        })
    }

    pub(crate) fn run(&self, _: &Call, _: &mut [f32], _: &[f32], _: &[f32]) -> bool {
        match *self {}
    }

    pub(crate) fn trouble(&self) -> Result<(), ModelError> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_the_feature_says_how_to_get_one() {
        let error = Gpu::open().err().unwrap().to_string();
        assert!(error.starts_with("expected a build with the feature cuda"), "{error}");
    }
}
