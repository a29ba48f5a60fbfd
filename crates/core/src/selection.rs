//! What was chosen to go, before the one rule that looks at the whole document is applied.

use crate::deletions::Deletions;
use crate::line::Line;
use crate::span::Span;

/// Lines and pieces of one document that were chosen, in any order, by any number of chunks.
///
/// The rule on the last terminator needs the whole document: if the last line has no terminator
/// and goes whole while an earlier line stays, the terminator of the last line that stays goes
/// too. So chunks give selections, and [`Selection::into_deletions`] is the one place that turns
/// them into [`Deletions`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    spans: Vec<Span>,
    last_line_whole: bool,
}

impl Selection {
    /// Chooses a whole line, by its span in the document.
    pub fn choose_line(&mut self, line: Line, at: usize, document: &str) {
        self.choose_lines(line.full().shift(at), document);
    }

    /// Chooses whole lines from one line start to a line end, by their span in the document.
    pub fn choose_lines(&mut self, span: Span, document: &str) {
        self.spans.push(span);
        let ends_document = span.end() == document.len() && !document.ends_with('\n');
        self.last_line_whole |= ends_document && !span.is_empty();
    }

    /// Chooses a piece inside a line, or a terminator.
    pub fn choose_piece(&mut self, span: Span) {
        self.spans.push(span);
    }

    /// Adds all that `other` chose.
    pub fn join(&mut self, other: Self) {
        self.spans.extend(other.spans);
        self.last_line_whole |= other.last_line_whole;
    }

    /// Whether nothing is chosen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.iter().all(|span| span.is_empty())
    }

    /// The deletions that this selection means in `document`. Order has no influence (law L5).
    #[must_use]
    pub fn into_deletions(self, document: &str) -> Deletions {
        debug_assert!(self.spans.iter().all(|span| span.fits(document)));
        let deletions = Deletions::union(self.spans);
        if !self.last_line_whole {
            return deletions;
        }
        match terminator_before_tail(document, &deletions) {
            Some(terminator) => {
                let spans = deletions.spans().iter().copied().chain([terminator]);
                Deletions::union(spans.collect())
            }
            None => deletions,
        }
    }
}

/// The terminator of the last line that stays, if the last line went whole.
fn terminator_before_tail(document: &str, deletions: &Deletions) -> Option<Span> {
    let tail = deletions.spans().last().filter(|tail| tail.end() == document.len())?;
    let bytes = document.as_bytes();
    let last_line = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    let before = tail.start().checked_sub(1)?;
    (tail.start() <= last_line && bytes[before] == b'\n').then(|| Span::new(before, before + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(document: &str, spans: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let mut selection = Selection::default();
        for &(start, end) in spans {
            selection.choose_lines(Span::new(start, end), document);
        }
        let deletions = selection.into_deletions(document);
        deletions.spans().iter().map(|s| (s.start(), s.end())).collect()
    }

    #[test]
    fn the_last_line_takes_the_terminator_of_the_last_that_stays() {
        assert_eq!(chosen("a\nb", &[(2, 3)]), [(1, 3)]);
        assert_eq!(chosen("a\nb\nc", &[(0, 2), (4, 5)]), [(0, 2), (3, 5)]);
        assert_eq!(chosen("a\nb\nc", &[(4, 5), (2, 4)]), [(1, 5)]);
    }

    #[test]
    fn a_terminated_last_line_takes_only_its_own() {
        assert_eq!(chosen("a\nb\n", &[(2, 4)]), [(2, 4)]);
    }

    #[test]
    fn where_no_line_stays_there_is_no_terminator_to_take() {
        assert_eq!(chosen("a\nb", &[(0, 2), (2, 3)]), [(0, 3)]);
    }

    #[test]
    fn a_last_line_of_which_a_fragment_stays_is_not_whole() {
        assert_eq!(chosen("a\nbcd", &[(3, 5)]), [(3, 5)]);
    }
}
