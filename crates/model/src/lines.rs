//! The lines of a text: they end at U+000A only, and a final U+000A opens no line.

use refinex_core::Lines;

/// Byte ranges `start..end` of the lines of `text`, terminators left out.
pub(crate) fn lines(text: &str) -> Vec<(usize, usize)> {
    let contents = Lines::of(text);
    contents.iter().map(|line| (line.content().start(), line.content().end())).collect()
}

/// Whether the line holds nothing but white space.
pub(crate) fn is_blank(line: &str) -> bool {
    line.chars().all(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_final_newline_opens_no_line() {
        assert_eq!(lines("a\nb\n"), [(0, 1), (2, 3)]);
        assert_eq!(lines("a\n\nb"), [(0, 1), (2, 2), (3, 4)]);
        assert_eq!(lines("\n"), [(0, 0)]);
        assert!(lines("").is_empty());
    }

    #[test]
    fn no_other_character_ends_a_line() {
        assert_eq!(lines("a\rb\u{2028}c\u{85}d").len(), 1);
    }
}
