//! What CPython's `str` does, where it is not what Rust's does.

use crate::chars::{CharClasses, SPACE};

/// `text.strip()`.
pub(crate) fn strip(text: &str) -> &str {
    strip_end(strip_start(text))
}

/// `text.lstrip()`.
pub(crate) fn strip_start(text: &str) -> &str {
    let classes = CharClasses::get();
    text.trim_start_matches(|c| classes.is(c, SPACE))
}

/// `text.rstrip()`.
pub(crate) fn strip_end(text: &str) -> &str {
    let classes = CharClasses::get();
    text.trim_end_matches(|c| classes.is(c, SPACE))
}

/// `len(text)`: code points.
#[inline]
pub(crate) fn length(text: &[u8]) -> usize {
    // Every byte but those that continue a character.
    text.iter().filter(|&&byte| (byte as i8) >= -0x40).count()
}

/// `text.splitlines()`: breaks at `\n \r \r\n \v \f \x1c \x1d \x1e \x85 U+2028 U+2029`, and no line
/// after a break at the end.
pub(crate) fn split_lines(text: &str) -> SplitLines<'_> {
    SplitLines { text, at: 0 }
}

/// The lines of a text, each with its place.
pub(crate) struct SplitLines<'a> {
    text: &'a str,
    at: usize,
}

/// A line: where it begins, where it ends, and where the next one begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) next: usize,
}

impl Iterator for SplitLines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        let start = self.at;
        if start == self.text.len() {
            return None;
        }
        let (end, next) = next_break(self.text.as_bytes(), start);
        self.at = next;
        Some(Line { start, end, next })
    }
}

/// Where the line that begins at `start` ends, and where the next begins.
fn next_break(bytes: &[u8], start: usize) -> (usize, usize) {
    let mut at = start;
    while at < bytes.len() {
        let break_length = match bytes[at] {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => 2,
            b'\n'..=b'\r' | 0x1c..=0x1e => 1,
            0xc2 if bytes[at + 1] == 0x85 => 2,
            0xe2 if bytes[at + 1] == 0x80 && matches!(bytes[at + 2], 0xa8 | 0xa9) => 3,
            _ => {
                at += 1;
                continue;
            }
        };
        return (at, at + break_length);
    }
    (at, at)
}

/// `text.split()`: words between white space.
pub(crate) fn split(text: &str) -> impl Iterator<Item = &str> {
    let classes = CharClasses::get();
    text.split(|c| classes.is(c, SPACE)).filter(|word| !word.is_empty())
}

/// Whether `needle in text.lower()`, for a needle of ASCII in lower case.
///
/// Of all other characters only U+212A KELVIN SIGN becomes ASCII in lower case, and U+0130 becomes
/// `i` and a combining dot, which no needle goes on with.
pub(crate) fn lower_contains(text: &[u8], needle: &[u8]) -> bool {
    let Some(&first) = needle.first() else { return true };
    let upper = first.to_ascii_uppercase();
    let mut from = 0;
    while let Some(found) = memchr::memchr2(first, upper, &text[from..]) {
        let at = from + found;
        if lower_starts_with(&text[at..], needle) {
            return true;
        }
        from = at + 1;
    }
    false
}

fn lower_starts_with(mut text: &[u8], needle: &[u8]) -> bool {
    for &wanted in needle {
        let Some((&byte, rest)) = text.split_first() else { return false };
        text = match rest {
            _ if byte.to_ascii_lowercase() == wanted => rest,
            [0x84, 0xaa, rest @ ..] if byte == 0xe2 && wanted == b'k' => rest,
            _ => return false,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<&str> {
        split_lines(text).map(|line| &text[line.start..line.end]).collect()
    }

    #[test]
    fn lines_break_where_python_breaks_them() {
        assert_eq!(
            lines("a\r\nb\rc\n\nd\u{b}e\u{c}f\x1cg\x1dh\x1ei\u{85}j\u{2028}k\u{2029}"),
            ["a", "b", "c", "", "d", "e", "f", "g", "h", "i", "j", "k"]
        );
        assert_eq!(lines("a\x1fb\u{84}c\u{2027}d"), ["a\x1fb\u{84}c\u{2027}d"]);
        assert_eq!(lines(""), [""; 0]);
        assert_eq!(lines("\n"), [""]);
        assert_eq!(lines("\r\n\r"), ["", ""]);
    }

    #[test]
    fn white_space_is_what_python_takes_for_it() {
        assert_eq!(strip("\x1c\u{85} a\u{200b} \u{3000}\x1f"), "a\u{200b}");
        assert_eq!(
            split("a\x1fb\u{2003}c\u{200b}d ").collect::<Vec<_>>(),
            ["a", "b", "c\u{200b}d"]
        );
    }

    #[test]
    fn lengths_are_code_points() {
        assert_eq!(length("aé你𝒳".as_bytes()), 4);
    }

    #[test]
    fn lower_case_knows_the_kelvin_sign() {
        assert!(lower_contains("We USE COO\u{212a}IES".as_bytes(), b"use cookies"));
        assert!(!lower_contains("javascr\u{130}pt".as_bytes(), b"javascript"));
        assert!(
            lower_contains(b"jJavaScript", b"javascript")
                && !lower_contains(b"java", b"javascript")
        );
    }
}
