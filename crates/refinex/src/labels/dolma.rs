//! Dolma's span attributes (allenai/dolma, `docs/data-format.md`), in and out: beside
//! `documents/…/x.jsonl.gz` stands `attributes/NAME/…/x.jsonl.gz` with a row for each document, in
//! the same order: `{"id", "source", "attributes": {"KEY": [[start, end, score], …]}}`. Spans count
//! code points.

use super::code_points::{from_code_points, in_code_points};
use super::columns::{Columns, RowOf};
use super::set::{Label, LabelError, LabelledDocument, LabelledSet, Labels};
use crate::error::RunError;
use refinex_corpus::{InputShard, JsonReader, JsonWriter, Store};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A row of attributes. Attributes that are no spans, such as one score a document, are none of ours.
#[derive(Deserialize)]
struct AttributeRow {
    id: Value,
    #[serde(default)]
    attributes: Columns,
}

/// Which spans of which attributes are deletions.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// The folder of the attributes, `attributes/NAME`.
    pub folder: String,
    /// The key in `attributes`; the only one with spans if none is named. Taking all of several
    /// would delete whole documents, since many taggers write spans that say something of the whole.
    pub key: Option<String>,
    /// Spans with at least this score are deleted.
    pub least_score: f64,
}

/// What keys the attributes of all shards had. A tagger writes no key for a document in which it
/// found nothing, so only the whole tells whether a key was misspelt.
pub(crate) struct KeysFound {
    wanted: Option<String>,
    all: BTreeSet<String>,
}

impl KeysFound {
    pub(crate) fn of(attribute: &Attribute) -> Self {
        Self { wanted: attribute.key.clone(), all: BTreeSet::new() }
    }

    /// Sees to it that the key that was named was there, or that no row had any.
    pub(crate) fn check(&self) -> Result<(), RunError> {
        match &self.wanted {
            Some(wanted) if !self.all.is_empty() && !self.all.contains(wanted) => {
                let found: Vec<&str> = self.all.iter().map(String::as_str).collect();
                let found = found.join(", ");
                Err(RunError::new(format!("expected attributes {wanted}, but found only {found}")))
            }
            _ => Ok(()),
        }
    }

    /// The spans that are meant in a row; an error if nobody said which.
    fn spans(&mut self, attributes: &Columns) -> Result<Vec<Value>, String> {
        for name in attributes.names() {
            if attributes.raw(name).is_some_and(|raw| raw.starts_with('[')) {
                self.all.insert(name.to_owned());
            }
        }
        if self.wanted.is_none() && self.all.len() > 1 {
            let found: Vec<&str> = self.all.iter().map(String::as_str).collect();
            return Err(format!(
                "expected one key of spans, or to be told which (--attribute-key), but found {}",
                found.join(", ")
            ));
        }
        let key = self.wanted.as_ref().or(self.all.first());
        match key.and_then(|key| attributes.value(key)) {
            None => Ok(Vec::new()),
            Some(Value::Array(spans)) => Ok(spans),
            Some(other) => Err(format!("expected [[start, end, score], …], but found {other}")),
        }
    }
}

/// Labels of the documents of one shard, in the parallel file.
pub(crate) struct AttributeLabels<'a> {
    rows: JsonReader<AttributeRow>,
    keys: &'a mut KeysFound,
    least_score: f64,
    place: String,
    /// Documents that could not be read: rows here may be theirs.
    unread: u64,
}

impl<'a> AttributeLabels<'a> {
    /// Opens the file beside a shard.
    pub(crate) fn open(
        attribute: &Attribute,
        shard: &InputShard,
        keys: &'a mut KeysFound,
    ) -> Result<Self, RunError> {
        let store = Store::open(&attribute.folder)?;
        let place = store.place(&shard.name);
        if !store.exists(&shard.name)? {
            return Err(RunError::new(format!(
                "expected the attributes of {} at {place}, but found nothing there",
                shard.name
            )));
        }
        let rows = JsonReader::open(&store, &shard.name).map_err(said)?;
        Ok(Self { rows, keys, least_score: attribute.least_score, place, unread: 0 })
    }

    /// The row of a document; rows before it are passed over only if they can be those of documents
    /// that could not be read.
    fn row_of(&mut self, id: &str) -> Result<AttributeRow, RunError> {
        loop {
            let row = self.rows.next_row().map_err(said)?;
            let found = match row {
                Some(row) if name(&row.id) == id => return Ok(row),
                Some(_) if self.unread > 0 => {
                    self.unread -= 1;
                    continue;
                }
                Some(row) => format!("those of {}", name(&row.id)),
                None => "no further row".to_owned(),
            };
            return Err(RunError::new(format!(
                "expected the attributes of {id} next in {}, but found {found}: rows must stand in \
                 the order of the documents",
                self.place
            )));
        }
    }
}

/// The edges of a span, if it has the score to be deleted.
fn edges(span: &Value, least_score: f64) -> Option<Result<(usize, usize), LabelError>> {
    if span[2].as_f64().is_some_and(|score| score < least_score) {
        return None;
    }
    let edge = |at: usize| span[at].as_u64().and_then(|edge| usize::try_from(edge).ok());
    Some(edge(0).zip(edge(1)).ok_or_else(|| {
        let why = format!("expected [start, end, score] in code points, but found {span}");
        LabelError::Row("span", why)
    }))
}

impl Labels for AttributeLabels<'_> {
    fn next(&mut self, id: &str, text: &str, _: &Columns) -> Result<Label, LabelError> {
        let row = self.row_of(id).map_err(LabelError::Set)?;
        let spans = self.keys.spans(&row.attributes);
        let spans = spans.map_err(|why| {
            LabelError::Set(RunError::new(format!("{}: {id}: {why}", self.place)))
        })?;
        let spans = spans.iter().filter_map(|span| edges(span, self.least_score));
        let spans: Vec<(usize, usize)> = spans.collect::<Result<_, _>>()?;
        let deletions =
            from_code_points(text, &spans).map_err(|why| LabelError::Row("span", why))?;
        Ok(Label::plain(text, deletions))
    }

    fn skip(&mut self) {
        self.unread += 1;
    }

    fn finish(&mut self) -> Result<(), RunError> {
        while let Some(row) = self.rows.next_row().map_err(said)? {
            if self.unread == 0 {
                return Err(RunError::new(format!(
                    "expected no attributes after the last document in {}, but found those of {}",
                    self.place,
                    name(&row.id)
                )));
            }
            self.unread -= 1;
        }
        Ok(())
    }
}

fn name(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

fn said(error: impl std::fmt::Display) -> RunError {
    RunError::new(error.to_string())
}

/// What was exported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DolmaReport {
    /// Documents.
    pub documents: u64,
    /// Spans, merged and disjoint.
    pub spans: u64,
    /// Rows that are no labelled document, by reason; they get no row, as they have no document.
    pub bad_rows: BTreeMap<String, u64>,
}

/// Writes `OUT/documents/labels.jsonl.zst` and beside it `OUT/attributes/NAME/labels.jsonl.zst`
/// with the deletions as spans, of score 1 where none is known.
///
/// # Errors
/// If the set cannot be read, or the output cannot be written.
pub fn export_dolma(
    set: &LabelledSet,
    attribute: &str,
    output: &str,
) -> Result<DolmaReport, RunError> {
    let store = Store::open(output)?;
    let paths = [
        "documents/labels.jsonl.zst".to_owned(),
        format!("attributes/{attribute}/labels.jsonl.zst"),
    ];
    for path in &paths {
        store.sweep(path)?;
    }
    let mut documents = JsonWriter::create(&store, &paths[0])?;
    let mut attributes = JsonWriter::create(&store, &paths[1])?;
    let mut report = DolmaReport::default();
    set.each(&mut |row| {
        let mut document = match row {
            Ok(document) => document,
            Err(bad) => {
                *report.bad_rows.entry(bad.reason).or_default() += 1;
                return Ok(());
            }
        };
        if document.columns.raw("source").is_none() {
            document.columns.push("source", "refinex");
        }
        let spans = spans_of(&document);
        report.documents += 1;
        report.spans += spans.len() as u64;
        let LabelledDocument { id, text, columns, .. } = &document;
        let source = columns.value("source");
        attributes.write(&json!({"id": id, "source": source, "attributes": {attribute: spans}}))?;
        Ok(documents.write(&RowOf { id, text, columns })?)
    })?;
    documents.finish()?;
    attributes.finish()?;
    Ok(report)
}

/// The deletions as Dolma's spans.
fn spans_of(document: &LabelledDocument) -> Vec<Value> {
    let spans = in_code_points(&document.text, &document.deletions);
    let known = &document.label.deletions;
    let one_each = known.len() == spans.len();
    let score = |at: usize| known.get(at).and_then(|s| s.score).filter(|_| one_each).unwrap_or(1.0);
    let spans = spans.iter().enumerate();
    spans.map(|(at, (start, end))| json!([start, end, score(at)])).collect()
}
