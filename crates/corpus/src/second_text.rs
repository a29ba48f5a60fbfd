//! A second text of a row, such as an expert's version of the first.

use crate::batch::{Decoded, Rows};
use crate::jsonl::decode::Lines;
use crate::jsonl::{literal, scan};
use crate::table::rows::TableRows;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_schema::DataType;
use std::borrow::Cow;

/// The value of a row at another key than that of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecondText<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// There is no such key or column.
    Missing,
    /// It is null.
    Null,
    /// It is of another type.
    NotAString,
    /// The key is there more than once.
    Twice,
    /// It has half of a surrogate pair, which no text in Unicode can have.
    LoneSurrogate,
}

impl Decoded {
    /// The text at `key` of the good row at `at`; [`SecondText::Missing`] for a bad row.
    #[must_use]
    pub fn second_text(&self, at: usize, key: &str) -> SecondText<'_> {
        match self.rows() {
            Rows::Lines(lines) => of_line(lines, at, key),
            Rows::Table(table) => of_table(table, at, key),
            Rows::Wet(_) => SecondText::Missing,
        }
    }
}

fn of_line<'a>(lines: &'a Lines, at: usize, key: &str) -> SecondText<'a> {
    let Some(line) = lines.view(at) else { return SecondText::Missing };
    let mut found = SecondText::Missing;
    scan::members(line.row.trim_start_matches('\u{feff}'), |name, value| {
        if name == key {
            let first = found == SecondText::Missing;
            found = if first { of_json(value) } else { SecondText::Twice };
        }
    });
    found
}

fn of_json(value: &str) -> SecondText<'_> {
    if value == "null" {
        return SecondText::Null;
    }
    match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
        None => SecondText::NotAString,
        Some(plain) if !plain.contains('\\') => SecondText::Text(Cow::Borrowed(plain)),
        Some(escaped) => literal::decoded(escaped)
            .map_or(SecondText::LoneSurrogate, |text| SecondText::Text(Cow::Owned(text))),
    }
}

fn of_table<'a>(table: &'a TableRows, at: usize, key: &str) -> SecondText<'a> {
    let Some(column) = table.column(key) else { return SecondText::Missing };
    if column.is_null(at) {
        return SecondText::Null;
    }
    match column.data_type() {
        DataType::Utf8 => SecondText::Text(column.as_string::<i32>().value(at).into()),
        DataType::LargeUtf8 => SecondText::Text(column.as_string::<i64>().value(at).into()),
        DataType::Utf8View => SecondText::Text(column.as_string_view().value(at).into()),
        DataType::Dictionary(_, value) if value.is_string() => {
            let one = arrow_cast::cast(&column.slice(at, 1), &DataType::LargeUtf8);
            one.map_or(SecondText::NotAString, |one| {
                SecondText::Text(Cow::Owned(one.as_string::<i64>().value(0).to_owned()))
            })
        }
        _ => SecondText::NotAString,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_of_json_has_its_answer() {
        assert_eq!(of_json(r#""a\n""#), SecondText::Text("a\n".into()));
        assert_eq!(of_json("null"), SecondText::Null);
        assert_eq!(of_json("[\"a\"]"), SecondText::NotAString);
        assert_eq!(of_json(r#""\ud800""#), SecondText::LoneSurrogate);
    }
}
