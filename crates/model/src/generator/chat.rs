//! How a generator is asked: a chat of system and user, as ChatML.

use super::tokenizer::Tokenizer;
use super::unfit;
use crate::error::ModelError;
use refinex_core::{Chunk, INSTRUCTION, numbered};

/// What begins a message, and what ends it.
const MARKS: [&str; 2] = ["<|im_start|>", "<|im_end|>"];
/// A mark of templates that let the model think before it answers, unless told not to.
const THINKS: &str = "enable_thinking";
/// What tells it not to: thoughts that are empty (the template of Qwen3).
const NO_THOUGHTS: &str = "<think>\n\n</think>\n\n";

/// The parts of a question that are the same for all chunks, as tokens.
pub(super) struct Chat {
    /// All before the user's text.
    pub(super) before: Vec<u32>,
    /// All behind it, up to where the answer begins.
    behind: Vec<u32>,
    /// The token that ends an answer.
    pub(super) end: u32,
}

impl Chat {
    /// The chat that a model was made for.
    pub(super) fn of(tokenizer: &Tokenizer) -> Result<Self, ModelError> {
        let template = tokenizer.template();
        if template.is_some_and(|template| !MARKS.iter().all(|mark| template.contains(mark))) {
            return Err(unfit(
                "a model whose chat template is ChatML (<|im_start|>role … <|im_end|>)",
                "another chat template",
            ));
        }
        let mark = |name: &str| {
            let expected = format!("a model with the mark {name} among its tokens");
            tokenizer.mark(name).ok_or_else(|| unfit(expected, "none"))
        };
        let (start, end) = (mark(MARKS[0])?, mark(MARKS[1])?);
        let mut before = vec![start];
        before.extend(tokenizer.tokens(&format!("system\n{}", INSTRUCTION.1.trim()))?);
        before.push(end);
        before.extend(tokenizer.tokens("\n")?);
        before.push(start);
        let mut behind = vec![end];
        behind.extend(tokenizer.tokens("\n")?);
        behind.push(start);
        let thinks = template.is_some_and(|template| template.contains(THINKS));
        behind.extend(tokenizer.tokens("assistant\n")?);
        if thinks {
            behind.extend(no_thoughts(tokenizer)?);
        }
        Ok(Self { before, behind, end })
    }

    /// The question about a chunk.
    pub(super) fn question(
        &self,
        tokenizer: &Tokenizer,
        chunk: &Chunk<'_>,
    ) -> Result<Vec<u32>, ModelError> {
        self.about(tokenizer, &numbered(chunk.text()))
    }

    /// The question about numbered lines.
    pub(super) fn about(&self, tokenizer: &Tokenizer, lines: &str) -> Result<Vec<u32>, ModelError> {
        let mut question = self.before.clone();
        question.extend(tokenizer.tokens(&format!("user\n{lines}"))?);
        question.extend(&self.behind);
        Ok(question)
    }
}

/// Empty thoughts, whether their marks are special tokens or not.
fn no_thoughts(tokenizer: &Tokenizer) -> Result<Vec<u32>, ModelError> {
    let Some((open, close)) = tokenizer.mark("<think>").zip(tokenizer.mark("</think>")) else {
        return tokenizer.tokens(NO_THOUGHTS);
    };
    let blank = tokenizer.tokens("\n\n")?;
    Ok([&[open], &blank[..], &[close], &blank[..]].concat())
}
