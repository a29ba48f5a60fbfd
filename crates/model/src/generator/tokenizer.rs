//! The tokenizer of a generator: byte pairs, from `tokenizer.json` or from a GGUF file's metadata.

use super::constraint::byte_level;
use super::gguf::Gguf;
use super::unfit;
use super::weights::read;
use crate::error::ModelError;
use serde_json::Value;
use std::path::Path;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, ModelWrapper, SplitDelimiterBehavior};
use xxhash_rust::xxh3::xxh3_64;

/// Most rows of an embedding that stand for no token: they fill it up to a round number (those of
/// Qwen3 are 267). More, and the tokenizer is another model's.
const PADDING: usize = 1024;

/// How the tokenizers of Llama 3 and of Qwen cut words; they differ in how many digits stay
/// together (`src/llama-vocab.cpp` of llama.cpp, and the models' own tokenizer.json).
const WORDS: [&str; 3] = [
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|",
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"\p{N}",
];

/// A tokenizer, and what it says of chats.
pub struct Tokenizer {
    tokenizer: tokenizers::Tokenizer,
    /// The bytes that each token stands for; none for marks.
    pieces: Vec<Vec<u8>>,
    /// The template of chats, if the model has one.
    template: Option<String>,
    fingerprint: String,
}

impl Tokenizer {
    /// The tokenizer in a folder of a model whose embedding has so many rows.
    ///
    /// # Errors
    /// If there is none, it is not one of bytes, or it is of another model.
    pub fn from_folder(path: &Path, rows: usize) -> Result<Self, ModelError> {
        let file = path.join("tokenizer.json");
        let bytes = read(&file, "a tokenizer")?;
        let tokenizer = tokenizers::Tokenizer::from_bytes(&bytes)
            .map_err(|error| unfit(format!("a tokenizer at {}", file.display()), error))?;
        let json: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if json["model"]["type"] != "BPE" || !mentions(&json["pre_tokenizer"], "ByteLevel") {
            let found = format!("one of type {}", json["model"]["type"]);
            return Err(unfit(format!("byte pairs (BPE, ByteLevel) at {}", file.display()), found));
        }
        let template = folder_template(path);
        Self::of(tokenizer, template, rows, format!("{:016x}", xxh3_64(&bytes)))
    }

    /// The tokenizer that the metadata of a GGUF file describe.
    ///
    /// # Errors
    /// If they do not, or describe one that is not known here, or of another model.
    pub fn from_gguf(file: &Gguf, rows: usize) -> Result<Self, ModelError> {
        let tokens = file.texts("tokenizer.ggml.tokens")?;
        let template = file.text("tokenizer.chat_template").ok().map(ToOwned::to_owned);
        let print = format!("{:016x}", xxh3_64(tokens.join("\n").as_bytes()));
        Self::of(from_metadata(file, tokens)?, template, rows, print)
    }

    fn of(
        mut tokenizer: tokenizers::Tokenizer,
        template: Option<String>,
        rows: usize,
        fingerprint: String,
    ) -> Result<Self, ModelError> {
        let wrong = |error: tokenizers::Error| unfit("a tokenizer", error);
        tokenizer.with_truncation(None).map_err(wrong)?;
        tokenizer.with_padding(None);
        // What a page says is text, also where it looks like a mark of the chat.
        tokenizer.set_encode_special_tokens(true);
        let mut pieces = vec![Vec::new(); rows];
        let vocabulary = tokenizer.get_vocab(true);
        let marks = tokenizer.get_added_tokens_decoder();
        let most = vocabulary.values().map(|id| *id as usize + 1).max().unwrap_or(0);
        if most > rows || rows >= most + PADDING {
            let expected =
                format!("a tokenizer with as many tokens as the embedding has rows, {rows}");
            return Err(unfit(expected, most));
        }
        for (token, id) in vocabulary {
            pieces[id as usize] = match marks.get(&id) {
                Some(mark) if mark.special => Vec::new(),
                Some(mark) => mark.content.clone().into_bytes(),
                None => byte_level(&token).unwrap_or_default(),
            };
        }
        Ok(Self { tokenizer, pieces, template, fingerprint })
    }

    /// The tokens of a text; marks of the chat in it are text as well.
    ///
    /// # Errors
    /// If the tokenizer has no token for a part of it.
    pub fn tokens(&self, text: &str) -> Result<Vec<u32>, ModelError> {
        let encoding = self.tokenizer.encode_fast(text, false);
        let encoding = encoding.map_err(|error| unfit("text that has tokens", error))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The `tokenizer.json` of it, as Hugging Face's libraries read it.
    ///
    /// # Errors
    /// If it cannot be written down.
    pub fn to_json(&self) -> Result<String, ModelError> {
        let mut tokenizer = self.tokenizer.clone();
        tokenizer.with_decoder(Some(ByteLevel::default()));
        tokenizer.to_string(true).map_err(|error| unfit("a tokenizer", error))
    }

    /// The token that is this mark, such as `<|im_end|>`.
    #[must_use]
    pub fn mark(&self, name: &str) -> Option<u32> {
        self.tokenizer.token_to_id(name)
    }

    /// The bytes that each token stands for, by its number; none for marks and for numbers that
    /// stand for nothing.
    #[must_use]
    pub fn pieces(&self) -> &[Vec<u8>] {
        &self.pieces
    }

    /// The text of some tokens; bytes that are no text become U+FFFD.
    #[must_use]
    pub fn text(&self, tokens: &[u32]) -> String {
        let pieces = tokens.iter().filter_map(|token| self.pieces.get(*token as usize));
        let bytes: Vec<u8> = pieces.flatten().copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The template of chats, if the model has one.
    #[must_use]
    pub fn template(&self) -> Option<&str> {
        self.template.as_deref()
    }

    /// A fingerprint of what it was made from.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// Whether a part of a tokenizer.json is of this type, itself or inside a sequence.
fn mentions(part: &Value, name: &str) -> bool {
    part["type"] == name
        || part["pretokenizers"]
            .as_array()
            .is_some_and(|parts| parts.iter().any(|part| mentions(part, name)))
}

/// Newer folders have the template in a file of its own.
fn folder_template(path: &Path) -> Option<String> {
    if let Ok(template) = std::fs::read_to_string(path.join("chat_template.jinja")) {
        return Some(template);
    }
    let bytes = std::fs::read(path.join("tokenizer_config.json")).ok()?;
    let json: Value = serde_json::from_slice(&bytes).ok()?;
    json["chat_template"].as_str().map(ToOwned::to_owned)
}

fn from_metadata(file: &Gguf, tokens: &[String]) -> Result<tokenizers::Tokenizer, ModelError> {
    let model = file.text("tokenizer.ggml.model")?;
    if model != "gpt2" {
        return Err(unfit("byte pairs (gpt2) as tokenizer.ggml.model", model));
    }
    let name = file.text("tokenizer.ggml.pre").unwrap_or("default");
    let merges = file.texts("tokenizer.ggml.merges")?.iter().map(|merge| {
        let pair = merge.split_once(' ').map(|(left, right)| (left.to_owned(), right.to_owned()));
        pair.ok_or_else(|| unfit("pairs in tokenizer.ggml.merges", merge))
    });
    let merges = merges.collect::<Result<Vec<_>, _>>()?;
    let vocabulary: Vocab =
        tokens.iter().zip(0u32..).map(|(token, id)| (token.clone(), id)).collect();
    let wrong = |error: tokenizers::Error| unfit("a tokenizer in the GGUF file", error);
    let pairs = BPE::builder()
        .vocab_and_merges(vocabulary, merges)
        .ignore_merges(name == "llama-bpe")
        .build()
        .map_err(wrong)?;
    let mut tokenizer = tokenizers::Tokenizer::new(ModelWrapper::BPE(pairs));
    tokenizer.with_pre_tokenizer(Some(words(name)?));
    let kinds = file.numbers("tokenizer.ggml.token_type").unwrap_or_default();
    for (token, kind) in tokens.iter().zip(kinds) {
        // 3 are marks, 4 what the user added (`llama_token_type` of llama.cpp).
        let added = match *kind as i64 {
            3 => tokenizer.add_special_tokens([AddedToken::from(token.clone(), true)]),
            4 => tokenizer.add_tokens([AddedToken::from(token.clone(), false)]),
            _ => continue,
        };
        added.map_err(wrong)?;
    }
    Ok(tokenizer)
}

/// How words are cut before pairs are merged, by llama.cpp's name for it.
fn words(name: &str) -> Result<PreTokenizerWrapper, ModelError> {
    let bytes = |cut: bool| PreTokenizerWrapper::ByteLevel(ByteLevel::new(false, true, cut));
    let [first, last, digit] = WORDS;
    let (before, cut) = match name {
        "gpt-2" | "default" => return Ok(bytes(true)),
        "smollm" => (PreTokenizerWrapper::Digits(Digits::new(true)), true),
        "qwen2" => (pattern(&format!("{first}{digit}{last}"))?, false),
        "llama-bpe" => (pattern(&format!("{first}{digit}{{1,3}}{last}"))?, false),
        other => {
            let expected = "gpt-2, smollm, qwen2 or llama-bpe as tokenizer.ggml.pre";
            return Err(unfit(expected, other));
        }
    };
    Ok(PreTokenizerWrapper::Sequence(Sequence::new(vec![before, bytes(cut)])))
}

fn pattern(regex: &str) -> Result<PreTokenizerWrapper, ModelError> {
    let pattern = SplitPattern::Regex(regex.to_owned());
    let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
    Ok(PreTokenizerWrapper::Split(split.map_err(|error| unfit("a pattern of words", error))?))
}
