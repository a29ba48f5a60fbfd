//! The words of a document, as a tokeniser gives them: one buffer, no string of its own for each.

use crate::python;

/// Words in order. Their texts stand side by side without gaps, so that words that follow each other
/// are one slice.
#[derive(Clone, Debug, Default)]
pub struct Words {
    bytes: Vec<u8>,
    /// Where each word ends in `bytes`.
    ends: Vec<usize>,
    /// Code points up to the end of each word.
    lengths: Vec<usize>,
}

impl Words {
    /// Forgets all words, and keeps the room for the next.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.lengths.clear();
    }

    /// Adds a word. An empty one is none.
    #[inline]
    pub(crate) fn push(&mut self, word: &[u8]) {
        if word.is_empty() {
            return;
        }
        self.bytes.extend_from_slice(word);
        self.ends.push(self.bytes.len());
        let before = self.lengths.last().copied().unwrap_or(0);
        self.lengths.push(before + python::length(word));
    }

    /// Number of words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of a word, UTF-8.
    #[must_use]
    pub fn word(&self, at: usize) -> &[u8] {
        &self.bytes[self.start(at)..self.ends[at]]
    }

    /// All words.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|at| self.word(at))
    }

    /// Where word `at` begins in the bytes; at the number of words, where all end.
    #[inline]
    pub(crate) fn start(&self, at: usize) -> usize {
        if at == 0 { 0 } else { self.ends[at - 1] }
    }

    /// The texts of all words, side by side.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Code points of the words `from..to` together.
    #[inline]
    pub(crate) fn length(&self, from: usize, to: usize) -> usize {
        let up_to = |at: usize| if at == 0 { 0 } else { self.lengths[at - 1] };
        up_to(to) - up_to(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_follow_each_other_are_one_slice() {
        let mut words = Words::default();
        for word in ["aé", "", "b", "你"] {
            words.push(word.as_bytes());
        }
        assert_eq!(words.iter().collect::<Vec<_>>(), ["aé".as_bytes(), b"b", "你".as_bytes()]);
        assert_eq!(&words.bytes()[words.start(1)..words.start(3)], "b你".as_bytes());
        assert_eq!((words.length(0, 3), words.length(1, 2), words.length(2, 2)), (4, 1, 0));
    }
}
