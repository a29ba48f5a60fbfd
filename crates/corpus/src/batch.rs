//! Rows on their way: raw from the reader, decoded for the model, encoded for the writer.

use crate::bad_row::BadRow;
use crate::columns::Columns;
use crate::error::EditError;
use crate::jsonl;
use crate::jsonl::decode::Lines;
use crate::jsonl::split::RawRows;
use crate::numbers::{number_of_json, numbers_of_table};
use crate::output::{Sink, Target};
use crate::reader::ShardContext;
use crate::removed;
use crate::table::read::RawTable;
use crate::table::rows::TableRows;
use crate::values::{values_of_json, values_of_table};
use crate::wet::rows::WetRows;
use crate::wet::split::RawRecords;
use arrow_array::RecordBatch;
use refinex_core::{Deletions, Document, Span};
use std::borrow::Cow;
use std::sync::Arc;

/// Rows of a shard as the reader splits them off, not yet decoded.
///
/// What is a batch depends only on the content of the shard.
#[derive(Debug)]
pub struct Batch {
    pub(crate) context: Arc<ShardContext>,
    pub(crate) first_row: u64,
    pub(crate) raw: RawBatch,
}

/// The raw rows by format.
#[derive(Debug)]
pub(crate) enum RawBatch {
    Lines(RawRows),
    Table(RawTable),
    Wet(RawRecords),
}

impl Batch {
    /// Number of the first row in the shard, from 1.
    #[must_use]
    pub const fn first_row(&self) -> u64 {
        self.first_row
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.raw {
            RawBatch::Lines(rows) => rows.rows.len(),
            RawBatch::Table(table) => table.batch.num_rows(),
            RawBatch::Wet(records) => records.records.len(),
        }
    }

    /// Whether there is no row. A reader gives no such batch.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Check and decode the rows. Costs the most of all steps and needs no order among batches.
    #[must_use]
    pub fn decode(self) -> Decoded {
        let Self { context, first_row, raw } = self;
        let rows = match raw {
            RawBatch::Lines(raw) => Rows::Lines(Lines::decode(raw, first_row, &context)),
            RawBatch::Table(raw) => {
                Rows::Table(Box::new(TableRows::decode(raw, first_row, &context)))
            }
            RawBatch::Wet(raw) => Rows::Wet(WetRows::decode(raw, first_row, &context)),
        };
        Decoded { context, first_row, rows }
    }
}

/// Rows of a shard, decoded: each one is a document or says why it is not.
#[derive(Debug)]
pub struct Decoded {
    context: Arc<ShardContext>,
    first_row: u64,
    rows: Rows,
}

#[derive(Debug)]
pub(crate) enum Rows {
    Lines(Lines),
    Table(Box<TableRows>),
    Wet(WetRows),
}

impl Decoded {
    /// Number of rows, good and bad.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Lines(lines) => lines.len(),
            Rows::Table(table) => table.len(),
            Rows::Wet(records) => records.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number in the shard, from 1, of the row at `at` in the batch.
    #[must_use]
    pub const fn row_number(&self, at: usize) -> u64 {
        self.first_row + at as u64
    }

    /// The document of the row at `at`.
    ///
    /// # Errors
    /// The row, if it could not be read.
    ///
    /// # Panics
    /// If `at` is not below [`len`](Self::len).
    pub fn document(&self, at: usize) -> Result<Document<'_>, &BadRow> {
        match &self.rows {
            Rows::Lines(lines) => lines.document(at),
            Rows::Table(table) => table.document(at),
            Rows::Wet(records) => records.document(at),
        }
    }

    pub(crate) const fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The numbers that stand in `column` beside the texts, one a row: a key or column, or keys
    /// joined by dots for what is nested. `None` where there is no number.
    #[must_use]
    pub fn numbers(&self, column: &str) -> Vec<Option<f64>> {
        match &self.rows {
            Rows::Lines(lines) => {
                let row = |at| lines.view(at).and_then(|line| number_of_json(line.row, column));
                (0..lines.len()).map(row).collect()
            }
            Rows::Table(table) => numbers_of_table(table.batch(), column),
            Rows::Wet(records) => vec![None; records.len()],
        }
    }

    /// The values that stand in `columns` beside the texts, one list a row: text as it is, numbers and
    /// truth values in words, `None` for anything else. Columns are named as for
    /// [`numbers`](Self::numbers); those of WET records are the ones that are written of them.
    #[must_use]
    pub fn values(&self, columns: &[&str]) -> Vec<Vec<Option<String>>> {
        let none = || vec![None; columns.len()];
        match &self.rows {
            Rows::Lines(lines) => {
                let of = |at| lines.view(at).map(|line| values_of_json(line.row, columns));
                (0..lines.len()).map(|at| of(at).unwrap_or_else(none)).collect()
            }
            Rows::Wet(records) => {
                let of = |at| columns.iter().map(|column| records.value(at, column)).collect();
                (0..records.len()).map(of).collect()
            }
            Rows::Table(table) => {
                let mut rows: Vec<_> = (0..table.len()).map(|_| none()).collect();
                for (place, column) in columns.iter().enumerate() {
                    let values = values_of_table(table.batch(), column);
                    rows.iter_mut().zip(values).for_each(|(row, value)| row[place] = value);
                }
                rows
            }
        }
    }

    /// The rows that could not be read.
    pub fn bad_rows(&self) -> impl Iterator<Item = &BadRow> {
        (0..self.len()).filter_map(|at| self.document(at).err())
    }

    /// The good rows with their edits applied, in the form that `target` wants; one entry a row,
    /// `None` for an untouched one. Entries of bad rows are not looked at, and bad rows are left
    /// out.
    ///
    /// # Errors
    /// If there is not one entry a row, or deletions do not fit their text.
    pub fn encode(
        &self,
        edits: &[Option<Deletions>],
        target: &Target,
    ) -> Result<EncodedBatch, EditError> {
        self.encode_wanted(edits, Wanted::ALL, target)
    }

    /// The same, without the rows that are not wanted.
    ///
    /// # Errors
    /// If there is not one entry a row, or deletions do not fit their text.
    pub fn encode_wanted(
        &self,
        edits: &[Option<Deletions>],
        wanted: Wanted<'_>,
        target: &Target,
    ) -> Result<EncodedBatch, EditError> {
        self.check_count(edits.len())?;
        let json = match &self.rows {
            Rows::Lines(lines) => jsonl::encode::rows(lines, edits, wanted),
            Rows::Wet(records) => records.refined(edits, wanted),
            Rows::Table(table) => {
                let mut texts = table.refined(edits).map_err(|found| self.fault(found))?;
                let unwanted = texts.iter_mut().enumerate().filter(|(at, _)| !wanted.has(*at));
                unwanted.for_each(|(_, text)| *text = None);
                return self.table_form(table, &texts, target);
            }
        };
        self.json_form(json.map_err(|found| self.fault(found))?, target)
    }

    /// The rows that have a reason here, untouched, as lines of JSON with the reason under the key
    /// `filter_reason`, as datatrove writes what its filters leave out. One entry a row.
    ///
    /// # Errors
    /// If there is not one entry a row, or a column cannot be said in JSON.
    pub fn encode_removed(&self, reasons: &[Option<String>]) -> Result<Vec<u8>, EditError> {
        self.check_count(reasons.len())?;
        let marks: Vec<bool> = reasons.iter().map(Option::is_some).collect();
        let (wanted, edits) = (Wanted::only(&marks), vec![None; reasons.len()]);
        let json = match &self.rows {
            Rows::Lines(lines) => jsonl::encode::rows(lines, &edits, wanted),
            Rows::Wet(records) => records.refined(&edits, wanted),
            Rows::Table(table) => {
                let texts = table.refined(&edits).map_err(|found| self.fault(found))?;
                let texts = texts.into_iter().zip(&marks);
                let texts: Vec<_> = texts.map(|(text, &mark)| text.filter(|_| mark)).collect();
                table.json(&texts).map_err(|error| (0, error.to_string()))
            }
        };
        let json = json.map_err(|found| self.fault(found))?;
        let good = (0..self.len()).filter(|&at| self.document(at).is_ok());
        Ok(removed::with_reasons(&json, good.filter_map(|at| reasons[at].as_deref())))
    }

    /// The good rows of a refined shard with what was deleted put back, one entry a row, `None`
    /// for an untouched one.
    ///
    /// # Errors
    /// If there is not one entry a row, or an entry does not fit its text.
    pub fn encode_restored(
        &self,
        back: &[Option<Restoration<'_>>],
        target: &Target,
    ) -> Result<EncodedBatch, EditError> {
        self.check_count(back.len())?;
        let json = match &self.rows {
            Rows::Lines(lines) => jsonl::encode::restored(lines, back),
            Rows::Wet(records) => records.restored(back),
            Rows::Table(table) => {
                let texts = table.restored(back).map_err(|found| self.fault(found))?;
                return self.table_form(table, &texts, target);
            }
        };
        self.json_form(json.map_err(|found| self.fault(found))?, target)
    }

    /// What `deletions` take out of the row at `at`; `None` if the row is bad or they do not fit.
    #[must_use]
    pub fn deleted_texts(&self, at: usize, deletions: &Deletions) -> Option<DeletedTexts> {
        match &self.rows {
            Rows::Lines(lines) => jsonl::encode::deleted(lines.view(at)?, deletions),
            Rows::Table(table) => table.deleted(at, deletions),
            Rows::Wet(records) => records.deleted(at, deletions),
        }
    }

    fn check_count(&self, found: usize) -> Result<(), EditError> {
        let wanted = self.len();
        if found == wanted {
            return Ok(());
        }
        let why = format!("expected edits for the {wanted} rows of the batch, but found {found}");
        Err(EditError::new(&self.context.shard, 0, why))
    }

    /// Rows of a table in the form that is wanted.
    fn table_form(
        &self,
        table: &TableRows,
        texts: &[Option<Cow<'_, str>>],
        target: &Target,
    ) -> Result<EncodedBatch, EditError> {
        let form = match &target.sink {
            Sink::Lines(_) => table.json(texts).map(Form::Bytes),
            Sink::Table(..) => table.table(texts).map(|made| Form::Table(made, table.ends_group)),
        };
        let form = form.map_err(|error| self.unsayable(&error.to_string()))?;
        Ok(EncodedBatch { form })
    }

    /// Lines of JSON in the form that is wanted.
    fn json_form(&self, json: Vec<u8>, target: &Target) -> Result<EncodedBatch, EditError> {
        let form = match &target.sink {
            Sink::Table(plan, Some(columns)) => {
                let rows = simdutf8::basic::from_utf8(&json).unwrap_or_default();
                let table =
                    columns.table(rows, &plan.schema).map_err(|why| self.unsayable(&why))?;
                Form::Table(table, false)
            }
            Sink::Table(_, None) => {
                return Err(self.unsayable("expected the target of another shard"));
            }
            Sink::Lines(_) => Form::Bytes(json),
        };
        Ok(EncodedBatch { form })
    }

    /// Take the good rows into account for the columns of a table.
    pub(crate) fn observe(&self, columns: &mut Columns) {
        if let Rows::Lines(lines) = &self.rows {
            let rows = (0..lines.len()).filter_map(|at| lines.view(at));
            rows.for_each(|line| columns.observe(line.row.trim_start_matches('\u{feff}')));
        }
    }

    fn unsayable(&self, why: &str) -> EditError {
        EditError::new(&self.context.shard, self.first_row, why)
    }

    fn fault(&self, (at, why): (usize, String)) -> EditError {
        EditError::new(&self.context.shard, self.row_number(at), why)
    }
}

/// Which rows of a batch are wanted: one mark a row, or all rows.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a>(Option<&'a [bool]>);

impl<'a> Wanted<'a> {
    /// All rows.
    pub const ALL: Self = Self(None);

    /// The rows whose mark is set; rows without a mark are not wanted.
    #[must_use]
    pub const fn only(marks: &'a [bool]) -> Self {
        Self(Some(marks))
    }

    pub(crate) fn has(self, at: usize) -> bool {
        self.0.is_none_or(|marks| marks.get(at) == Some(&true))
    }

    pub(crate) fn is_all(self) -> bool {
        self.0.is_none_or(|marks| marks.iter().all(|&mark| mark))
    }
}

/// What was deleted from one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeletedTexts {
    /// The deleted texts, one for each span.
    pub texts: Vec<String>,
    /// The same as they stood in the row, with its escapes; only where they are not the canonical
    /// ones, so that they could not be made again from the texts.
    pub raw: Option<Vec<String>>,
}

/// How to undo the deletions of one row.
#[derive(Clone, Copy, Debug)]
pub struct Restoration<'a> {
    /// The spans that were deleted, in places of the original text.
    pub spans: &'a [Span],
    /// The deleted texts, one for each span.
    pub texts: &'a [String],
    /// As in [`DeletedTexts::raw`].
    pub raw: Option<&'a [String]>,
}

impl Restoration<'_> {
    /// Whether pieces and spans agree with each other and with the refined text.
    pub(crate) fn check(&self, refined: &str) -> Result<(), String> {
        let (spans, texts) = (self.spans.len(), self.texts.len());
        let raw = self.raw.map_or(spans, <[String]>::len);
        if texts != spans || raw != spans {
            return Err(format!(
                "expected one deleted text for each of {spans} spans, but found {texts} and {raw} raw"
            ));
        }
        let mut end = 0;
        let mut deleted = 0;
        for (span, text) in self.spans.iter().zip(self.texts) {
            if span.start() < end || span.len() != text.len() {
                return Err(format!(
                    "expected sorted spans as long as their texts, but found {}..{} for a text of {} bytes",
                    span.start(),
                    span.end(),
                    text.len()
                ));
            }
            if !refined.is_char_boundary(span.start() - deleted) {
                return Err(crate::jsonl::encode::misfit(*span, refined));
            }
            end = span.end();
            deleted += span.len();
        }
        Ok(())
    }

    /// The original text. The restoration must have been [checked](Self::check).
    pub(crate) fn apply(&self, refined: &str) -> String {
        let mut text = String::with_capacity(
            refined.len() + self.spans.iter().map(|s| s.len()).sum::<usize>(),
        );
        let (mut from, mut deleted) = (0, 0);
        for (span, piece) in self.spans.iter().zip(self.texts) {
            let until = span.start() - deleted;
            text.push_str(&refined[from..until]);
            text.push_str(piece);
            from = until;
            deleted += span.len();
        }
        text.push_str(&refined[from..]);
        text
    }
}

/// Rows ready to be written.
#[derive(Debug)]
pub struct EncodedBatch {
    pub(crate) form: Form,
}

impl EncodedBatch {
    /// The rows as lines of JSON, if that is their form.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let bytes = match &self.form {
            Form::Bytes(bytes) => bytes.as_slice(),
            Form::Table(..) => &[],
        };
        bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty())
    }
}

/// The form of the rows in the file.
#[derive(Debug)]
pub(crate) enum Form {
    Bytes(Vec<u8>),
    /// A table, and whether a row group ends with it.
    Table(RecordBatch, bool),
}
