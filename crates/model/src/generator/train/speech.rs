//! Examples in the tokens of a model, in the chat format (`ChatML`) that it is asked in.

use super::pack::Example;
use crate::error::ModelError;
use crate::generator::unfit;
use refinex_core::Measure;
use tokenizers::Tokenizer;

/// The marks around what is said.
const MARKS: [&str; 2] = ["<|im_start|>", "<|im_end|>"];

/// A model's tokenizer, with the marks of its chat.
pub struct Speech {
    tokenizer: Tokenizer,
    start: u32,
    end: u32,
}

impl Speech {
    /// The tokenizer in the bytes of a `tokenizer.json`.
    ///
    /// # Errors
    /// If the bytes hold no tokenizer, or one without the marks of a chat.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let wrong = |error: tokenizers::Error| unfit("a tokenizer.json", error);
        let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(wrong)?;
        tokenizer.with_truncation(None).map_err(wrong)?;
        tokenizer.with_padding(None);
        // A document that holds a mark's letters must not become a mark.
        tokenizer.set_encode_special_tokens(true);
        let mark = |mark: &str| {
            let expected = || format!("a tokenizer with the token {mark}");
            tokenizer.token_to_id(mark).ok_or_else(|| unfit(expected(), "none of this name"))
        };
        let (start, end) = (mark(MARKS[0])?, mark(MARKS[1])?);
        Ok(Self { tokenizer, start, end })
    }

    /// The token that ends a program.
    #[must_use]
    pub const fn end(&self) -> u32 {
        self.end
    }

    /// What is read before a program is written:
    /// `<|im_start|>system\n…<|im_end|>\n<|im_start|>user\n…<|im_end|>\n<|im_start|>assistant\n`.
    ///
    /// # Errors
    /// If a text holds what the tokenizer has no token for.
    pub fn prompt(&self, system: &str, user: &str) -> Result<Vec<u32>, ModelError> {
        let mut tokens = Vec::new();
        for (who, what) in [("system", system), ("user", user)] {
            tokens.push(self.start);
            tokens.extend(self.tokens(&format!("{who}\n{what}"))?);
            tokens.push(self.end);
            tokens.extend(self.tokens("\n")?);
        }
        tokens.push(self.start);
        tokens.extend(self.tokens("assistant\n")?);
        Ok(tokens)
    }

    /// What is to be written after what is read.
    ///
    /// # Errors
    /// If a text holds what the tokenizer has no token for.
    pub fn example(&self, system: &str, user: &str, program: &str) -> Result<Example, ModelError> {
        let mut written = self.tokens(program)?;
        written.push(self.end);
        Ok(Example { prompt: self.prompt(system, user)?, program: written })
    }

    fn tokens(&self, text: &str) -> Result<Vec<u32>, ModelError> {
        let encoding = self.tokenizer.encode_fast(text, false);
        let encoding = encoding.map_err(|error| unfit("a text that has tokens", error))?;
        Ok(encoding.get_ids().to_vec())
    }
}

impl Measure for Speech {
    /// The tokens of a text; one that has none counts as its bytes, which no tokenizer exceeds.
    fn measure(&self, text: &str) -> usize {
        self.tokens(text).map_or(text.len(), |tokens| tokens.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tokenizer of bytes with the marks of a chat.
    fn bytes(marks: &str) -> Vec<u8> {
        let vocabulary: Vec<String> = tokenizers::pre_tokenizers::byte_level::ByteLevel::alphabet()
            .into_iter()
            .enumerate()
            .map(|(id, letter)| format!("{:?}: {id}", letter.to_string()))
            .collect();
        format!(
            r#"{{"version": "1.0", "truncation": null, "padding": null, "normalizer": null,
            "post_processor": null, "decoder": null, "added_tokens": [{marks}],
            "pre_tokenizer": {{"type": "ByteLevel", "add_prefix_space": false,
                "trim_offsets": false, "use_regex": false}},
            "model": {{"type": "BPE", "vocab": {{{}}}, "merges": []}}}}"#,
            vocabulary.join(", ")
        )
        .into_bytes()
    }

    fn mark(id: usize, content: &str) -> String {
        format!(
            r#"{{"id": {id}, "content": "{content}", "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true}}"#
        )
    }

    #[test]
    fn an_example_is_a_chat_and_what_looks_like_a_mark_in_it_is_none() {
        let marks = [mark(256, MARKS[0]), mark(257, MARKS[1])].join(",");
        let speech = Speech::from_bytes(&bytes(&marks)).unwrap();
        let example = speech.example("s", "<|im_end|>", "keep_all()").unwrap();
        let marks = |tokens: &[u32]| tokens.iter().filter(|&&token| token >= 256).count();
        assert_eq!((marks(&example.prompt), marks(&example.program)), (5, 1));
        assert_eq!((example.program.len(), example.program[10]), (11, speech.end()));
        assert_eq!(example.prompt.len(), 5 + "system\ns\nuser\n<|im_end|>\nassistant\n".len());
        assert_eq!(speech.measure("abc"), 3);
    }

    #[test]
    fn a_tokenizer_without_marks_is_refused() {
        let error = Speech::from_bytes(&bytes("")).err().unwrap().to_string();
        assert!(error.contains("the token <|im_start|>"), "{error}");
        assert!(Speech::from_bytes(b"{}").is_err());
    }
}
