//! A Parquet file on its way out.

use super::read::TableShape;
use crate::compression::finish_file;
use crate::error::StoreError;
use crate::meter::{FileSummary, Metered};
use crate::output::{OutputCompression, OutputSettings};
use crate::store::{AtomicWriter, Store};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowWriter};
use parquet::basic::{Compression as Codec, GzipLevel, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

/// Rows of a row group where the input has none: few enough for viewers of data sets.
const GROUP_ROWS: usize = 8192;
/// Rows looked at between two checks of the size of a page; documents are large.
const ROWS_BETWEEN_CHECKS: usize = 32;

/// How a table is written.
#[derive(Clone, Debug)]
pub(crate) struct TablePlan {
    pub schema: SchemaRef,
    pub properties: WriterProperties,
}

impl TablePlan {
    /// The table of a Parquet shard, kept as it is but for the compression that is asked for.
    pub(crate) fn like(shape: &TableShape, settings: &OutputSettings) -> Self {
        let file = shape.metadata.file_metadata();
        let kept = file.key_value_metadata().map(|pairs| {
            pairs.iter().filter(|pair| pair.key != ARROW_SCHEMA_META_KEY).cloned().collect()
        });
        let codec = match settings.compression {
            OutputCompression::Same => codec_of(shape, settings.level),
            chosen => codec_for(chosen, settings.level),
        };
        let text = shape.schema.field(shape.text).name();
        let properties = properties(text, codec)
            .set_max_row_group_row_count(None)
            .set_key_value_metadata(kept)
            .build();
        Self { schema: SchemaRef::clone(&shape.schema), properties }
    }

    /// A table of new columns.
    pub(crate) fn new(schema: SchemaRef, text: &str, settings: &OutputSettings) -> Self {
        let codec = codec_for(settings.compression, settings.level);
        let properties =
            properties(text, codec).set_max_row_group_row_count(Some(GROUP_ROWS)).build();
        Self { schema, properties }
    }
}

fn properties(text: &str, codec: Codec) -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_compression(codec)
        .set_write_batch_size(ROWS_BETWEEN_CHECKS)
        // No two documents are the same, so a dictionary of them is only their copy.
        .set_column_dictionary_enabled(ColumnPath::from(text), false)
}

/// The codec that the text of the input has.
fn codec_of(shape: &TableShape, level: i32) -> Codec {
    let groups = shape.metadata.row_groups();
    let path = [shape.schema.field(shape.text).name().clone()];
    let text = groups.first().and_then(|group| {
        group.columns().iter().find(|column| column.column_path().parts() == path)
    });
    match text.map(|column| column.compression()) {
        Some(Codec::ZSTD(_)) | None => codec_for(OutputCompression::Zst, level),
        // LZO can be read by nobody, so there is no such input.
        Some(codec) => codec,
    }
}

fn codec_for(compression: OutputCompression, level: i32) -> Codec {
    match compression {
        OutputCompression::None => Codec::UNCOMPRESSED,
        OutputCompression::Gz => {
            let level = u32::try_from(level.clamp(0, 9)).unwrap_or(6);
            Codec::GZIP(GzipLevel::try_new(level).unwrap_or_default())
        }
        OutputCompression::Zst | OutputCompression::Same => {
            Codec::ZSTD(ZstdLevel::try_new(level.clamp(1, 22)).unwrap_or_default())
        }
    }
}

/// Writes one Parquet file.
pub(crate) struct TableWriter {
    writer: ArrowWriter<Metered<AtomicWriter>>,
    path: String,
}

impl TableWriter {
    pub(crate) fn create(store: &Store, path: &str, plan: &TablePlan) -> Result<Self, StoreError> {
        store.sweep(path)?;
        let file = Metered::new(store.writer(path)?);
        let (schema, properties) = (SchemaRef::clone(&plan.schema), plan.properties.clone());
        let writer = ArrowWriter::try_new(file, schema, Some(properties))
            .map_err(|error| said(path, error))?;
        Ok(Self { writer, path: path.to_string() })
    }

    pub(crate) fn write(
        &mut self,
        batch: &RecordBatch,
        ends_group: bool,
    ) -> Result<(), StoreError> {
        self.writer.write(batch).map_err(|error| said(&self.path, error))?;
        if ends_group {
            self.writer.flush().map_err(|error| said(&self.path, error))?;
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<FileSummary, StoreError> {
        let file = self.writer.into_inner().map_err(|error| said(&self.path, error))?;
        finish_file(file, self.path)
    }
}

fn said(path: &str, error: ParquetError) -> StoreError {
    if let ParquetError::External(inner) = &error
        && let Some(inner) = inner.downcast_ref::<std::io::Error>()
    {
        return StoreError::from_io("write", path, inner);
    }
    StoreError::other(format!("expected to write the table {path}, but found: {error}"))
}
