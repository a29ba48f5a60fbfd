//! Writing one shard, batch by batch, in order.

use crate::batch::{EncodedBatch, Form};
use crate::compression::PackedWriter;
use crate::error::StoreError;
use crate::meter::FileSummary;
use crate::output::{Sink, Target};
use crate::store::Store;
use crate::table::write::TableWriter;

/// Writes one shard. Nothing is visible at its path until [`finish`](Self::finish).
pub struct ShardWriter {
    file: File,
}

enum File {
    Lines(Box<PackedWriter>),
    Table(Box<TableWriter>),
}

impl ShardWriter {
    /// A writer of what `target` plans, at `path` of the store.
    ///
    /// # Errors
    /// If the file cannot be begun.
    pub fn create(store: &Store, path: &str, target: &Target) -> Result<Self, StoreError> {
        let file = match &target.sink {
            Sink::Lines(packing) => {
                let (compression, level) = (packing.compression, packing.level);
                File::Lines(Box::new(PackedWriter::create(store, path, compression, level)?))
            }
            Sink::Table(plan, _) => File::Table(Box::new(TableWriter::create(store, path, plan)?)),
        };
        Ok(Self { file })
    }

    /// Write the rows of a batch behind those before.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&mut self, batch: EncodedBatch) -> Result<(), StoreError> {
        match (&mut self.file, batch.form) {
            (File::Lines(file), Form::Bytes(bytes)) => file.write(&bytes),
            (File::Table(file), Form::Table(table, ends_group)) => file.write(&table, ends_group),
            _ => Err(StoreError::other(
                "expected a batch that was encoded for this file, but found one of another format",
            )),
        }
    }

    /// Make the file visible.
    ///
    /// # Errors
    /// If its last bytes cannot be written.
    pub fn finish(self) -> Result<FileSummary, StoreError> {
        match self.file {
            File::Lines(file) => file.finish(),
            File::Table(file) => file.finish(),
        }
    }
}
