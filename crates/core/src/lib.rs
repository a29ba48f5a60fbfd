//! The edit language of refinex and everything that gives it meaning.
//!
//! From a model's proposal to a refined text there are four steps with four types:
//! [`program::parse`] → [`Program`] and refusals; [`resolve()`] → a [`Selection`] and refusals;
//! [`execute()`] → text; [`verify()`] → [`Outcome`]. [`merge()`] puts the chunks of a document
//! together. [`Deletions`] has no field for content, so no step can add text.
//!
//! This crate is pure: it does no I/O, reads no clock, draws no random number, and is total on any
//! input.

pub mod answer;
pub mod chunk;
pub mod chunker;
pub mod deletions;
pub mod distill;
pub mod document;
pub mod draft;
pub mod execute;
pub mod lengths;
pub mod line;
pub mod measure;
pub mod merge;
pub mod numbered;
pub mod occurrence;
pub mod outcome;
pub mod policy;
pub mod program;
pub mod refiner;
pub mod refusal;
pub mod resolve;
pub mod rewriter;
pub mod score;
pub mod scorer;
pub mod selection;
pub mod span;
pub mod tally;
pub mod verify;

pub use answer::{Answer, Rewrite, Usage, framed};
pub use chunk::Chunk;
pub use chunker::{Chunker, ChunkerError};
pub use deletions::{Deletions, SpanError};
pub use distill::{
    DistillPolicy, DistillTally, Distilled, DropReason, Effort, ProgramStatistics, Residue,
    ResidueItem, ResidueKind, Verdict, distill, is_unspaced,
};
pub use document::Document;
pub use execute::{RestoreError, execute, restore};
pub use lengths::Lengths;
pub use line::{Line, Lines};
pub use measure::{Bytes, CodePoints, Measure};
pub use merge::{ChunkRefusal, Decision, merge};
pub use numbered::{INSTRUCTION, numbered};
pub use outcome::Outcome;
pub use policy::{Emptied, Policy, PolicyError, Share, Withheld};
pub use program::{Call, Program, describe, parse};
pub use refiner::{Identity, KeepAll, Proposal, RefineError, Refiner};
pub use refusal::{Reason, Refusal};
pub use resolve::{Resolved, resolve, resolve_document, resolve_draft};
pub use rewriter::{Course, Echo, RewriteError, RewriteFault, Rewriter};
pub use score::{Score, Scores, deletions_at};
pub use scorer::Scorer;
pub use selection::Selection;
pub use span::Span;
pub use tally::{Imbalance, StepTally, Tally};
pub use verify::{Violation, verify};
