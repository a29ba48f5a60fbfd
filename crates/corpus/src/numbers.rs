//! Numbers that stand beside a text, such as scores of quality, by the name of their column.

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use serde_json::Value;
use std::sync::Arc;

/// The number at `column` of a row of JSON: a key, or keys joined by dots for what is nested. A
/// number that is written as a string counts; anything else is `None`.
pub(crate) fn number_of_json(row: &str, column: &str) -> Option<f64> {
    let value: Value = serde_json::from_str(row.trim_start_matches('\u{feff}')).ok()?;
    let found = value.get(column).or_else(|| value.pointer(&pointer(column)))?;
    let number = found.as_f64().or_else(|| found.as_str()?.trim().parse().ok());
    number.filter(|number| number.is_finite())
}

/// The JSON pointer of a path of keys joined by dots.
pub(crate) fn pointer(column: &str) -> String {
    column
        .split('.')
        .map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1")))
        .collect()
}

/// The numbers of a column of a table, one a row, by the same rules.
pub(crate) fn numbers_of_table(batch: &RecordBatch, column: &str) -> Vec<Option<f64>> {
    let numbers =
        array_of(batch, column).and_then(|array| arrow_cast::cast(&array, &DataType::Float64).ok());
    let Some(numbers) = numbers else { return vec![None; batch.num_rows()] };
    let numbers = numbers.as_primitive::<Float64Type>();
    numbers.iter().map(|number| number.filter(|number| number.is_finite())).collect()
}

/// The column of a name or path.
pub(crate) fn array_of(batch: &RecordBatch, column: &str) -> Option<ArrayRef> {
    if let Some(array) = batch.column_by_name(column) {
        return Some(Arc::clone(array));
    }
    let mut parts = column.split('.');
    let mut array = Arc::clone(batch.column_by_name(parts.next()?)?);
    for part in parts {
        let inner = array.as_struct_opt()?;
        array =
            arrow_select::nullif::nullif(inner.column_by_name(part)?, &nulls_of(&array)).ok()?;
    }
    Some(array)
}

/// Where an array is null, so that what is nested in it counts as null too.
fn nulls_of(array: &ArrayRef) -> arrow_array::BooleanArray {
    (0..array.len()).map(|at| Some(array.is_null(at))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Int32Array, StringArray, StructArray};
    use arrow_schema::Field;

    #[test]
    fn numbers_of_json_are_found_by_key_and_by_path() {
        let row = r#"{"text":"x","a.b":1,"score":" 2.5 ","m":{"q":{"s":3}},"n":null,"w":"good"}"#;
        for (column, number) in [
            ("a.b", Some(1.0)),
            ("score", Some(2.5)),
            ("m.q.s", Some(3.0)),
            ("n", None),
            ("w", None),
            ("m", None),
            ("none", None),
        ] {
            assert_eq!(number_of_json(row, column), number, "{column}");
        }
    }

    #[test]
    fn numbers_of_tables_are_found_the_same_way() {
        let inner: ArrayRef = Arc::new(Int32Array::from(vec![Some(4), None, Some(5)]));
        let field = Arc::new(Field::new("s", DataType::Int32, true));
        let nulls = arrow_buffer::NullBuffer::from(vec![true, true, false]);
        let nested = StructArray::try_new(vec![field].into(), vec![inner], Some(nulls)).unwrap();
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["1", "no", "2.5"]));
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("m", Arc::new(nested) as ArrayRef, true),
            ("t", texts, true),
        ])
        .unwrap();
        assert_eq!(numbers_of_table(&batch, "m.s"), [Some(4.0), None, None]);
        assert_eq!(numbers_of_table(&batch, "t"), [Some(1.0), None, Some(2.5)]);
        assert_eq!(numbers_of_table(&batch, "m.x"), [None; 3]);
    }
}
