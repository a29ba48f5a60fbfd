//! Where a string occurs in a line, overlapping occurrences counted.

use memchr::memmem::Finder;

/// The byte offsets at which `needle` begins in `line`, from the left, overlapping ones counted.
/// An empty needle occurs nowhere.
///
/// Time is linear in `line` whatever the two hold: after a match the next one is looked for by the
/// needle's border table, so a megabyte of one letter is no trap.
pub fn occurrences<'a>(line: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    Occurrences {
        line: line.as_bytes(),
        needle: needle.as_bytes(),
        state: State::Search(0),
        borders: Vec::new(),
    }
}

struct Occurrences<'a> {
    line: &'a [u8],
    needle: &'a [u8],
    state: State,
    borders: Vec<usize>,
}

enum State {
    /// No part of the needle is matched at this byte.
    Search(usize),
    /// The needle's first `matched` bytes end at `at`.
    Walk { at: usize, matched: usize },
}

impl Iterator for Occurrences<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.needle.is_empty() {
            return None;
        }
        loop {
            match self.state {
                State::Search(from) => return self.search(from),
                State::Walk { at, matched } => {
                    if let Some(found) = self.walk(at, matched) {
                        return Some(found);
                    }
                }
            }
        }
    }
}

impl Occurrences<'_> {
    /// The quick way: the searcher of `memchr` finds the next occurrence.
    fn search(&mut self, from: usize) -> Option<usize> {
        let rest = self.line.get(from..)?;
        let Some(found) = Finder::new(self.needle).find(rest) else {
            self.state = State::Search(self.line.len() + 1);
            return None;
        };
        if self.borders.is_empty() {
            self.borders = borders(self.needle);
        }
        let end = from + found + self.needle.len();
        self.state = State::Walk { at: end, matched: self.border(self.needle.len()) };
        Some(from + found)
    }

    /// The sure way (Knuth, Morris, Pratt) from a partial match on: a match, or back to searching.
    fn walk(&mut self, mut at: usize, mut matched: usize) -> Option<usize> {
        while matched > 0 {
            let Some(&byte) = self.line.get(at) else {
                self.state = State::Search(self.line.len() + 1);
                return None;
            };
            while matched > 0 && self.needle[matched] != byte {
                matched = self.border(matched);
            }
            matched += usize::from(self.needle[matched] == byte);
            at += 1;
            if matched == self.needle.len() {
                self.state = State::Walk { at, matched: self.border(matched) };
                return Some(at - matched);
            }
        }
        self.state = State::Search(at);
        None
    }

    fn border(&self, length: usize) -> usize {
        self.borders[length - 1]
    }
}

/// For each prefix of `needle`, the length of its longest proper prefix that is also its suffix.
fn borders(needle: &[u8]) -> Vec<usize> {
    let mut table = vec![0; needle.len()];
    let mut length = 0;
    for at in 1..needle.len() {
        while length > 0 && needle[length] != needle[at] {
            length = table[length - 1];
        }
        length += usize::from(needle[length] == needle[at]);
        table[at] = length;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn overlapping_occurrences_are_counted() {
        assert_eq!(occurrences("aaaa", "aa").collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(occurrences("ababa", "aba").collect::<Vec<_>>(), [0, 2]);
        assert_eq!(occurrences("abc", "").count(), 0);
        assert_eq!(occurrences("", "a").count(), 0);
    }

    #[test]
    fn a_megabyte_of_one_letter_is_searched_in_linear_time() {
        let line = "a".repeat(1 << 20);
        assert_eq!(occurrences(&line, &line[..1 << 19]).count(), (1 << 19) + 1);
    }

    proptest! {
        #[test]
        fn they_are_those_of_the_plain_search(line in "[abé]{0,60}", needle in "[abé]{1,5}") {
            let plain: Vec<_> = line
                .char_indices()
                .map(|(at, _)| at)
                .filter(|&at| line[at..].starts_with(&needle))
                .collect();
            prop_assert_eq!(occurrences(&line, &needle).collect::<Vec<_>>(), plain);
        }
    }
}
