//! `nltk.word_tokenize` and `nltk.sent_tokenize` of NLTK 3.9.1 for English, which datatrove 0.3.0
//! uses.

mod contractions;
mod model;
mod punkt;
mod punkt_words;
mod treebank;

use crate::python;
use crate::words::Words;
use treebank::Treebank;

/// Splits texts into words and sentences.
#[derive(Debug, Default)]
pub(crate) struct Nltk {
    treebank: Treebank,
}

impl Nltk {
    /// Adds the words of a text, stripped, the empty ones left out.
    pub(crate) fn words(&mut self, text: &str, words: &mut Words) {
        for sentence in punkt::sentences(text) {
            self.treebank.words(&text[sentence], words);
        }
    }

    /// Number of sentences that are not blank.
    pub(crate) fn count_sentences(text: &str) -> usize {
        let sentences = punkt::sentences(text).into_iter();
        sentences.filter(|span| !python::strip(&text[span.clone()]).is_empty()).count()
    }
}
