//! Reading one shard, batch by batch.

use crate::batch::{Batch, RawBatch};
use crate::compression::{Unpacked, broken_stream};
use crate::error::ShardError;
use crate::format::Format;
use crate::input::InputShard;
use crate::jsonl::split::Splitter;
use crate::table::read::TableSource;
use crate::wet::split::RecordSplitter;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::sync::Arc;

/// How rows are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadSettings {
    /// Key or column of the text.
    pub text_key: String,
    /// Key or column of the id; it need not be there.
    pub id_key: String,
    /// A row of more bytes is bad.
    pub max_row_bytes: usize,
}

impl Default for ReadSettings {
    fn default() -> Self {
        Self { text_key: "text".to_string(), id_key: "id".to_string(), max_row_bytes: 1 << 30 }
    }
}

/// What the rows of a shard need to know of it.
#[derive(Debug)]
pub(crate) struct ShardContext {
    pub shard: String,
    pub text_key: String,
    pub id_key: String,
    pub max_row_bytes: usize,
}

impl ShardContext {
    /// The id of a row that has none.
    pub(crate) fn id_of_row(&self, number: u64) -> String {
        format!("{}/{number}", self.shard)
    }
}

/// What was read of a shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSummary {
    /// Size as stored, in bytes.
    pub bytes: u64,
    /// XXH3 (64 bits) of the bytes as stored, in hexadecimal digits.
    pub xxh3: String,
    /// Rows, good and bad.
    pub rows: u64,
    /// Lines with nothing but blanks, which are no rows.
    pub blank_rows: u64,
    /// Records that hold no documents, such as `warcinfo` of WET.
    pub skipped_records: u64,
}

/// Reads one shard, batch by batch.
pub struct ShardReader {
    context: Arc<ShardContext>,
    shard: InputShard,
    rows: u64,
    source: Source,
}

enum Source {
    Lines(Splitter<Unpacked>),
    Table(Box<TableSource>),
    Wet(RecordSplitter<Unpacked>),
}

impl ShardReader {
    /// Open a shard.
    ///
    /// # Errors
    /// If it cannot be read, or (Parquet) has no column of text.
    pub fn open(shard: &InputShard, settings: &ReadSettings) -> Result<Self, ShardError> {
        let context = Arc::new(ShardContext {
            shard: shard.name.clone(),
            text_key: settings.text_key.clone(),
            id_key: settings.id_key.clone(),
            max_row_bytes: settings.max_row_bytes,
        });
        let limit = settings.max_row_bytes;
        let source = match shard.format {
            Format::Jsonl => Source::Lines(Splitter::new(unpack(shard)?, limit)),
            Format::Wet => Source::Wet(RecordSplitter::new(unpack(shard)?, limit)),
            Format::Parquet => Source::Table(Box::new(
                TableSource::open(shard, settings)
                    .map_err(|why| ShardError::new(&shard.name, 0, why))?,
            )),
        };
        Ok(Self { context, shard: shard.clone(), rows: 0, source })
    }

    /// The next rows; `None` at the end of the shard.
    ///
    /// # Errors
    /// If the shard cannot be read on, such as a compressed file that was cut off.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, ShardError> {
        let raw = self.next_raw().map_err(|why| self.fail(why))?;
        Ok(raw.map(|raw| {
            let batch = Batch { context: Arc::clone(&self.context), first_row: self.rows + 1, raw };
            self.rows += batch.len() as u64;
            batch
        }))
    }

    fn next_raw(&mut self) -> Result<Option<RawBatch>, String> {
        let compression = self.shard.compression;
        match &mut self.source {
            Source::Lines(lines) => lines
                .next()
                .map(|rows| rows.map(RawBatch::Lines))
                .map_err(|error| broken_stream(compression, &error)),
            Source::Table(table) => table.next().map(|rows| rows.map(RawBatch::Table)),
            Source::Wet(records) => records
                .next()
                .map(|rows| rows.map(RawBatch::Wet))
                .map_err(|error| broken_stream(compression, &error)),
        }
    }

    fn fail(&self, why: String) -> ShardError {
        ShardError::new(&self.context.shard, self.rows, why)
    }

    /// What was read. Call it after the last batch; what follows in the shard is read to its end,
    /// so that size and fingerprint are those of the whole. A Parquet file, which is not read in
    /// its order, is read once more for its fingerprint.
    ///
    /// # Errors
    /// If the shard cannot be read to its end.
    pub fn finish(mut self) -> Result<InputSummary, ShardError> {
        while self.next_batch()?.is_some() {}
        let (bytes, xxh3) = match &self.source {
            Source::Lines(lines) => lines.input().stored().fingerprint(),
            Source::Wet(records) => records.input().stored().fingerprint(),
            Source::Table(_) => self.shard.fingerprint_of_all().map_err(|why| self.fail(why))?,
        };
        let (blank_rows, skipped_records) = match &self.source {
            Source::Lines(lines) => (lines.blank_rows(), 0),
            Source::Wet(records) => (0, records.skipped()),
            Source::Table(_) => (0, 0),
        };
        Ok(InputSummary { bytes, xxh3, rows: self.rows, blank_rows, skipped_records })
    }

    /// Stored bytes that were read so far, for progress. Parquet is not read in its order: there
    /// it is a guess of 2 KiB a row, at most the size of the shard.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        match &self.source {
            Source::Lines(lines) => lines.input().stored().bytes(),
            Source::Wet(records) => records.input().stored().bytes(),
            Source::Table(_) => self.shard.size.min(self.rows.saturating_mul(2048)),
        }
    }
}

/// The decompressed stream of a shard.
fn unpack(shard: &InputShard) -> Result<Unpacked, ShardError> {
    let fail = |why: String| ShardError::new(&shard.name, 0, why);
    let stored: Box<dyn Read + Send> =
        shard.store.reader(&shard.path).map_err(|error| fail(error.to_string()))?;
    Unpacked::open(stored, shard.compression)
        .map_err(|error| fail(broken_stream(shard.compression, &error)))
}
