//! The words of a sentence (`NLTKWordTokenizer.tokenize`): one substitution after the other, in the
//! order that NLTK has them, each skipped where no character of its kind is there.

use super::contractions;
use crate::chars::{CharClasses, DECIMAL, SPACE, WORD};
use crate::words::Words;

/// Splits sentences into words.
#[derive(Debug, Default)]
pub(crate) struct Treebank {
    /// The sentence as the substitutions have left it, UTF-8.
    text: Vec<u8>,
    /// The same after the next substitution.
    next: Vec<u8>,
    /// Which bytes stand in the text, or stood there.
    present: Present,
}

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Present([u64; 4]);

impl Present {
    fn of(text: &[u8]) -> Self {
        let mut present = Self::default();
        for &byte in text {
            present.add(byte);
        }
        present
    }

    const fn add(&mut self, byte: u8) {
        self.0[(byte >> 6) as usize] |= 1 << (byte & 63);
    }

    #[inline]
    const fn has(&self, byte: u8) -> bool {
        self.0[(byte >> 6) as usize] >> (byte & 63) & 1 == 1
    }

    fn any(&self, bytes: &[u8]) -> bool {
        bytes.iter().any(|&byte| self.has(byte))
    }
}

impl Treebank {
    /// Adds the words of a sentence.
    pub(crate) fn words(&mut self, sentence: &str, words: &mut Words) {
        self.text.clear();
        self.text.extend_from_slice(sentence.as_bytes());
        self.present = Present::of(&self.text);
        // Substitutions put spaces in.
        self.present.add(b' ');
        self.starting_quotes();
        self.punctuation();
        self.pad(b"][(){}<>", |_| 1);
        self.double_dashes();
        self.text.insert(0, b' ');
        self.text.push(b' ');
        self.ending_quotes();
        split(&self.text, &mut self.next, words);
    }

    /// Rewrites the text where one of the bytes `any` stands: `rewrite` gets the text, the place and
    /// what comes out, and says where to go on, or `None` to leave the byte as it is.
    fn substitute(
        &mut self,
        any: &[u8],
        mut rewrite: impl FnMut(&[u8], usize, &mut Vec<u8>) -> Option<usize>,
    ) {
        if !self.present.any(any) {
            return;
        }
        let wanted = Present::of(any);
        self.next.clear();
        let (mut done, mut at) = (0, 0);
        while let Some(found) = self.text[at..].iter().position(|&byte| wanted.has(byte)) {
            at += found;
            // What stands before the place comes out before what is put in its place.
            self.next.extend_from_slice(&self.text[done..at]);
            done = at;
            match rewrite(&self.text, at, &mut self.next) {
                Some(end) => (done, at) = (end, end),
                None => at += 1,
            }
        }
        self.next.extend_from_slice(&self.text[done..]);
        std::mem::swap(&mut self.text, &mut self.next);
    }

    /// Puts a space on either side of what `length` finds at a place where one of the bytes stands.
    fn pad(&mut self, any: &[u8], length: impl Fn(&[u8]) -> usize) {
        self.substitute(any, |text, at, out| {
            let run = length(&text[at..]);
            (run > 0).then(|| {
                out.push(b' ');
                out.extend_from_slice(&text[at..at + run]);
                out.push(b' ');
                at + run
            })
        });
    }

    /// `STARTING_QUOTES`.
    fn starting_quotes(&mut self) {
        self.pad(b"`\xc2\xe2", |text| match text {
            [b'`', ..] => run_of(text, b'`'),
            [0xc2, 0xab, ..] => 2,
            [0xe2, 0x80, 0x9c | 0x98 | 0x9e, ..] => 3,
            _ => 0,
        });
        if self.text.first() == Some(&b'"') {
            self.text.splice(..1, *b"``");
            self.present.add(b'`');
        }
        self.pad(b"`", |text| if text.starts_with(b"``") { 2 } else { 0 });
        if self.present.any(b"\"'") {
            self.opening_quotes();
        }
        self.single_letters();
    }

    /// `([ \(\[{<])("|'{2})` becomes `\1 `` `.
    fn opening_quotes(&mut self) {
        self.substitute(b" ([{<", |text, at, out| {
            let quote = match &text[at + 1..] {
                [b'"', ..] => 1,
                [b'\'', b'\'', ..] => 2,
                _ => return None,
            };
            out.push(text[at]);
            out.extend_from_slice(b" `` ");
            Some(at + 1 + quote)
        });
    }

    /// `(?i)(')(?!re|ve|ll|m|t|s|d|n)(\w)\b` becomes `\1 \2`.
    fn single_letters(&mut self) {
        let classes = CharClasses::get();
        self.substitute(b"'", |text, at, out| {
            let (letter, class, length) = char_at(text, at + 1)?;
            let clitic = matches!(letter.to_ascii_lowercase(), 'm' | 't' | 's' | 'd' | 'n' | 'ſ');
            if class & WORD == 0 || clitic {
                return None;
            }
            let after = at + 1 + length;
            if char_at(text, after).is_some_and(|(c, ..)| classes.is(c, WORD)) {
                return None;
            }
            out.extend_from_slice(b"' ");
            out.extend_from_slice(&text[at + 1..after]);
            Some(after)
        });
    }

    /// `PUNCTUATION`.
    fn punctuation(&mut self) {
        if self.present.any(b".") {
            self.last_stop(true);
        }
        self.colons();
        self.last_colon();
        self.pad(b".", |text| match run_of(text, b'.') {
            0 | 1 => 0,
            run => run,
        });
        self.pad(b";@#$%&", |_| 1);
        if self.present.any(b".") {
            self.last_stop(false);
        }
        self.pad(b"?!", |_| 1);
        self.apostrophes();
        self.pad(b"*", |_| 1);
    }

    /// `([^\.])(\.)([\]\)}>"'»”’ ]*)\s*$` becomes `\1 \2 \3 `; without `wide`,
    /// `([^\.])(\.)([\]\)}>"']*)\s*$` becomes `\1 \2\3 `.
    fn last_stop(&mut self, wide: bool) {
        // What follows holds no full stop, so it is the last that counts.
        let Some(stop) = memchr::memrchr(b'.', &self.text) else { return };
        if stop == 0 || self.text[stop - 1] == b'.' {
            return;
        }
        let closed = stop + 1 + closing_marks(&self.text[stop + 1..], wide);
        if !is_blank(&self.text[closed..]) {
            return;
        }
        self.next.clear();
        self.next.extend_from_slice(&self.text[..stop]);
        self.next.extend_from_slice(if wide { b" . " } else { b" ." });
        self.next.extend_from_slice(&self.text[stop + 1..closed]);
        self.next.push(b' ');
        std::mem::swap(&mut self.text, &mut self.next);
    }

    /// `([:,])([^\d])` becomes ` \1 \2`.
    fn colons(&mut self) {
        self.substitute(b":,", |text, at, out| {
            let (_, class, length) = char_at(text, at + 1)?;
            if class & DECIMAL != 0 {
                return None;
            }
            out.extend_from_slice(&[b' ', text[at], b' ']);
            out.extend_from_slice(&text[at + 1..at + 1 + length]);
            Some(at + 1 + length)
        });
    }

    /// `([:,])$` becomes ` \1 `.
    fn last_colon(&mut self) {
        let end = self.text.len() - usize::from(self.text.ends_with(b"\n"));
        // Before a line feed at the end, the substitution before this one left no colon.
        if let Some(&mark) = self.text[..end].last().filter(|&&byte| is_colon(byte)) {
            self.text.splice(end - 1..end, [b' ', mark, b' ']);
        }
    }

    /// `([^'])' ` becomes `\1 ' `.
    fn apostrophes(&mut self) {
        let mut free = 0;
        self.substitute(b"'", |text, at, out| {
            let before = at.checked_sub(1).filter(|&last| last >= free && text[last] != b'\'');
            if !text[at..].starts_with(b"' ") || before.is_none() {
                return None;
            }
            out.extend_from_slice(b" ' ");
            free = at + 2;
            Some(free)
        });
    }

    /// `--` becomes ` -- `.
    fn double_dashes(&mut self) {
        self.pad(b"-", |text| if text.starts_with(b"--") { 2 } else { 0 });
    }

    /// `ENDING_QUOTES`.
    fn ending_quotes(&mut self) {
        self.pad(b"\xc2\xe2", |text| match text {
            [0xc2, 0xbb, ..] => 2,
            [0xe2, 0x80, 0x9d | 0x99, ..] => 3,
            _ => 0,
        });
        self.pad(b"'", |text| if text.starts_with(b"''") { 2 } else { 0 });
        if self.present.any(b"\"") {
            self.substitute(b"\"", |_, at, out| {
                out.extend_from_slice(b" '' ");
                Some(at + 1)
            });
            self.present.add(b'\'');
        }
        self.plain_spaces();
        self.clitics(b"'", short_clitic);
        if self.present.any(b"'") {
            self.clitics(b"'nN", long_clitic);
        }
    }

    /// `\s+` becomes one space. Runs of spaces are left: nothing behind this tells them apart.
    fn plain_spaces(&mut self) {
        self.substitute(OTHER_SPACES, |text, at, out| {
            let blank = blank_run(&text[at..]);
            (blank > 0).then(|| {
                out.push(b' ');
                at + blank
            })
        });
    }

    /// `([^' ])(clitic) ` becomes `\1 \2 `. A clitic has an apostrophe first, or second.
    fn clitics(&mut self, any: &[u8], length: impl Fn(&[u8]) -> usize) {
        let mut free = 0;
        self.substitute(any, |text, at, out| {
            let last = at.checked_sub(1).filter(|&last| last >= free)?;
            let clitic = length(&text[at..]);
            if clitic == 0 || matches!(text[last], b'\'' | b' ') {
                return None;
            }
            out.push(b' ');
            out.extend_from_slice(&text[at..at + clitic]);
            out.push(b' ');
            free = at + clitic + 1;
            Some(free)
        });
    }
}

/// First bytes of white space beside the space.
const OTHER_SPACES: &[u8] = b"\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\xc2\xe1\xe2\xe3";

/// The length of `'s`, `'m`, `'d` or `'` before a space.
fn short_clitic(text: &[u8]) -> usize {
    match text {
        [b'\'', b's' | b'S' | b'm' | b'M' | b'd' | b'D', b' ', ..] => 2,
        [b'\'', b' ', ..] => 1,
        _ => 0,
    }
}

/// The length of `'ll`, `'re`, `'ve` or `n't`, in one case, before a space.
fn long_clitic(text: &[u8]) -> usize {
    const LONG: [&[u8]; 8] = [b"'ll", b"'LL", b"'re", b"'RE", b"'ve", b"'VE", b"n't", b"N'T"];
    if text.len() > 3 && text[3] == b' ' && LONG.contains(&&text[..3]) { 3 } else { 0 }
}

const fn is_colon(byte: u8) -> bool {
    matches!(byte, b':' | b',')
}

/// The length of `[\]\)}>"']*`, and where `wide` of `[\]\)}>"'»”’ ]*`.
fn closing_marks(text: &[u8], wide: bool) -> usize {
    let mut at = 0;
    loop {
        at += match &text[at..] {
            [b']' | b')' | b'}' | b'>' | b'"' | b'\'', ..] => 1,
            [b' ', ..] if wide => 1,
            [0xc2, 0xbb, ..] if wide => 2,
            [0xe2, 0x80, 0x9d | 0x99, ..] if wide => 3,
            _ => return at,
        };
    }
}

fn run_of(text: &[u8], wanted: u8) -> usize {
    text.iter().take_while(|&&byte| byte == wanted).count()
}

/// The character at `at` of UTF-8, its class and its length; `None` at the end.
fn char_at(text: &[u8], at: usize) -> Option<(char, u32, usize)> {
    let c = decode(text.get(at..)?)?;
    Some((c, CharClasses::get().of(c), c.len_utf8()))
}

/// The first character of UTF-8; `None` if there is none.
pub(super) fn decode(text: &[u8]) -> Option<char> {
    let &first = text.first()?;
    if first < 0x80 {
        return Some(char::from(first));
    }
    let length = if first >= 0xf0 {
        4
    } else if first >= 0xe0 {
        3
    } else {
        2
    };
    std::str::from_utf8(text.get(..length)?).ok()?.chars().next()
}

/// The length of the white space at the beginning.
fn blank_run(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some((_, class, length)) = blank_candidate(text, at) {
        if class & SPACE == 0 {
            break;
        }
        at += length;
    }
    at
}

/// The character at `at`, if its first byte is that of any white space.
fn blank_candidate(text: &[u8], at: usize) -> Option<(char, u32, usize)> {
    match text.get(at)? {
        0..=0x20 | 0xc2 | 0xe1..=0xe3 => char_at(text, at),
        _ => None,
    }
}

fn is_blank(text: &[u8]) -> bool {
    blank_run(text) == text.len()
}

/// Adds the words between single spaces, contractions parted.
fn split(text: &[u8], room: &mut Vec<u8>, words: &mut Words) {
    for word in text.split(|&byte| byte == b' ') {
        if contractions::may_hold(word) {
            contractions::part(word, room);
            room.split(|&byte| byte == b' ').for_each(|word| words.push(word));
        } else {
            words.push(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(sentence: &str) -> Vec<String> {
        let mut words = Words::default();
        Treebank::default().words(sentence, &mut words);
        words.iter().map(|word| String::from_utf8(word.to_vec()).unwrap()).collect()
    }

    #[test]
    fn quotes_become_those_of_the_treebank() {
        assert_eq!(
            words("He said \"cannot\" etc. gonna 3.14 it's."),
            ["He", "said", "``", "can", "not", "''", "etc.", "gon", "na", "3.14", "it", "'s", "."]
        );
        assert_eq!(
            words("\"A\" (\"b\") ''c'' `d'"),
            ["``", "A", "''", "(", "``", "b", "''", ")", "``", "c", "''", "`", "d", "'"]
        );
    }

    #[test]
    fn clitics_and_contractions_are_parted() {
        assert_eq!(
            words("'Tis more'n d'ye think, we'll shouldn't've"),
            ["'T", "is", "more", "'n", "d", "'ye", "think", ",", "we", "'ll", "shouldn't", "'ve"]
        );
    }
}
