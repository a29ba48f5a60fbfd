//! What a model is asked for: a rewrite, or a program.

use crate::constrain::Constrain;
use crate::grammar;
use crate::prompt::{Prompt, short_hash};
use refinex_core::{Answer, Chunk, INSTRUCTION, RewriteFault, framed, numbered};
use serde_json::Value;

/// What is asked for about a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// The chunk as it should be, in the words of a prompt. That is an expert's task.
    Rewrite(Prompt),
    /// The program that deletes what is noise in it, in the words that training sets have. That is
    /// a generator's task.
    Program(Constrain),
}

impl Task {
    /// What is asked for, and in which version, for provenance: `refine-v1:1f2e…`.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Rewrite(prompt) => prompt.label(),
            Self::Program(constrain) => {
                let (name, text) = INSTRUCTION;
                let instruction = format!("{name}:{}", short_hash(text.as_bytes()));
                match constrain {
                    Constrain::None => instruction,
                    _ => format!("{instruction}, {constrain} {}", grammar::VERSION),
                }
            }
        }
    }

    /// The messages about a chunk: role and content.
    pub(crate) fn messages(&self, chunk: &Chunk<'_>) -> Vec<(&'static str, String)> {
        match self {
            Self::Rewrite(prompt) => prompt.messages(framed(chunk.text())),
            Self::Program(_) => {
                vec![("system", INSTRUCTION.1.to_owned()), ("user", numbered(chunk.text()))]
            }
        }
    }

    /// The field of the request that tells the server what it may write, if one does.
    pub(crate) fn field(&self, chunk: &Chunk<'_>) -> Option<(String, Value)> {
        match self {
            Self::Rewrite(_) => None,
            Self::Program(constrain) => constrain.field(|| grammar::of(chunk)),
        }
    }

    /// Whether an answer may be given again to the same question: not where it is empty or the
    /// server broke it off.
    pub(crate) fn is_worth_keeping(&self, answer: &Answer, chunk: &Chunk<'_>) -> bool {
        let error = match self {
            Self::Rewrite(_) => answer.read(chunk.text()).err(),
            Self::Program(_) => answer.draft().err(),
        };
        let fault = error.map(|error| error.fault);
        !matches!(fault, Some(RewriteFault::EmptyAnswer | RewriteFault::Unfinished))
    }
}
