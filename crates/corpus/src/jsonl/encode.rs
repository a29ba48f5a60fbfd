//! Row surgery: an edited row is the row that was read, minus bytes.

use super::decode::{LineView, Lines};
use super::literal::{self, Cursor};
use crate::batch::{DeletedTexts, Restoration, Wanted};
use refinex_core::{Deletions, Span};

/// Write the good rows that are wanted with their edits, one entry a row.
pub(crate) fn rows(
    lines: &Lines,
    edits: &[Option<Deletions>],
    wanted: Wanted<'_>,
) -> Result<Vec<u8>, (usize, String)> {
    if edits.iter().all(untouched)
        && wanted.is_all()
        && let Some(whole) = lines.whole()
    {
        return Ok(whole.as_bytes().to_vec());
    }
    let mut out = Vec::new();
    for (at, edit) in edits.iter().enumerate() {
        let Some(line) = lines.view(at).filter(|_| wanted.has(at)) else { continue };
        match edit {
            Some(deletions) if !deletions.is_empty() => {
                cut(&mut out, line, deletions).map_err(|why| (at, why))?;
            }
            _ => out.extend_from_slice(line.row.as_bytes()),
        }
        out.push(b'\n');
    }
    Ok(out)
}

pub(crate) fn untouched(edit: &Option<Deletions>) -> bool {
    edit.as_ref().is_none_or(Deletions::is_empty)
}

/// Write `line` without the parts of its text that are deleted.
fn cut(out: &mut Vec<u8>, line: LineView<'_>, deletions: &Deletions) -> Result<(), String> {
    let row = line.row.as_bytes();
    let mut kept_from = 0;
    let mut cursor = Cursor::new(line.literal);
    for &span in deletions.spans() {
        let (start, end) = raw_span(&mut cursor, span).ok_or_else(|| misfit(span, line.text))?;
        out.extend_from_slice(&row[kept_from..line.literal_start + start]);
        kept_from = line.literal_start + end;
    }
    out.extend_from_slice(&row[kept_from..]);
    Ok(())
}

/// Where a span of the text stands in its literal. Spans must come in order.
fn raw_span(cursor: &mut Cursor<'_>, span: Span) -> Option<(usize, usize)> {
    Some((cursor.seek(span.start())?, cursor.seek(span.end())?))
}

/// What is said of a span that does not stand in its text.
pub(crate) fn misfit(span: Span, text: &str) -> String {
    format!(
        "expected a span on character boundaries of a text of {} bytes, but found {}..{}",
        text.len(),
        span.start(),
        span.end()
    )
}

/// What the deletions take out of a row.
pub(crate) fn deleted(line: LineView<'_>, deletions: &Deletions) -> Option<DeletedTexts> {
    let mut cursor = Cursor::new(line.literal);
    let mut found = DeletedTexts::default();
    let (mut raw, mut canonical) = (Vec::new(), true);
    for &span in deletions.spans() {
        let (start, end) = raw_span(&mut cursor, span)?;
        let (text, literal) = (line.text.get(span.start()..span.end())?, &line.literal[start..end]);
        canonical = canonical && is_canonical(text, literal);
        found.texts.push(text.to_string());
        raw.push(literal.to_string());
    }
    found.raw = (!canonical).then_some(raw);
    Some(found)
}

/// Whether the text, escaped as we do it, is the literal.
fn is_canonical(text: &str, literal: &str) -> bool {
    let mut escaped = Vec::with_capacity(literal.len());
    literal::escape_onto(&mut escaped, text);
    escaped == literal.as_bytes()
}

/// Write the good rows with what was deleted from them put back, one entry a row.
pub(crate) fn restored(
    lines: &Lines,
    back: &[Option<Restoration<'_>>],
) -> Result<Vec<u8>, (usize, String)> {
    let mut out = Vec::new();
    for (at, restoration) in back.iter().enumerate() {
        let Some(line) = lines.view(at) else { continue };
        match restoration {
            Some(restoration) => {
                put_back(&mut out, line, restoration).map_err(|why| (at, why))?;
            }
            None => out.extend_from_slice(line.row.as_bytes()),
        }
        out.push(b'\n');
    }
    Ok(out)
}

/// Write `line` with the deleted pieces between what is left.
fn put_back(out: &mut Vec<u8>, line: LineView<'_>, back: &Restoration<'_>) -> Result<(), String> {
    back.check(line.text)?;
    let row = line.row.as_bytes();
    let mut cursor = Cursor::new(line.literal);
    let (mut kept_from, mut deleted_before) = (0, 0);
    for (at, &span) in back.spans.iter().enumerate() {
        let place =
            cursor.seek(span.start() - deleted_before).ok_or_else(|| misfit(span, line.text))?;
        out.extend_from_slice(&row[kept_from..line.literal_start + place]);
        kept_from = line.literal_start + place;
        match back.raw.and_then(|raw| raw.get(at)) {
            Some(raw) => out.extend_from_slice(raw.as_bytes()),
            None => literal::escape_onto(out, &back.texts[at]),
        }
        deleted_before += span.len();
    }
    out.extend_from_slice(&row[kept_from..]);
    Ok(())
}

#[cfg(test)]
mod tests;
