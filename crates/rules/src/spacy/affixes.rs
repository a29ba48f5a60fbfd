//! Prefixes and suffixes that spaCy's English cuts off a chunk.

use crate::chars::{BEFORE_DOT, CharClasses, PREFIX, SPACY_UPPER, SUFFIX};
use std::collections::HashSet;
use std::sync::LazyLock;

/// Units and currencies: suffixes after a digit.
static AFTER_DIGIT: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("../../data/spacy_after_digit.txt").lines().collect());

/// The longest of them, in bytes.
const LONGEST_UNIT: usize = 16;

/// The length of the prefix of a string, in bytes; 0 if it has none.
pub(crate) fn prefix_length(string: &str, classes: &CharClasses) -> usize {
    match string.as_bytes() {
        [b'.', b'.', ..] => string.bytes().take_while(|&byte| byte == b'.').count(),
        [b'+', b'0'..=b'9', ..] => 0,
        [b'U', b'S', b'$', ..] => 3,
        [b'C' | b'A', b'$', ..] => 2,
        _ => match classes.at(string, 0) {
            Some((class, length)) if class & PREFIX != 0 => length,
            _ => 0,
        },
    }
}

/// The length of the suffix of a string, in bytes; 0 if it has none. Of several, the longest.
pub(crate) fn suffix_length(string: &str, classes: &CharClasses) -> usize {
    let bytes = string.as_bytes();
    let Some(&last) = bytes.last() else { return 0 };
    let marks = match last {
        b'.' => dots(string, classes),
        b'+' => usize::from(bytes.len() > 1 && bytes[bytes.len() - 2].is_ascii_digit()),
        b's' | b'S' => possessive(bytes),
        _ if classes.before(string, string.len()) & SUFFIX != 0 => mark(string),
        _ => 0,
    };
    marks.max(after_digit(string))
}

/// Two or more dots, or one where what is before it allows.
fn dots(string: &str, classes: &CharClasses) -> usize {
    let run = string.bytes().rev().take_while(|&byte| byte == b'.').count();
    if run > 1 {
        return run;
    }
    let stem = &string[..string.len() - 1];
    let before = classes.before(stem, stem.len());
    let capitals = before & SPACY_UPPER != 0 && {
        let length = stem.chars().next_back().map_or(0, char::len_utf8);
        classes.before(stem, stem.len() - length) & SPACY_UPPER != 0
    };
    usize::from(before & BEFORE_DOT != 0 || capitals || ends_in_degrees(stem))
}

fn ends_in_degrees(stem: &str) -> bool {
    stem.strip_suffix(['F', 'f', 'C', 'c', 'K', 'k']).is_some_and(|stem| stem.ends_with('°'))
}

/// `'s` and its like.
fn possessive(bytes: &[u8]) -> usize {
    match bytes {
        [.., b'\'', _] => 2,
        [.., 0xe2, 0x80, 0x99, _] => 4,
        _ => 0,
    }
}

/// One mark, or two ellipses.
fn mark(string: &str) -> usize {
    match string.chars().next_back() {
        Some('…') if string.ends_with("……") => "……".len(),
        last => last.map_or(0, char::len_utf8),
    }
}

/// What is behind the last digit, if it is a unit or a currency.
fn after_digit(string: &str) -> usize {
    let bytes = string.as_bytes();
    let window = bytes.len().saturating_sub(LONGEST_UNIT + 1);
    let Some(digit) = bytes[window..].iter().rposition(u8::is_ascii_digit) else { return 0 };
    let unit = &string[window + digit + 1..];
    if !unit.is_empty() && AFTER_DIGIT.contains(unit) { unit.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(string: &str) -> usize {
        prefix_length(string, CharClasses::get())
    }

    fn suffix(string: &str) -> usize {
        suffix_length(string, CharClasses::get())
    }

    #[test]
    fn prefixes_are_those_of_spacy() {
        assert_eq!(
            ["...a", ".a", "+5", "+a", "US$5", "A$", "U", "……x", "(a", ""].map(prefix),
            [3, 0, 0, 1, 3, 2, 0, 3, 1, 0]
        );
    }

    #[test]
    fn suffixes_are_those_of_spacy() {
        assert_eq!(
            ["a...", "A.", "AB.", "a.", "°C.", "9.", "x'S", "x’s", "5+", "a+"].map(suffix),
            [3, 0, 1, 1, 1, 1, 2, 4, 1, 0]
        );
        assert_eq!(
            ["5km/h", "km", "5kmx", "5US$", "$", "a……", "5%", "5км²", "s"].map(suffix),
            [4, 0, 0, 3, 0, 6, 1, 6, 0]
        );
    }

    #[test]
    fn no_unit_is_longer_than_the_window() {
        assert!(AFTER_DIGIT.iter().all(|unit| unit.len() <= LONGEST_UNIT));
    }
}
