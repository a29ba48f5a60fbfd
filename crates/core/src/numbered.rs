//! What a generator reads: an instruction, and the lines of a chunk with their numbers. Training
//! sets and inference take both from here, so that they cannot differ.

use crate::line::Lines;
use std::fmt::Write;

/// The instruction, and its version.
pub const INSTRUCTION: (&str, &str) = ("program-v1", include_str!("../prompts/program-v1.md"));

/// The lines of `text`, each behind its number: `[1] first`, `[2] second`. A line ends at U+000A
/// and nowhere else; the last one has no line end here, whether it has one in the text or not.
#[must_use]
pub fn numbered(text: &str) -> String {
    let lines = Lines::of(text);
    let mut out = String::with_capacity(text.len() + 8 * lines.len());
    for line in lines.iter() {
        let separator = if line.number() == 1 { "" } else { "\n" };
        // Writing to a string cannot fail.
        let _ = write!(out, "{separator}[{}] {}", line.number(), line.content().of(text));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_its_number_and_no_other_character_ends_one() {
        assert_eq!(numbered("a\r\n\nb\u{2028}c\u{c}d\n"), "[1] a\r\n[2] \n[3] b\u{2028}c\u{c}d");
        assert_eq!((numbered("").as_str(), numbered("a").as_str()), ("", "[1] a"));
    }
}
