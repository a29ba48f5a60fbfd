//! What a decoder writes with: tokens, as bytes.

use super::trie::Trie;
use crate::error::ModelError;
use std::fmt;

/// Every byte of a program that is not text of the chunk, escapes included.
const NEEDED: &[u8] =
    b"keep_all()remove_lines(remove_str(remove_break(0123456789, \"\\bfnrtu\nabcdef";

/// Splits text into tokens.
type Split = Box<dyn Fn(&str) -> Vec<u32> + Send + Sync>;

/// The tokens of a model.
pub struct Vocabulary {
    tokens: Vec<Vec<u8>>,
    end: u32,
    /// The bytes that are tokens of their own: what consists of them can always be finished.
    typable: [bool; 256],
    trie: Trie,
    split: Option<Split>,
}

impl fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vocabulary({} tokens, end {})", self.tokens.len(), self.end)
    }
}

impl Vocabulary {
    /// A vocabulary of these tokens: the bytes of each, at the place of its id. Special tokens are
    /// given no bytes; they are never written. `end` is the token that ends an answer.
    ///
    /// # Errors
    /// If the end token is none, or a byte that programs are made of is no token of its own.
    pub fn new(mut tokens: Vec<Vec<u8>>, end: u32) -> Result<Self, ModelError> {
        let foreign = |expected: &str, found: String| ModelError::Foreign {
            expected: expected.to_owned(),
            found,
        };
        let count = tokens.len();
        let Some(ending) = tokens.get_mut(end as usize) else {
            let found = format!("token {end} of {count}");
            return Err(foreign("an end token of the vocabulary", found));
        };
        ending.clear();
        let mut typable = [false; 256];
        for token in &tokens {
            if let [byte] = token[..] {
                typable[byte as usize] = true;
            }
        }
        if let Some(&byte) = NEEDED.iter().find(|&&byte| !typable[byte as usize]) {
            let found = format!("none for the byte {:?}", char::from(byte));
            return Err(foreign("a vocabulary with a token for each character of programs", found));
        }
        let trie = Trie::of(&tokens);
        Ok(Self { tokens, end, typable, trie, split: None })
    }

    /// The same, with the model's own way to split text into tokens. Without it, what must come
    /// next is split into the longest tokens.
    #[must_use]
    pub fn with_split(self, split: impl Fn(&str) -> Vec<u32> + Send + Sync + 'static) -> Self {
        Self { split: Some(Box::new(split)), ..self }
    }

    /// How many tokens there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is no token, which cannot be.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The token that ends an answer.
    #[must_use]
    pub const fn end(&self) -> u32 {
        self.end
    }

    /// The bytes of a token; none of the end token, special tokens and those that do not exist.
    #[must_use]
    pub fn bytes(&self, token: u32) -> &[u8] {
        self.tokens.get(token as usize).map_or(&[], Vec::as_slice)
    }

    pub(super) const fn trie(&self) -> &Trie {
        &self.trie
    }

    /// Whether all these bytes can be written, one by one if need be.
    pub(super) fn can_write(&self, bytes: &[u8]) -> bool {
        bytes.iter().all(|&byte| self.typable[byte as usize])
    }

    /// Text as tokens; empty if the model's own way to split does not give that text back.
    pub(super) fn split(&self, text: &[u8]) -> Vec<u32> {
        let Some(split) = &self.split else { return self.longest(text) };
        let tokens = std::str::from_utf8(text).map(split).unwrap_or_default();
        let back: Vec<u8> = tokens.iter().flat_map(|&token| self.bytes(token)).copied().collect();
        if back == text { tokens } else { Vec::new() }
    }

    fn longest(&self, text: &[u8]) -> Vec<u32> {
        let (mut at, mut tokens) = (0, Vec::new());
        while at < text.len() {
            let (mut node, mut best) = (Trie::ROOT, None);
            for (length, &byte) in (1..).zip(&text[at..]) {
                let Some(child) = self.trie.child(node, byte) else { break };
                node = child;
                best = self.trie.tokens(node).first().map(|&token| (token, length)).or(best);
            }
            let Some((token, length)) = best else { return Vec::new() };
            tokens.push(token);
            at += length;
        }
        tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes() -> Vec<Vec<u8>> {
        (0..=255).map(|byte| vec![byte]).collect()
    }

    #[test]
    fn a_vocabulary_that_cannot_write_programs_is_refused() {
        assert!(Vocabulary::new(bytes(), 300).is_err());
        let mut lacking = bytes();
        lacking[usize::from(b'(')].clear();
        let error = Vocabulary::new(lacking, 0).unwrap_err().to_string();
        assert!(error.ends_with("found none for the byte '('"), "{error}");
        assert!(Vocabulary::new(bytes(), 0).is_ok());
    }

    #[test]
    fn text_is_split_into_the_longest_tokens_or_as_the_model_does() {
        let mut tokens = bytes();
        tokens.extend(["re", "rem", "ove"].map(Vec::from));
        let vocabulary = Vocabulary::new(tokens, 0).unwrap();
        assert_eq!(vocabulary.split(b"remover"), [257, 258, u32::from(b'r')]);
        let own = |text: &str| text.bytes().map(u32::from).collect();
        let vocabulary = vocabulary.with_split(own);
        assert_eq!(vocabulary.split(b"re"), [u32::from(b'r'), u32::from(b'e')]);
        assert!(vocabulary.with_split(|_| vec![1]).split(b"re").is_empty());
    }
}
