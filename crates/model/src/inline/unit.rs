//! The units of a line: words, numbers and single marks, with where they stand.
//!
//! Extraction glues what stood apart on a page, so a unit also ends where letters and digits meet,
//! and where a small letter is followed by a capital: `helpReplyDelete` is `help`, `Reply`, `Delete`.

use crate::words::{Class, Token, Word, classify};

/// Bytes at either end of a line that are read; a longer line is not read in its middle. (guess)
const REACH: usize = 16 * 1024;

/// A unit of a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    /// First byte in the line.
    pub(crate) start: usize,
    /// Byte behind the last one.
    pub(crate) end: usize,
    /// What it is.
    pub(crate) token: Token,
    /// Whether it is a word of several capitals.
    pub(crate) all_capitals: bool,
}

/// Takes a line apart; `units` is emptied first.
pub(crate) fn scan(line: &str, units: &mut Vec<Unit>) {
    units.clear();
    if line.len() <= 2 * REACH {
        scan_part(line, 0, units);
    } else {
        let tail = line.ceil_char_boundary(line.len() - REACH);
        scan_part(&line[..line.floor_char_boundary(REACH)], 0, units);
        scan_part(&line[tail..], tail, units);
    }
}

fn scan_part(part: &str, offset: usize, units: &mut Vec<Unit>) {
    let mut open: Option<Open> = None;
    for (at, c) in part.char_indices() {
        let class = classify(c);
        if let Some(word) = &mut open {
            if word.takes(class) {
                word.push(c, class);
                continue;
            }
            units.push(word.close(offset + at));
            open = None;
        }
        match class {
            Class::Space => {}
            Class::Lower | Class::Upper | Class::Digit => {
                open = Some(Open::new(offset + at, c, class));
            }
            Class::Mark | Class::Ideograph => units.push(single(offset + at, c, class)),
        }
    }
    units.extend(open.map(|word| word.close(offset + part.len())));
}

fn single(start: usize, c: char, class: Class) -> Unit {
    let token = Token::single(c, class);
    Unit { start, end: start + c.len_utf8(), token, all_capitals: false }
}

/// A word or number that is being read.
struct Open {
    start: usize,
    word: Word,
    lower: u32,
    before: Class,
}

impl Open {
    fn new(start: usize, c: char, class: Class) -> Self {
        let mut open = Self { start, word: Word::new(), lower: 0, before: class };
        open.push(c, class);
        open
    }

    fn takes(&self, class: Class) -> bool {
        match (self.before, class) {
            (Class::Digit, Class::Digit) | (Class::Lower | Class::Upper, Class::Lower) => true,
            (Class::Upper, Class::Upper) => self.lower == 0,
            _ => false,
        }
    }

    fn push(&mut self, c: char, class: Class) {
        self.word.push(c, class);
        self.lower += u32::from(class == Class::Lower);
        self.before = class;
    }

    fn close(&self, end: usize) -> Unit {
        let token = self.word.token();
        let all_capitals = token.capital && self.lower == 0 && token.chars > 1;
        Unit { start: self.start, end, token, all_capitals }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(line: &str) -> Vec<&str> {
        let mut units = Vec::new();
        scan(line, &mut units);
        units.iter().map(|unit| &line[unit.start..unit.end]).collect()
    }

    #[test]
    fn glued_words_numbers_and_marks_come_apart() {
        assert_eq!(units("helpReplyDelete"), ["help", "Reply", "Delete"]);
        assert_eq!(units("3, 2026Comment"), ["3", ",", "2026", "Comment"]);
        assert_eq!(units("Group C[edit] | NASA"), ["Group", "C", "[", "edit", "]", "|", "NASA"]);
        assert_eq!(units("派(pai)出"), ["派", "(", "pai", ")", "出"]);
        assert!(units(" \t ").is_empty());
    }

    #[test]
    fn the_middle_of_an_endless_line_is_not_read() {
        let line = "ä ".repeat(100_000);
        let found = units(&line);
        assert!(found.len() < 4 * REACH / 3 && found.len() > REACH / 2, "{}", found.len());
    }
}
