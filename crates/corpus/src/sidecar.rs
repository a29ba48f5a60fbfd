//! The programs sidecar: what was done to each document, one row a good document.

use crate::compression::{PackedWriter, Unpacked, broken_stream};
use crate::error::{ShardError, StoreError};
use crate::format::{Compression, Format};
use crate::input::InputShard;
use crate::jsonl::literal::quote_onto;
use crate::jsonl::split::Splitter;
use crate::meter::FileSummary;
use crate::store::Store;
use refinex_core::Span;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::io::Write;
use std::marker::PhantomData;

/// A deleted span, and how sure the model was that it is noise.
///
/// In JSON it is `[start, end, score]`, in bytes of the original text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredSpan {
    /// What is deleted.
    pub span: Span,
    /// The score, if the model gives one.
    pub score: Option<f32>,
}

impl Serialize for ScoredSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.span.start(), self.span.end(), self.score).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ScoredSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (start, end, score) = <(usize, usize, Option<f32>)>::deserialize(deserializer)?;
        if start > end {
            let why = format!("expected a start not after its end, but found {start}..{end}");
            return Err(serde::de::Error::custom(why));
        }
        Ok(Self { span: Span::new(start, end), score })
    }
}

/// Why the model said nothing of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unrefined {
    /// By a stable name.
    pub reason: String,
    /// For people.
    pub message: String,
}

/// What was done to one document. `R` is a refused call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProgramRow<R = serde_json::Value> {
    /// Id of the document.
    pub id: String,
    /// What came of it, by a stable name.
    pub outcome: String,
    /// What is deleted, sorted.
    pub deletions: Vec<ScoredSpan>,
    /// The same in the edit language.
    pub program: String,
    /// Calls of the model that were refused.
    #[serde(default = "Vec::new")]
    pub refused: Vec<R>,
    /// Why the document stayed as it was although deletions were proposed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<String>,
    /// Why the document stayed as it was because the model said nothing of it, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrefined: Option<Unrefined>,
    /// Scores of the lines in thousandths, if the model gives any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<Vec<u16>>,
    /// Scores of pieces inside lines: start, end, thousandths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<(usize, usize, u16)>,
    /// The deleted texts, if they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Vec<String>>,
    /// The deleted texts as they stood in the row, where its escapes are not the canonical ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_raw: Option<Vec<String>>,
    /// What rules found: why the document was dropped, and lines that were left out, by reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<serde_json::Value>,
    /// Of a distilled pair: the verdict on it and what was done beside deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distilled: Option<serde_json::Value>,
}

impl<R: Serialize> ProgramRow<R> {
    /// Append the row as a line of JSON. This is pure, so any thread may do it.
    pub fn encode_onto(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"id\":");
        quote_onto(out, &self.id);
        out.extend_from_slice(b",\"outcome\":");
        quote_onto(out, &self.outcome);
        field_onto(out, "deletions", &self.deletions);
        out.extend_from_slice(b",\"program\":");
        quote_onto(out, &self.program);
        match self.refused.as_slice() {
            [] => out.extend_from_slice(b",\"refused\":[]"),
            refused => field_onto(out, "refused", &refused),
        }
        if let Some(withheld) = &self.withheld {
            field_onto(out, "withheld", withheld);
        }
        if let Some(unrefined) = &self.unrefined {
            field_onto(out, "unrefined", unrefined);
        }
        if let Some(scores) = &self.scores {
            field_onto(out, "scores", scores);
        }
        if !self.pieces.is_empty() {
            field_onto(out, "pieces", &self.pieces);
        }
        if let Some(deleted) = &self.deleted {
            field_onto(out, "deleted", deleted);
        }
        if let Some(raw) = &self.deleted_raw {
            field_onto(out, "deleted_raw", raw);
        }
        if let Some(rules) = &self.rules {
            field_onto(out, "rules", rules);
        }
        if let Some(distilled) = &self.distilled {
            field_onto(out, "distilled", distilled);
        }
        out.extend_from_slice(b"}\n");
    }
}

/// Append `,"name":value`; a value that cannot be written in JSON becomes null.
fn field_onto(out: &mut Vec<u8>, name: &str, value: &impl Serialize) {
    out.push(b',');
    quote_onto(out, name);
    out.push(b':');
    let before = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(before);
        out.extend_from_slice(b"null");
    }
    let _ = out.flush();
}

/// Writes the sidecar of one shard.
pub struct ProgramWriter {
    file: PackedWriter,
    line: Vec<u8>,
}

impl ProgramWriter {
    /// A writer of programs at `path` of the store.
    ///
    /// # Errors
    /// If the file cannot be begun.
    pub fn create(store: &Store, path: &str) -> Result<Self, StoreError> {
        let file = PackedWriter::create(store, path, Compression::Zst, 3)?;
        Ok(Self { file, line: Vec::new() })
    }

    /// Write one row behind those before.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write<R: Serialize>(&mut self, row: &ProgramRow<R>) -> Result<(), StoreError> {
        self.line.clear();
        row.encode_onto(&mut self.line);
        self.file.write(&self.line)
    }

    /// Write rows that were [encoded](ProgramRow::encode_onto) elsewhere.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write_encoded(&mut self, rows: &[u8]) -> Result<(), StoreError> {
        self.file.write(rows)
    }

    /// Make the file visible.
    ///
    /// # Errors
    /// If its last bytes cannot be written.
    pub fn finish(self) -> Result<FileSummary, StoreError> {
        self.file.finish()
    }
}

/// Reads the sidecar of one shard, row by row.
pub type ProgramReader<R = serde_json::Value> = JsonReader<ProgramRow<R>>;

/// Reads rows of one form, such as programs or labelled documents, one after the other.
pub struct JsonReader<T> {
    path: String,
    splitter: Splitter<Unpacked>,
    /// Rows split off, not yet given out.
    held: crate::jsonl::split::RawRows,
    next: usize,
    rows: u64,
    form: PhantomData<T>,
}

impl<T: DeserializeOwned> JsonReader<T> {
    /// A reader of the rows at `path` of the store.
    ///
    /// # Errors
    /// If there are none or they cannot be read.
    pub fn open(store: &Store, path: &str) -> Result<Self, ShardError> {
        let fail = |why: String| ShardError::new(path, 0, why);
        let stored = store.reader(path).map_err(|error| fail(error.to_string()))?;
        let compression = crate::format::ShardName::parse(path)
            .map_or(Compression::None, |name| name.compression);
        let unpacked = Unpacked::open(stored, compression)
            .map_err(|error| fail(broken_stream(compression, &error)))?;
        Ok(Self {
            path: path.to_string(),
            splitter: Splitter::new(unpacked, usize::MAX),
            held: Default::default(),
            next: 0,
            rows: 0,
            form: PhantomData,
        })
    }

    /// A reader of the rows of a shard.
    ///
    /// # Errors
    /// If it is a table, or cannot be read.
    pub fn of(shard: &InputShard) -> Result<Self, ShardError> {
        if shard.format == Format::Jsonl {
            return Self::open(&shard.store, &shard.path);
        }
        let found = "expected rows of JSON (.jsonl, .json, .ndjson with .gz or .zst), but found \
                     another format";
        Err(ShardError::new(&shard.location, 0, found.to_owned()))
    }

    /// The next row; `None` at the end.
    ///
    /// # Errors
    /// If the file cannot be read on, or the row is none.
    pub fn next_row(&mut self) -> Result<Option<T>, ShardError> {
        if self.next == self.held.rows.len() {
            let next = self.splitter.next();
            let Some(held) =
                next.map_err(|error| self.fail(broken_stream(Compression::Zst, &error)))?
            else {
                return Ok(None);
            };
            (self.held, self.next) = (held, 0);
        }
        let place = self.held.rows[self.next].bytes.clone();
        self.next += 1;
        let row = serde_json::from_slice(&self.held.bytes[place]).map_err(|error| {
            let row = self.rows + 1;
            self.fail(format!(
                "expected row {row} to be of the form that is read here, but found: {error}"
            ))
        })?;
        self.rows += 1;
        Ok(Some(row))
    }

    fn fail(&self, why: String) -> ShardError {
        ShardError::new(&self.path, self.rows, why)
    }
}

impl<T: DeserializeOwned> Iterator for JsonReader<T> {
    type Item = Result<T, ShardError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_row().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> ProgramRow {
        ProgramRow {
            id: "a/1\n".into(),
            outcome: "edited".into(),
            deletions: vec![
                ScoredSpan { span: Span::new(0, 7), score: Some(0.25) },
                ScoredSpan { span: Span::new(9, 12), score: None },
            ],
            program: "remove_lines(1, 2)\n".into(),
            refused: vec![serde_json::json!({"reason": "ambiguous"})],
            withheld: Some("max_deleted".to_string()),
            unrefined: Some(Unrefined { reason: "timeout".into(), message: "a \"b\"".into() }),
            scores: Some(vec![1000, 3]),
            pieces: vec![(1, 2, 500)],
            deleted: Some(vec!["é\u{2028}\0".into(), "abc".into()]),
            deleted_raw: Some(vec!["\\u00e9".into(), "abc".into()]),
            rules: Some(serde_json::json!({"lines": {"policy": 1}})),
            distilled: Some(serde_json::json!({"verdict": "whole"})),
        }
    }

    fn bare() -> ProgramRow {
        let (scores, deleted, deleted_raw) = (None, None, None);
        let (refused, pieces, deletions) = (vec![], vec![], vec![]);
        let (id, outcome, program) = ("é".into(), "kept".into(), "keep_all()".into());
        ProgramRow {
            id,
            outcome,
            deletions,
            program,
            refused,
            withheld: None,
            unrefined: None,
            scores,
            pieces,
            deleted,
            deleted_raw,
            rules: None,
            distilled: None,
        }
    }

    #[test]
    fn a_row_in_json_is_what_serde_would_write() {
        for row in [row(), bare()] {
            let mut out = Vec::new();
            row.encode_onto(&mut out);
            assert_eq!(
                String::from_utf8(out).unwrap(),
                serde_json::to_string(&row).unwrap() + "\n"
            );
        }
    }

    #[test]
    fn rows_come_back_as_they_were() {
        let store = Store::memory();
        let mut writer = ProgramWriter::create(&store, "p.jsonl.zst").unwrap();
        for _ in 0..1500 {
            writer.write(&row()).unwrap();
            writer.write(&bare()).unwrap();
        }
        writer.finish().unwrap();
        let reader = ProgramReader::open(&store, "p.jsonl.zst").unwrap();
        let back: Vec<ProgramRow> = reader.map(Result::unwrap).collect();
        assert_eq!(back.len(), 3000);
        assert!(back.chunks(2).all(|pair| pair[0] == row() && pair[1] == bare()));
    }

    #[test]
    fn a_row_that_is_none_is_an_error_that_says_which() {
        let store = Store::memory();
        let good = serde_json::to_string(&bare()).unwrap();
        store.put("p.jsonl", format!("{good}\n{{\"id\":1}}\n")).unwrap();
        let mut reader = ProgramReader::<serde_json::Value>::open(&store, "p.jsonl").unwrap();
        assert!(reader.next_row().unwrap().is_some());
        let error = reader.next_row().unwrap_err();
        assert!(error.to_string().starts_with("p.jsonl: after 1 rows: expected row 2"), "{error}");
    }
}
