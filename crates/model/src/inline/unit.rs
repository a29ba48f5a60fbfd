//! The units of a line: words, numbers and single marks, with where they stand.
//!
//! Extraction glues what stood apart on a page, so a unit also ends where letters and digits meet,
//! and where a small letter is followed by a capital: `helpReplyDelete` is `help`, `Reply`, `Delete`.

use crate::words::{Class, Kind, classify, mix};

/// Bytes at either end of a line that are read; a longer line is not read in its middle. (guess)
const REACH: usize = 16 * 1024;

/// A unit of a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    /// First byte in the line.
    pub(crate) start: usize,
    /// Byte behind the last one.
    pub(crate) end: usize,
    /// The unit in lower case, digits as one.
    pub(crate) hash: u64,
    /// The first four characters of a word, the last three.
    pub(crate) prefix: u64,
    pub(crate) suffix: u64,
    pub(crate) kind: Kind,
    pub(crate) mark: char,
    pub(crate) chars: u32,
    pub(crate) capital: bool,
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
    let kind = if class == Class::Mark { Kind::Mark } else { Kind::Ideograph };
    let hash = mix(5, u64::from(u32::from(c)));
    Unit {
        start,
        end: start + c.len_utf8(),
        hash,
        prefix: 0,
        suffix: 0,
        kind,
        mark: c,
        chars: 1,
        capital: false,
        all_capitals: false,
    }
}

/// A word or number that is being read.
struct Open {
    start: usize,
    hash: u64,
    prefix: u64,
    /// The last three characters, 21 bits each.
    last: u64,
    chars: u32,
    lower: u32,
    first: Class,
    before: Class,
}

impl Open {
    fn new(start: usize, c: char, class: Class) -> Self {
        let mut open = Self {
            start,
            hash: 0,
            prefix: 0,
            last: 0,
            chars: 0,
            lower: 0,
            first: class,
            before: class,
        };
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
        let c = match class {
            Class::Digit => '0',
            Class::Upper => c.to_lowercase().next().unwrap_or(c),
            _ => c,
        };
        self.chars += 1;
        self.lower += u32::from(class == Class::Lower);
        self.last = ((self.last << 21) | u64::from(u32::from(c))) & ((1 << 63) - 1);
        // All numbers of five digits and more are one.
        if class != Class::Digit || self.chars <= 5 {
            self.hash = mix(self.hash, u64::from(u32::from(c)));
        }
        if self.chars == 4 {
            self.prefix = self.hash;
        }
        self.before = class;
    }

    fn close(&self, end: usize) -> Unit {
        let number = self.first == Class::Digit;
        Unit {
            start: self.start,
            end,
            hash: self.hash,
            prefix: self.prefix,
            suffix: mix(3, self.last),
            kind: if number { Kind::Number } else { Kind::Word },
            mark: ' ',
            chars: self.chars,
            capital: self.first == Class::Upper,
            all_capitals: self.first == Class::Upper && self.lower == 0 && self.chars > 1,
        }
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
