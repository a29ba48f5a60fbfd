//! Applying deletions, and putting deleted text back.

use crate::deletions::Deletions;
use std::fmt;

/// `text` minus `deletions`: one pass forward.
///
/// # Panics
/// If the deletions do not fit the text.
#[must_use]
pub fn execute(text: &str, deletions: &Deletions) -> String {
    let mut kept = String::with_capacity(text.len() - deletions.deleted_bytes());
    let mut next = 0;
    for span in deletions.spans() {
        kept.push_str(&text[next..span.start()]);
        next = span.end();
    }
    kept.push_str(&text[next..]);
    kept
}

/// The text before the deletions: `deleted` holds the text of each span, in order (law L7).
///
/// # Errors
/// If the pieces do not match the spans in number or length, or the spans do not fit the result.
pub fn restore(
    refined: &str,
    deletions: &Deletions,
    deleted: &[impl AsRef<str>],
) -> Result<String, RestoreError> {
    let spans = deletions.spans();
    if spans.len() != deleted.len() {
        return Err(RestoreError::Pieces { spans: spans.len(), pieces: deleted.len() });
    }
    let mut text = String::with_capacity(refined.len() + deletions.deleted_bytes());
    let mut rest = refined;
    for (span, piece) in spans.iter().zip(deleted) {
        let piece = piece.as_ref();
        let gap = span.start() - text.len();
        if piece.len() != span.len() || !rest.is_char_boundary(gap) {
            return Err(RestoreError::Span { start: span.start(), end: span.end() });
        }
        text.push_str(&rest[..gap]);
        text.push_str(piece);
        rest = &rest[gap..];
    }
    text.push_str(rest);
    Ok(text)
}

/// Deleted text that does not belong to these deletions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// Not one piece for each span.
    Pieces {
        /// Number of spans.
        spans: usize,
        /// Number of pieces.
        pieces: usize,
    },
    /// A piece of another length than its span, or a span outside the text.
    Span {
        /// First byte of the span.
        start: usize,
        /// One past its last.
        end: usize,
    },
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pieces { spans, pieces } => write!(
                f,
                "expected the deleted text of each of {spans} deletions, but found {pieces} pieces"
            ),
            Self::Span { start, end } => write!(
                f,
                "expected a deleted text that fills {start}..{end} of the original, but found \
                 another length"
            ),
        }
    }
}

impl std::error::Error for RestoreError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    fn deletions(text: &str, spans: &[(usize, usize)]) -> Deletions {
        Deletions::from_spans(text, spans.iter().map(|&(a, b)| Span::new(a, b))).unwrap()
    }

    #[test]
    fn what_is_deleted_and_put_back_is_the_original() {
        let text = "menu\nhello world\nfoot";
        let gone = deletions(text, &[(0, 5), (10, 16), (17, 21)]);
        let refined = execute(text, &gone);
        assert_eq!(refined, "hello\n");
        let pieces: Vec<_> = gone.spans().iter().map(|span| span.of(text)).collect();
        assert_eq!(restore(&refined, &gone, &pieces).unwrap(), text);
    }

    #[test]
    fn deleted_text_of_another_length_is_refused() {
        let gone = deletions("abc", &[(0, 1)]);
        assert!(restore("bc", &gone, &["xy"]).is_err());
        assert!(restore("bc", &gone, &[] as &[&str]).is_err());
        assert!(restore("", &deletions("abcdef", &[(5, 6)]), &["x"]).is_err());
    }
}
