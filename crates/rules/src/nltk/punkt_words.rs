//! The words that Punkt looks at around a mark (`PunktLanguageVars.word_tokenize`).

use crate::chars::{CharClasses, SPACE};

/// Characters that cannot stand inside a word.
pub(crate) const fn is_non_word(byte: u8) -> bool {
    matches!(
        byte,
        b')' | b'"'
            | b';'
            | b'}'
            | b']'
            | b'*'
            | b':'
            | b'@'
            | b'\''
            | b'('
            | b'{'
            | b'['
            | b'?'
            | b'!'
    )
}

/// Characters that cannot begin a word.
const fn cannot_begin(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b'"'
            | b'`'
            | b'{'
            | b'['
            | b':'
            | b';'
            | b'&'
            | b'#'
            | b'*'
            | b'@'
            | b')'
            | b'}'
            | b']'
            | b'-'
            | b','
    )
}

/// The words of all lines that are not blank. A line ends at a line feed only.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| LineWords { line, at: 0 })
}

struct LineWords<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Iterator for LineWords<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let classes = CharClasses::get();
        loop {
            let (class, length) = classes.at(self.line, self.at)?;
            if class & SPACE == 0 {
                let start = self.at;
                self.at = word_end(self.line, start, length);
                return Some(&self.line[start..self.at]);
            }
            self.at += length;
        }
    }
}

/// Where the word at `start` ends, whose first character has that length.
fn word_end(line: &str, start: usize, length: usize) -> usize {
    let bytes = line.as_bytes();
    if let Some(several) = several_marks(line, start) {
        return start + several;
    }
    if cannot_begin(bytes[start]) {
        return start + length;
    }
    let classes = CharClasses::get();
    let mut at = start + length;
    while let Some((class, length)) = classes.at(line, at) {
        if class & SPACE != 0 || ends_word(line, at) {
            break;
        }
        if bytes[at] == b',' && comma_ends(line, at + 1) {
            break;
        }
        at += length;
    }
    at
}

fn ends_word(line: &str, at: usize) -> bool {
    is_non_word(line.as_bytes()[at]) || several_marks(line, at).is_some()
}

/// Whether a word ends before a comma that this follows.
fn comma_ends(line: &str, at: usize) -> bool {
    match CharClasses::get().at(line, at) {
        None => true,
        Some((class, _)) => class & SPACE != 0 || ends_word(line, at),
    }
}

/// The length of `--…`, `..…` or `. . .…` at `at`.
fn several_marks(line: &str, at: usize) -> Option<usize> {
    let bytes = &line.as_bytes()[at..];
    let mark = bytes[0];
    if mark != b'-' && mark != b'.' {
        return None;
    }
    let run = bytes.iter().take_while(|&&byte| byte == mark).count();
    if run > 1 {
        return Some(run);
    }
    if mark == b'.' { spaced_dots(&line[at..]) } else { None }
}

/// `(?:\.\s){2,}\.`.
fn spaced_dots(line: &str) -> Option<usize> {
    let classes = CharClasses::get();
    let (mut at, mut pairs, mut end) = (0, 0, None);
    while line.as_bytes().get(at) == Some(&b'.') {
        if pairs >= 2 {
            end = Some(at + 1);
        }
        match classes.at(line, at + 1) {
            Some((class, length)) if class & SPACE != 0 => at += 1 + length,
            _ => break,
        }
        pairs += 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        words(text).collect()
    }

    #[test]
    fn words_end_where_the_pattern_ends_them() {
        assert_eq!(
            found("(e.g. this, \"that\")."),
            ["(", "e.g.", "this", ",", "\"", "that", "\"", ")", "."]
        );
        assert_eq!(
            found("a--b...c . . . d 1,000 x,"),
            ["a", "--", "b", "...", "c", ". . .", "d", "1,000", "x", ","]
        );
        assert_eq!(found(" \n\ta\n"), ["a"]);
    }
}
