//! Infixes at which spaCy's English parts what is left of a chunk.

use crate::chars::{AFTER_INFIX_DOT, BEFORE_INFIX_DOT, CharClasses, ICON, SPACY_ALPHA};

/// The next infix at or after a place: where it begins and ends.
pub(crate) fn next_infix(
    string: &str,
    mut at: usize,
    classes: &CharClasses,
) -> Option<(usize, usize)> {
    while let Some((class, length)) = classes.at(string, at) {
        let found = if string.as_bytes()[at].is_ascii_alphanumeric() {
            0
        } else {
            infix_length(string, at, class, length, classes)
        };
        if found > 0 {
            return Some((at, at + found));
        }
        at += length;
    }
    None
}

fn infix_length(
    string: &str,
    at: usize,
    class: u32,
    length: usize,
    classes: &CharClasses,
) -> usize {
    if class & ICON != 0 {
        return length;
    }
    let bytes = &string.as_bytes()[at..];
    let after = |length: usize| classes.at(string, at + length).map_or(0, |(class, _)| class);
    let between_letters = |length: usize| {
        classes.before(string, at) & SPACY_ALPHA != 0 && after(length) & SPACY_ALPHA != 0
    };
    match bytes[0] {
        b'.' => dot(string, at, classes),
        b',' => usize::from(between_letters(1)),
        b'+' | b'*' | b'^' => usize::from(between_digits(string, at)),
        b'-' if between_digits(string, at) => 1,
        b'-' | b'~' | 0xe2 => hyphens(bytes).find(|&n| joins(string, at, n, classes)).unwrap_or(0),
        b':' | b'<' | b'>' | b'=' | b'/' => usize::from(joins(string, at, 1, classes)),
        _ => 0,
    }
}

/// `\.\.+`, or one dot between a small letter and a capital.
fn dot(string: &str, at: usize, classes: &CharClasses) -> usize {
    let run = string.as_bytes()[at..].iter().take_while(|&&byte| byte == b'.').count();
    if run > 1 {
        return run;
    }
    let after = classes.at(string, at + 1).map_or(0, |(class, _)| class);
    let before = classes.before(string, at);
    usize::from(before & BEFORE_INFIX_DOT != 0 && after & AFTER_INFIX_DOT != 0)
}

/// A digit before it, and a digit or a hyphen after it.
fn between_digits(string: &str, at: usize) -> bool {
    let bytes = string.as_bytes();
    let before = at.checked_sub(1).is_some_and(|last| bytes[last].is_ascii_digit());
    before && bytes.get(at + 1).is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-')
}

/// A letter or digit before it, and a letter after it.
fn joins(string: &str, at: usize, length: usize, classes: &CharClasses) -> bool {
    let digit = at.checked_sub(1).is_some_and(|last| string.as_bytes()[last].is_ascii_digit());
    let before = digit || classes.before(string, at) & SPACY_ALPHA != 0;
    let after = || classes.at(string, at + length).map_or(0, |(class, _)| class);
    before && after() & SPACY_ALPHA != 0
}

/// The lengths of the hyphens at the beginning, in the order in which they are tried.
fn hyphens(bytes: &[u8]) -> impl Iterator<Item = usize> {
    const HYPHENS: [&str; 7] = ["-", "–", "—", "--", "---", "——", "~"];
    HYPHENS.into_iter().filter(|hyphen| bytes.starts_with(hyphen.as_bytes())).map(str::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(string: &str) -> Vec<&str> {
        let (mut at, mut found) = (0, Vec::new());
        while let Some((start, end)) = next_infix(string, at, CharClasses::get()) {
            found.push(&string[start..end]);
            at = end;
        }
        found
    }

    #[test]
    fn infixes_are_those_of_spacy() {
        assert_eq!(found("a-b--c---d----e"), ["-", "--", "---"]);
        assert_eq!(found("1-2 3+4-5--6 1-a"), ["-", "+", "-", "-", "-"]);
        assert_eq!(found("end.Next a.b A.B x...y a…b"), [".", "...", "…"]);
        assert_eq!(
            found("a,b 1,2 a,1 a/b 1/b a/1 a:b a~b a——b a–b"),
            [",", "/", "/", ":", "~", "——", "–"]
        );
    }
}
