//! Punkt: where sentences end (`nltk.sent_tokenize`, NLTK 3.9.1, English).

use super::model::{self, Model};
use super::punkt_words::{self, is_non_word};
use crate::chars::{CharClasses, DECIMAL, LOWER, SPACE, UPPER, WORD};
use crate::python;
use std::ops::Range;

/// The sentences of a text, as `sent_tokenize` gives them: not stripped.
pub(crate) fn sentences(text: &str) -> Vec<Range<usize>> {
    realign(text, &slices(text))
}

/// A mark that may end a sentence, with what stands around it.
#[derive(Clone, Copy)]
struct Candidate {
    /// Where the word before it begins.
    word: usize,
    /// Where it stands. It is one byte long.
    mark: usize,
    /// Where the mark or word after it ends.
    after: usize,
    /// Where the word after white space begins, if there is one.
    next: Option<usize>,
}

/// The sentences before closing marks are given back to them.
fn slices(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut last_break = 0;
    for candidate in Candidates::of(text) {
        let context = &text[candidate.word..candidate.after];
        if breaks_inside(context) {
            found.push(last_break..candidate.mark + 1);
            last_break = candidate.next.unwrap_or(candidate.mark + 1);
        }
    }
    found.push(last_break..python::strip_end(text).len());
    found
}

/// The candidates of a text: of those whose words overlap, the last.
struct Candidates<'a> {
    text: &'a str,
    at: usize,
    held: Option<Candidate>,
}

impl<'a> Candidates<'a> {
    const fn of(text: &'a str) -> Self {
        Self { text, at: 0, held: None }
    }

    /// The next mark that a closing mark, or white space and a word, follows.
    fn next_mark(&mut self) -> Option<(usize, usize, Option<usize>)> {
        let bytes = self.text.as_bytes();
        loop {
            let mark = self.at + memchr::memchr3(b'.', b'?', b'!', &bytes[self.at..])?;
            self.at = mark + 1;
            if let Some((after, next)) = after_mark(self.text, mark + 1) {
                return Some((mark, after, next));
            }
        }
    }

    /// Where the word before a mark begins, looking back no further than the mark before.
    fn word_before(&self, mark: usize) -> usize {
        let (begin, word) = self.held.map_or((0, 0), |held| (held.mark, held.word));
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
        match self.text.as_bytes()[begin..mark].iter().rposition(is_space) {
            // NLTK takes 0 for "not found".
            None | Some(0) => word,
            Some(at) => begin + at + 1,
        }
    }
}

impl Iterator for Candidates<'_> {
    type Item = Candidate;

    fn next(&mut self) -> Option<Candidate> {
        loop {
            let Some((mark, after, next)) = self.next_mark() else { return self.held.take() };
            let word = self.word_before(mark);
            let before = self.held.replace(Candidate { word, mark, after, next });
            if let Some(before) = before.filter(|before| before.mark <= word) {
                return Some(before);
            }
        }
    }
}

/// What follows a mark: a closing mark, or white space and a word. Where it ends, and where the word
/// begins.
fn after_mark(text: &str, at: usize) -> Option<(usize, Option<usize>)> {
    let byte = *text.as_bytes().get(at)?;
    if is_non_word(byte) {
        return Some((at + 1, None));
    }
    let classes = CharClasses::get();
    let word = skip(text, at, |class| class & SPACE != 0, classes);
    if word == at {
        return None;
    }
    let end = skip(text, word, |class| class & SPACE == 0, classes);
    (end > word).then_some((end, Some(word)))
}

/// The end of the run of characters of which `wanted` is true.
fn skip(text: &str, mut at: usize, wanted: impl Fn(u32) -> bool, classes: &CharClasses) -> usize {
    while let Some((class, length)) = classes.at(text, at) {
        if !wanted(class) {
            break;
        }
        at += length;
    }
    at
}

/// Gives closing marks at the beginning of a sentence back to the sentence before.
fn realign(text: &str, slices: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found = Vec::with_capacity(slices.len());
    let mut moved = 0;
    for (at, slice) in slices.iter().enumerate() {
        let start = slice.start + moved;
        let closing = slices.get(at + 1).and_then(|next| {
            let (closed, all) = closing(text.get(next.clone()).unwrap_or(""))?;
            Some((next.start + closed, all))
        });
        match closing {
            Some((end, all)) => {
                found.push(start.min(end)..end);
                moved = all;
            }
            None => {
                moved = 0;
                if start < slice.end {
                    found.push(start..slice.end);
                }
            }
        }
    }
    found
}

/// Closing marks at the beginning of a sentence that white space, two hyphens or the end follow: how
/// long they are, and how long they are with the white space.
fn closing(sentence: &str) -> Option<(usize, usize)> {
    let bytes = sentence.as_bytes();
    let is_closing = |byte: &u8| matches!(byte, b'"' | b'\'' | b')' | b']' | b'}');
    let closed = bytes.iter().take_while(|byte| is_closing(byte)).count();
    if closed == 0 {
        return None;
    }
    let classes = CharClasses::get();
    let all = skip(sentence, closed, |class| class & SPACE != 0, classes);
    let fits = all > closed || closed == bytes.len() || bytes[closed..].starts_with(b"--");
    fits.then_some((closed, all))
}

/// Whether a sentence ends inside these words, the last of them left out.
fn breaks_inside(context: &str) -> bool {
    let mut before: Option<Token<'_>> = None;
    for word in punkt_words::words(context) {
        let token = Token::of(word);
        if before.is_some_and(|before| before.ends_sentence(&token)) {
            return true;
        }
        before = Some(token);
    }
    false
}

/// What a token is after the first pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Nothing,
    Break,
    Abbreviation,
    Ellipsis,
}

/// A token with its type: what the model knows it by.
#[derive(Clone)]
struct Token<'a> {
    text: &'a str,
    kind: Type,
    mark: Mark,
}

/// The type of a token.
#[derive(Clone)]
enum Type {
    Number,
    /// ASCII in lower case.
    Known(Lowered),
    /// The model has no word that is not ASCII.
    Unknown,
}

/// The longest word of the model, with a full stop, and one byte more: no longer word is in it.
const LONGEST: usize = 40;

/// A word in lower case.
#[derive(Clone)]
struct Lowered {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Lowered {
    /// `None` if it is not ASCII or too long to be in the model.
    fn of(word: &str) -> Option<Self> {
        let mut lowered = Self { bytes: [0; LONGEST], length: 0 };
        for c in word.chars() {
            // U+212A KELVIN SIGN is the only other character that becomes ASCII in lower case.
            let c = if c == '\u{212a}' { 'k' } else { c.to_ascii_lowercase() };
            *lowered.bytes.get_mut(lowered.length)? = u8::try_from(c).ok().filter(u8::is_ascii)?;
            lowered.length += 1;
        }
        Some(lowered)
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

const NUMBER: &[u8] = b"##number##";

impl<'a> Token<'a> {
    fn of(text: &'a str) -> Self {
        let kind = if is_number(text) {
            Type::Number
        } else {
            Lowered::of(text).map_or(Type::Unknown, Type::Known)
        };
        let mark = Self::first_pass(text, &kind);
        Self { text, kind, mark }
    }

    fn first_pass(text: &str, kind: &Type) -> Mark {
        if matches!(text, "." | "?" | "!") {
            Mark::Break
        } else if text.len() > 1 && text.bytes().all(|byte| byte == b'.') {
            Mark::Ellipsis
        } else if !text.ends_with('.') || text.ends_with("..") {
            Mark::Nothing
        } else if Self::is_abbreviation(text, kind) {
            Mark::Abbreviation
        } else {
            Mark::Break
        }
    }

    /// Whether the token without its full stop, or what is behind its last hyphen, is one.
    fn is_abbreviation(text: &str, kind: &Type) -> bool {
        let model = Model::english();
        let word = &text[..text.len() - 1];
        let last = word.rsplit('-').next().unwrap_or(word);
        match kind {
            Type::Known(known) => {
                let word = &known.bytes()[..known.length - 1];
                let last = word.rsplit(|&byte| byte == b'-').next().unwrap_or(word);
                model.abbreviation(word) || model.abbreviation(last)
            }
            _ => Lowered::of(last).is_some_and(|last| model.abbreviation(last.bytes())),
        }
    }

    /// The type without its full stop.
    fn without_stop(&self) -> Option<&[u8]> {
        match &self.kind {
            Type::Number => Some(NUMBER),
            Type::Unknown => None,
            Type::Known(known) => match known.bytes() {
                [word @ .., b'.'] if !word.is_empty() => Some(word),
                word => Some(word),
            },
        }
    }

    /// The type, without its full stop if that ends a sentence.
    fn without_break(&self) -> Option<&[u8]> {
        match &self.kind {
            Type::Known(known) if self.mark != Mark::Break => Some(known.bytes()),
            _ => self.without_stop(),
        }
    }

    fn first_is(&self, class: u32) -> bool {
        self.text.chars().next().is_some_and(|c| CharClasses::get().is(c, class))
    }

    /// One letter and a full stop.
    fn is_initial(&self) -> bool {
        let mut chars = self.text.chars();
        let letter = chars.next().map_or(0, |c| CharClasses::get().of(c));
        letter & WORD != 0 && letter & DECIMAL == 0 && chars.as_str() == "."
    }

    /// Whether a sentence ends after this token, which `next` follows: the second pass.
    fn ends_sentence(&self, next: &Self) -> bool {
        let breaks = self.mark == Mark::Break;
        if !self.text.ends_with('.') {
            return breaks;
        }
        let model = Model::english();
        let (own, other) = (self.without_stop(), next.without_break());
        if let (Some(own), Some(other)) = (own, other)
            && model.collocation(own, other)
        {
            return false;
        }
        let starts = next.starts_sentence();
        let initial = self.is_initial();
        if matches!(self.mark, Mark::Abbreviation | Mark::Ellipsis) && !initial {
            let starter = || next.first_is(UPPER) && other.is_some_and(|word| model.starter(word));
            if starts == Some(true) || starter() {
                return true;
            }
        }
        if initial || own == Some(NUMBER) {
            let never_small = || other.is_none_or(|word| model.context(word) & model::LOWER == 0);
            let unknown = || starts.is_none() && initial && next.first_is(UPPER) && never_small();
            if starts == Some(false) || unknown() {
                return false;
            }
        }
        breaks
    }

    /// Whether the token begins a sentence, by the cases it was seen in; `None` if that is unknown.
    fn starts_sentence(&self) -> Option<bool> {
        if matches!(self.text, ";" | ":" | "," | "." | "!" | "?") {
            return Some(false);
        }
        let context = self.without_break().map_or(0, |word| Model::english().context(word));
        let seen = |flags| context & flags != 0;
        if self.first_is(UPPER) && seen(model::LOWER) && !seen(model::INSIDE_UPPER) {
            Some(true)
        } else if self.first_is(LOWER) && (seen(model::UPPER) || !seen(model::BEGINS_LOWER)) {
            Some(false)
        } else {
            None
        }
    }
}

/// `^-?[\.,]?\d[\d,\.-]*\.?$`.
fn is_number(text: &str) -> bool {
    let classes = CharClasses::get();
    let text = text.strip_prefix('-').unwrap_or(text);
    let text = text.strip_prefix(['.', ',']).unwrap_or(text);
    let mut chars = text.chars();
    chars.next().is_some_and(|c| classes.is(c, DECIMAL))
        && chars.all(|c| matches!(c, ',' | '.' | '-') || classes.is(c, DECIMAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn sentences_end_where_punkt_ends_them() {
        assert_eq!(
            split("Hi Mr. J. Bach. It is \"good\". (Yes.) no"),
            ["Hi Mr. J. Bach.", "It is \"good\".", "(Yes.)", "no"]
        );
        assert_eq!(split("  "), [""; 0]);
        assert_eq!(split(""), [""; 0]);
        assert_eq!(split("Really?! Yes..."), ["Really?!", "Yes..."]);
    }

    #[test]
    fn no_word_of_the_model_is_too_long_for_a_lowered_word() {
        let table = include_str!("../../data/punkt_english.txt");
        assert!(table.lines().all(|line| line.len() + 2 < LONGEST), "a word is longer");
    }

    #[test]
    fn numbers_are_what_the_pattern_takes() {
        for number in ["1", "-.5", "3,000.", "٣", "1-2", "5.."] {
            assert!(is_number(number), "{number}");
        }
        for other in ["", "-", ".", "a1", "--1", "..1", "1a"] {
            assert!(!is_number(other), "{other}");
        }
    }
}
