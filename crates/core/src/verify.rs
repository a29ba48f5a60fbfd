//! The check on every document that is written: the refined text is the original minus the
//! deletions, byte for byte (law L1). Written apart from `execute`, so that one checks the other.

use crate::deletions::Deletions;
use crate::outcome::Outcome;
use std::fmt;

/// Checks `refined` against `original` and `deletions`, and says what became of the document.
///
/// # Errors
/// If the refined text is anything but the original minus the deletions.
pub fn verify(original: &str, refined: &str, deletions: &Deletions) -> Result<Outcome, Violation> {
    let (original, rest) = (original.as_bytes(), refined.as_bytes());
    let mut read = 0;
    let mut written = 0;
    let ends = deletions.spans().iter().map(|span| (span.start(), span.end()));
    for (gone_from, gone_to) in ends.chain([(original.len(), original.len())]) {
        let kept = original.get(read..gone_from);
        let found = kept.and_then(|kept| rest.get(written..written + kept.len()));
        if kept.is_none() || kept != found {
            return Err(Violation { at: written });
        }
        written += gone_from - read;
        read = gone_to;
    }
    if written != rest.len() {
        return Err(Violation { at: written });
    }
    Ok(Outcome::of(refined, deletions))
}

/// A refined text that is not the original minus its deletions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// A byte of the refined text; the first difference lies at it or behind it.
    pub at: usize,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected the original minus its deletions, but found other text from byte {} on",
            self.at
        )
    }
}

impl std::error::Error for Violation {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute::execute;
    use crate::span::Span;
    use proptest::prelude::*;

    #[test]
    fn an_added_a_changed_and_a_missing_byte_are_found() {
        let gone = Deletions::from_spans("abcdef", [Span::new(2, 4)]).unwrap();
        assert_eq!(verify("abcdef", "abef", &gone), Ok(Outcome::Edited));
        for wrong in ["abefx", "abxf", "abe", "xabef", "abcdef", ""] {
            assert!(verify("abcdef", wrong, &gone).is_err(), "{wrong}");
        }
    }

    proptest! {
        /// Law L1: the output is the input minus the deletions, and a subsequence of it.
        #[test]
        fn nothing_is_added(text in "[ab\né]{0,30}", raw in prop::collection::vec((0usize..60, 0usize..60), 0..5)) {
            let fits = raw.iter().map(|&(a, b)| Span::new(a.min(b), a.max(b))).filter(|s| s.fits(&text));
            let gone = Deletions::from_spans(&text, fits.collect::<Vec<_>>()).unwrap();
            let refined = execute(&text, &gone);
            prop_assert!(verify(&text, &refined, &gone).is_ok());
            prop_assert_eq!(refined.len() + gone.deleted_bytes(), text.len());
            let mut chars = text.chars();
            prop_assert!(refined.chars().all(|c| chars.any(|d| d == c)));
        }
    }
}
