//! Rows of a table as JSON: every column in its place, nulls written out, no needless escapes.

use crate::jsonl::literal::{escape_onto, quote_onto};
use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_json::writer::{EncoderOptions, NullableEncoder, make_encoder};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema};
use std::sync::{Arc, LazyLock};

static OPTIONS: LazyLock<EncoderOptions> =
    LazyLock::new(|| EncoderOptions::default().with_explicit_nulls(true));

/// Writes rows of one batch as JSON.
pub(crate) struct JsonRows<'a> {
    columns: Vec<Column<'a>>,
}

struct Column<'a> {
    /// The key with quotes and colon.
    key: Vec<u8>,
    values: Values<'a>,
}

enum Values<'a> {
    Held(NullableEncoder<'a>),
    /// Bytes that are given anew for each row; the number says which of them.
    Given(usize),
}

impl<'a> JsonRows<'a> {
    /// `given` are the numbers of the columns whose values are given anew for each row.
    pub(crate) fn new(batch: &'a RecordBatch, given: &[usize]) -> Result<Self, ArrowError> {
        let fields = batch.schema_ref().fields().iter();
        let column = |(at, (field, values)): (usize, (&'a _, &'a arrow_array::ArrayRef))| {
            let field: &'a arrow_schema::FieldRef = field;
            let mut key = Vec::new();
            quote_onto(&mut key, field.name());
            key.push(b':');
            let values = match given.iter().position(|&given| given == at) {
                Some(which) => Values::Given(which),
                None => Values::Held(make_encoder(field, values, &OPTIONS)?),
            };
            Ok(Column { key, values })
        };
        let columns = fields.zip(batch.columns()).enumerate().map(column);
        Ok(Self { columns: columns.collect::<Result<_, ArrowError>>()? })
    }

    /// Append the row `at` without a line end. What is given may be no UTF-8; it is written with its
    /// bytes.
    pub(crate) fn row_onto(&mut self, out: &mut Vec<u8>, at: usize, given: &[Option<&[u8]>]) {
        out.push(b'{');
        for (number, column) in self.columns.iter_mut().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&column.key);
            match &mut column.values {
                Values::Held(values) if !values.is_null(at) => values.encode(at, out),
                Values::Given(which) => match given.get(*which).copied().flatten() {
                    Some(bytes) => quote_bytes_onto(out, bytes),
                    None => out.extend_from_slice(b"null"),
                },
                Values::Held(_) => out.extend_from_slice(b"null"),
            }
        }
        out.push(b'}');
    }
}

fn quote_bytes_onto(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        escape_onto(out, chunk.valid());
        out.extend_from_slice(chunk.invalid());
    }
    out.push(b'"');
}

/// The batch with what JSON cannot say said otherwise: moments of a named time zone (which would
/// need a data base of them) are said in UTC, where they are the same moments.
pub(crate) fn sayable(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let fields = batch.schema_ref().fields().iter().map(sayable_field).collect::<Vec<_>>();
    let columns = fields.iter().zip(batch.columns()).map(|(field, column)| {
        match field.data_type() == column.data_type() {
            true => Ok(Arc::clone(column)),
            false => arrow_cast::cast(column, field.data_type()),
        }
    });
    let columns = columns.collect::<Result<_, ArrowError>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &rows)
}

fn sayable_field(field: &FieldRef) -> FieldRef {
    match sayable_type(field.data_type()) {
        None => Arc::clone(field),
        Some(kind) => Arc::new(field.as_ref().clone().with_data_type(kind)),
    }
}

/// The type that says the same in JSON; `None` if that is the type itself.
fn sayable_type(kind: &DataType) -> Option<DataType> {
    let inner = |field: &FieldRef| {
        let kind = sayable_type(field.data_type())?;
        Some(Arc::new(field.as_ref().clone().with_data_type(kind)))
    };
    match kind {
        DataType::Timestamp(unit, Some(zone)) if !zone.starts_with(['+', '-']) => {
            Some(DataType::Timestamp(*unit, Some("+00:00".into())))
        }
        DataType::List(field) => inner(field).map(DataType::List),
        DataType::LargeList(field) => inner(field).map(DataType::LargeList),
        DataType::FixedSizeList(field, size) => {
            inner(field).map(|field| DataType::FixedSizeList(field, *size))
        }
        DataType::Map(field, sorted) => inner(field).map(|field| DataType::Map(field, *sorted)),
        DataType::Struct(fields) => {
            let made: Vec<FieldRef> = fields.iter().map(sayable_field).collect();
            let same = made.iter().zip(fields).all(|(made, field)| Arc::ptr_eq(made, field));
            (!same).then(|| DataType::Struct(made.into()))
        }
        _ => None,
    }
}

/// See to it that every column but the text can be said in JSON.
pub(crate) fn check_columns(schema: &Schema, text: usize) -> Result<(), String> {
    for (at, field) in schema.fields().iter().enumerate() {
        if at == text {
            continue;
        }
        let field: &Field = field;
        let kind = sayable_type(field.data_type()).unwrap_or_else(|| field.data_type().clone());
        let said = Arc::new(field.clone().with_data_type(kind));
        let empty = arrow_array::new_empty_array(said.data_type());
        if let Err(error) = make_encoder(&said, &empty, &OPTIONS) {
            let (name, kind): (_, &DataType) = (field.name(), field.data_type());
            return Err(format!(
                "expected columns that JSON can hold, but found {name:?} ({kind}): {error}"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, LargeStringArray, StructArray, TimestampSecondArray};

    #[test]
    fn moments_of_a_named_zone_are_said_in_utc_even_when_they_are_nested() {
        let moments = TimestampSecondArray::from(vec![0, 1]).with_timezone("Europe/Berlin");
        let moments: ArrayRef = Arc::new(moments);
        let field = Field::new("at", moments.data_type().clone(), true);
        let nested = StructArray::from(vec![(Arc::new(field), Arc::clone(&moments))]);
        let batch = RecordBatch::try_from_iter([
            ("text", Arc::new(LargeStringArray::from(vec!["a", "b"])) as ArrayRef),
            ("at", moments),
            ("nested", Arc::new(nested)),
        ])
        .unwrap();
        check_columns(batch.schema_ref(), 0).unwrap();
        let said = sayable(&batch).unwrap();
        let mut out = Vec::new();
        JsonRows::new(&said, &[0]).unwrap().row_onto(&mut out, 1, &[Some(b"b")]);
        let at = "1970-01-01T00:00:01Z";
        assert_eq!(
            String::from_utf8(out).unwrap(),
            format!("{{\"text\":\"b\",\"at\":\"{at}\",\"nested\":{{\"at\":\"{at}\"}}}}")
        );
    }
}
