//! Counting tokens with the tokenizer of another model, as its `tokenizer.json` describes it.

use refinex_core::Measure;
use xxhash_rust::xxh3::xxh3_64;

/// A tokenizer that counts.
pub struct TokenCounter {
    tokenizer: tokenizers::Tokenizer,
    fingerprint: String,
}

impl TokenCounter {
    /// The tokenizer in the bytes of a `tokenizer.json`. What it says of truncation and padding is
    /// left aside: what is counted must be all of a text and nothing else.
    ///
    /// # Errors
    /// If the bytes hold no tokenizer; the error says what was found.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let mut tokenizer =
            tokenizers::Tokenizer::from_bytes(bytes).map_err(|error| error.to_string())?;
        tokenizer.with_truncation(None).map_err(|error| error.to_string())?;
        tokenizer.with_padding(None);
        Ok(Self { tokenizer, fingerprint: format!("{:016x}", xxh3_64(bytes)) })
    }

    /// A fingerprint of its file.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

impl Measure for TokenCounter {
    /// The tokens of `text`, without marks of begin and end. A text that cannot be cut into tokens
    /// (a vocabulary without a token for what is unknown) counts as its bytes, which no tokenizer
    /// exceeds.
    fn measure(&self, text: &str) -> usize {
        let encoding = self.tokenizer.encode_fast(text, false);
        encoding.map_or(text.len(), |encoding| encoding.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three words, cut at blanks; it would truncate to one token.
    const WORDS: &str = r#"{
        "version": "1.0",
        "truncation": {"direction":"Right","max_length":1,"strategy":"LongestFirst","stride":0},
        "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
        "model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1, "[UNK]": 2}, "unk_token": "[UNK]"}
    }"#;

    #[test]
    fn tokens_are_counted_in_full_whatever_the_file_says_of_truncation() {
        let counter = TokenCounter::from_bytes(WORDS.as_bytes()).unwrap();
        assert_eq!((counter.measure("a b c\na"), counter.measure("")), (4, 0));
        assert_eq!(counter.fingerprint().len(), 16);
    }

    /// Byte pairs behind the pattern that the tokenizers of GPT-4 and Qwen cut words by: it looks
    /// ahead, so that of several blanks the last goes with the word.
    const PAIRS: &str = r#"{
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "post_processor": null, "decoder": null,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "behavior": "Isolated", "invert": false, "pattern": {"Regex":
                "(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}},
            {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false}
        ]},
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "Ġ": 2, "ab": 3, "Ġab": 4},
            "merges": ["a b", "Ġ ab"]}
    }"#;

    #[test]
    fn byte_pairs_are_counted_as_their_pattern_cuts_words() {
        let counter = TokenCounter::from_bytes(PAIRS.as_bytes()).unwrap();
        // ab | Ġab, and ab | Ġ | Ġab: without the look ahead the last would be ab | ĠĠ | ab.
        assert_eq!((counter.measure("ab ab"), counter.measure("ab  ab")), (2, 3));
    }

    #[test]
    fn what_is_no_tokenizer_is_refused() {
        assert!(TokenCounter::from_bytes(b"{}").is_err());
    }
}
