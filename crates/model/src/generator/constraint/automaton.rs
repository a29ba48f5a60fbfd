//! The programs of a chunk, byte by byte.

use super::line_text::Match;
use super::numbers::Numbers;
use super::page::{Kind, Page, Said};
use super::trie::Trie;
use super::vocabulary::Vocabulary;
use refinex_core::Chunk;
use refinex_core::occurrence::occurrences;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The programs that are valid for one chunk.
pub struct Programs {
    page: Page,
    vocabulary: Arc<Vocabulary>,
    /// The tokens that may come at places where they are many and costly to find.
    known: Mutex<HashMap<Place, Arc<[u32]>>>,
}

/// A place in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// In the name of a call: those of [`NAMES`] that are possible still, by bit.
    Name { names: u8, at: u8, said: Said },
    /// In a number; 0 before its first digit.
    Number { of: Number, value: u32, said: Said },
    /// In what stands between two arguments.
    Between { before: Argument, at: u8, said: Said },
    /// In the text of a line.
    Text { line: u32, at: Match, said: Said },
    /// Behind a text, which stands at these bytes of its line, and maybe elsewhere in it too.
    Quoted { line: u32, piece: (u32, u32), said: Said },
    /// Behind a call.
    Called { said: Said },
    /// Behind `keep_all()`.
    Kept,
}

/// What a number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Number {
    /// The first line of a call, or its only one.
    Line(Kind),
    /// The last line, behind this first one.
    End(u32),
    /// Which occurrence of the piece in its line, out of those that may go.
    Occurrence { line: u32, piece: (u32, u32), first: u32, last: u32 },
}

/// What comes behind a comma.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Argument {
    Number(Number),
    Text(u32),
}

impl Argument {
    const fn separator(self) -> &'static [u8] {
        match self {
            Self::Number(_) => b", ",
            Self::Text(_) => b", \"",
        }
    }
}

/// The beginnings of calls; what comes behind the first is nothing.
const NAMES: [(&[u8], Option<Kind>); 4] = [
    (b"keep_all()", None),
    (b"remove_lines(", Some(Kind::Lines)),
    (b"remove_str(", Some(Kind::Str)),
    (b"remove_break(", Some(Kind::Break)),
];

impl Programs {
    /// The programs for what `chunk` shows.
    #[must_use]
    pub fn of(chunk: &Chunk<'_>, vocabulary: Arc<Vocabulary>) -> Self {
        let page = Page::of(chunk, &vocabulary);
        Self { page, vocabulary, known: Mutex::default() }
    }

    pub(super) fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Before the first byte.
    pub(super) fn begin(&self) -> Place {
        let (names, said) = (1 | self.names(&Said::NOTHING), Said::NOTHING);
        Place::Name { names, at: 0, said }
    }

    /// Whether a program may end here.
    pub(super) const fn may_end(place: Place) -> bool {
        matches!(place, Place::Called { .. } | Place::Kept)
    }

    /// The calls that may come next.
    fn names(&self, said: &Said) -> u8 {
        let possible = |kind| !self.page.lines_for(kind, said, &self.vocabulary).is_empty();
        let with_bits =
            NAMES.iter().enumerate().filter_map(|(bit, (_, kind))| Some((bit, (*kind)?)));
        with_bits.filter(|&(_, kind)| possible(kind)).map(|(bit, _)| 1 << bit).sum()
    }

    /// Every byte that may come next, once, and the place behind it.
    pub(super) fn each(&self, place: Place, mut tell: impl FnMut(u8, Place)) {
        match place {
            Place::Name { names, at, said } => each_of_name(names, at, said, tell),
            Place::Number { of, value, said } => self.each_of_number(of, value, said, tell),
            Place::Between { before, at, said } => {
                let separator = before.separator();
                let next = if at as usize + 1 < separator.len() {
                    Place::Between { before, at: at + 1, said }
                } else {
                    self.argument(before, said)
                };
                tell(separator[at as usize], next);
            }
            Place::Text { line, at, said } => self.each_of_text(line, at, said, tell),
            Place::Quoted { line, piece, said } => self.behind_text(line, piece, said, tell),
            Place::Called { said } => {
                let names = self.names(&said);
                if names != 0 {
                    tell(b'\n', Place::Name { names, at: 0, said });
                }
            }
            Place::Kept => {}
        }
    }

    /// The place behind `byte`, if it may come next.
    pub(super) fn step(&self, place: Place, byte: u8) -> Option<Place> {
        let mut found = None;
        self.each(place, |next, there| {
            if next == byte {
                found = Some(there);
            }
        });
        found
    }

    /// The place behind all of `bytes`.
    pub(super) fn walk(&self, place: Place, bytes: &[u8]) -> Option<Place> {
        bytes.iter().try_fold(place, |place, &byte| self.step(place, byte))
    }

    fn argument(&self, argument: Argument, said: Said) -> Place {
        match argument {
            Argument::Number(of) => Place::Number { of, value: 0, said },
            Argument::Text(line) => {
                let at = self.page.text(line, &self.vocabulary).begin();
                Place::Text { line, at, said }
            }
        }
    }

    fn numbers(&self, of: Number, said: &Said) -> Numbers<'_> {
        match of {
            Number::Line(kind) => self.page.lines_for(kind, said, &self.vocabulary),
            Number::End(start) => self.page.ends_from(start),
            Number::Occurrence { first, last, .. } => Numbers::range(first, last),
        }
    }

    fn each_of_number(&self, of: Number, value: u32, said: Said, mut tell: impl FnMut(u8, Place)) {
        let numbers = self.numbers(of, &said);
        if value > 0 && numbers.contains(value) {
            let (byte, place) = self.behind_number(of, value, said);
            tell(byte, place);
        }
        for digit in u32::from(value == 0)..10 {
            let value = value * 10 + digit;
            if numbers.has_prefix(value) {
                tell(b'0' + digit as u8, Place::Number { of, value, said });
            }
        }
    }

    fn behind_number(&self, of: Number, value: u32, said: Said) -> (u8, Place) {
        let comma = |before| (b',', Place::Between { before, at: 1, said });
        let called = |said| (b')', Place::Called { said });
        match of {
            Number::Line(Kind::Lines) => comma(Argument::Number(Number::End(value))),
            Number::Line(Kind::Str) => comma(Argument::Text(value)),
            Number::Line(Kind::Break) => called(said.ended(value)),
            Number::End(_) => called(said.lines(value)),
            Number::Occurrence { line, piece, .. } => {
                let content = self.page.content(line);
                let found = occurrences(content, part(content, piece)).nth(value as usize - 1);
                let start = found.map_or(piece.0, |found| found as u32);
                let piece = (start, start + (piece.1 - piece.0));
                called(said.piece(line, piece, content.len()))
            }
        }
    }

    fn each_of_text(&self, line: u32, at: Match, said: Said, mut tell: impl FnMut(u8, Place)) {
        let text = self.page.text(line, &self.vocabulary);
        if let Some(piece) = text.whole(at) {
            tell(b'"', Place::Quoted { line, piece, said });
        }
        let from = said.next_in(line);
        text.each(at, |byte, at| {
            if text.holds(at, from) {
                tell(byte, Place::Text { line, at, said });
            }
        });
    }

    /// A text that occurs once is said; of several, the number follows.
    fn behind_text(
        &self,
        line: u32,
        piece: (u32, u32),
        said: Said,
        mut tell: impl FnMut(u8, Place),
    ) {
        let content = self.page.content(line);
        let wanted = part(content, piece);
        if occurrences(content, wanted).nth(1).is_none() {
            return tell(b')', Place::Called { said: said.piece(line, piece, content.len()) });
        }
        let (from, to) = self.page.owned(line);
        let from = from.max(said.next_in(line) as usize);
        let (mut first, mut last) = (1, 0);
        for found in occurrences(content, wanted) {
            first += u32::from(found < from);
            last += u32::from(found + wanted.len() <= to);
        }
        let of = Number::Occurrence { line, piece, first, last };
        tell(b',', Place::Between { before: Argument::Number(of), at: 1, said });
    }

    /// The tokens that may come at `place`; each once.
    pub(super) fn tokens(&self, place: Place) -> Arc<[u32]> {
        let costly = matches!(place, Place::Text { at, .. } if at.is_begin());
        if !costly {
            return self.find_tokens(place);
        }
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tokens) = known().get(&place) {
            return Arc::clone(tokens);
        }
        let tokens = self.find_tokens(place);
        known().insert(place, Arc::clone(&tokens));
        tokens
    }

    fn find_tokens(&self, place: Place) -> Arc<[u32]> {
        let mut tokens = Vec::new();
        self.gather(Trie::ROOT, place, &mut tokens);
        tokens.into()
    }

    /// Whether a token goes on from this node of the trie and this place.
    pub(super) fn any_token(&self, node: u32, place: Place) -> bool {
        let mut tokens = Vec::new();
        self.gather(node, place, &mut tokens);
        !tokens.is_empty()
    }

    /// Goes along the trie and the automaton at once.
    fn gather(&self, node: u32, place: Place, tokens: &mut Vec<u32>) {
        let trie = self.vocabulary.trie();
        self.each(place, |byte, next| {
            let Some(child) = trie.child(node, byte) else { return };
            tokens.extend_from_slice(trie.tokens(child));
            if trie.goes_on(child) {
                self.gather(child, next, tokens);
            }
        });
    }
}

fn part(content: &str, (start, end): (u32, u32)) -> &str {
    &content[start as usize..end as usize]
}

fn each_of_name(names: u8, at: u8, said: Said, mut tell: impl FnMut(u8, Place)) {
    let mut left = names;
    while left != 0 {
        let first = left.trailing_zeros() as usize;
        let (name, kind) = NAMES[first];
        let byte = name[at as usize];
        let alike =
            |bit: &usize| left >> bit & 1 == 1 && NAMES[*bit].0.get(at as usize) == Some(&byte);
        let same: u8 = (0..NAMES.len()).filter(alike).map(|bit| 1 << bit).sum();
        left &= !same;
        let ends = name.len() == at as usize + 1;
        tell(
            byte,
            match kind {
                _ if !ends => Place::Name { names: same, at: at + 1, said },
                None => Place::Kept,
                Some(kind) => Place::Number { of: Number::Line(kind), value: 0, said },
            },
        );
    }
}
