//! What a refine model is to the rest of the system: chunks in, proposals out.

use crate::chunk::Chunk;
use crate::rewriter::{Course, RewriteError};
use crate::score::Scores;
use std::fmt;

/// What a refiner proposes for one chunk. Nothing after this point knows which kind it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proposal {
    /// Text that a generator wrote. Only `core` decides what of it is a program.
    Draft(String),
    /// The same, from a generator that was stopped at its limit of tokens: what it was writing last
    /// is cut off, and more may have been to come.
    CutOff(String),
    /// Scores of the view's lines and pieces, from a tagger.
    Scores(Scores),
}

/// Who a refiner is, for provenance: it is written into every manifest, and a run that is
/// continued with another refiner is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// A name for people.
    pub name: String,
    /// A fingerprint of everything that decides its output.
    pub fingerprint: String,
}

/// A refine model.
pub trait Refiner: Send + Sync {
    /// Who it is.
    fn identity(&self) -> Identity;

    /// One proposal, or the reason why there is none, for each chunk, in order.
    ///
    /// The answer for a chunk must not depend on the other chunks of the call (law L8).
    fn refine(&self, chunks: &[Chunk<'_>]) -> Vec<Result<Proposal, RefineError>>;
}

/// Why a refiner has no proposal for a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefineError {
    /// The reason, by a stable name: it stands in the sidecar and in counts.
    pub reason: &'static str,
    /// The same for people, lower case.
    pub message: String,
    /// What is to be done now. [`Course::Again`] says that the refiner has asked again already, in
    /// vain; a later run may do better.
    pub course: Course,
}

impl RefineError {
    /// The refiner has nothing to say of this chunk, but may of others.
    #[must_use]
    pub fn skip(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), course: Course::Skip }
    }

    /// The refiner will have nothing to say of any chunk: the run stops, to be continued.
    #[must_use]
    pub fn stop(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), course: Course::Stop }
    }
}

/// For refiners that ask as experts are asked.
impl From<RewriteError> for RefineError {
    fn from(error: RewriteError) -> Self {
        Self { reason: error.fault.name(), message: error.message, course: error.course }
    }
}

impl fmt::Display for RefineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RefineError {}

/// The refiner that deletes nothing: the baseline, and the road without a model.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeepAll;

impl Refiner for KeepAll {
    fn identity(&self) -> Identity {
        Identity { name: "keep-all".to_owned(), fingerprint: "keep-all-1".to_owned() }
    }

    fn refine(&self, chunks: &[Chunk<'_>]) -> Vec<Result<Proposal, RefineError>> {
        chunks.iter().map(|_| Ok(Proposal::Draft("keep_all()".to_owned()))).collect()
    }
}
