//! Examples in the tokens of a model, in the chat that it is asked in.

use super::pack::Example;
use crate::error::ModelError;
use crate::generator::chat::Chat;
use crate::generator::{Tokenizer, Weights};
use refinex_core::Measure;
use std::path::Path;

/// A model's tokenizer and its chat, with the instruction that inference gives.
pub struct Speech {
    tokenizer: Tokenizer,
    chat: Chat,
}

impl Speech {
    /// That of the model at `base`, whose weights are `weights`.
    ///
    /// # Errors
    /// If it has no tokenizer, or one without the marks of a chat.
    pub fn of(base: &Path, weights: &Weights) -> Result<Self, ModelError> {
        let rows = weights.config().vocabulary;
        let tokenizer = match weights.gguf() {
            Some(file) => Tokenizer::from_gguf(file, rows)?,
            None => Tokenizer::from_folder(base, rows)?,
        };
        let chat = Chat::of(&tokenizer)?;
        Ok(Self { tokenizer, chat })
    }

    /// Its tokenizer.
    #[must_use]
    pub const fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The tokens of the question about numbered lines, and of the program with the mark that ends
    /// it.
    ///
    /// # Errors
    /// If a text holds what the tokenizer has no token for.
    pub fn example(&self, lines: &str, program: &str) -> Result<Example, ModelError> {
        let prompt = self.chat.about(&self.tokenizer, lines)?;
        let mut written = self.tokenizer.tokens(program)?;
        written.push(self.chat.end);
        Ok(Example { prompt, program: written })
    }
}

impl Measure for Speech {
    /// The tokens of a text; one that has none counts as its bytes, which no tokenizer exceeds.
    fn measure(&self, text: &str) -> usize {
        self.tokenizer.tokens(text).map_or(text.len(), |tokens| tokens.len())
    }
}
