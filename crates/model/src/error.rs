//! Why a weights file cannot be used.

use std::fmt;

/// A weights file that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelError {
    /// The bytes do not begin like a weights file.
    NotWeights {
        /// The first bytes that were found.
        found: Vec<u8>,
    },
    /// The weights were written by another version of the format.
    Version {
        /// The version that this build reads.
        expected: u32,
        /// The version in the file.
        found: u32,
    },
    /// The network or its features are of another shape than this build computes.
    Shape {
        /// Which dimension differs.
        what: &'static str,
        /// What this build computes.
        expected: u32,
        /// What the file holds.
        found: u32,
    },
    /// The file ends early or goes on too long.
    Length {
        /// Bytes that the header calls for.
        expected: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// The bytes were changed after they were written.
    Checksum {
        /// The checksum in the file.
        expected: u64,
        /// The checksum of the bytes.
        found: u64,
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
            Self::NotWeights { found } => write!(
                f,
                "expected refinex tagger weights, which begin with {:?}, but found {:?}",
                String::from_utf8_lossy(crate::weights::MAGIC),
                String::from_utf8_lossy(found)
            ),
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
            Self::Shape { what, expected, found } => write!(
                f,
                "expected tagger weights with {expected} {what}, but found {found}; \
                 they were trained by another refinex"
            ),
            Self::Length { expected, found } => write!(
                f,
                "expected tagger weights of {expected} bytes, but found {found} bytes; \
                 the file was cut short or padded"
            ),
            Self::Checksum { expected, found } => write!(
                f,
                "expected tagger weights with checksum {expected:016x}, but found {found:016x}; \
                 the bytes were changed after training"
            ),
            Self::Value { what } => {
                write!(f, "expected tagger weights with usable values, but found {what}")
            }
        }
    }
}

impl std::error::Error for ModelError {}
