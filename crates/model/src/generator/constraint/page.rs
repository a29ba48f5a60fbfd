//! What of a chunk may be said, and what has been said already.

use super::line_text::LineText;
use super::numbers::Numbers;
use super::vocabulary::Vocabulary;
use refinex_core::resolve::SEARCH_LIMIT;
use refinex_core::{Chunk, Line, Span};
use std::sync::OnceLock;

/// The lines of a chunk, numbered from 1 as models see them.
pub(super) struct Page {
    text: String,
    lines: Vec<PageLine>,
    /// First and last line that the chunk owns whole.
    whole: (u32, u32),
    /// Lines with text that may be deleted.
    with_text: Vec<u32>,
    /// Lines that are not empty and whose end may be deleted.
    with_break: Vec<u32>,
    /// Bytes of the longest line that `remove_str` may speak of.
    longest: usize,
}

struct PageLine {
    content: Span,
    /// The part of `content` that the chunk owns.
    owned: Span,
    text: OnceLock<LineText>,
}

/// What a program has said so far, as far as it matters for what it may still say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Said {
    /// The first line that it may still speak of.
    line: u32,
    /// In that line, the byte behind the last piece that goes; 0 if nothing of it goes.
    gone_to: u32,
    /// Whether all of that line's content goes.
    gone_whole: bool,
    /// Whether the line before went by `remove_lines`, which would have been longer by this one.
    behind_lines: bool,
    /// Bytes that resolving has to search.
    searched: u32,
}

/// The kinds of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Lines,
    Str,
    Break,
}

impl Page {
    pub(super) fn of(chunk: &Chunk<'_>, vocabulary: &Vocabulary) -> Self {
        let origin = chunk.view().start();
        let owned = Span::new(chunk.owned().start() - origin, chunk.owned().end() - origin);
        let index = chunk.lines();
        let mut page = Self {
            text: chunk.text().to_owned(),
            lines: Vec::with_capacity(index.len()),
            whole: (1, 0),
            with_text: Vec::new(),
            with_break: Vec::new(),
            longest: 0,
        };
        for line in index.iter() {
            page.add(line, owned, vocabulary);
        }
        page
    }

    fn add(&mut self, line: Line, owned: Span, vocabulary: &Vocabulary) {
        let (number, content) = (line.number() as u32, line.content());
        if owned.contains(line.full()) {
            let first = if self.whole.1 == 0 { number } else { self.whole.0 };
            self.whole = (first, number);
        }
        let part = content.intersect(owned).unwrap_or(Span::new(content.start(), content.start()));
        let mut bytes = [0; 4];
        let mut writable = |c: char| vocabulary.can_write(c.encode_utf8(&mut bytes).as_bytes());
        // What is escaped is written in ASCII, which every vocabulary can.
        if part.of(&self.text).chars().any(|c| c < ' ' || writable(c)) {
            self.with_text.push(number);
            self.longest = self.longest.max(content.len());
        }
        let ends_inside = line.is_terminated() && owned.contains(line.terminator());
        if ends_inside && !content.is_empty() {
            self.with_break.push(number);
        }
        self.lines.push(PageLine { content, owned: part, text: OnceLock::new() });
    }

    fn line(&self, number: u32) -> &PageLine {
        &self.lines[number as usize - 1]
    }

    /// The content of a line.
    pub(super) fn content(&self, number: u32) -> &str {
        self.line(number).content.of(&self.text)
    }

    /// The bytes of a line's content that the chunk owns.
    pub(super) fn owned(&self, number: u32) -> (usize, usize) {
        let PageLine { content, owned, .. } = self.line(number);
        (owned.start() - content.start(), owned.end() - content.start())
    }

    /// The text of a line that may be deleted.
    pub(super) fn text(&self, number: u32, vocabulary: &Vocabulary) -> &LineText {
        let line = self.line(number);
        line.text.get_or_init(|| {
            let at = line.owned.start() - line.content.start();
            LineText::of(line.owned.of(&self.text), at, vocabulary)
        })
    }

    /// The lines that a call of this kind may begin with.
    pub(super) fn lines_for(
        &self,
        kind: Kind,
        said: &Said,
        vocabulary: &Vocabulary,
    ) -> Numbers<'_> {
        let Said { line, gone_to, gone_whole, behind_lines, .. } = *said;
        match kind {
            Kind::Lines => {
                let touched = gone_to > 0 || behind_lines;
                Numbers::range(self.whole.0.max(line + u32::from(touched)), self.whole.1)
            }
            Kind::Str if said.searched as usize + self.longest > SEARCH_LIMIT => {
                Numbers::range(1, 0)
            }
            Kind::Str => {
                // Two pieces that touch would be one.
                let full = gone_to > 0 && !self.text(line, vocabulary).may_begin_from(gone_to + 1);
                Numbers::listed(&self.with_text, line + u32::from(full))
            }
            Kind::Break => Numbers::listed(&self.with_break, line + u32::from(gone_whole)),
        }
    }

    /// The last lines that a `remove_lines` from `start` may have.
    pub(super) const fn ends_from(&self, start: u32) -> Numbers<'_> {
        Numbers::range(start, self.whole.1)
    }
}

impl Said {
    /// Nothing yet.
    pub(super) const NOTHING: Self =
        Self { line: 1, gone_to: 0, gone_whole: false, behind_lines: false, searched: 0 };

    /// Where in `line` the next piece may begin.
    pub(super) const fn next_in(&self, line: u32) -> u32 {
        if line == self.line && self.gone_to > 0 { self.gone_to + 1 } else { 0 }
    }

    /// After `remove_lines(…, end)`.
    pub(super) const fn lines(self, end: u32) -> Self {
        let searched = self.searched;
        Self { line: end + 1, behind_lines: true, searched, ..Self::NOTHING }
    }

    /// After `remove_break(line)`.
    pub(super) const fn ended(self, line: u32) -> Self {
        Self { line: line + 1, searched: self.searched, ..Self::NOTHING }
    }

    /// After `remove_str` of the bytes from `start` to `end` of a line of so many.
    pub(super) const fn piece(self, line: u32, (start, end): (u32, u32), bytes: usize) -> Self {
        let searched = self.searched + bytes as u32;
        let gone_whole = start == 0 && end as usize == bytes;
        Self { line, gone_to: end, gone_whole, behind_lines: false, searched }
    }
}
