//! A Parquet file, read row group by row group.

use super::chunks::Chunks;
use crate::input::InputShard;
use crate::reader::ReadSettings;
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema, SchemaRef};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Type as PhysicalType;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::schema::types::{SchemaDescriptor, Type};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A batch holds about this many bytes, by the average of its row group…
const BATCH_BYTES: i64 = 4 << 20;
/// … and no more than this many rows.
const BATCH_ROWS: i64 = 1024;

/// What a Parquet file holds, by its footer.
#[derive(Clone)]
pub(crate) struct TableShape {
    /// The columns as they are.
    pub schema: SchemaRef,
    /// Which column is the text.
    pub text: usize,
    pub metadata: Arc<ParquetMetaData>,
}

/// Rows that follow each other in one row group.
#[derive(Clone, Debug)]
pub(crate) struct RawTable {
    pub batch: RecordBatch,
    /// The text column is bytes that are still to be checked.
    pub shape: Arc<RowShape>,
    /// Whether the row group ends with them.
    pub ends_group: bool,
}

/// What the rows of a file have in common.
#[derive(Debug)]
pub(crate) struct RowShape {
    pub schema: SchemaRef,
    pub text: usize,
    pub id: Option<usize>,
}

/// Reads the row groups of one file.
pub(crate) struct TableSource {
    chunks: Chunks,
    metadata: ArrowReaderMetadata,
    shape: Arc<RowShape>,
    group: usize,
    rows: Option<ParquetRecordBatchReader>,
    rest_of_group: i64,
}

impl TableShape {
    /// Read the footer of a shard.
    pub(crate) fn of(shard: &InputShard, text_key: &str) -> Result<Self, String> {
        let chunks = open(shard)?;
        let found = load(&chunks, ArrowReaderOptions::new())?;
        let schema = Arc::clone(found.schema());
        let text = text_column(&schema, text_key)?;
        Ok(Self { schema, text, metadata: Arc::clone(found.metadata()) })
    }
}

impl TableSource {
    pub(crate) fn open(shard: &InputShard, settings: &ReadSettings) -> Result<Self, String> {
        let shape = TableShape::of(shard, &settings.text_key)?;
        let chunks = open(shard)?;
        let metadata = load_with_raw_text(&chunks, &shape)?;
        let id = shape.schema.index_of(&settings.id_key).ok();
        let shape = Arc::new(RowShape { schema: shape.schema, text: shape.text, id });
        Ok(Self { chunks, metadata, shape, group: 0, rows: None, rest_of_group: 0 })
    }

    /// The next rows; `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<RawTable>, String> {
        loop {
            if self.rows.is_none() && !self.begin_group()? {
                return Ok(None);
            }
            let Some(rows) = &mut self.rows else { return Ok(None) };
            let next = sheltered(|| rows.next().transpose().map_err(ParquetError::from))?;
            match next {
                Some(batch) if batch.num_rows() > 0 => return Ok(Some(self.raw(batch))),
                _ if self.rest_of_group > 0 => {
                    let (group, rest) = (self.group, self.rest_of_group);
                    return Err(format!(
                        "expected {rest} more rows in row group {group}, but found its end"
                    ));
                }
                _ => self.rows = None,
            }
        }
    }

    fn raw(&mut self, batch: RecordBatch) -> RawTable {
        self.rest_of_group -= batch.num_rows() as i64;
        let ends_group = self.rest_of_group <= 0;
        RawTable { batch, shape: Arc::clone(&self.shape), ends_group }
    }

    /// Go to the next row group; false if there is none.
    fn begin_group(&mut self) -> Result<bool, String> {
        let Some(group) = self.metadata.metadata().row_groups().get(self.group) else {
            return Ok(false);
        };
        self.rest_of_group = group.num_rows();
        let size = batch_rows(group);
        let (chunks, metadata, number) = (self.chunks.clone(), self.metadata.clone(), self.group);
        self.group += 1;
        self.rows = Some(sheltered(|| {
            ParquetRecordBatchReaderBuilder::new_with_metadata(chunks, metadata)
                .with_row_groups(vec![number])
                .with_batch_size(size)
                .build()
        })?);
        Ok(true)
    }
}

/// Rows of a batch in this row group: it depends on nothing but the file.
fn batch_rows(group: &RowGroupMetaData) -> usize {
    let average = group.total_byte_size().max(1) / group.num_rows().max(1);
    usize::try_from((BATCH_BYTES / average.max(1)).clamp(1, BATCH_ROWS)).unwrap_or(1)
}

fn open(shard: &InputShard) -> Result<Chunks, String> {
    Chunks::open(&shard.store, &shard.path, shard.size).map_err(|error| error.to_string())
}

fn load(chunks: &Chunks, options: ArrowReaderOptions) -> Result<ArrowReaderMetadata, String> {
    sheltered(|| ArrowReaderMetadata::load(chunks, options))
}

/// Load with the text column as bytes, so that a text that is no UTF-8 is one bad row and does not
/// end the reading of the file.
fn load_with_raw_text(chunks: &Chunks, shape: &TableShape) -> Result<ArrowReaderMetadata, String> {
    let root = shape.metadata.file_metadata().schema_descr().root_schema();
    let parquet = without_string(root, shape.text).map_err(|error| prose(&error))?;
    let mut fields: Vec<_> = shape.schema.fields().iter().cloned().collect();
    let text = fields[shape.text].as_ref().clone().with_data_type(DataType::LargeBinary);
    fields[shape.text] = Arc::new(text);
    let schema = Schema::new_with_metadata(fields, shape.schema.metadata().clone());
    let options = ArrowReaderOptions::new()
        .with_parquet_schema(Arc::new(SchemaDescriptor::new(Arc::new(parquet))))
        .with_schema(Arc::new(schema));
    load(chunks, options)
}

/// The schema, but for the mark that the text column is a string.
fn without_string(root: &Type, text: usize) -> Result<Type, ParquetError> {
    let mut fields = root.get_fields().to_vec();
    let info = fields[text].get_basic_info();
    let bytes = Type::primitive_type_builder(info.name(), PhysicalType::BYTE_ARRAY)
        .with_repetition(info.repetition())
        .with_id(info.has_id().then(|| info.id()))
        .build()?;
    fields[text] = Arc::new(bytes);
    Type::group_type_builder(root.name()).with_fields(fields).build()
}

/// Which column is the text, or what there is instead.
fn text_column(schema: &Schema, key: &str) -> Result<usize, String> {
    match schema.index_of(key) {
        Ok(at) if is_string(schema.field(at).data_type()) => Ok(at),
        Ok(at) => Err(format!(
            "expected the column {key:?} to hold strings, but found {}; the columns are {}",
            schema.field(at).data_type(),
            columns(schema)
        )),
        Err(_) => Err(format!("expected a column {key:?}, but found only {}", columns(schema))),
    }
}

fn is_string(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_string(value),
        _ => false,
    }
}

fn columns(schema: &Schema) -> String {
    let named =
        schema.fields().iter().map(|field| format!("{:?} ({})", field.name(), field.data_type()));
    named.collect::<Vec<_>>().join(", ")
}

/// Run what reads a file that may be broken in any way. The reader of Parquet answers some broken
/// files with a panic; that must not end more than the shard.
fn sheltered<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| prose(&error)),
        Err(_) => {
            Err("expected a sound Parquet file, but found one that cannot be parsed".to_string())
        }
    }
}

fn prose(error: &ParquetError) -> String {
    format!("expected a sound Parquet file, but found: {error}")
}
