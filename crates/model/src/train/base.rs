//! The encoder that training starts from.

use crate::encoder::Reader;
use crate::error::ModelError;
use std::collections::HashSet;

/// A pre-trained encoder, to be trained on.
#[derive(Clone)]
pub struct Base(pub(crate) Reader);

impl Base {
    /// A BERT's `model.safetensors` and `vocab.txt`, with the pieces of `kept` only, or all.
    ///
    /// # Errors
    /// If they are not those of a BERT 384 wide, such as MiniLM's.
    pub fn from_bert(
        model: &[u8],
        vocabulary: &str,
        kept: Option<&HashSet<String>>,
    ) -> Result<Self, ModelError> {
        Reader::from_bert(model, vocabulary, kept).map(Self)
    }

    /// The same encoder without its last layers.
    #[must_use]
    pub fn with_layers(mut self, layers: usize) -> Self {
        let encoder = &mut self.0.encoder;
        encoder.shape.layers = encoder.shape.layers.min(layers);
        encoder.weights.truncate(encoder.shape.weights());
        self
    }

    /// How often each piece of the vocabulary stands in the lines of `text`, as they are read.
    pub fn count(&self, text: &str, counts: &mut Vec<u32>) {
        counts.resize(self.0.encoder.shape.vocabulary, 0);
        let mut tokens = Vec::new();
        for line in text.split('\n') {
            tokens.clear();
            self.0.words.pieces.cut(line, 400, 400, &mut tokens);
            tokens.iter().for_each(|&token| counts[usize::from(token)] += 1);
        }
    }

    /// The pieces of the vocabulary, in order.
    pub fn pieces(&self) -> impl Iterator<Item = &str> {
        self.0.words.vocabulary.lines()
    }
}
