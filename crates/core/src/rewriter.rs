//! What an expert is to the rest of the system: chunks in, answers out, or the reason why not.

use crate::answer::Answer;
use crate::chunk::Chunk;
use crate::refiner::Identity;
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// An expert that rewrites chunks end to end. Its answers are only text: [`Answer::read`] alone
/// decides what of one is a rewrite, and distillation what of a rewrite is a deletion.
///
/// Retry, budget, cache, recording and concurrency are wrappers that implement this trait.
pub trait Rewriter: Send + Sync {
    /// Who it is: everything that decides its answers.
    fn identity(&self) -> Identity;

    /// The answer for one chunk.
    ///
    /// # Errors
    /// If there is none; the error says why.
    fn rewrite_one(&self, chunk: &Chunk<'_>) -> Result<Answer, RewriteError>;

    /// One answer, or the reason why there is none, for each chunk, in order. One after the other,
    /// unless the rewriter can do better.
    fn rewrite(&self, chunks: &[Chunk<'_>]) -> Vec<Result<Answer, RewriteError>> {
        chunks.iter().map(|chunk| self.rewrite_one(chunk)).collect()
    }
}

impl<R: Rewriter + ?Sized> Rewriter for Box<R> {
    fn identity(&self) -> Identity {
        (**self).identity()
    }

    fn rewrite_one(&self, chunk: &Chunk<'_>) -> Result<Answer, RewriteError> {
        (**self).rewrite_one(chunk)
    }

    fn rewrite(&self, chunks: &[Chunk<'_>]) -> Vec<Result<Answer, RewriteError>> {
        (**self).rewrite(chunks)
    }
}

impl<R: Rewriter + ?Sized> Rewriter for Arc<R> {
    fn identity(&self) -> Identity {
        (**self).identity()
    }

    fn rewrite_one(&self, chunk: &Chunk<'_>) -> Result<Answer, RewriteError> {
        (**self).rewrite_one(chunk)
    }

    fn rewrite(&self, chunks: &[Chunk<'_>]) -> Vec<Result<Answer, RewriteError>> {
        (**self).rewrite(chunks)
    }
}

/// Why a chunk has no rewrite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewriteError {
    /// The reason, by a stable name.
    pub fault: RewriteFault,
    /// The same for people: lower case, never with a key.
    pub message: String,
    /// What is to be done now.
    pub course: Course,
}

impl RewriteError {
    /// An error with the course that its fault has of itself.
    #[must_use]
    pub fn new(fault: RewriteFault, message: impl Into<String>) -> Self {
        Self { fault, message: message.into(), course: fault.course() }
    }
}

impl fmt::Display for RewriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RewriteError {}

/// What is to be done after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// The same request may succeed later: not before `after`, if the server said so.
    Again {
        /// The wait that the server asks for.
        after: Option<Duration>,
    },
    /// This chunk has no rewrite; others may.
    Skip,
    /// No chunk will have one: nothing more is sent.
    Stop,
}

/// Why there is no rewrite. The names are stable: they stand in `failed/` and in counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RewriteFault {
    /// No connection, or it was cut.
    Connection,
    /// No answer in time.
    Timeout,
    /// The server has had too many requests.
    RateLimited,
    /// The server failed.
    ServerError,
    /// The response is not what the protocol says.
    MalformedResponse,
    /// The response holds no choice, or several.
    WrongCount,
    /// The server will not take this request, such as one over the model's context.
    RequestRefused,
    /// The key is missing or wrong, or has no money left.
    Unauthorised,
    /// There is no such address or model.
    NotFound,
    /// The budget is spent; the chunk was not sent.
    BudgetSpent,
    /// Too many requests in a row have failed; the chunk was not sent.
    EndpointDown,
    /// The chunk waits in a batch file.
    Queued,
    /// The batch that was read has no answer for the chunk.
    NotInBatch,
    /// The batch says that this request failed.
    BatchFailed,
    /// The answer could not be kept in the cache.
    Cache,
    /// The answer ended at the limit of tokens.
    Truncated,
    /// A filter of the server took the answer away.
    Filtered,
    /// The answer ended for another reason than that it was complete.
    Unfinished,
    /// The answer is empty.
    EmptyAnswer,
    /// The answer holds thoughts and nothing else.
    ThoughtOnly,
    /// The answer has no `<text>`.
    NoText,
    /// The answer's `<text>` has no end.
    TextNotClosed,
    /// The answer goes on after its `</text>`.
    TextNotLast,
    /// The answer has several texts.
    SeveralTexts,
}

impl RewriteFault {
    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Timeout => "timeout",
            Self::RateLimited => "rate_limited",
            Self::ServerError => "server_error",
            Self::MalformedResponse => "malformed_response",
            Self::WrongCount => "wrong_count",
            Self::RequestRefused => "request_refused",
            Self::Unauthorised => "unauthorised",
            Self::NotFound => "not_found",
            Self::BudgetSpent => "budget_spent",
            Self::EndpointDown => "endpoint_down",
            Self::Queued => "queued",
            Self::NotInBatch => "not_in_batch",
            Self::BatchFailed => "batch_failed",
            Self::Cache => "cache",
            Self::Truncated => "truncated",
            Self::Filtered => "filtered",
            Self::Unfinished => "unfinished",
            Self::EmptyAnswer => "empty_answer",
            Self::ThoughtOnly => "thought_only",
            Self::NoText => "no_text",
            Self::TextNotClosed => "text_not_closed",
            Self::TextNotLast => "text_not_last",
            Self::SeveralTexts => "several_texts",
        }
    }

    /// What it calls for, where the server does not say more.
    #[must_use]
    pub const fn course(self) -> Course {
        match self {
            Self::Connection
            | Self::Timeout
            | Self::RateLimited
            | Self::ServerError
            | Self::MalformedResponse
            | Self::WrongCount => Course::Again { after: None },
            Self::Unauthorised
            | Self::NotFound
            | Self::BudgetSpent
            | Self::EndpointDown
            | Self::Cache => Course::Stop,
            _ => Course::Skip,
        }
    }

    /// Whether the chunk was answered, if with something that cannot be used. What was not
    /// answered is worth another run.
    #[must_use]
    pub const fn is_of_answer(self) -> bool {
        matches!(
            self,
            Self::Truncated
                | Self::Filtered
                | Self::Unfinished
                | Self::EmptyAnswer
                | Self::ThoughtOnly
                | Self::NoText
                | Self::TextNotClosed
                | Self::TextNotLast
                | Self::SeveralTexts
        )
    }
}

/// The expert that changes nothing, for tests and as a baseline.
#[derive(Clone, Copy, Debug, Default)]
pub struct Echo;

impl Rewriter for Echo {
    fn identity(&self) -> Identity {
        Identity { name: "echo".to_owned(), fingerprint: "echo-1".to_owned() }
    }

    fn rewrite_one(&self, chunk: &Chunk<'_>) -> Result<Answer, RewriteError> {
        Ok(Answer::saying(chunk.text(), ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_one_that_is_serialised() {
        for fault in [RewriteFault::Connection, RewriteFault::TextNotLast, RewriteFault::Cache] {
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.name());
        }
    }

    #[test]
    fn an_echo_is_read_back_as_the_chunk_byte_for_byte() {
        for text in ["a", "a\n", "a\n\n", "\na", "<text>\nx</text>", "é\r\n", " ", ""] {
            let answer = Echo.rewrite(&[Chunk::whole(text)]).remove(0).unwrap();
            assert_eq!(answer.read(text).unwrap().text, text, "{text:?}");
        }
    }
}
