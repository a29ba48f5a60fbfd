//! A view of a document as the network sees it: features of every line that is not blank.

use refinex_core::Span;

use crate::facts::Reader;
use crate::layout::{FAR, Place, measure};
use crate::lines::lines;
use crate::topic::Topic;

/// Rows of the embedding table: features are hashed to it.
pub(crate) const BUCKETS: usize = 1 << 16;
/// Bytes around a view in which lines are counted for its place. (guess: [`FAR`] web lines)
const REACH: usize = 16 * 1024;

/// The features of the lines of a view.
pub(crate) struct Page {
    /// Lines of the view, blank ones too.
    pub(crate) lines: usize,
    /// Which of them are not blank; everything below is about these.
    pub(crate) rows: Vec<usize>,
    pub(crate) dense: Vec<f32>,
    /// Embedding rows of all lines, one after the other.
    pub(crate) features: Vec<u32>,
    /// Where the features of each line end.
    pub(crate) ends: Vec<usize>,
}

impl Page {
    pub(crate) fn empty() -> Self {
        let (rows, dense, features, ends) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { lines: 0, rows, dense, features, ends }
    }

    /// Reads `document[view]`.
    pub(crate) fn read(document: &str, view: Span) -> Self {
        let text = view.of(document);
        let found = lines(text);
        let (mut reader, mut topic) = (Reader::default(), Topic::default());
        let (mut rows, mut facts) = (Vec::new(), Vec::new());
        let (mut features, mut ends) = (Vec::new(), Vec::new());
        for (at, &(start, end)) in found.iter().enumerate() {
            // Carriage returns and blanks at the end of a line are seen by nobody, a network neither.
            let line = text[start..end].trim_end();
            if line.is_empty() {
                continue;
            }
            let line_facts = reader.read(line, view.start() + start);
            reader.features(line_facts.content, |hash| features.push(bucket(hash)));
            topic.push(&reader.tokens);
            rows.push(at);
            facts.push(line_facts);
            ends.push(features.len());
        }
        topic.finish(&facts);
        let dense = measure(&facts, &topic, place(document, view));
        Self { lines: found.len(), rows, dense, features, ends }
    }

    /// The embedding rows of the `at`-th line that is not blank.
    pub(crate) fn features_of(&self, at: usize) -> &[u32] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.features[start..self.ends[at]]
    }
}

pub(crate) fn bucket(hash: u64) -> u32 {
    (hash.wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 40) as u32 % BUCKETS as u32
}

fn place(document: &str, view: Span) -> Place {
    let bytes = document.as_bytes();
    Place {
        document_bytes: document.len(),
        lines_before: count_lines(&bytes[view.start().saturating_sub(REACH)..view.start()]),
        lines_after: count_lines(&bytes[view.end()..bytes.len().min(view.end() + REACH)]),
    }
}

fn count_lines(bytes: &[u8]) -> usize {
    if bytes.len() == REACH { FAR } else { memchr::memchr_iter(b'\n', bytes).count().min(FAR) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_counted_but_have_no_features() {
        let text = "one\n\n \t\ntwo";
        let page = Page::read(text, Span::new(0, text.len()));
        assert_eq!((page.lines, page.rows.as_slice()), (4, [0, 3].as_slice()));
        assert_eq!(page.ends.len(), 2);
    }

    #[test]
    fn what_stands_behind_the_last_visible_character_of_a_line_changes_no_word_or_length() {
        let read = |text: &str| Page::read(text, Span::new(0, text.len()));
        let (bare, blanks) = (read("Home\nOne, two.\n"), read("Home\r\nOne, two. \t\u{a0}\r\n"));
        assert_eq!((bare.features, bare.ends), (blanks.features, blanks.ends));
        // Only where a line stands in the document, in bytes, differs.
        let places = bare.dense.iter().zip(&blanks.dense).filter(|(a, b)| a != b).count();
        assert!(places <= 8, "{places} measurements differ");
    }

    #[test]
    fn a_view_knows_how_far_the_ends_of_the_document_are() {
        let text = "a\nb\nc\nd\ne\n";
        let place = place(text, Span::new(4, 6));
        assert_eq!((place.lines_before, place.lines_after), (2, 2));
    }
}
