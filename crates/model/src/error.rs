//! Why a weights file cannot be used.

use std::fmt;

/// A weights file that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelError {
    /// The bytes are not a weights file, or not whole.
    NotWeights {
        /// What they are, or what is wrong with them.
        found: String,
    },
    /// The weights were written by another version of the format.
    Version {
        /// The version that this build reads.
        expected: u32,
        /// The version in the file.
        found: u32,
    },
    /// The bytes were changed after they were written.
    Checksum {
        /// The checksum in the file.
        expected: String,
        /// The checksum of the bytes.
        found: String,
    },
    /// A file of another kind of model, or of none.
    Foreign {
        /// What was looked for.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A value that no training writes, such as a weight that is not a number.
    Value {
        /// What is wrong, in a few words.
        what: &'static str,
    },
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWeights { found } => {
                write!(f, "expected refinex tagger weights (safetensors), but found {found}")
            }
            Self::Version { expected, found } => write!(
                f,
                "expected tagger weights of format version {expected}, but found version {found}; \
                 {}",
                if found > expected {
                    "they need a newer refinex"
                } else {
                    "train them again with this refinex"
                }
            ),
            Self::Checksum { expected, found } => write!(
                f,
                "expected tagger weights with checksum {expected}, but found {found}; \
                 the bytes were changed after training"
            ),
            Self::Foreign { expected, found } => {
                write!(f, "expected {expected}, but found {found}")
            }
            Self::Value { what } => {
                write!(f, "expected tagger weights with usable values, but found {what}")
            }
        }
    }
}

impl std::error::Error for ModelError {}
