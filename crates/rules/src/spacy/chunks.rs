//! Chunks between white space, and the tokens that each of them is parted into.

use super::Token;
use super::address::is_address;
use super::affixes::{prefix_length, suffix_length};
use super::infixes::next_infix;
use super::specials::Specials;
use crate::chars::{CharClasses, ICON, PREFIX, SPACE, SUFFIX};

/// Where the run of characters at `at` ends that are no white space, and whether all of them are
/// letters of ASCII, or others at which nothing is parted.
fn word_end(text: &str, mut at: usize, classes: &CharClasses) -> (usize, bool) {
    let mut simple = true;
    while let Some(&byte) = text.as_bytes().get(at) {
        if byte < 0x80 {
            if classes.of_ascii(byte) & SPACE != 0 {
                break;
            }
            simple &= byte.is_ascii_alphabetic();
            at += 1;
            continue;
        }
        let Some((class, length)) = classes.at(text, at).filter(|(class, _)| class & SPACE == 0)
        else {
            break;
        };
        simple &= class & (PREFIX | SUFFIX | ICON) == 0;
        at += length;
    }
    (at, simple)
}

/// Where the white space at `at` ends.
fn blank_end(text: &str, mut at: usize, classes: &CharClasses) -> usize {
    while let Some((_, length)) = classes.at(text, at).filter(|(class, _)| class & SPACE != 0) {
        at += length;
    }
    at
}

/// Parts a text into tokens.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    /// The tokens.
    pub(crate) tokens: Vec<Token>,
    /// Suffixes of a chunk, the last first.
    suffixes: Vec<Token>,
    /// Whether special cases are left out of account.
    plain: bool,
}

impl Chunks {
    /// One that knows no special cases.
    pub(crate) fn plain() -> Self {
        Self { plain: true, ..Self::default() }
    }

    /// Parts a text into runs of white space and of other characters, and these into tokens. A space
    /// after other characters belongs to none.
    pub(crate) fn split(&mut self, text: &str) {
        self.tokens.clear();
        let classes = CharClasses::get();
        let mut at = 0;
        while at < text.len() {
            let start = at;
            let (end, simple) = word_end(text, at, classes);
            self.run(text, start, end, simple);
            let start =
                if text.as_bytes().get(end) == Some(&b' ') && end > at { end + 1 } else { end };
            at = blank_end(text, end, classes);
            if start < at {
                self.run(text, start, at, true);
            }
        }
    }

    /// Adds the tokens of a run; a `simple` one has neither affixes nor infixes.
    fn run(&mut self, text: &str, start: usize, end: usize, simple: bool) {
        if start == end || self.special(text, start, end) {
            return;
        }
        if simple {
            self.tokens.push(Token::new(start, end));
        } else {
            self.part(text, start, end);
        }
    }

    /// Adds the tokens of the special case that a span is, if it is one.
    fn special(&mut self, text: &str, start: usize, end: usize) -> bool {
        let Some(lengths) = self.lengths(&text[start..end]) else { return false };
        let mut at = start;
        for length in lengths {
            self.tokens.push(Token::new(at, at + length));
            at += length;
        }
        true
    }

    fn lengths(&self, text: &str) -> Option<&'static [usize]> {
        if self.plain { None } else { Specials::english().get(text) }
    }

    fn is_special(&self, text: &str) -> bool {
        !text.is_empty() && self.lengths(text).is_some()
    }

    /// Cuts off prefixes and suffixes, and parts what is left at infixes.
    fn part(&mut self, text: &str, start: usize, end: usize) {
        self.suffixes.clear();
        let (start, end) = self.cut_affixes(text, start, end);
        if start < end && !self.special(text, start, end) {
            if is_address(&text[start..end]) {
                self.tokens.push(Token::new(start, end));
            } else {
                self.part_at_infixes(&text[..end], start);
            }
        }
        while let Some(suffix) = self.suffixes.pop() {
            self.tokens.push(suffix);
        }
    }

    /// Cuts off prefixes and suffixes until none is left or a special case is; the answer is the
    /// rest.
    fn cut_affixes(&mut self, text: &str, mut start: usize, mut end: usize) -> (usize, usize) {
        let classes = CharClasses::get();
        while start < end && !self.is_special(&text[start..end]) {
            let prefix = prefix_length(&text[start..end], classes);
            if prefix > 0 && self.is_special(&text[start + prefix..end]) {
                self.tokens.push(Token::new(start, start + prefix));
                return (start + prefix, end);
            }
            let suffix = suffix_length(&text[start + prefix..end], classes);
            if suffix > 0 && self.is_special(&text[start..end - suffix]) {
                self.suffixes.push(Token::new(end - suffix, end));
                return (start, end - suffix);
            }
            if prefix == 0 && suffix == 0 {
                break;
            }
            if prefix > 0 {
                self.tokens.push(Token::new(start, start + prefix));
            }
            if suffix > 0 {
                self.suffixes.push(Token::new(end - suffix, end));
            }
            (start, end) = (start + prefix, end - suffix);
        }
        (start, end)
    }

    fn part_at_infixes(&mut self, text: &str, begin: usize) {
        let classes = CharClasses::get();
        let string = &text[begin..];
        let (mut start, mut at) = (0, 0);
        while let Some((infix, end)) = next_infix(string, at, classes) {
            at = end;
            // An infix at the very beginning is left to the token.
            if infix == 0 {
                continue;
            }
            if infix != start {
                self.tokens.push(Token::new(begin + start, begin + infix));
            }
            self.tokens.push(Token::new(begin + infix, begin + end));
            start = end;
        }
        if start < string.len() {
            self.tokens.push(Token::new(begin + start, text.len()));
        }
    }
}
