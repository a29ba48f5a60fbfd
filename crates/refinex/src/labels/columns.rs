//! The columns of a row, each value as it stood: nothing is rounded, reordered or lost.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

/// The columns of a row in their order. A value is kept as JSON text, since a number such as `1e400`
/// or half of a surrogate pair is sound JSON that no value in memory can hold.
#[derive(Clone, Debug, Default)]
pub struct Columns(Vec<(String, Box<RawValue>)>);

/// Of a row without any.
pub(crate) static NO_COLUMNS: Columns = Columns(Vec::new());

impl Columns {
    /// The columns of a row of JSON.
    ///
    /// # Errors
    /// If it is no object, or the name of a column is no Unicode.
    pub fn read(row: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(row.strip_prefix(b"\xef\xbb\xbf").unwrap_or(row))
    }

    /// The value of a column, if it has one that fits into memory.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<Value> {
        self.raw(name).and_then(|raw| serde_json::from_str(raw).ok())
    }

    /// The JSON text of a column; of the last one, where several have that name.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&str> {
        let mut named = self.0.iter().rev().filter(|(key, _)| key == name);
        named.next().map(|(_, raw)| raw.get())
    }

    /// The names of the columns, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Takes columns out by name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| key != name);
    }

    /// Puts a text behind the others.
    pub fn push(&mut self, name: &str, text: &str) {
        if let Ok(raw) = serde_json::value::to_raw_value(text) {
            self.0.push((name.to_owned(), raw));
        }
    }
}

/// A row with an id and a text before its other columns. A column of the name `id` or `text` that is
/// not the id or the text is called `id_column` or `text_column` then.
pub(crate) struct RowOf<'a> {
    pub(crate) id: &'a str,
    pub(crate) text: &'a str,
    pub(crate) columns: &'a Columns,
}

impl Serialize for RowOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(None)?;
        row.serialize_entry("id", self.id)?;
        row.serialize_entry("text", self.text)?;
        for (name, value) in &self.columns.0 {
            let name = match name.as_str() {
                "id" => "id_column",
                "text" => "text_column",
                name => name,
            };
            row.serialize_entry(name, value)?;
        }
        row.end()
    }
}

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Columns;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Columns, M::Error> {
        let mut columns = Vec::new();
        while let Some(column) = map.next_entry()? {
            columns.push(column);
        }
        Ok(Columns(columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_as_they_were_and_in_their_order() {
        let row =
            r#"{"z":1.10,"n":1e400,"s":"\ud800","big":123456789012345678901234567890,"a":[ 1 ]}"#;
        let columns = Columns::read(row.as_bytes()).unwrap();
        let written = serde_json::to_string(&RowOf { id: "i", text: "t", columns: &columns });
        assert_eq!(written.unwrap(), row.replacen('{', r#"{"id":"i","text":"t","#, 1));
        assert_eq!(columns.value("n"), None);
        assert_eq!(columns.value("z"), Some(serde_json::json!(1.1)));
    }

    #[test]
    fn a_column_that_is_named_as_the_text_is_kept_under_another_name() {
        let columns = Columns::read(br#"{"text":"refined by another","id":7}"#).unwrap();
        let written = serde_json::to_string(&RowOf { id: "i", text: "t", columns: &columns });
        let wanted = r#"{"id":"i","text":"t","text_column":"refined by another","id_column":7}"#;
        assert_eq!(written.unwrap(), wanted);
    }
}
