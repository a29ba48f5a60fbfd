//! Rows that could not be read, written down.

use crate::bad_row::BadRow;
use crate::compression::PackedWriter;
use crate::error::StoreError;
use crate::format::Compression;
use crate::jsonl::literal::quote_onto;
use crate::meter::FileSummary;
use crate::store::Store;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Writes the failed rows of one shard, one JSON object a row:
/// `{"row", "position", "reason", "message", "raw" | "raw_base64", "raw_length"}`.
///
/// `raw_length` is there only where `raw` is not the whole row. Without failed rows there is no
/// file.
pub struct FailedWriter {
    store: Store,
    path: String,
    file: Option<PackedWriter>,
}

impl FailedWriter {
    /// A writer of failed rows at `path` of the store.
    #[must_use]
    pub fn create(store: &Store, path: &str) -> Self {
        Self { store: store.clone(), path: path.to_string(), file: None }
    }

    /// Write one row.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, bad: &BadRow) -> Result<(), StoreError> {
        self.write_as(bad, bad.problem.name())
    }

    /// Write one row for a reason that is not about reading it, such as a failed refinement.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_as(&mut self, bad: &BadRow, reason: &str) -> Result<(), StoreError> {
        self.write_failed(&FailedRow::of(bad, reason))
    }

    /// Write one row of which more, or less, is known than of a row that could not be read.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_failed(&mut self, failed: &FailedRow<'_>) -> Result<(), StoreError> {
        let mut line = Vec::with_capacity(failed.raw.len() + 128);
        row_onto(&mut line, failed);
        self.write_line(&line)
    }

    /// Write one row of another form; it should have `row`, `reason` and `message` too.
    ///
    /// # Errors
    /// If it cannot be said in JSON or cannot be written.
    pub fn write_row(&mut self, row: &impl serde::Serialize) -> Result<(), StoreError> {
        let mut line = serde_json::to_vec(row).map_err(|error| {
            StoreError::other(format!("{}: expected a row for JSON, but found: {error}", self.path))
        })?;
        line.push(b'\n');
        self.write_line(&line)
    }

    fn write_line(&mut self, line: &[u8]) -> Result<(), StoreError> {
        if self.file.is_none() {
            let file = PackedWriter::create(&self.store, &self.path, Compression::Zst, 3)?;
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => file.write(line),
            None => Ok(()),
        }
    }

    /// Make the file visible, or, if no row failed, see to it that there is none.
    ///
    /// # Errors
    /// If the last bytes cannot be written.
    pub fn finish(self) -> Result<Option<FileSummary>, StoreError> {
        match self.file {
            Some(file) => file.finish().map(Some),
            // One may be left of an earlier run that was cut off.
            None => self.store.delete(&self.path).map(|()| None),
        }
    }
}

/// A row that failed, wherever it stood.
#[derive(Clone, Copy, Debug)]
pub struct FailedRow<'a> {
    /// Its shard, where rows of several go to one file.
    pub shard: Option<&'a str>,
    /// Its number in the shard, from 1.
    pub row: u64,
    /// Where it begins in the uncompressed shard, in bytes, if that is known.
    pub position: Option<u64>,
    /// Why it failed, by a stable name.
    pub reason: &'a str,
    /// The same for people.
    pub message: &'a str,
    /// Its bytes, or the first of them.
    pub raw: &'a [u8],
    /// Its whole length in bytes.
    pub raw_length: u64,
}

impl<'a> FailedRow<'a> {
    /// A row that could not be read, or that failed for another reason.
    #[must_use]
    pub fn of(bad: &'a BadRow, reason: &'a str) -> Self {
        let BadRow { row, position, message, raw, raw_length, .. } = bad;
        let (row, position, raw_length) = (*row, *position, *raw_length);
        Self { shard: None, row, position, reason, message, raw, raw_length }
    }
}

fn row_onto(out: &mut Vec<u8>, bad: &FailedRow<'_>) {
    out.push(b'{');
    if let Some(shard) = bad.shard {
        out.extend_from_slice(b"\"shard\":");
        quote_onto(out, shard);
        out.push(b',');
    }
    out.extend_from_slice(format!("\"row\":{},\"position\":", bad.row).as_bytes());
    match bad.position {
        Some(position) => out.extend_from_slice(position.to_string().as_bytes()),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"reason\":");
    quote_onto(out, bad.reason);
    out.extend_from_slice(b",\"message\":");
    quote_onto(out, bad.message);
    match simdutf8::basic::from_utf8(bad.raw) {
        Ok(raw) => {
            out.extend_from_slice(b",\"raw\":");
            quote_onto(out, raw);
        }
        Err(_) => {
            out.extend_from_slice(b",\"raw_base64\":");
            quote_onto(out, &STANDARD.encode(bad.raw));
        }
    }
    if bad.raw_length != bad.raw.len() as u64 {
        out.extend_from_slice(format!(",\"raw_length\":{}", bad.raw_length).as_bytes());
    }
    out.extend_from_slice(b"}\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bad_row::RowProblem;

    fn bad(raw: &[u8], raw_length: u64) -> BadRow {
        let (problem, message) = (RowProblem::BrokenJson, "expected \"x\"".to_string());
        BadRow { row: 3, position: Some(7), problem, message, raw: raw.to_vec(), raw_length }
    }

    #[test]
    fn a_row_is_written_with_its_reason_and_bytes() {
        let mut out = Vec::new();
        row_onto(&mut out, &FailedRow::of(&bad(b"{\"a\"\0", 5), "broken_json"));
        row_onto(&mut out, &FailedRow::of(&bad(b"\xff\xfe", 99), "broken_json"));
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"row\":3,\"position\":7,\"reason\":\"broken_json\",\"message\":\"expected \\\"x\\\"\",\"raw\":\"{\\\"a\\\"\\u0000\"}\n\
             {\"row\":3,\"position\":7,\"reason\":\"broken_json\",\"message\":\"expected \\\"x\\\"\",\"raw_base64\":\"//4=\",\"raw_length\":99}\n"
        );
    }

    #[test]
    fn a_row_can_name_its_shard() {
        let (shard, position) = (Some("a.jsonl"), None);
        let (reason, message, raw) = ("span", "why", &b"x"[..]);
        let mut out = Vec::new();
        row_onto(
            &mut out,
            &FailedRow { shard, row: 2, position, reason, message, raw, raw_length: 1 },
        );
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"shard\":\"a.jsonl\",\"row\":2,\"position\":null,\"reason\":\"span\",\"message\":\"why\",\"raw\":\"x\"}\n"
        );
    }

    #[test]
    fn without_failed_rows_no_file_is_left() {
        let store = Store::memory();
        store.put("failed/x", "old").unwrap();
        assert_eq!(FailedWriter::create(&store, "failed/x").finish().unwrap(), None);
        assert!(!store.exists("failed/x").unwrap());
        let mut writer = FailedWriter::create(&store, "failed/x");
        writer.write(&bad(b"x", 1)).unwrap();
        assert!(writer.finish().unwrap().is_some() && store.exists("failed/x").unwrap());
    }
}
