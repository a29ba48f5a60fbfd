//! Rows of a table, decoded to documents, and made a table again with other texts.

use super::json::{JsonRows, sayable};
use super::read::{RawTable, RowShape};
use super::strings::StrangeColumn;
use crate::bad_row::{BadRow, RowProblem};
use crate::batch::{DeletedTexts, Restoration};
use crate::jsonl::encode::misfit;
use crate::reader::ShardContext;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, LargeBinaryArray, LargeStringArray, RecordBatch};
use arrow_schema::{ArrowError, DataType};
use refinex_core::{Deletions, Document};
use std::borrow::Cow;
use std::sync::Arc;

/// Rows that follow each other in a Parquet file.
#[derive(Debug)]
pub(crate) struct TableRows {
    /// All columns; that of the text is bytes.
    batch: RecordBatch,
    shape: Arc<RowShape>,
    pub(crate) ends_group: bool,
    /// The texts; null where the row is bad.
    texts: LargeStringArray,
    ids: LargeStringArray,
    bad: Vec<Option<Box<BadRow>>>,
}

impl TableRows {
    pub(crate) fn decode(raw: RawTable, first_row: u64, context: &ShardContext) -> Self {
        let RawTable { batch, shape, ends_group, strange } = raw;
        let bytes = batch.column(shape.text).as_binary::<i64>();
        let flaw = |at| flaw(bytes, at, context).or_else(|| strange_flaw(&strange, &batch, at));
        let flaws: Vec<_> = (0..bytes.len()).map(flaw).collect();
        let texts = texts_of(bytes, &flaws);
        let ids = ids_of(shape.id.map(|id| batch.column(id)), batch.num_rows(), first_row, context);
        let mut rows = Self { batch, shape, ends_group, texts, ids, bad: Vec::new() };
        rows.bad = (first_row..)
            .zip(flaws)
            .enumerate()
            .map(|(at, (row, flaw))| {
                flaw.map(|flaw| Box::new(rows.bad_row(at, row, flaw, &strange)))
            })
            .collect();
        rows
    }

    fn bad_row(
        &self,
        at: usize,
        row: u64,
        (problem, message): Flaw,
        strange: &[StrangeColumn],
    ) -> BadRow {
        let bytes = self.batch.column(self.shape.text).as_binary::<i64>();
        let value =
            |bytes: &'_ LargeBinaryArray| (!bytes.is_null(at)).then(|| bytes.value(at).to_vec());
        let mut columns = vec![self.shape.text];
        let mut values = vec![value(bytes)];
        for StrangeColumn { column, bytes } in strange {
            columns.push(*column);
            values.push(value(bytes));
        }
        let values: Vec<Option<&[u8]>> = values.iter().map(|value| value.as_deref()).collect();
        let mut raw = Vec::new();
        let said = sayable(&self.batch.slice(at, 1)).and_then(|alone| {
            JsonRows::new(&alone, &columns)?.row_onto(&mut raw, 0, &values);
            Ok(())
        });
        if said.is_err() {
            // A column that JSON cannot say: the bytes of the text are the most that can be kept.
            raw.clear();
            raw.extend_from_slice(values[0].unwrap_or_default());
        }
        let raw_length = raw.len() as u64;
        BadRow { row, position: None, problem, message, raw, raw_length }
    }

    pub(crate) fn len(&self) -> usize {
        self.bad.len()
    }

    /// All columns.
    pub(crate) const fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    pub(crate) fn document(&self, at: usize) -> Result<Document<'_>, &BadRow> {
        match &self.bad[at] {
            None => Ok(Document { id: self.ids.value(at), text: self.texts.value(at) }),
            Some(bad) => Err(bad),
        }
    }

    /// The column of this name, if there is one.
    pub(crate) fn column(&self, name: &str) -> Option<&ArrayRef> {
        self.batch.column_by_name(name)
    }

    fn text(&self, at: usize) -> Option<&str> {
        self.document(at).ok().map(|document| document.text)
    }

    /// The texts with deletions applied; `None` for a bad row.
    pub(crate) fn refined(
        &self,
        edits: &[Option<Deletions>],
    ) -> Result<Vec<Option<Cow<'_, str>>>, (usize, String)> {
        let one = |(at, edit): (usize, &Option<Deletions>)| match (self.text(at), edit) {
            (None, _) => Ok(None),
            (Some(text), Some(edit)) if !edit.is_empty() => {
                without(text, edit).map(|text| Some(Cow::Owned(text))).map_err(|why| (at, why))
            }
            (Some(text), _) => Ok(Some(Cow::Borrowed(text))),
        };
        edits.iter().enumerate().map(one).collect()
    }

    /// The texts with what was deleted put back; `None` for a bad row.
    pub(crate) fn restored(
        &self,
        back: &[Option<Restoration<'_>>],
    ) -> Result<Vec<Option<Cow<'_, str>>>, (usize, String)> {
        let one = |(at, back): (usize, &Option<Restoration<'_>>)| match (self.text(at), back) {
            (None, _) => Ok(None),
            (Some(text), Some(back)) => {
                back.check(text).map_err(|why| (at, why))?;
                Ok(Some(Cow::Owned(back.apply(text))))
            }
            (Some(text), None) => Ok(Some(Cow::Borrowed(text))),
        };
        back.iter().enumerate().map(one).collect()
    }

    pub(crate) fn deleted(&self, at: usize, deletions: &Deletions) -> Option<DeletedTexts> {
        deleted_of(self.text(at)?, deletions)
    }

    /// The rows that have a text here as a table of the input's own columns.
    pub(crate) fn table(&self, texts: &[Option<Cow<'_, str>>]) -> Result<RecordBatch, ArrowError> {
        let kind = self.shape.schema.field(self.shape.text).data_type();
        let any_left_out = texts.iter().any(Option::is_none);
        let wanted: BooleanArray = texts.iter().map(|text| Some(text.is_some())).collect();
        let texts = self.text_array(texts);
        let mut columns = Vec::with_capacity(self.batch.num_columns());
        for (at, column) in self.batch.columns().iter().enumerate() {
            let column =
                if at == self.shape.text { cast_text(&texts, kind)? } else { Arc::clone(column) };
            columns.push(if any_left_out {
                arrow_select::filter::filter(&column, &wanted)?
            } else {
                column
            });
        }
        RecordBatch::try_new(Arc::clone(&self.shape.schema), columns)
    }

    /// The good rows as JSON lines, with these texts.
    pub(crate) fn json(&self, texts: &[Option<Cow<'_, str>>]) -> Result<Vec<u8>, ArrowError> {
        let batch = sayable(&self.batch)?;
        let mut rows = JsonRows::new(&batch, &[self.shape.text])?;
        let mut out = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            if let Some(text) = text {
                rows.row_onto(&mut out, at, &[Some(text.as_bytes())]);
                out.push(b'\n');
            }
        }
        Ok(out)
    }

    fn text_array(&self, texts: &[Option<Cow<'_, str>>]) -> LargeStringArray {
        let untouched = texts.iter().all(|text| matches!(text, None | Some(Cow::Borrowed(_))));
        if untouched {
            return self.texts.clone();
        }
        texts.iter().map(|text| text.as_deref()).collect()
    }
}

type Flaw = (RowProblem, String);

fn flaw(bytes: &LargeBinaryArray, at: usize, context: &ShardContext) -> Option<Flaw> {
    if bytes.is_null(at) {
        let message = format!("expected a string in column {:?}, but found null", context.text_key);
        return Some((RowProblem::TextNull, message));
    }
    let value = bytes.value(at);
    if value.len() > context.max_row_bytes {
        let length = value.len();
        let message = format!("expected a text within the limit, but found {length} bytes");
        return Some((RowProblem::RowTooLong, message));
    }
    not_utf8(value, "the text")
}

/// The flaw of a row of which a column beside the text is no UTF-8.
fn strange_flaw(strange: &[StrangeColumn], batch: &RecordBatch, at: usize) -> Option<Flaw> {
    strange.iter().find_map(|StrangeColumn { column, bytes }| {
        let name = batch.schema_ref().field(*column).name();
        let value = bytes.is_valid(at).then(|| bytes.value(at))?;
        not_utf8(value, &format!("column {name:?}"))
    })
}

fn not_utf8(value: &[u8], place: &str) -> Option<Flaw> {
    simdutf8::basic::from_utf8(value).err()?;
    let at = simdutf8::compat::from_utf8(value).err()?.valid_up_to();
    let found = value.get(at).copied().unwrap_or_default();
    let message = format!("expected UTF-8, but found byte 0x{found:02x} at byte {at} of {place}");
    Some((RowProblem::InvalidUtf8, message))
}

/// The texts, without a copy if all are good.
fn texts_of(bytes: &LargeBinaryArray, flaws: &[Option<Flaw>]) -> LargeStringArray {
    if flaws.iter().all(Option::is_none)
        && let Ok(texts) = LargeStringArray::try_from_binary(bytes.clone())
    {
        return texts;
    }
    let texts = flaws.iter().enumerate().map(|(at, flaw)| match flaw {
        Some(_) => None,
        None => simdutf8::basic::from_utf8(bytes.value(at)).ok(),
    });
    texts.collect()
}

/// The ids as text; a row without one gets its place.
fn ids_of(
    column: Option<&ArrayRef>,
    rows: usize,
    first_row: u64,
    context: &ShardContext,
) -> LargeStringArray {
    let cast = column.and_then(|column| arrow_cast::cast(column, &DataType::LargeUtf8).ok());
    let held = cast.as_ref().map(|ids| ids.as_string::<i64>());
    let id = |(at, row): (usize, u64)| match held {
        Some(ids) if !ids.is_null(at) => Some(Cow::Borrowed(ids.value(at))),
        _ => Some(Cow::Owned(context.id_of_row(row))),
    };
    (0..rows).zip(first_row..).map(id).collect()
}

/// The texts in the type of the input's column.
fn cast_text(texts: &LargeStringArray, kind: &DataType) -> Result<ArrayRef, ArrowError> {
    let options = arrow_cast::CastOptions { safe: false, ..Default::default() };
    arrow_cast::cast_with_options(texts, kind, &options)
}

/// `text` without what is deleted.
pub(crate) fn without(text: &str, deletions: &Deletions) -> Result<String, String> {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for &span in deletions.spans() {
        if !span.fits(text) {
            return Err(misfit(span, text));
        }
        kept.push_str(&text[from..span.start()]);
        from = span.end();
    }
    kept.push_str(&text[from..]);
    Ok(kept)
}

/// What is deleted from `text`, where there is no raw form of it.
pub(crate) fn deleted_of(text: &str, deletions: &Deletions) -> Option<DeletedTexts> {
    let pieces = deletions.spans().iter().map(|span| text.get(span.start()..span.end()));
    let texts = pieces.map(|piece| piece.map(str::to_string)).collect::<Option<_>>()?;
    Some(DeletedTexts { texts, raw: None })
}
