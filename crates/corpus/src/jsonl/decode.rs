//! Rows of JSON, decoded to documents.

use super::literal;
use super::scan::{self, Flaw, IdPlace, Keys, Literal};
use super::split::{RawRows, RowPlace, bom_of};
use crate::bad_row::{BadRow, RowProblem};
use crate::reader::ShardContext;
use refinex_core::Document;
use std::ops::Range;

/// Rows that follow each other in a shard of JSON lines.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    /// The rows, each with a line end behind it.
    bytes: String,
    /// Texts and ids that had escapes, and ids that were made.
    arena: String,
    rows: Vec<Result<Line, Box<BadRow>>>,
}

/// One good row.
#[derive(Clone, Debug)]
struct Line {
    /// The row in `bytes`, without its line end.
    row: Range<usize>,
    /// Its text in `bytes`, between the quotes.
    literal: Range<usize>,
    text: Slot,
    id: Slot,
}

/// Where a string is held.
#[derive(Clone, Debug)]
enum Slot {
    Bytes(Range<usize>),
    Arena(Range<usize>),
}

/// A good row as it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineView<'a> {
    /// The row without its line end.
    pub row: &'a str,
    /// Where its text stands in the row, between the quotes.
    pub literal_start: usize,
    /// The text between its quotes.
    pub literal: &'a str,
    /// The text decoded.
    pub text: &'a str,
}

impl Lines {
    /// Decode `raw`, whose first row has the number `first_row`.
    pub(crate) fn decode(mut raw: RawRows, first_row: u64, context: &ShardContext) -> Self {
        let sound = raw.rows.iter().all(|place| place.too_long.is_none());
        let (bytes, unread) = match text_of(std::mem::take(&mut raw.bytes)) {
            Ok(bytes) if sound => (bytes, Vec::new()),
            Ok(bytes) => take_unreadable(bytes.into_bytes(), &raw.rows, first_row),
            Err(bytes) => take_unreadable(bytes, &raw.rows, first_row),
        };
        let mut unread = unread.into_iter().peekable();
        let mut lines =
            Self { bytes, arena: String::new(), rows: Vec::with_capacity(raw.rows.len()) };
        for (number, place) in (first_row..).zip(&raw.rows) {
            let row = match unread.next_if(|bad| bad.row == number) {
                Some(bad) => Err(bad),
                None => lines.line(place, number, context),
            };
            lines.rows.push(row.map_err(Box::new));
        }
        lines
    }

    fn line(
        &mut self,
        place: &RowPlace,
        number: u64,
        context: &ShardContext,
    ) -> Result<Line, BadRow> {
        let bom = bom_of(&self.bytes.as_bytes()[place.bytes.clone()], place.position);
        let start = place.bytes.start + bom;
        let Self { bytes, arena, .. } = self;
        let row = &bytes[start..place.bytes.end];
        let keys = Keys { text: &context.text_key, id: &context.id_key };
        let slots = scan::scan(row, keys).and_then(|places| {
            let text = slot(row, start, &places.text, "text", arena)?;
            let id = match places.id {
                Some(IdPlace::Text(literal)) => slot(row, start, &literal, "id", arena)?,
                Some(IdPlace::Json(json)) => Slot::Bytes(start + json.start..start + json.end),
                None => made_id(arena, context, number),
            };
            Ok((places.text.place, text, id))
        });
        match slots {
            Ok((literal, text, id)) => {
                let literal = start + literal.start..start + literal.end;
                Ok(Line { row: place.bytes.clone(), literal, text, id })
            }
            Err(flaw) => Err(flawed(flaw, number, place, bytes[place.bytes.clone()].as_bytes())),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn document(&self, at: usize) -> Result<Document<'_>, &BadRow> {
        match &self.rows[at] {
            Ok(line) => Ok(Document { id: self.held(&line.id), text: self.held(&line.text) }),
            Err(bad) => Err(bad),
        }
    }

    /// The good row `at`, or `None` for a bad one.
    pub(crate) fn view(&self, at: usize) -> Option<LineView<'_>> {
        let line = self.rows.get(at)?.as_ref().ok()?;
        Some(LineView {
            row: &self.bytes[line.row.clone()],
            literal_start: line.literal.start - line.row.start,
            literal: &self.bytes[line.literal.clone()],
            text: self.held(&line.text),
        })
    }

    /// All rows as they were read, each with its line end; `None` if one of them is bad.
    pub(crate) fn whole(&self) -> Option<&str> {
        self.rows.iter().all(Result::is_ok).then_some(&self.bytes)
    }

    fn held(&self, slot: &Slot) -> &str {
        match slot {
            Slot::Bytes(place) => &self.bytes[place.clone()],
            Slot::Arena(place) => &self.arena[place.clone()],
        }
    }
}

/// Take out the rows that are no text or too long, leaving blanks in their place.
fn take_unreadable(mut bytes: Vec<u8>, rows: &[RowPlace], first_row: u64) -> (String, Vec<BadRow>) {
    let mut taken = Vec::new();
    for (number, place) in (first_row..).zip(rows) {
        let row = &mut bytes[place.bytes.clone()];
        if let Some(flaw) = unreadable(row, place) {
            taken.push(flawed(flaw, number, place, row));
            row.fill(b' ');
        }
    }
    // Every row that is left is text by now, so nothing is replaced.
    (String::from_utf8_lossy(&bytes).into_owned(), taken)
}

fn unreadable(bytes: &[u8], place: &RowPlace) -> Option<Flaw> {
    if let Some(length) = place.too_long {
        let message = format!("expected a row within the limit, but found {length} bytes");
        return Some(Flaw { problem: RowProblem::RowTooLong, message });
    }
    let error = simdutf8::compat::from_utf8(bytes).err()?;
    let at = error.valid_up_to();
    let found = bytes.get(at).copied().unwrap_or_default();
    let message = format!("expected UTF-8, but found byte 0x{found:02x} at byte {at} of the row");
    Some(Flaw { problem: RowProblem::InvalidUtf8, message })
}

/// The bytes as text, if they are.
fn text_of(bytes: Vec<u8>) -> Result<String, Vec<u8>> {
    match simdutf8::basic::from_utf8(&bytes) {
        // SAFETY: the bytes were just found to be UTF-8. The standard check would cost more than
        // all the rest of reading a row.
        Ok(_) => Ok(unsafe { String::from_utf8_unchecked(bytes) }),
        Err(_) => Err(bytes),
    }
}

fn slot(
    row: &str,
    start: usize,
    found: &Literal,
    what: &str,
    arena: &mut String,
) -> Result<Slot, Flaw> {
    if !found.escaped {
        return Ok(Slot::Bytes(start + found.place.start..start + found.place.end));
    }
    let from = arena.len();
    literal::decode_onto(arena, &row[found.place.clone()])
        .map_err(|error| scan::lone_surrogate(what, found.place.start, error))?;
    Ok(Slot::Arena(from..arena.len()))
}

/// The id of a row that has none: where it stands.
fn made_id(arena: &mut String, context: &ShardContext, number: u64) -> Slot {
    let from = arena.len();
    arena.push_str(&context.id_of_row(number));
    Slot::Arena(from..arena.len())
}

fn flawed(flaw: Flaw, row: u64, place: &RowPlace, raw: &[u8]) -> BadRow {
    BadRow {
        row,
        position: Some(place.position),
        problem: flaw.problem,
        message: flaw.message,
        raw: raw.to_vec(),
        raw_length: place.too_long.unwrap_or(raw.len() as u64),
    }
}
