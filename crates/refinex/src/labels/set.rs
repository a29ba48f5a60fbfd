//! Reading a labelled set: a run directory, or rows that hold their labels.

use crate::decider::Row;
use crate::error::RunError;
use crate::pairs::input_of;
use crate::run_file::RunFile;
use crate::settings::Settings;
use refinex_core::{Deletions, Span, Tally, parse, resolve_document};
use refinex_corpus::{
    BadRow, InputShard, JsonReader, OutputFormat, OutputSettings, RunDirectory, ShardReader,
    Target, expand,
};
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_64;

/// A document, and what is to be deleted from it.
#[derive(Clone, Debug)]
pub struct LabelledDocument {
    /// Its id.
    pub id: String,
    /// Its text, as it was.
    pub text: String,
    /// What is to be deleted.
    pub deletions: Deletions,
    /// The other columns of its row.
    pub columns: Map<String, Value>,
    /// Of a distilled pair: its verdict and residue.
    pub distilled: Option<Value>,
}

/// A row that is no labelled document, and why.
#[derive(Clone, Debug)]
pub struct BadLabel {
    /// The shard.
    pub shard: String,
    /// Number of the row, from 1.
    pub row: u64,
    /// A stable name of the reason.
    pub reason: String,
    /// What was expected, and what was found.
    pub message: String,
}

/// One row of a set.
pub type Labelled = Result<LabelledDocument, BadLabel>;

impl LabelledDocument {
    /// The page that the document was cut from: its id before the `#`; the value of `column`
    /// instead, where one is named and the row has it.
    #[must_use]
    pub fn group(&self, column: Option<&str>) -> String {
        let value = column.and_then(|column| self.columns.get(column));
        match value {
            Some(Value::String(value)) => value.clone(),
            Some(value) if !value.is_null() => value.to_string(),
            _ => self.id.split('#').next().unwrap_or(&self.id).to_owned(),
        }
    }

    /// A hash of the text.
    #[must_use]
    pub fn text_hash(&self) -> u64 {
        xxh3_64(self.text.as_bytes())
    }
}

/// A labelled set.
#[derive(Clone, Debug)]
pub struct LabelledSet {
    /// Where it is, as the user named it.
    pub location: String,
    /// How rows are read that hold their labels; a run directory says it itself.
    pub settings: Settings,
}

/// What is read beside a row: its labels.
pub(crate) trait Labels {
    /// The labels of the next document; `row` is its whole row.
    fn next(&mut self, id: &str, text: &str, row: &Map<String, Value>)
    -> Result<Label, LabelError>;

    /// Sees to it that no label is left over.
    fn finish(&mut self) -> Result<(), RunError> {
        Ok(())
    }
}

/// Labels of one document.
pub(crate) struct Label {
    pub(crate) deletions: Deletions,
    pub(crate) distilled: Option<Value>,
}

/// Why a document has no labels.
pub(crate) enum LabelError {
    /// This row alone is bad: a stable name, and the words.
    Row(&'static str, String),
    /// The labels do not belong to these documents.
    Set(RunError),
}

impl LabelledSet {
    /// The set at a location, with the usual keys.
    #[must_use]
    pub fn at(location: &str) -> Self {
        Self { location: location.to_owned(), settings: Settings::default() }
    }

    /// Hands every row to `take`, in order.
    ///
    /// # Errors
    /// If the set cannot be read, or `take` fails.
    pub fn each(
        &self,
        take: &mut dyn FnMut(Labelled) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let directory = RunDirectory::open(&self.location)?;
        if directory.store().exists(RunDirectory::RUN).unwrap_or(false) {
            return each_of_run(&directory, take);
        }
        for shard in expand(std::slice::from_ref(&self.location))? {
            each_of_shard(&shard, &self.settings, &mut RowLabels, take)?;
        }
        Ok(())
    }
}

fn each_of_run(
    directory: &RunDirectory,
    take: &mut dyn FnMut(Labelled) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let file = RunFile::read(directory.store())?;
    if !directory.store().exists(RunDirectory::SUCCESS)? {
        let place = directory.store().place(RunDirectory::SUCCESS);
        return Err(RunError::new(format!("expected a complete run, but found no {place}")));
    }
    for manifest in directory.manifests::<Tally>()? {
        let shard = input_of(&manifest)?;
        let name = file.settings.output.name_for(&manifest.shard);
        let rows = JsonReader::<Row>::open(directory.store(), &RunDirectory::programs(&name));
        let mut labels = SidecarLabels { rows: rows.map_err(said)? };
        each_of_shard(&shard, &file.settings, &mut labels, take)?;
    }
    Ok(())
}

/// Reads a shard and the labels beside it.
pub(crate) fn each_of_shard(
    shard: &InputShard,
    settings: &Settings,
    labels: &mut dyn Labels,
    take: &mut dyn FnMut(Labelled) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let fail = |why: String| RunError::new(format!("{}: {why}", shard.name));
    let lines = OutputSettings { format: OutputFormat::Jsonl, ..OutputSettings::default() };
    let target = Target::plan(shard, &settings.read(), &lines).map_err(|e| fail(e.to_string()))?;
    let mut reader =
        ShardReader::open(shard, &settings.read()).map_err(|error| fail(error.to_string()))?;
    while let Some(batch) = reader.next_batch().map_err(|error| fail(error.to_string()))? {
        let decoded = batch.decode();
        let whole = vec![None; decoded.len()];
        let rows = decoded.encode(&whole, &target).map_err(|error| fail(error.to_string()))?;
        let mut rows = rows.lines();
        for at in 0..decoded.len() {
            let row = decoded.row_number(at);
            let document = match decoded.document(at) {
                Ok(document) => document,
                Err(bad) => {
                    take(Err(unread(shard, bad)))?;
                    continue;
                }
            };
            let mut columns: Map<String, Value> =
                rows.next().and_then(|row| serde_json::from_slice(row).ok()).unwrap_or_default();
            match labels.next(document.id, document.text, &columns) {
                Ok(Label { deletions, distilled }) => {
                    for key in [&settings.text_key, &settings.id_key, "deletions", "program"] {
                        columns.remove(key);
                    }
                    let (id, text) = (document.id.to_owned(), document.text.to_owned());
                    take(Ok(LabelledDocument { id, text, deletions, columns, distilled }))?;
                }
                Err(LabelError::Row(reason, message)) => {
                    let (shard, reason) = (shard.name.clone(), reason.to_owned());
                    take(Err(BadLabel { shard, row, reason, message }))?;
                }
                Err(LabelError::Set(error)) => return Err(fail(error.to_string())),
            }
        }
    }
    reader.finish().map_err(|error| fail(error.to_string()))?;
    labels.finish()
}

fn unread(shard: &InputShard, bad: &BadRow) -> BadLabel {
    BadLabel {
        shard: shard.name.clone(),
        row: bad.row,
        reason: bad.problem.name().to_owned(),
        message: bad.message.clone(),
    }
}

fn said(error: impl std::fmt::Display) -> RunError {
    RunError::new(error.to_string())
}

/// Labels in a sidecar, row by row.
struct SidecarLabels {
    rows: JsonReader<Row>,
}

impl Labels for SidecarLabels {
    fn next(&mut self, id: &str, text: &str, _: &Map<String, Value>) -> Result<Label, LabelError> {
        let row = self.rows.next_row().map_err(|error| LabelError::Set(said(error)))?;
        let row = row.filter(|row| row.id == id).ok_or_else(|| {
            let why = format!("expected the program for {id}, but found none or another's");
            LabelError::Set(RunError::new(why))
        })?;
        let spans = row.deletions.iter().map(|scored| scored.span);
        let deletions = Deletions::from_spans(text, spans)
            .map_err(|error| LabelError::Row("span", error.to_string()))?;
        Ok(Label { deletions, distilled: row.distilled })
    }
}

/// Labels in the row itself: `deletions` in bytes, or a `program`.
struct RowLabels;

impl Labels for RowLabels {
    fn next(&mut self, _: &str, text: &str, row: &Map<String, Value>) -> Result<Label, LabelError> {
        let deletions = match (row.get("deletions"), row.get("program")) {
            (Some(spans), _) => spans_of(text, spans)?,
            (None, Some(Value::String(program))) => of_program(text, program)?,
            _ => {
                let why = "expected a key deletions or program, but found neither".to_owned();
                return Err(LabelError::Row("no_label", why));
            }
        };
        Ok(Label { deletions, distilled: row.get("distilled").cloned() })
    }
}

fn spans_of(text: &str, spans: &Value) -> Result<Deletions, LabelError> {
    let bad = |found: &dyn std::fmt::Display| {
        LabelError::Row("span", format!("expected [start, end] in bytes, but found {found}"))
    };
    let edge = |span: &Value, at: usize| span[at].as_u64().and_then(|n| usize::try_from(n).ok());
    let span = |span: &Value| match (edge(span, 0), edge(span, 1)) {
        (Some(start), Some(end)) if start <= end => Ok(Span::new(start, end)),
        _ => Err(bad(span)),
    };
    let list = spans.as_array().ok_or_else(|| bad(spans))?;
    let list: Result<Vec<Span>, LabelError> = list.iter().map(span).collect();
    Deletions::from_spans(text, list?).map_err(|error| LabelError::Row("span", error.to_string()))
}

fn of_program(text: &str, program: &str) -> Result<Deletions, LabelError> {
    let parsed = parse(program);
    let (deletions, refused) = resolve_document(&parsed.program, text);
    match parsed.refused.first().or(refused.first()) {
        None => Ok(deletions),
        Some(refusal) => Err(LabelError::Row(
            refusal.reason.name(),
            format!("expected a program that can be carried out, but found {refusal}"),
        )),
    }
}
