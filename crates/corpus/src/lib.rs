//! Corpora of refinex: formats, compression, stores, shards, sidecars and manifests.
//!
//! The road through one shard is a diagram:
//!
//! ```text
//! InputShard → ShardReader::next_batch → Batch::decode → Decoded::document (a text to refine)
//!            → Decoded::encode(edits)  → ShardWriter::write → ShardWriter::finish → Manifest
//! ```
//!
//! Reading and writing are sequential and cheap; decoding and encoding are pure, cost the most and
//! may run on any thread. A row that cannot be read is never dropped in silence: it is a
//! [`BadRow`] with a reason, and goes to `failed/`.

mod bad_row;
mod batch;
mod columns;
mod compression;
mod error;
mod failed;
mod format;
mod input;
mod json_writer;
mod jsonl;
mod layout;
mod manifest;
mod meter;
mod numbers;
mod output;
mod reader;
mod removed;
mod runtime;
mod second_text;
mod sidecar;
mod store;
mod table;
mod values;
mod wet;
mod writer;

pub use bad_row::{BadRow, RowProblem};
pub use batch::{Batch, Decoded, DeletedTexts, EncodedBatch, Restoration, Wanted};
pub use error::{EditError, InputError, ShardError, StoreError, StoreProblem};
pub use failed::{FailedRow, FailedWriter};
pub use format::{Compression, Format, ShardName};
pub use input::{InputShard, expand};
pub use json_writer::JsonWriter;
pub use layout::RunDirectory;
pub use manifest::{InputRecord, Manifest, ModelRecord};
pub use meter::FileSummary;
pub use output::{OutputCompression, OutputFormat, OutputSettings, Target, check_collisions};
pub use reader::{InputSummary, ReadSettings, ShardReader};
pub use removed::ExtraWriter;
pub use second_text::SecondText;
pub use sidecar::{JsonReader, ProgramReader, ProgramRow, ProgramWriter, ScoredSpan, Unrefined};
pub use store::{AtomicWriter, Created, Stamp, Store, StoredObject};
pub use writer::ShardWriter;
