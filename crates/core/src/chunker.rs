//! Cutting documents into chunks.

use crate::chunk::Chunk;
use crate::line::{Line, Lines};
use crate::measure::Measure;
use crate::span::Span;
use std::fmt;

/// Cuts a document into chunks: whole lines where they fit the budget, with context on both sides.
///
/// A line that is over the budget is cut inside, at character boundaries and after a blank where
/// one is near; it is never skipped, and no chunk is over the budget. (The one exception cannot be
/// helped: a single character that measures more than the budget is a chunk of its own.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunker {
    budget: usize,
    overlap: usize,
}

/// A chunker that cannot be: the context would leave no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkerError {
    budget: usize,
    overlap: usize,
}

impl fmt::Display for ChunkerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { budget, overlap } = self;
        write!(
            f,
            "expected a chunk budget of at least 4 and more than twice the overlap, but found a \
             budget of {budget} with an overlap of {overlap}"
        )
    }
}

impl std::error::Error for ChunkerError {}

impl Chunker {
    /// A chunker whose views measure at most `budget`, of which up to `overlap` on either side is
    /// context.
    ///
    /// # Errors
    /// If the budget is under 4 (the longest UTF-8 character) or not over twice the overlap.
    pub const fn new(budget: usize, overlap: usize) -> Result<Self, ChunkerError> {
        if budget < 4 || overlap > (budget - 1) / 2 {
            return Err(ChunkerError { budget, overlap });
        }
        Ok(Self { budget, overlap })
    }

    /// Most that a view may measure.
    #[must_use]
    pub const fn budget(&self) -> usize {
        self.budget
    }

    /// Most context on either side.
    #[must_use]
    pub const fn overlap(&self) -> usize {
        self.overlap
    }

    /// The chunks of `document`, in order. An empty document has none.
    #[must_use]
    pub fn chunks<'d>(&self, document: &'d str, measure: &dyn Measure) -> Vec<Chunk<'d>> {
        if document.is_empty() {
            return Vec::new();
        }
        if measure.measure(document) <= self.budget {
            return vec![Chunk::whole(document)];
        }
        let cut = Cut { document, lines: Lines::of(document), measure };
        let owned = cut.owned_spans(self.budget - 2 * self.overlap);
        owned.into_iter().map(|owned| cut.with_context(owned, self)).collect()
    }
}

struct Cut<'d, 'm> {
    document: &'d str,
    lines: Lines,
    measure: &'m dyn Measure,
}

impl<'d> Cut<'d, '_> {
    fn size(&self, span: Span) -> usize {
        self.measure.measure(span.of(self.document))
    }

    /// Spans that tile the document, none over `budget`.
    fn owned_spans(&self, budget: usize) -> Vec<Span> {
        let mut spans = Vec::new();
        for packed in self.packed_lines(budget) {
            self.settle(packed, budget, &mut spans);
        }
        spans
    }

    /// Runs of whole lines, packed by the sum of their sizes: each line is measured once. A
    /// tokenizer's sizes do not quite add up, so [`settle`](Self::settle) measures each run again.
    fn packed_lines(&self, budget: usize) -> Vec<Span> {
        let mut runs: Vec<(Span, usize)> = Vec::new();
        for line in self.lines.iter() {
            let full = line.full();
            let size = self.size_up_to(full, budget);
            match runs.last_mut() {
                Some((run, sum)) if *sum + size <= budget => {
                    *run = Span::new(run.start(), full.end());
                    *sum += size;
                }
                _ => runs.push((full, size)),
            }
        }
        runs.into_iter().map(|(run, _)| run).collect()
    }

    /// Pushes `run` if it fits, else its halves, else its single line in fragments.
    fn settle(&self, run: Span, budget: usize, spans: &mut Vec<Span>) {
        if self.size_up_to(run, budget) <= budget {
            return spans.push(run);
        }
        let lines: Vec<Span> = self.lines.touching(run).map(Line::full).collect();
        if lines.len() < 2 {
            return self.push_line(run, budget, spans);
        }
        let middle = lines[lines.len() / 2].start();
        self.settle(Span::new(run.start(), middle), budget, spans);
        self.settle(Span::new(middle, run.end()), budget, spans);
    }

    /// The size of the span, or more than `budget` without measuring where a span has more bytes
    /// than any tokenizer would swallow, so that a long line costs no quadratic time.
    fn size_up_to(&self, span: Span, budget: usize) -> usize {
        if span.len() > budget.saturating_mul(MOST_BYTES_A_UNIT) {
            return budget + 1;
        }
        self.size(span)
    }

    fn push_line(&self, full: Span, budget: usize, spans: &mut Vec<Span>) {
        let mut rest = full;
        while self.size_up_to(rest, budget) > budget {
            let end = self.fragment_end(rest, budget);
            spans.push(Span::new(rest.start(), end));
            rest = Span::new(end, rest.end());
            if rest.is_empty() {
                return;
            }
        }
        spans.push(rest);
    }

    /// Where to cut `rest`, which is over the budget: the longest prefix that fits, cut back to a
    /// blank if one stands in its second half, and at least one character.
    fn fragment_end(&self, rest: Span, budget: usize) -> usize {
        let text = rest.of(self.document);
        let most = text.len().min(budget.saturating_mul(MOST_BYTES_A_UNIT));
        let (mut fits, mut over) = (0, most + 1);
        while fits + 1 < over {
            let middle = floor_boundary(text, fits + (over - fits) / 2);
            if middle <= fits {
                let next = ceil_boundary(text, fits + 1);
                if next < over && self.measure.measure(&text[..next]) <= budget {
                    fits = next;
                    continue;
                }
                break;
            }
            if self.measure.measure(&text[..middle]) <= budget {
                fits = middle;
            } else {
                over = middle;
            }
        }
        let first = ceil_boundary(text, 1);
        rest.start() + back_to_blank(&text[..fits.max(first)])
    }

    /// The chunk of an owned span: whole lines of context while they fit the overlap.
    fn with_context(&self, owned: Span, chunker: &Chunker) -> Chunk<'d> {
        let start = self.context_start(owned.start(), chunker.overlap);
        let end = self.context_end(owned.end(), chunker.overlap);
        let views = [Span::new(start, end), Span::new(start, owned.end()), owned];
        let fits = |view: &&Span| self.size(**view) <= chunker.budget;
        let view = views.iter().find(fits).copied().unwrap_or(owned);
        Chunk::new(self.document, view, owned).unwrap_or(Chunk::whole(self.document))
    }

    fn context_start(&self, from: usize, overlap: usize) -> usize {
        let (mut start, mut room) = (from, overlap);
        while let Some(line) = start.checked_sub(1).and_then(|before| self.lines.at(before)) {
            let size = self.size_up_to(Span::new(line.full().start(), start), room);
            if size > room {
                break;
            }
            (start, room) = (line.full().start(), room - size);
        }
        start
    }

    fn context_end(&self, from: usize, overlap: usize) -> usize {
        let (mut end, mut room) = (from, overlap);
        while let Some(line) = self.lines.at(end) {
            let size = self.size_up_to(Span::new(end, line.full().end()), room);
            if size > room {
                break;
            }
            (end, room) = (line.full().end(), room - size);
        }
        end
    }
}

/// No measure is asked about a text of more bytes than this for each unit of budget: tokens of
/// real tokenizers stay under it (longest of GPT-2's, Llama's and Qwen's vocabularies: 128 bytes of
/// blanks), so nothing that could fit is lost.
const MOST_BYTES_A_UNIT: usize = 256;

fn floor_boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil_boundary(text: &str, mut at: usize) -> usize {
    while at < text.len() && !text.is_char_boundary(at) {
        at += 1;
    }
    at.min(text.len())
}

fn back_to_blank(fragment: &str) -> usize {
    let half = ceil_boundary(fragment, fragment.len() / 2);
    match fragment[half..].rfind(' ') {
        Some(blank) => half + blank + 1,
        None => fragment.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Bytes, CodePoints};
    use proptest::prelude::*;

    fn owned<'d>(document: &'d str, chunks: &[Chunk<'d>]) -> Vec<&'d str> {
        chunks.iter().map(|chunk| chunk.owned().of(document)).collect()
    }

    #[test]
    fn lines_are_packed_and_neighbours_are_context() {
        let document = "aa\nbb\ncc\ndd\n";
        let chunks = Chunker::new(9, 3).unwrap().chunks(document, &Bytes);
        assert_eq!(owned(document, &chunks), ["aa\n", "bb\n", "cc\n", "dd\n"]);
        assert_eq!(chunks[1].text(), "aa\nbb\ncc\n");
    }

    #[test]
    fn a_long_line_is_cut_after_a_blank_and_never_skipped() {
        let document = "one two three four\nx";
        let chunks = Chunker::new(10, 0).unwrap().chunks(document, &Bytes);
        assert_eq!(owned(document, &chunks), ["one two ", "three ", "four\n", "x"]);
    }

    #[test]
    fn a_long_line_without_blanks_is_cut_between_characters() {
        let document = "é".repeat(9);
        let chunks = Chunker::new(5, 0).unwrap().chunks(&document, &Bytes);
        assert!(chunks.iter().all(|chunk| chunk.text().len() <= 5));
        assert_eq!(owned(&document, &chunks).concat(), document);
    }

    #[test]
    fn an_empty_document_has_no_chunk() {
        assert!(Chunker::new(10, 0).unwrap().chunks("", &Bytes).is_empty());
    }

    #[test]
    fn a_budget_without_room_is_refused() {
        let error = Chunker::new(10, 5).unwrap_err().to_string();
        assert!(error.ends_with("found a budget of 10 with an overlap of 5"), "{error}");
    }

    #[test]
    fn a_line_of_many_megabytes_is_cut_in_linear_time() {
        let document = "x".repeat(20 << 20);
        let chunks = Chunker::new(1 << 20, 1 << 10).unwrap().chunks(&document, &Bytes);
        assert!(chunks.len() <= 22);
    }

    proptest! {
        /// Law L5: the owned spans tile the document; no view is over the budget.
        #[test]
        fn every_byte_is_owned_once_and_no_view_is_over_budget(
            document in "([a-z é😀]{0,30}\n?){0,12}", budget in 4usize..60, overlap in 0usize..20,
        ) {
            prop_assume!(overlap <= (budget - 1) / 2);
            let chunker = Chunker::new(budget, overlap).unwrap();
            for measure in [&Bytes as &dyn Measure, &CodePoints] {
                let mut next = 0;
                for chunk in chunker.chunks(&document, measure) {
                    prop_assert_eq!(chunk.owned().start(), next);
                    prop_assert!(!chunk.owned().is_empty());
                    let one_char = chunk.owned().of(&document).chars().count() == 1;
                    prop_assert!(measure.measure(chunk.text()) <= budget || one_char);
                    next = chunk.owned().end();
                }
                prop_assert_eq!(next, document.len());
            }
        }
    }
}
