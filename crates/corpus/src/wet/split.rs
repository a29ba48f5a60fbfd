//! A WARC stream, split into records and the records gathered into batches.

use crate::jsonl::split::{BATCH_BYTES, BATCH_ROWS, KEPT_OF_LONG};
use memchr::memmem;
use std::io::{self, Read};
use std::ops::Range;

/// A head is no longer than this.
const HEAD_BYTES: usize = 64 << 10;
/// Bytes asked for at once.
const READ_AT_ONCE: usize = 256 << 10;
/// What every record begins with.
const BEGIN: &[u8] = b"WARC/";

/// Where one record stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordPlace {
    /// Where it begins in the stream.
    pub position: u64,
    /// Its head in the batch.
    pub head: Range<usize>,
    /// Its content in the batch.
    pub body: Range<usize>,
    /// Its length in the stream, if not all of it is held.
    pub length: u64,
    /// Why it is no record of text, if it is none.
    pub flaw: Option<RecordFlaw>,
}

/// What can be wrong with a record as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RecordFlaw {
    Broken(String),
    TooLong,
}

/// Records that follow each other in a stream.
#[derive(Debug, Default)]
pub(crate) struct RawRecords {
    pub bytes: Vec<u8>,
    pub records: Vec<RecordPlace>,
}

/// Splits a stream into its records of text.
pub(crate) struct RecordSplitter<R> {
    input: R,
    held: Vec<u8>,
    start: usize,
    position: u64,
    max_row: usize,
    ended: bool,
    skipped: u64,
}

/// What a head says.
struct Head {
    length: u64,
    is_text: bool,
}

impl<R: Read> RecordSplitter<R> {
    pub(crate) fn new(input: R, max_row: usize) -> Self {
        let (held, start, position) = (Vec::new(), 0, 0);
        Self { input, held, start, position, max_row, ended: false, skipped: 0 }
    }

    pub(crate) const fn input(&self) -> &R {
        &self.input
    }

    /// Records that hold no text, such as `warcinfo`.
    pub(crate) const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The next records of text; `None` at the end of the stream.
    pub(crate) fn next(&mut self) -> io::Result<Option<RawRecords>> {
        let mut batch = RawRecords::default();
        while batch.records.len() < BATCH_ROWS && batch.bytes.len() < BATCH_BYTES {
            if !self.record_into(&mut batch)? {
                break;
            }
        }
        Ok((!batch.records.is_empty()).then_some(batch))
    }

    /// Move the next record into `batch` if it holds text; false at the end of the stream.
    fn record_into(&mut self, batch: &mut RawRecords) -> io::Result<bool> {
        self.skip_blanks()?;
        if !self.hold(1)? {
            return Ok(false);
        }
        let position = self.position;
        let (head_length, head) = match self.head()? {
            Ok(found) => found,
            Err(why) => return self.resume(batch, position, why).map(|()| true),
        };
        if !head.is_text {
            self.skipped += 1;
            self.discard(head_length as u64)?;
            self.discard(head.length)?;
            return Ok(true);
        }
        match usize::try_from(head.length) {
            Ok(length) if length <= self.max_row => {
                self.text_record(batch, position, head_length, length)?;
            }
            _ => self.long_record(batch, position, head_length, head.length)?,
        }
        Ok(true)
    }

    fn text_record(
        &mut self,
        batch: &mut RawRecords,
        position: u64,
        head: usize,
        length: usize,
    ) -> io::Result<()> {
        if !self.hold(head + length)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.hold(head + length + 2)?;
        let after = &self.held[self.start + head + length..];
        if !after.is_empty() && !after.starts_with(b"\r\n") && !after.starts_with(b"\n") {
            let why =
                "expected the content to be as long as its head says, but found more".to_string();
            return self.resume(batch, position, why);
        }
        self.give(batch, position, head, length, (head + length) as u64, None);
        self.advance(head + length);
        Ok(())
    }

    fn long_record(
        &mut self,
        batch: &mut RawRecords,
        position: u64,
        head: usize,
        length: u64,
    ) -> io::Result<()> {
        self.hold(head + KEPT_OF_LONG)?;
        let kept = KEPT_OF_LONG.min(self.held.len() - self.start - head);
        let whole = head as u64 + length;
        self.give(batch, position, head, kept, whole, Some(RecordFlaw::TooLong));
        self.discard(whole)
    }

    /// Give out what stands here as a broken record, up to the begin of the next one.
    fn resume(&mut self, batch: &mut RawRecords, position: u64, why: String) -> io::Result<()> {
        self.hold(KEPT_OF_LONG)?;
        let next = memmem::Finder::new(b"\nWARC/1.");
        // The line that begins here is not the next record.
        let mut seen = 1;
        let mut before = Vec::new();
        loop {
            let rest = &self.held[self.start..];
            let from = seen.min(rest.len());
            if let Some(found) = next.find(&rest[from..]) {
                keep(&mut before, &rest[..from + found + 1]);
                self.advance(from + found + 1);
                break;
            }
            let done = rest.len().saturating_sub(8);
            keep(&mut before, &rest[..done]);
            self.advance(done);
            seen = 0;
            if !self.fill()? {
                keep(&mut before, &self.held[self.start..]);
                self.advance(self.held.len() - self.start);
                break;
            }
        }
        let (length, at) = (self.position - position, batch.bytes.len());
        batch.bytes.extend_from_slice(&before);
        let (head, body) = (at..at, at..batch.bytes.len());
        let flaw = Some(RecordFlaw::Broken(why));
        batch.records.push(RecordPlace { position, head, body, length, flaw });
        Ok(())
    }

    fn give(
        &self,
        batch: &mut RawRecords,
        position: u64,
        head: usize,
        body: usize,
        length: u64,
        flaw: Option<RecordFlaw>,
    ) {
        let at = batch.bytes.len();
        batch.bytes.extend_from_slice(&self.held[self.start..self.start + head + body]);
        let (head, body) = (at..at + head, at + head..at + head + body);
        batch.records.push(RecordPlace { position, head, body, length, flaw });
    }

    /// The head that stands here with its blank line, or why it is none.
    fn head(&mut self) -> io::Result<Result<(usize, Head), String>> {
        let mut wanted = 4096;
        loop {
            self.hold(wanted)?;
            let rest = &self.held[self.start..];
            if !BEGIN.starts_with(&rest[..rest.len().min(BEGIN.len())]) {
                return Ok(Err(
                    "expected a record to begin with WARC/, but found another line".into()
                ));
            }
            if let Some(length) = end_of_head(&rest[..rest.len().min(HEAD_BYTES)]) {
                return Ok(parse(&rest[..length]).map(|head| (length, head)));
            }
            if wanted >= HEAD_BYTES {
                return Ok(Err(
                    "expected the head of a record to end, but found no blank line".into()
                ));
            }
            if rest.len() < wanted {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            wanted = HEAD_BYTES;
        }
    }

    fn skip_blanks(&mut self) -> io::Result<()> {
        while self.hold(1)? && matches!(self.held[self.start], b'\r' | b'\n') {
            self.advance(1);
        }
        Ok(())
    }

    fn advance(&mut self, count: usize) {
        self.start += count;
        self.position += count as u64;
    }

    /// Go on by `count` bytes, holding none of them.
    fn discard(&mut self, mut count: u64) -> io::Result<()> {
        while count > 0 {
            if !self.hold(1)? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let step =
                (self.held.len() - self.start).min(usize::try_from(count).unwrap_or(usize::MAX));
            self.advance(step);
            count -= step as u64;
        }
        Ok(())
    }

    /// Read until `count` bytes are held; false if the stream ends before.
    fn hold(&mut self, count: usize) -> io::Result<bool> {
        while self.held.len() - self.start < count {
            if !self.fill()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn fill(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.held.drain(..self.start);
        self.start = 0;
        self.held.reserve(READ_AT_ONCE);
        let count = (&mut self.input).take(READ_AT_ONCE as u64).read_to_end(&mut self.held)?;
        self.ended = count == 0;
        Ok(count > 0)
    }
}

/// Keep the first bytes of what is broken.
fn keep(kept: &mut Vec<u8>, bytes: &[u8]) {
    let room = KEPT_OF_LONG - kept.len().min(KEPT_OF_LONG);
    kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// Length of a head with its blank line.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let crlf = memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4);
    let lf = memmem::find(bytes, b"\n\n").map(|at| at + 2);
    match (crlf, lf) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn parse(head: &[u8]) -> Result<Head, String> {
    let length = field(head, "Content-Length")
        .ok_or("expected the head of a record to say Content-Length, but found none")?;
    let digits = std::str::from_utf8(length).ok().and_then(|digits| digits.parse().ok());
    let found = String::from_utf8_lossy(length);
    let length = digits
        .ok_or_else(|| format!("expected Content-Length to be a number, but found {found:?}"))?;
    let is_text = field(head, "WARC-Type").is_some_and(|kind| kind == b"conversion");
    Ok(Head { length, is_text })
}

/// The value of a field of a head.
pub(crate) fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    head.split(|&byte| byte == b'\n').find_map(|line| {
        let (key, rest) = line.split_at_checked(name.len())?;
        let value = rest.strip_prefix(b":")?;
        key.eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim_ascii())
    })
}
