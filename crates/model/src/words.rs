//! A line taken apart: its tokens as hashes, and counts of its characters.

use crate::mojibake::Mended;

/// Bytes read from the start of a line; what lies between head and tail is not read.
/// A line this long is a paragraph, and its first sentences tell what it is. (guess)
const HEAD: usize = 768;
/// Bytes read from the end of a line longer than [`HEAD`] and this together. (guess)
const TAIL: usize = 192;

/// What a token is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters, or letters and digits.
    Word,
    /// Digits only; its hash tells the number of digits, not which.
    Number,
    /// One character of a script without spaces.
    Ideograph,
    /// One other character.
    Mark,
}

/// A token of a line, lower-cased and hashed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) hash: u64,
    pub(crate) prefix: u64,
    pub(crate) suffix: u64,
    pub(crate) kind: Kind,
    pub(crate) chars: u32,
    pub(crate) capital: bool,
    pub(crate) mark: char,
}

/// Counts of the characters that were read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) spaces: u32,
    pub(crate) lower: u32,
    pub(crate) upper: u32,
    pub(crate) digits: u32,
    pub(crate) marks: u32,
    pub(crate) foreign: u32,
    pub(crate) ideographs: u32,
}

/// Takes a line apart; `tokens` is emptied first.
pub(crate) fn scan(line: &str, tokens: &mut Vec<Token>) -> Counts {
    tokens.clear();
    let mut counts = Counts::default();
    if line.len() <= HEAD + TAIL {
        scan_part(line, tokens, &mut counts);
    } else {
        scan_part(&line[..line.floor_char_boundary(HEAD)], tokens, &mut counts);
        scan_part(&line[line.ceil_char_boundary(line.len() - TAIL)..], tokens, &mut counts);
    }
    counts
}

fn scan_part(part: &str, tokens: &mut Vec<Token>, counts: &mut Counts) {
    let mut word = Word::new();
    for c in Mended(part.chars()) {
        let class = classify(c);
        counts.add(class, c);
        match class {
            Class::Lower | Class::Upper | Class::Digit => word.push(c, class),
            Class::Space => word.finish(tokens),
            Class::Ideograph | Class::Mark => {
                word.finish(tokens);
                tokens.push(Token::single(c, class));
            }
        }
    }
    word.finish(tokens);
}

/// What a character is to a tokenizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Space,
    Lower,
    Upper,
    Digit,
    Ideograph,
    Mark,
}

pub(crate) fn classify(c: char) -> Class {
    match c {
        'a'..='z' => Class::Lower,
        ' ' | '\t' | '\r' => Class::Space,
        'A'..='Z' => Class::Upper,
        '0'..='9' => Class::Digit,
        '\0'..='\x7f' => Class::Mark,
        _ => classify_foreign(c),
    }
}

fn classify_foreign(c: char) -> Class {
    match c {
        '\u{2E80}'..='\u{2FFF}'
        | '\u{3040}'..='\u{30FF}'
        | '\u{3400}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}' => Class::Ideograph,
        c if c.is_uppercase() => Class::Upper,
        // Combining marks of scripts that need them stay in their word.
        c if c.is_alphabetic() || ('\u{300}'..='\u{36F}').contains(&c) => Class::Lower,
        c if c.is_numeric() => Class::Digit,
        c if c.is_whitespace() => Class::Space,
        _ => Class::Mark,
    }
}

impl Counts {
    fn add(&mut self, class: Class, c: char) {
        match class {
            Class::Space => self.spaces += 1,
            Class::Lower => self.lower += 1,
            Class::Upper => self.upper += 1,
            Class::Digit => self.digits += 1,
            Class::Ideograph => self.ideographs += 1,
            Class::Mark => self.marks += 1,
        }
        self.foreign += u32::from(c > '\u{24F}' && class != Class::Mark);
    }

    pub(crate) fn visible(&self) -> u32 {
        self.lower + self.upper + self.digits + self.marks + self.ideographs
    }
}

/// The word that is being read.
pub(crate) struct Word {
    hash: u64,
    prefix: u64,
    /// The last three characters, 21 bits each.
    last: u64,
    chars: u32,
    letters: u32,
    capital: bool,
}

impl Word {
    pub(crate) fn new() -> Self {
        Self { hash: 0, prefix: 0, last: 0, chars: 0, letters: 0, capital: false }
    }

    pub(crate) fn push(&mut self, c: char, class: Class) {
        if self.chars == 0 {
            self.capital = class == Class::Upper;
        }
        let c = match class {
            Class::Digit => '0',
            Class::Upper if c.is_ascii() => c.to_ascii_lowercase(),
            Class::Upper => c.to_lowercase().next().unwrap_or(c),
            _ => c,
        };
        self.chars += 1;
        self.letters += u32::from(class != Class::Digit);
        self.last = ((self.last << 21) | u64::from(u32::from(c))) & ((1 << 63) - 1);
        if self.letters > 0 || self.chars <= 5 {
            self.hash = mix(self.hash, u64::from(u32::from(c)));
        }
        if self.chars == 4 {
            self.prefix = self.hash;
        }
    }

    fn finish(&mut self, tokens: &mut Vec<Token>) {
        if self.chars > 0 {
            tokens.push(self.token());
            *self = Self::new();
        }
    }

    /// The token that was read.
    pub(crate) fn token(&self) -> Token {
        Token {
            hash: self.hash,
            prefix: self.prefix,
            suffix: mix(3, self.last),
            kind: if self.letters > 0 { Kind::Word } else { Kind::Number },
            chars: self.chars,
            capital: self.capital,
            mark: ' ',
        }
    }
}

impl Token {
    /// One character that is a token by itself.
    pub(crate) fn single(c: char, class: Class) -> Self {
        let kind = if class == Class::Mark { Kind::Mark } else { Kind::Ideograph };
        let hash = mix(5, u64::from(u32::from(c)));
        Self { hash, prefix: 0, suffix: 0, kind, chars: 1, capital: false, mark: c }
    }
}

/// One step of a multiply-rotate hash.
#[inline]
pub(crate) fn mix(hash: u64, value: u64) -> u64 {
    (hash.rotate_left(23) ^ value).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The hash that [`scan`] gives a lower-cased word.
pub(crate) fn hash_word(word: &str) -> u64 {
    word.chars().fold(0, |hash, c| mix(hash, u64::from(u32::from(c))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(line: &str) -> Vec<Token> {
        let mut tokens = Vec::new();
        scan(line, &mut tokens);
        tokens
    }

    #[test]
    fn words_do_not_depend_on_their_case() {
        assert_eq!(
            tokens("Read MORE").iter().map(|t| t.hash).collect::<Vec<_>>(),
            [hash_word("read"), hash_word("more")]
        );
    }

    #[test]
    fn digits_count_but_do_not_differ() {
        assert_eq!(tokens("2012")[0].hash, tokens("1999")[0].hash);
        assert_ne!(tokens("2012")[0].hash, tokens("12")[0].hash);
        assert_eq!(tokens("2012")[0].kind, Kind::Number);
    }

    #[test]
    fn every_ideograph_is_a_token() {
        assert_eq!(tokens("相关新闻 more").len(), 5);
    }

    #[test]
    fn a_long_line_is_read_at_both_ends_only() {
        let line = format!("first {} last", "x ".repeat(100_000));
        let tokens = tokens(&line);
        assert!(tokens.len() < HEAD + TAIL);
        assert_eq!(tokens[tokens.len() - 1].hash, hash_word("last"));
    }
}
