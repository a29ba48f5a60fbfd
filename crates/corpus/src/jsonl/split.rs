//! An uncompressed stream, split into rows and the rows gathered into batches.

use memchr::memchr;
use std::io::{self, Read};
use std::ops::Range;

/// A batch is full when it holds this many bytes…
pub(crate) const BATCH_BYTES: usize = 1 << 20;
/// … or this many rows. Both depend on the content only, so batches are always the same.
pub(crate) const BATCH_ROWS: usize = 1024;
/// What is kept of a row that is too long.
pub(crate) const KEPT_OF_LONG: usize = 64 << 10;
/// Bytes asked for at once.
const READ_AT_ONCE: usize = 256 << 10;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Where one row stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowPlace {
    /// Its bytes in the batch, without the line end.
    pub bytes: Range<usize>,
    /// Where it begins in the stream.
    pub position: u64,
    /// Its length, if it was too long to be held; then `bytes` are only its first ones.
    pub too_long: Option<u64>,
}

/// Rows that follow each other in a stream, each with a line end behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RawRows {
    pub bytes: Vec<u8>,
    pub rows: Vec<RowPlace>,
}

/// Splits a stream at U+000A.
pub(crate) struct Splitter<R> {
    input: R,
    /// Read, but not yet given out from `start` on.
    held: Vec<u8>,
    start: usize,
    /// Place in the stream of `held[start]`.
    position: u64,
    max_row: usize,
    ended: bool,
    blank_rows: u64,
}

impl<R: Read> Splitter<R> {
    pub(crate) fn new(input: R, max_row: usize) -> Self {
        Self {
            input,
            held: Vec::new(),
            start: 0,
            position: 0,
            max_row,
            ended: false,
            blank_rows: 0,
        }
    }

    pub(crate) const fn input(&self) -> &R {
        &self.input
    }

    pub(crate) const fn blank_rows(&self) -> u64 {
        self.blank_rows
    }

    /// The next rows; `None` at the end of the stream.
    pub(crate) fn next(&mut self) -> io::Result<Option<RawRows>> {
        let mut batch = RawRows::default();
        while batch.rows.len() < BATCH_ROWS && batch.bytes.len() < BATCH_BYTES {
            if !self.row_into(&mut batch)? {
                break;
            }
        }
        Ok((!batch.rows.is_empty()).then_some(batch))
    }

    /// Move the next line into `batch` unless it is blank; false at the end of the stream.
    fn row_into(&mut self, batch: &mut RawRows) -> io::Result<bool> {
        let position = self.position;
        let mut searched = 0;
        loop {
            let rest = &self.held[self.start..];
            if let Some(found) = memchr(b'\n', &rest[searched..]) {
                self.give(batch, searched + found, position);
                self.advance(1);
                return Ok(true);
            }
            searched = rest.len();
            if searched > self.max_row {
                return self.skip_long(batch, position);
            }
            if !self.fill()? {
                let last = self.held.len() - self.start;
                self.give(batch, last, position);
                return Ok(last > 0);
            }
        }
    }

    fn give(&mut self, batch: &mut RawRows, length: usize, position: u64) {
        let line = &self.held[self.start..self.start + length];
        if is_blank(line, position == 0) {
            // The end of the stream is no line.
            self.blank_rows += u64::from(length > 0 || !self.ended);
        } else {
            let too_long = (length > self.max_row).then_some(length as u64);
            let kept = too_long.map_or(length, |_| length.min(KEPT_OF_LONG));
            let from = batch.bytes.len();
            batch.bytes.extend_from_slice(&line[..kept]);
            batch.bytes.push(b'\n');
            batch.rows.push(RowPlace { bytes: from..from + kept, position, too_long });
        }
        self.advance(length);
    }

    fn advance(&mut self, count: usize) {
        self.start += count;
        self.position += count as u64;
    }

    /// Give out the begin of a line that is too long and read on to its end, holding nothing.
    fn skip_long(&mut self, batch: &mut RawRows, position: u64) -> io::Result<bool> {
        let kept = (self.held.len() - self.start).min(KEPT_OF_LONG);
        let from = batch.bytes.len();
        batch.bytes.extend_from_slice(&self.held[self.start..self.start + kept]);
        batch.bytes.push(b'\n');
        let mut length = 0u64;
        loop {
            let rest = &self.held[self.start..];
            let found = memchr(b'\n', rest);
            let count = found.unwrap_or(rest.len());
            length += count as u64;
            self.advance(count + usize::from(found.is_some()));
            if found.is_some() || !self.fill()? {
                break;
            }
        }
        // A buffer that grew to the limit is not kept for rows of common size.
        self.held = self.held.split_off(self.start);
        self.start = 0;
        let too_long = Some(length);
        batch.rows.push(RowPlace { bytes: from..from + kept, position, too_long });
        Ok(true)
    }

    /// Read more behind what is held; false at the end of the stream.
    fn fill(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.held.drain(..self.start);
        self.start = 0;
        // The buffer grows by doubling, so that a long line is not copied again and again.
        self.held.reserve(READ_AT_ONCE);
        let count = (&mut self.input).take(READ_AT_ONCE as u64).read_to_end(&mut self.held)?;
        self.ended = count == 0;
        Ok(count > 0)
    }
}

/// Whether a line has only blanks; a byte order mark that begins the stream does not count.
fn is_blank(line: &[u8], first: bool) -> bool {
    let line = if first { line.strip_prefix(BOM).unwrap_or(line) } else { line };
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}

/// Bytes of the byte order mark that `row` begins with, if it may have one.
pub(crate) fn bom_of(row: &[u8], position: u64) -> usize {
    if position == 0 && row.starts_with(BOM) { BOM.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn rows(stream: &[u8], max_row: usize) -> (Vec<(String, u64, Option<u64>)>, u64) {
        let mut splitter = Splitter::new(Cursor::new(stream.to_vec()), max_row);
        let mut out = Vec::new();
        while let Some(batch) = splitter.next().unwrap() {
            for row in batch.rows {
                let bytes = String::from_utf8_lossy(&batch.bytes[row.bytes]).into_owned();
                out.push((bytes, row.position, row.too_long));
            }
        }
        (out, splitter.blank_rows())
    }

    #[test]
    fn blank_lines_are_counted_and_are_no_rows() {
        let (rows, blank) = rows(b"\n a\r\n \t\r\n\xef\xbb\xbfb\nc", 99);
        let texts: Vec<_> = rows.iter().map(|row| (row.0.as_str(), row.1)).collect();
        assert_eq!(texts, [(" a\r", 1), ("\u{feff}b", 9), ("c", 14)]);
        assert_eq!(blank, 2);
        assert_eq!(super::tests::rows(b"\xef\xbb\xbf\n\n", 99), (vec![], 2));
        assert_eq!(super::tests::rows(b"", 99), (vec![], 0));
        assert_eq!(super::tests::rows(b"  ", 99), (vec![], 1));
    }

    #[test]
    fn a_row_that_is_too_long_is_skipped_and_the_others_go_on() {
        let long = "x".repeat(700_000);
        let stream = format!("a\n{long}\nb\n{long}");
        let (rows, _) = rows(stream.as_bytes(), 300_000);
        let seen: Vec<_> = rows.iter().map(|row| (row.0.len(), row.1, row.2)).collect();
        let long = Some(700_000);
        assert_eq!(
            seen,
            [
                (1, 0, None),
                (KEPT_OF_LONG, 2, long),
                (1, 700_003, None),
                (KEPT_OF_LONG, 700_005, long)
            ]
        );
    }

    #[test]
    fn the_limit_is_the_same_however_the_stream_is_cut() {
        let stream = format!("{}\n{}\n", "x".repeat(10), "x".repeat(11));
        let (rows, _) = rows(stream.as_bytes(), 10);
        assert_eq!(rows.iter().map(|row| row.2).collect::<Vec<_>>(), [None, Some(11)]);
    }

    #[test]
    fn batches_end_by_rows_and_by_bytes() {
        let mut many = Splitter::new(Cursor::new(b"1\n".repeat(1500)), 99);
        let sizes: Vec<_> =
            std::iter::from_fn(|| many.next().unwrap()).map(|b| b.rows.len()).collect();
        assert_eq!(sizes, [1024, 476]);
        let line = "y".repeat(400_000) + "\n";
        let mut large = Splitter::new(Cursor::new(line.repeat(7)), usize::MAX);
        let sizes: Vec<_> =
            std::iter::from_fn(|| large.next().unwrap()).map(|b| b.rows.len()).collect();
        assert_eq!(sizes, [3, 3, 1]);
    }
}
