//! Records of text, decoded to documents. They are written as JSON lines:
//! `{"id", "text", "metadata": {"url", "date", "content_type", "language"}}`.

use super::split::{RawRecords, RecordFlaw, RecordPlace, field};
use crate::bad_row::{BadRow, RowProblem};
use crate::batch::{DeletedTexts, Restoration, Wanted};
use crate::jsonl::literal::quote_onto;
use crate::reader::ShardContext;
use crate::table::rows::{deleted_of, without};
use refinex_core::{Deletions, Document};
use std::borrow::Cow;
use std::ops::Range;

/// The fields of a head that are kept, by their keys in `metadata`.
const KEPT_FIELDS: [(&str, &str); 4] = [
    ("url", "WARC-Target-URI"),
    ("date", "WARC-Date"),
    ("content_type", "Content-Type"),
    ("language", "WARC-Identified-Content-Language"),
];

/// Records that follow each other in a WET file.
#[derive(Debug)]
pub(crate) struct WetRows {
    bytes: Vec<u8>,
    rows: Vec<Result<Record, Box<BadRow>>>,
}

#[derive(Debug)]
struct Record {
    id: String,
    head: Range<usize>,
    text: String,
}

impl WetRows {
    pub(crate) fn decode(raw: RawRecords, first_row: u64, context: &ShardContext) -> Self {
        let RawRecords { bytes, records } = raw;
        let rows = (first_row..).zip(&records).map(|(number, place)| {
            record(&bytes, place, number, context).map_err(|(problem, message)| {
                Box::new(bad(&bytes, place, number, problem, message))
            })
        });
        let rows = rows.collect();
        Self { bytes, rows }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn document(&self, at: usize) -> Result<Document<'_>, &BadRow> {
        match &self.rows[at] {
            Ok(record) => Ok(Document { id: &record.id, text: &record.text }),
            Err(bad) => Err(bad),
        }
    }

    /// The value of a column that is written of a record, such as `metadata.url`.
    pub(crate) fn value(&self, at: usize, column: &str) -> Option<String> {
        let key = column.strip_prefix("metadata.")?;
        let (_, name) = KEPT_FIELDS.iter().find(|(kept, _)| *kept == key)?;
        let record = self.rows.get(at)?.as_ref().ok()?;
        let value = field(&self.bytes[record.head.clone()], name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    pub(crate) fn deleted(&self, at: usize, deletions: &Deletions) -> Option<DeletedTexts> {
        deleted_of(self.document(at).ok()?.text, deletions)
    }

    /// The good records that are wanted with their edits, as JSON lines.
    pub(crate) fn refined(
        &self,
        edits: &[Option<Deletions>],
        wanted: Wanted<'_>,
    ) -> Result<Vec<u8>, (usize, String)> {
        self.json(edits, wanted, without)
    }

    /// The good records with what was deleted put back, as JSON lines.
    pub(crate) fn restored(
        &self,
        back: &[Option<Restoration<'_>>],
    ) -> Result<Vec<u8>, (usize, String)> {
        self.json(back, Wanted::ALL, |text, back| back.check(text).map(|()| back.apply(text)))
    }

    fn json<E>(
        &self,
        edits: &[Option<E>],
        wanted: Wanted<'_>,
        apply: impl Fn(&str, &E) -> Result<String, String>,
    ) -> Result<Vec<u8>, (usize, String)> {
        let mut out = Vec::with_capacity(self.bytes.len());
        for (at, (row, edit)) in self.rows.iter().zip(edits).enumerate() {
            let Some(record) = row.as_ref().ok().filter(|_| wanted.has(at)) else { continue };
            let text = match edit {
                Some(edit) => Cow::Owned(apply(&record.text, edit).map_err(|why| (at, why))?),
                None => Cow::Borrowed(record.text.as_str()),
            };
            row_onto(&mut out, record, &self.bytes[record.head.clone()], &text);
        }
        Ok(out)
    }
}

fn record(
    bytes: &[u8],
    place: &RecordPlace,
    number: u64,
    context: &ShardContext,
) -> Result<Record, (RowProblem, String)> {
    match &place.flaw {
        Some(RecordFlaw::Broken(why)) => return Err((RowProblem::BrokenRecord, why.clone())),
        Some(RecordFlaw::TooLong) => {
            let length = place.length;
            let why = format!("expected a record within the limit, but found {length} bytes");
            return Err((RowProblem::RowTooLong, why));
        }
        None => {}
    }
    let head = utf8(&bytes[place.head.clone()], "head")?;
    let text = utf8(&bytes[place.body.clone()], "text")?.to_string();
    let id = match field(head.as_bytes(), "WARC-Record-ID") {
        Some(id) if !id.is_empty() => String::from_utf8_lossy(id).into_owned(),
        _ => context.id_of_row(number),
    };
    Ok(Record { id, head: place.head.clone(), text })
}

fn utf8<'a>(bytes: &'a [u8], what: &str) -> Result<&'a str, (RowProblem, String)> {
    simdutf8::compat::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let found = bytes.get(at).copied().unwrap_or_default();
        let why =
            format!("expected UTF-8, but found byte 0x{found:02x} at byte {at} of the {what}");
        (RowProblem::InvalidUtf8, why)
    })
}

fn bad(
    bytes: &[u8],
    place: &RecordPlace,
    row: u64,
    problem: RowProblem,
    message: String,
) -> BadRow {
    let raw = bytes[place.head.start..place.body.end].to_vec();
    let position = Some(place.position);
    BadRow { row, position, problem, message, raw, raw_length: place.length }
}

fn row_onto(out: &mut Vec<u8>, record: &Record, head: &[u8], text: &str) {
    out.extend_from_slice(b"{\"id\":");
    quote_onto(out, &record.id);
    out.extend_from_slice(b",\"text\":");
    quote_onto(out, text);
    out.extend_from_slice(b",\"metadata\":{");
    let mut first = true;
    for (key, name) in KEPT_FIELDS {
        if let Some(value) = field(head, name) {
            if !first {
                out.push(b',');
            }
            first = false;
            quote_onto(out, key);
            out.push(b':');
            quote_onto(out, &String::from_utf8_lossy(value));
        }
    }
    out.extend_from_slice(b"}}\n");
}
