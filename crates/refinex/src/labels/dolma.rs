//! Dolma's span attributes (allenai/dolma, `docs/data-format.md`), in and out: beside
//! `documents/…/x.jsonl.gz` stands `attributes/NAME/…/x.jsonl.gz` with a row for each document, in
//! the same order: `{"id", "source", "attributes": {"KEY": [[start, end, score], …]}}`. Spans count
//! code points.

use super::code_points::{from_code_points, in_code_points};
use super::set::{Label, LabelError, LabelledSet, Labels};
use crate::error::RunError;
use refinex_corpus::{InputShard, JsonReader, JsonWriter, Store};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A row of attributes.
#[derive(Deserialize)]
struct AttributeRow {
    id: Value,
    #[serde(default)]
    attributes: BTreeMap<String, Vec<AttributeSpan>>,
}

/// `[start, end, score]`; the score may be missing.
type AttributeSpan = Vec<f64>;

/// Which spans of which attributes are deletions.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// The folder of the attributes, `attributes/NAME`.
    pub folder: String,
    /// The key in `attributes`; all keys if none.
    pub key: Option<String>,
    /// Spans with at least this score are deleted.
    pub least_score: f64,
}

/// Labels of the documents of one shard, in the parallel file.
pub(crate) struct AttributeLabels {
    rows: JsonReader<AttributeRow>,
    attribute: Attribute,
    place: String,
}

impl AttributeLabels {
    /// Opens the file beside a shard.
    pub(crate) fn open(attribute: &Attribute, shard: &InputShard) -> Result<Self, RunError> {
        let store = Store::open(&attribute.folder)?;
        let place = store.place(&shard.name);
        if !store.exists(&shard.name)? {
            return Err(RunError::new(format!(
                "expected the attributes of {} at {place}, but found nothing there",
                shard.name
            )));
        }
        let rows = JsonReader::open(&store, &shard.name).map_err(said)?;
        Ok(Self { rows, attribute: attribute.clone(), place })
    }

    fn spans(&self, row: &AttributeRow) -> Result<Vec<(usize, usize)>, LabelError> {
        let key = self.attribute.key.as_deref();
        let of_key = row.attributes.iter().filter(|(name, _)| key.is_none_or(|key| key == **name));
        let spans = of_key.flat_map(|(_, spans)| spans);
        let scored = spans
            .filter(|span| span.get(2).is_none_or(|score| *score >= self.attribute.least_score));
        scored.map(|span| edges(span)).collect()
    }
}

fn edges(span: &[f64]) -> Result<(usize, usize), LabelError> {
    let edge = |at: usize| {
        span.get(at).copied().filter(|edge| *edge >= 0.0 && edge.fract() == 0.0 && *edge < 1e15)
    };
    match (edge(0), edge(1)) {
        (Some(start), Some(end)) => Ok((start as usize, end as usize)),
        _ => Err(LabelError::Row(
            "span",
            format!("expected [start, end, score] in code points, but found {span:?}"),
        )),
    }
}

impl Labels for AttributeLabels {
    fn next(&mut self, id: &str, text: &str, _: &Map<String, Value>) -> Result<Label, LabelError> {
        let row = self.rows.next_row().map_err(|error| LabelError::Set(said(error)))?;
        let found = row.as_ref().map_or_else(|| "no further row".to_owned(), |row| name(&row.id));
        let row = row.filter(|row| name(&row.id) == id).ok_or_else(|| {
            LabelError::Set(RunError::new(format!(
                "expected the attributes of {id} next in {}, but found {found}: rows must stand \
                 in the order of the documents",
                self.place
            )))
        })?;
        let spans = self.spans(&row)?;
        let deletions =
            from_code_points(text, &spans).map_err(|why| LabelError::Row("span", why))?;
        Ok(Label { deletions, distilled: None })
    }

    fn finish(&mut self) -> Result<(), RunError> {
        match self.rows.next_row().map_err(said)? {
            None => Ok(()),
            Some(row) => Err(RunError::new(format!(
                "expected no attributes after the last document in {}, but found those of {}",
                self.place,
                name(&row.id)
            ))),
        }
    }
}

fn name(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

fn said(error: impl std::fmt::Display) -> RunError {
    RunError::new(error.to_string())
}

/// What was exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DolmaReport {
    /// Documents.
    pub documents: u64,
    /// Spans, merged and disjoint.
    pub spans: u64,
    /// Rows that are no labelled document; they get no row, as they have no document.
    pub bad_rows: u64,
}

/// Writes `OUT/documents/labels.jsonl.zst` and beside it `OUT/attributes/NAME/labels.jsonl.zst`
/// with the deletions as spans of score 1.
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
        let Ok(document) = row else {
            report.bad_rows += 1;
            return Ok(());
        };
        let spans = in_code_points(&document.text, &document.deletions);
        report.documents += 1;
        report.spans += spans.len() as u64;
        let spans: Vec<Value> = spans.iter().map(|(start, end)| json!([start, end, 1.0])).collect();
        let source = document.columns.get("source").cloned().unwrap_or_else(|| json!("refinex"));
        attributes.write(&json!({
            "id": document.id, "source": source, "attributes": {attribute: spans},
        }))?;
        let mut columns = Map::new();
        columns.insert("id".to_owned(), json!(document.id));
        columns.insert("text".to_owned(), json!(document.text));
        columns.insert("source".to_owned(), source);
        columns.extend(document.columns.into_iter().filter(|(key, _)| key != "source"));
        Ok(documents.write(&Value::Object(columns))?)
    })?;
    documents.finish()?;
    attributes.finish()?;
    Ok(report)
}
