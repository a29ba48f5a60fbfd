//! How long a text is, in the unit of whoever has to read it.

/// Measures text: bytes, characters, tokens.
///
/// A longer prefix of a text must not measure less than a shorter one; the chunker then fills its
/// budget well. It never exceeds the budget even if a measure breaks this.
pub trait Measure {
    /// The length of `text`.
    fn measure(&self, text: &str) -> usize;
}

/// Length in UTF-8 bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bytes;

impl Measure for Bytes {
    fn measure(&self, text: &str) -> usize {
        text.len()
    }
}

/// Length in Unicode code points.
#[derive(Clone, Copy, Debug, Default)]
pub struct CodePoints;

impl Measure for CodePoints {
    fn measure(&self, text: &str) -> usize {
        text.chars().count()
    }
}
