//! A text that is put together of parts of documents and of noise.

use super::clip;
use std::ops::Range;

/// The text so far, and what of it is noise.
#[derive(Default)]
pub(crate) struct Joined {
    pub(crate) text: String,
    /// Spans of noise in bytes, sorted and disjoint.
    pub(crate) spans: Vec<(usize, usize)>,
}

impl Joined {
    /// Adds a part of a text whose noise is `spans`.
    pub(crate) fn copy(&mut self, text: &str, spans: &[(usize, usize)], part: Range<usize>) {
        let shift = self.text.len();
        let inside = clip(spans, part.start, part.end);
        self.spans.extend(inside.into_iter().map(|(a, b)| (a + shift, b + shift)));
        self.text.push_str(&text[part]);
    }

    /// Adds noise.
    pub(crate) fn insert(&mut self, noise: &str) {
        let start = self.text.len();
        self.text.push_str(noise);
        self.spans.push((start, self.text.len()));
    }
}
