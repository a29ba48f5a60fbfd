//! Rows of JSON made rows of a table: which columns there are, and filling them.

use crate::jsonl::{literal, scan};
use arrow_array::builder::{
    BooleanBuilder, Float64Builder, Int64Builder, LargeStringBuilder, StringBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use std::collections::HashMap;
use std::sync::Arc;

/// Integers up to this size are floats too, without loss.
const EXACT_IN_FLOAT: u64 = 1 << 53;

/// What the values of a column have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing but null.
    Null,
    Bool,
    Int,
    /// Integers of which some are no floats.
    WideInt,
    Float,
    Text,
    /// Nested or of several kinds: the JSON text of each value.
    Json,
}

/// The columns of rows of JSON: their top-level keys, in the order in which they first come.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    text_key: String,
    names: Vec<String>,
    kinds: Vec<Kind>,
    at: HashMap<String, usize>,
}

impl Columns {
    /// No columns but, once it is seen, the text.
    pub(crate) fn new(text_key: &str) -> Self {
        let (names, kinds, at) = (Vec::new(), Vec::new(), HashMap::new());
        Self { text_key: text_key.to_string(), names, kinds, at }
    }

    /// The columns of WET.
    pub(crate) fn of_wet() -> Self {
        let mut columns = Self::new("text");
        for (name, kind) in [("id", Kind::Text), ("text", Kind::Text), ("metadata", Kind::Json)] {
            columns.take(name, kind);
        }
        columns
    }

    /// Take a row into account.
    pub(crate) fn observe(&mut self, row: &str) {
        scan::members(row, |key, value| self.take(key, kind_of(value)));
    }

    fn take(&mut self, name: &str, kind: Kind) {
        match self.at.get(name) {
            Some(&at) => self.kinds[at] = joined(self.kinds[at], kind),
            None => {
                self.at.insert(name.to_string(), self.names.len());
                self.names.push(name.to_string());
                self.kinds.push(kind);
            }
        }
    }

    /// See to it that there is a text column, even of no rows.
    pub(crate) fn complete(mut self) -> Self {
        let key = self.text_key.clone();
        self.take(&key, Kind::Text);
        self
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        let fields = self.names.iter().zip(&self.kinds).map(|(name, kind)| {
            let kind = match kind {
                _ if *name == self.text_key => DataType::LargeUtf8,
                Kind::Bool => DataType::Boolean,
                Kind::Int | Kind::WideInt => DataType::Int64,
                Kind::Float => DataType::Float64,
                Kind::Null | Kind::Text | Kind::Json => DataType::Utf8,
            };
            Field::new(name, kind, true)
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// The lines of `rows` as a table.
    pub(crate) fn table(&self, rows: &str, schema: &SchemaRef) -> Result<RecordBatch, String> {
        if i32::try_from(rows.len()).is_err() {
            let found = rows.len();
            return Err(format!(
                "expected rows of less than 2 GiB for a table, but found {found} bytes"
            ));
        }
        let mut builders: Vec<_> = schema
            .fields()
            .iter()
            .zip(&self.kinds)
            .map(|(field, kind)| Builder::new(field.data_type(), *kind))
            .collect();
        let mut values: Vec<Option<&str>> = Vec::new();
        for row in rows.split_terminator('\n') {
            values.clear();
            values.resize(builders.len(), None);
            let mut unknown = None;
            scan::members(row.trim_start_matches('\u{feff}'), |key, value| {
                match self.at.get(key) {
                    Some(&at) => values[at] = Some(value),
                    None => unknown = Some(key.to_string()),
                }
            });
            if let Some(key) = unknown {
                return Err(format!(
                    "expected the keys that were found first, but found {key:?} too"
                ));
            }
            for ((builder, value), name) in builders.iter_mut().zip(&values).zip(&self.names) {
                builder.push(value.filter(|value| *value != "null")).ok_or_else(|| {
                    format!("expected values at {name:?} as they were found first, but found another kind")
                })?;
            }
        }
        let columns = builders.into_iter().map(Builder::finish).collect();
        RecordBatch::try_new(Arc::clone(schema), columns).map_err(|error| error.to_string())
    }
}

fn kind_of(value: &str) -> Kind {
    match value.as_bytes().first() {
        Some(b'n') => Kind::Null,
        Some(b't' | b'f') => Kind::Bool,
        Some(b'"') if text_of(value).is_some() => Kind::Text,
        Some(b'-' | b'0'..=b'9') => kind_of_number(value),
        _ => Kind::Json,
    }
}

fn kind_of_number(value: &str) -> Kind {
    if !value.contains(['.', 'e', 'E']) {
        return match value.parse::<i64>() {
            Ok(number) if number.unsigned_abs() <= EXACT_IN_FLOAT => Kind::Int,
            Ok(_) => Kind::WideInt,
            Err(_) => Kind::Json,
        };
    }
    let finite = value.parse::<f64>().is_ok_and(f64::is_finite);
    if finite { Kind::Float } else { Kind::Json }
}

fn joined(a: Kind, b: Kind) -> Kind {
    match (a, b) {
        (Kind::Null, other) | (other, Kind::Null) => other,
        (a, b) if a == b => a,
        (Kind::Int, Kind::WideInt) | (Kind::WideInt, Kind::Int) => Kind::WideInt,
        (Kind::Int, Kind::Float) | (Kind::Float, Kind::Int) => Kind::Float,
        _ => Kind::Json,
    }
}

/// The text of a JSON string with its quotes; `None` if it is no Unicode.
fn text_of(value: &str) -> Option<String> {
    literal::decoded(value.strip_prefix('"')?.strip_suffix('"')?).ok()
}

/// A column being filled.
enum Builder {
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Text(StringBuilder),
    LargeText(LargeStringBuilder),
    Json(StringBuilder),
}

impl Builder {
    fn new(data: &DataType, kind: Kind) -> Self {
        match (data, kind) {
            (DataType::LargeUtf8, _) => Self::LargeText(LargeStringBuilder::new()),
            (_, Kind::Bool) => Self::Bool(BooleanBuilder::new()),
            (_, Kind::Int | Kind::WideInt) => Self::Int(Int64Builder::new()),
            (_, Kind::Float) => Self::Float(Float64Builder::new()),
            (_, Kind::Text | Kind::Null) => Self::Text(StringBuilder::new()),
            (_, Kind::Json) => Self::Json(StringBuilder::new()),
        }
    }

    /// Append a JSON value; `None` if it is not of the column's kind.
    fn push(&mut self, value: Option<&str>) -> Option<()> {
        match (self, value) {
            (Self::Bool(to), value) => to.append_option(parsed(value)?),
            (Self::Int(to), value) => to.append_option(parsed(value)?),
            (Self::Float(to), value) => to.append_option(parsed(value)?),
            (Self::Text(to), Some(value)) => to.append_value(text_of(value)?),
            (Self::Text(to) | Self::Json(to), None) => to.append_null(),
            (Self::LargeText(to), Some(value)) => to.append_value(text_of(value)?),
            (Self::LargeText(to), None) => to.append_null(),
            (Self::Json(to), Some(value)) => to.append_value(value),
        }
        Some(())
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Bool(mut from) => Arc::new(from.finish()),
            Self::Int(mut from) => Arc::new(from.finish()),
            Self::Float(mut from) => Arc::new(from.finish()),
            Self::Text(mut from) | Self::Json(mut from) => Arc::new(from.finish()),
            Self::LargeText(mut from) => Arc::new(from.finish()),
        }
    }
}

/// A value that is null stays so; one that cannot be parsed is the outer `None`.
fn parsed<T: std::str::FromStr>(value: Option<&str>) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(value) => value.parse().ok().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, Int64Type};

    fn table(rows: &[&str]) -> RecordBatch {
        let mut columns = Columns::new("text");
        rows.iter().for_each(|row| columns.observe(row));
        let columns = columns.complete();
        columns.table(&(rows.join("\n") + "\n"), &columns.schema()).unwrap()
    }

    fn kinds(batch: &RecordBatch) -> Vec<(String, DataType)> {
        let fields = batch.schema();
        fields.fields().iter().map(|f| (f.name().clone(), f.data_type().clone())).collect()
    }

    #[test]
    fn columns_that_begin_with_null_get_the_kind_of_their_values() {
        let batch = table(&[
            r#"{"a":null,"n":null,"text":"x","f":1,"i":9007199254740993}"#,
            r#"{"text":"y","a":true,"f":2.5,"late":"é\n","i":1}"#,
        ]);
        let wanted = [
            ("a", DataType::Boolean),
            ("n", DataType::Utf8),
            ("text", DataType::LargeUtf8),
            ("f", DataType::Float64),
            ("i", DataType::Int64),
            ("late", DataType::Utf8),
        ];
        assert_eq!(kinds(&batch), wanted.map(|(name, kind)| (name.to_string(), kind)));
        assert!(batch.column(0).is_null(0) && batch.column(0).as_boolean().value(1));
        assert_eq!(batch.column(1).null_count(), 2);
        assert_eq!(batch.column(3).as_primitive::<Float64Type>().values(), &[1.0, 2.5]);
        assert_eq!(batch.column(4).as_primitive::<Int64Type>().value(0), 9_007_199_254_740_993);
        assert_eq!(batch.column(5).as_string::<i32>().value(1), "é\n");
    }

    #[test]
    fn nested_and_conflicting_values_become_their_json() {
        let batch = table(&[
            r#"{"text":"x","n":{"a": [1]},"c":1,"w":9007199254740993,"s":"\ud800","b":99999999999999999999}"#,
            r#"{"text":"y","n":null,"c":"1","w":0.5,"s":"t","b":1}"#,
        ]);
        let strings = |at: usize| {
            let column = batch.column(at).as_string::<i32>();
            column.iter().map(|value| value.map(str::to_string)).collect::<Vec<_>>()
        };
        assert_eq!(strings(1), [Some(r#"{"a": [1]}"#.to_string()), None]);
        assert_eq!(strings(2), [Some("1".to_string()), Some("\"1\"".to_string())]);
        assert_eq!(strings(3), [Some("9007199254740993".to_string()), Some("0.5".to_string())]);
        assert_eq!(strings(4), [Some(r#""\ud800""#.to_string()), Some("\"t\"".to_string())]);
        assert_eq!(strings(5)[0].as_deref(), Some("99999999999999999999"));
    }

    #[test]
    fn rows_that_were_not_seen_first_are_an_error() {
        let mut columns = Columns::new("text");
        columns.observe(r#"{"text":"x","a":1}"#);
        let schema = columns.schema();
        assert!(columns.table("{\"text\":\"x\",\"b\":1}\n", &schema).is_err());
        assert!(columns.table("{\"text\":\"x\",\"a\":\"s\"}\n", &schema).is_err());
    }

    #[test]
    fn no_rows_still_have_a_text() {
        assert_eq!(kinds(&table(&[])), [("text".to_string(), DataType::LargeUtf8)]);
    }
}
