//! Short values that stand beside a text, such as its source and language, by the name of their column.

use crate::jsonl::scan;
use crate::numbers::{array_of, pointer};
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use serde_json::Value;

/// The values of `columns` of a row of JSON that is sound, as [`Decoded::values`] gives them.
///
/// [`Decoded::values`]: crate::Decoded::values
pub(crate) fn values_of_json(row: &str, columns: &[&str]) -> Vec<Option<String>> {
    let mut values = vec![None; columns.len()];
    scan::members(row.trim_start_matches('\u{feff}'), |key, json| {
        for (value, column) in values.iter_mut().zip(columns) {
            if *column == key {
                *value = serde_json::from_str(json).ok().and_then(|found| said(&found));
            } else if let Some(path) = below(column, key).filter(|_| value.is_none()) {
                let found: Option<Value> = serde_json::from_str(json).ok();
                *value =
                    found.as_ref().and_then(|found| found.pointer(&pointer(path))).and_then(said);
            }
        }
    });
    values
}

/// The rest of a path behind its first key.
fn below<'a>(column: &'a str, key: &str) -> Option<&'a str> {
    column.strip_prefix(key)?.strip_prefix('.')
}

/// A value in words: text as it is, numbers and truth values as JSON has them.
fn said(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The values of a column of a table, one a row, by the same rules.
pub(crate) fn values_of_table(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let plain = |data: &DataType| !data.is_nested() && !data.is_binary();
    let texts = array_of(batch, column)
        .filter(|array| plain(array.data_type()))
        .and_then(|array| arrow_cast::cast(&array, &DataType::LargeUtf8).ok());
    let Some(texts) = texts else { return vec![None; batch.num_rows()] };
    let texts = texts.as_string::<i64>();
    (0..texts.len()).map(|at| texts.is_valid(at).then(|| texts.value(at).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, Int32Array, StringArray, StructArray};
    use arrow_schema::Field;
    use std::sync::Arc;

    #[test]
    fn values_of_json_are_found_by_key_and_by_path() {
        let row = r#"{"text":"x","a.b":"dot","lang":"en","n":null,"y":2023,"m":{"url":"u","s":{"h":"é"},"l":[1]}}"#;
        let columns = ["lang", "m.url", "m.s.h", "y", "n", "m", "m.l", "a.b", "none", "m.none"];
        let found = values_of_json(row, &columns);
        let found: Vec<Option<&str>> = found.iter().map(Option::as_deref).collect();
        let wanted = [
            Some("en"),
            Some("u"),
            Some("é"),
            Some("2023"),
            None,
            None,
            None,
            Some("dot"),
            None,
            None,
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn values_of_tables_are_found_the_same_way() {
        let inner: ArrayRef = Arc::new(StringArray::from(vec![Some("u"), None]));
        let field = Arc::new(Field::new("url", DataType::Utf8, true));
        let nested = StructArray::from(vec![(field, inner)]);
        let years: ArrayRef = Arc::new(Int32Array::from(vec![2023, 7]));
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("m", Arc::new(nested) as ArrayRef, true),
            ("y", years, true),
        ])
        .unwrap();
        assert_eq!(values_of_table(&batch, "m.url"), [Some("u".to_owned()), None]);
        assert_eq!(values_of_table(&batch, "y"), [Some("2023".to_owned()), Some("7".to_owned())]);
        assert_eq!(values_of_table(&batch, "m"), [None, None]);
        assert_eq!(values_of_table(&batch, "none"), [None, None]);
    }
}
