//! The rows that an expert's run writes.

use refinex_core::{Answer, Chunk, Rewrite, RewriteError, Usage};
use serde::{Deserialize, Serialize};

/// A chunk and its rewrite, as a row of `pairs/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairRow {
    /// Id of the document, with `#` and the number of the chunk if it has several.
    pub id: String,
    /// Id of the document.
    pub document: String,
    /// Number of the chunk, from 1.
    pub chunk: usize,
    /// How many chunks the document has.
    pub chunks: usize,
    /// Where the chunk begins in the document's text, in bytes.
    pub start: usize,
    /// The chunk.
    pub raw: String,
    /// The chunk as the expert would have it.
    pub refined: String,
    /// Why.
    pub reason: String,
    /// Thoughts before the answer, if there are any.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reasoning: String,
    /// Why the answer ended, in the server's word.
    pub finish_reason: Option<String>,
    /// Tokens that it cost.
    pub usage: Option<Usage>,
    /// The model, as the server names it.
    pub model: String,
    /// The prompt, by name and hash.
    pub prompt: String,
    /// The request, by its key in the cache.
    pub key: String,
}

/// A chunk without a rewrite, as a row of `failed/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedChunk {
    /// Number of the row, from 1.
    pub row: u64,
    /// Always null: chunks stand inside a row.
    pub position: Option<u64>,
    /// Why, by a stable name.
    pub reason: String,
    /// Why, for people.
    pub message: String,
    /// The chunk.
    pub raw: String,
    /// As in [`PairRow`].
    pub id: String,
    /// As in [`PairRow`].
    pub document: String,
    /// As in [`PairRow`].
    pub chunk: usize,
    /// As in [`PairRow`].
    pub chunks: usize,
    /// As in [`PairRow`].
    pub start: usize,
    /// What the expert said, if it said something: it was paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// The request, by its key in the cache.
    pub key: String,
}

/// Which chunk of which document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub row: u64,
    pub document: &'a str,
    /// From 1.
    pub chunk: usize,
    pub chunks: usize,
}

impl Place<'_> {
    fn id(&self) -> String {
        match self.chunks {
            1 => self.document.to_owned(),
            _ => format!("{}#{}", self.document, self.chunk),
        }
    }

    /// The row of a pair.
    pub(crate) fn pair(
        &self,
        chunk: &Chunk<'_>,
        rewrite: Rewrite,
        answer: Answer,
        asked: (&str, String),
    ) -> PairRow {
        PairRow {
            id: self.id(),
            document: self.document.to_owned(),
            chunk: self.chunk,
            chunks: self.chunks,
            start: chunk.owned().start(),
            raw: chunk.text().to_owned(),
            refined: rewrite.text,
            reason: rewrite.reason,
            reasoning: rewrite.reasoning,
            finish_reason: answer.finish_reason,
            usage: answer.usage,
            model: answer.model,
            prompt: asked.0.to_owned(),
            key: asked.1,
        }
    }

    /// The row of a chunk without a rewrite.
    pub(crate) fn failed(
        &self,
        chunk: &Chunk<'_>,
        error: RewriteError,
        answer: Option<Answer>,
        key: String,
    ) -> FailedChunk {
        FailedChunk {
            row: self.row,
            position: None,
            reason: error.fault.name().to_owned(),
            message: error.message,
            raw: chunk.text().to_owned(),
            id: self.id(),
            document: self.document.to_owned(),
            chunk: self.chunk,
            chunks: self.chunks,
            start: chunk.owned().start(),
            answer,
            key,
        }
    }
}
