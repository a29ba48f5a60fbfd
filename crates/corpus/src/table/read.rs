//! A Parquet file, read row group by row group.

use super::chunks::Chunks;
use super::strings::{StrangeColumn, is_string, string_columns, with_strings};
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
    /// Columns beside the text with values that are no UTF-8.
    pub strange: Vec<StrangeColumn>,
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
    /// Whether the rows of this group are read with all strings as bytes.
    by_bytes: bool,
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
        let metadata = load_by_bytes(&chunks, &shape.schema, &shape.metadata, &[shape.text])?;
        let id = shape.schema.index_of(&settings.id_key).ok();
        let shape = Arc::new(RowShape { schema: shape.schema, text: shape.text, id });
        let (rows, rest_of_group) = (None, 0);
        Ok(Self { chunks, metadata, shape, group: 0, rows, rest_of_group, by_bytes: false })
    }

    /// The next rows; `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<RawTable>, String> {
        loop {
            if self.rows.is_none() && !self.begin_group()? {
                return Ok(None);
            }
            let Some(rows) = &mut self.rows else { return Ok(None) };
            match sheltered(|| rows.next().transpose().map_err(ParquetError::from)) {
                Ok(Some(batch)) if batch.num_rows() > 0 => return self.raw(batch).map(Some),
                Ok(_) if self.rest_of_group > 0 => {
                    let (group, rest) = (self.group, self.rest_of_group);
                    return Err(format!(
                        "expected {rest} more rows in row group {group}, but found its end"
                    ));
                }
                Ok(_) => self.rows = None,
                Err(why) if self.by_bytes => return Err(why),
                Err(why) => self.read_by_bytes().map_err(|_| why)?,
            }
        }
    }

    fn raw(&mut self, batch: RecordBatch) -> Result<RawTable, String> {
        self.rest_of_group -= batch.num_rows() as i64;
        let (batch, strange) = match self.by_bytes {
            true => with_strings(&batch, &self.shape).map_err(|error| prose(&error.into()))?,
            false => (batch, Vec::new()),
        };
        let ends_group = self.rest_of_group <= 0;
        Ok(RawTable { batch, shape: Arc::clone(&self.shape), ends_group, strange })
    }

    /// Go to the next row group; false if there is none.
    fn begin_group(&mut self) -> Result<bool, String> {
        let Some(group) = self.metadata.metadata().row_groups().get(self.group) else {
            return Ok(false);
        };
        self.rest_of_group = group.num_rows();
        self.group += 1;
        self.by_bytes = false;
        self.rows = Some(self.rows_of_group(self.metadata.clone())?);
        Ok(true)
    }

    /// Go on in this row group with all strings as bytes.
    fn read_by_bytes(&mut self) -> Result<(), String> {
        let (schema, metadata) = (&self.shape.schema, self.metadata.metadata());
        let columns = string_columns(schema);
        let loaded = load_by_bytes(&self.chunks, schema, metadata, &columns)?;
        self.by_bytes = true;
        self.rows = Some(self.rows_of_group(loaded)?);
        Ok(())
    }

    /// The rows of the group that was begun which are still to be read.
    fn rows_of_group(
        &self,
        metadata: ArrowReaderMetadata,
    ) -> Result<ParquetRecordBatchReader, String> {
        let number = self.group - 1;
        let group = &self.metadata.metadata().row_groups()[number];
        let done = usize::try_from(group.num_rows() - self.rest_of_group).unwrap_or(0);
        sheltered(|| {
            let rows =
                ParquetRecordBatchReaderBuilder::new_with_metadata(self.chunks.clone(), metadata)
                    .with_row_groups(vec![number])
                    .with_batch_size(batch_rows(group));
            if done > 0 { rows.with_offset(done).build() } else { rows.build() }
        })
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

/// Load with these string columns as bytes, so that a value that is no UTF-8 does not end the
/// reading of the file.
fn load_by_bytes(
    chunks: &Chunks,
    schema: &Schema,
    metadata: &ParquetMetaData,
    columns: &[usize],
) -> Result<ArrowReaderMetadata, String> {
    let root = metadata.file_metadata().schema_descr().root_schema();
    let parquet = without_strings(root, columns).map_err(|error| prose(&error))?;
    let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
    for &at in columns {
        let bytes = fields[at].as_ref().clone().with_data_type(DataType::LargeBinary);
        fields[at] = Arc::new(bytes);
    }
    let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
    let options = ArrowReaderOptions::new()
        .with_parquet_schema(Arc::new(SchemaDescriptor::new(Arc::new(parquet))))
        .with_schema(Arc::new(schema));
    load(chunks, options)
}

/// The schema, but for the mark that these columns are strings.
fn without_strings(root: &Type, columns: &[usize]) -> Result<Type, ParquetError> {
    let mut fields = root.get_fields().to_vec();
    for &at in columns {
        let info = fields[at].get_basic_info();
        let bytes = Type::primitive_type_builder(info.name(), PhysicalType::BYTE_ARRAY)
            .with_repetition(info.repetition())
            .with_id(info.has_id().then(|| info.id()))
            .build()?;
        fields[at] = Arc::new(bytes);
    }
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
