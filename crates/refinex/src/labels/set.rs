//! Reading a labelled set: a run directory, or rows that hold their labels.

use super::columns::{Columns, NO_COLUMNS};
use super::dolma::{Attribute, AttributeLabels, KeysFound};
use super::if_there::IfThere;
use super::row_labels::RowLabels;
use crate::decider::{Row, scored_row};
use crate::error::RunError;
use crate::pairs::input_of;
use crate::run_file::RunFile;
use crate::settings::Settings;
use refinex_core::{Deletions, Document, Score, Tally};
use refinex_corpus::{
    BadRow, InputShard, JsonReader, OutputFormat, OutputSettings, RunDirectory, ShardReader,
    Target, expand,
};
use serde_json::Value;
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
    pub columns: Columns,
    /// The same deletions as a row of a sidecar, with all that is known beside them: scores, refused
    /// calls, and the verdict and residue of a distilled pair. Its id is not looked at.
    pub label: Row,
}

/// A row that is no labelled document, and why.
#[derive(Clone, Debug)]
pub struct BadLabel {
    /// The shard.
    pub shard: String,
    /// Number of the row, from 1.
    pub row: u64,
    /// Where it begins in the uncompressed shard, in bytes, if that is known.
    pub position: Option<u64>,
    /// A stable name of the reason.
    pub reason: String,
    /// What was expected, and what was found.
    pub message: String,
    /// Its bytes, or of a row that is too long the first of them.
    pub raw: Vec<u8>,
    /// Its whole length in bytes.
    pub raw_length: u64,
}

impl BadLabel {
    /// A row that could not be read.
    fn unread(shard: &InputShard, bad: &BadRow) -> Self {
        let BadRow { row, position, problem, message, raw, raw_length } = bad.clone();
        let (shard, reason) = (shard.name.clone(), problem.name().to_owned());
        Self { shard, row, position, reason, message, raw, raw_length }
    }

    /// A row that was read, but has no labels that fit.
    fn unlabelled(shard: &InputShard, row: u64, raw: &[u8], reason: &str, message: String) -> Self {
        let (shard, reason, raw_length) = (shard.name.clone(), reason.to_owned(), raw.len() as u64);
        Self { shard, row, position: None, reason, message, raw: raw.to_vec(), raw_length }
    }
}

/// One row of a set.
pub type Labelled = Result<LabelledDocument, BadLabel>;

impl LabelledDocument {
    /// What the document belongs to: the value of `column` where one is named and the row has it,
    /// else the [page](Self::page).
    #[must_use]
    pub fn group(&self, column: Option<&str>) -> String {
        match column.and_then(|column| self.columns.value(column)) {
            Some(Value::String(value)) => value,
            Some(value) if !value.is_null() => value.to_string(),
            _ => self.page().to_owned(),
        }
    }

    /// The page that the document was cut from: its id before the `#`, unless nothing stands there.
    #[must_use]
    pub fn page(&self) -> &str {
        match self.id.split_once('#') {
            Some((page, _)) if !page.is_empty() => page,
            _ => &self.id,
        }
    }

    /// Why the document is no example of anything, if so: its model failed, or the pair that it was
    /// distilled from was dropped. That nothing is deleted from it does not say that it is clean.
    #[must_use]
    pub fn unjudged(&self) -> Option<&str> {
        let verdict =
            self.label.distilled.as_ref().and_then(|distilled| distilled["verdict"].as_str());
        let unrefined = self.label.unrefined.as_ref().map(|unrefined| unrefined.reason.as_str());
        unrefined.or(verdict.filter(|verdict| *verdict == "dropped"))
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
    /// Dolma's attributes in which the labels stand, if they do.
    pub attribute: Option<Attribute>,
}

/// What is read beside a row: its labels.
pub(crate) trait Labels {
    /// The labels of the next document; `row` is its whole row.
    fn next(&mut self, id: &str, text: &str, row: &Columns) -> Result<Label, LabelError>;

    /// A row of the documents could not be read, so that nobody knows its id.
    fn skip(&mut self) {}

    /// Takes out of a row the columns that were its labels: they are written as such.
    fn take_out(&self, _: &mut Columns) {}

    /// Sees to it that no label is left over.
    fn finish(&mut self) -> Result<(), RunError> {
        Ok(())
    }
}

/// Labels of one document.
pub(crate) struct Label {
    pub(crate) deletions: Deletions,
    pub(crate) row: Row,
}

impl Label {
    /// Deletions of which nothing more is known.
    pub(crate) fn plain(text: &str, deletions: Deletions) -> Self {
        let row = scored_row(text, &deletions, None, Score::ONE);
        Self { deletions, row }
    }
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
        let (location, settings) = (location.to_owned(), Settings::default());
        Self { location, settings, attribute: None }
    }

    /// Hands every row to `take`, in order.
    ///
    /// # Errors
    /// If the set cannot be read, or `take` fails.
    pub fn each(
        &self,
        take: &mut dyn FnMut(Labelled) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        self.each_with::<RowLabels>(take)
    }

    /// The same, but a row without labels is a document that is [not judged](
    /// LabelledDocument::unjudged), and not a bad one.
    ///
    /// # Errors
    /// If the set cannot be read, or `take` fails.
    pub fn each_labelled_or_not(
        &self,
        take: &mut dyn FnMut(Labelled) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        self.each_with::<IfThere>(take)
    }

    fn each_with<L: Labels + Default>(
        &self,
        take: &mut dyn FnMut(Labelled) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        if let Some(attribute) = &self.attribute {
            return self.each_of_attributes(attribute, take);
        }
        let directory = RunDirectory::open(&self.location)?;
        if directory.store().exists(RunDirectory::RUN).unwrap_or(false) {
            return each_of_run(&directory, take);
        }
        for shard in expand(std::slice::from_ref(&self.location))? {
            each_of_shard(&shard, &self.settings, &mut L::default(), take)?;
        }
        Ok(())
    }

    fn each_of_attributes(
        &self,
        attribute: &Attribute,
        take: &mut dyn FnMut(Labelled) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let mut keys = KeysFound::of(attribute);
        for shard in expand(std::slice::from_ref(&self.location))? {
            let mut labels = AttributeLabels::open(attribute, &shard, &mut keys)?;
            each_of_shard(&shard, &self.settings, &mut labels, take)?;
        }
        keys.check()
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
        let shard = input_of(directory, &manifest)?;
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
            let document = match decoded.document(at) {
                Ok(document) => document,
                Err(bad) => {
                    labels.skip();
                    take(Err(BadLabel::unread(shard, bad)))?;
                    continue;
                }
            };
            let row = rows.next().unwrap_or_default();
            match labelled(&document, row, settings, labels) {
                Ok(document) => take(Ok(document))?,
                Err(LabelError::Row(reason, message)) => {
                    let number = decoded.row_number(at);
                    take(Err(BadLabel::unlabelled(shard, number, row, reason, message)))?;
                }
                Err(LabelError::Set(error)) => return Err(fail(error.to_string())),
            }
        }
    }
    reader.finish().map_err(|error| fail(error.to_string()))?;
    labels.finish()
}

/// A document with its labels and the columns of its row.
fn labelled(
    document: &Document<'_>,
    row: &[u8],
    settings: &Settings,
    labels: &mut dyn Labels,
) -> Result<LabelledDocument, LabelError> {
    let columns = Columns::read(row);
    // The labels go on even where the columns are bad, so that the next row has its own.
    let label = labels.next(document.id, document.text, columns.as_ref().unwrap_or(&NO_COLUMNS));
    let mut columns = columns.map_err(|error| {
        let why = format!("expected columns with names in Unicode, but found: {error}");
        LabelError::Row("columns", why)
    })?;
    let Label { deletions, row } = label?;
    columns.remove(&settings.text_key);
    columns.remove(&settings.id_key);
    labels.take_out(&mut columns);
    let (id, text) = (document.id.to_owned(), document.text.to_owned());
    Ok(LabelledDocument { id, text, deletions, columns, label: row })
}

fn said(error: impl std::fmt::Display) -> RunError {
    RunError::new(error.to_string())
}

/// Labels in a sidecar, row by row.
struct SidecarLabels {
    rows: JsonReader<Row>,
}

impl Labels for SidecarLabels {
    fn next(&mut self, id: &str, text: &str, _: &Columns) -> Result<Label, LabelError> {
        let row = self.rows.next_row().map_err(|error| LabelError::Set(said(error)))?;
        let row = row.filter(|row| row.id == id).ok_or_else(|| {
            let why = format!("expected the program for {id}, but found none or another's");
            LabelError::Set(RunError::new(why))
        })?;
        let spans = row.deletions.iter().map(|scored| scored.span);
        let deletions = Deletions::from_spans(text, spans)
            .map_err(|error| LabelError::Row("span", error.to_string()))?;
        Ok(Label { deletions, row })
    }
}
