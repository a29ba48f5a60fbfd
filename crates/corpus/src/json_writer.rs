//! Rows of one form on their way into a file, such as pairs: the sister of `JsonReader`.

use crate::compression::PackedWriter;
use crate::error::StoreError;
use crate::format::Compression;
use crate::meter::FileSummary;
use crate::store::Store;
use serde::Serialize;

/// Writes one JSON object a line, packed with Zstandard. Nothing is visible until it is finished.
pub struct JsonWriter {
    file: PackedWriter,
    line: Vec<u8>,
    path: String,
}

impl JsonWriter {
    /// A writer at `path` of the store.
    ///
    /// # Errors
    /// If the file cannot be begun.
    pub fn create(store: &Store, path: &str) -> Result<Self, StoreError> {
        let file = PackedWriter::create(store, path, Compression::Zst, 3)?;
        Ok(Self { file, line: Vec::new(), path: path.to_owned() })
    }

    /// Write one row behind those before.
    ///
    /// # Errors
    /// If it cannot be said in JSON or cannot be written.
    pub fn write(&mut self, row: &impl Serialize) -> Result<(), StoreError> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, row).map_err(|error| {
            StoreError::other(format!("{}: expected a row for JSON, but found: {error}", self.path))
        })?;
        self.line.push(b'\n');
        self.file.write(&self.line)
    }

    /// Make the file visible.
    ///
    /// # Errors
    /// If its last bytes cannot be written.
    pub fn finish(self) -> Result<FileSummary, StoreError> {
        self.file.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sidecar::JsonReader;

    #[test]
    fn rows_come_back_as_they_were() {
        let store = Store::memory();
        let mut writer = JsonWriter::create(&store, "p.jsonl.zst").unwrap();
        let rows = ["a\nb", "é\u{2028}\0", ""].map(str::to_owned);
        rows.iter().for_each(|row| writer.write(row).unwrap());
        assert!(!store.exists("p.jsonl.zst").unwrap());
        writer.finish().unwrap();
        let back: Vec<String> =
            JsonReader::open(&store, "p.jsonl.zst").unwrap().map(Result::unwrap).collect();
        assert_eq!(back, rows);
    }
}
