//! String columns with values that are no UTF-8.
//!
//! The reader of Parquet ends at the first such value. So rows that it cannot read are read once more
//! with all string columns as bytes, and only the rows that have such a value are bad.

use super::read::RowShape;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, LargeBinaryArray, RecordBatch, RecordBatchOptions};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Schema};
use std::sync::Arc;

/// A string column with values that are no UTF-8.
#[derive(Clone, Debug)]
pub(crate) struct StrangeColumn {
    /// Its number.
    pub column: usize,
    /// All its values in the rows of the batch.
    pub bytes: LargeBinaryArray,
}

/// The numbers of the columns that hold strings.
pub(crate) fn string_columns(schema: &Schema) -> Vec<usize> {
    let is_string = |&at: &usize| is_string(schema.field(at).data_type());
    (0..schema.fields().len()).filter(is_string).collect()
}

pub(crate) fn is_string(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_string(value),
        _ => false,
    }
}

/// The batch with its string columns, which were read as bytes, in their own types again; the text
/// stays bytes. A value that is no UTF-8 is null there and stands in a strange column.
pub(crate) fn with_strings(
    batch: &RecordBatch,
    shape: &RowShape,
) -> Result<(RecordBatch, Vec<StrangeColumn>), ArrowError> {
    let mut strange = Vec::new();
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (at, field) in shape.schema.fields().iter().enumerate() {
        let mut column = Arc::clone(batch.column(at));
        if at != shape.text && is_string(field.data_type()) {
            column = strings(at, &column, field.data_type(), &mut strange)?;
        }
        let kind = column.data_type().clone();
        fields.push(field.as_ref().clone().with_data_type(kind).with_nullable(true));
        columns.push(column);
    }
    let schema = Schema::new_with_metadata(fields, shape.schema.metadata().clone());
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let batch = RecordBatch::try_new_with_options(Arc::new(schema), columns, &rows)?;
    Ok((batch, strange))
}

/// A column of bytes as strings of this type.
fn strings(
    column: usize,
    bytes: &ArrayRef,
    kind: &DataType,
    strange: &mut Vec<StrangeColumn>,
) -> Result<ArrayRef, ArrowError> {
    // What is no UTF-8 becomes null.
    let strings = cast(bytes, &DataType::LargeUtf8)?;
    if strings.null_count() > bytes.null_count() {
        strange.push(StrangeColumn { column, bytes: bytes.as_binary::<i64>().clone() });
    }
    cast(&strings, kind)
}
