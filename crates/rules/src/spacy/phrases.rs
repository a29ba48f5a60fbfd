//! Special cases that show only when a chunk has been parted: spaCy looks for their tokens among
//! those of the whole text, longest first.

use super::Token;
use super::chunks::Chunks;
use super::specials::Specials;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// The tokens of the special cases, by the first of them.
struct Phrases {
    by_first: HashMap<&'static str, Vec<Vec<&'static str>>>,
    /// Which pairs of bytes there are: the last of a first token, the first of a second.
    edges: Vec<bool>,
}

static ENGLISH: LazyLock<Phrases> = LazyLock::new(Phrases::english);

const fn edge(first: u8, second: u8) -> usize {
    (first as usize) << 8 | second as usize
}

impl Phrases {
    fn english() -> Self {
        let mut phrases = Self { by_first: HashMap::new(), edges: vec![false; 1 << 16] };
        let mut chunks = Chunks::plain();
        for &case in Specials::english().again() {
            chunks.split(case);
            let tokens: Vec<&str> = chunks.tokens.iter().map(|token| token.text(case)).collect();
            // One of a single token is that token, and changes nothing.
            if let [first, second, ..] = tokens[..] {
                let (last, first_byte) = (first.as_bytes()[first.len() - 1], second.as_bytes()[0]);
                phrases.edges[edge(last, first_byte)] = true;
                phrases.by_first.entry(first).or_default().push(tokens);
            }
        }
        phrases
    }

    /// Adds the ends of the phrases that begin at a token.
    fn ends_at(&self, text: &str, tokens: &[Token], at: usize, matches: &mut Vec<(usize, usize)>) {
        let Some(next) = tokens.get(at + 1) else { return };
        let bytes = text.as_bytes();
        if !self.edges[edge(bytes[tokens[at].end - 1], bytes[next.start])] {
            return;
        }
        let Some(phrases) = self.by_first.get(tokens[at].text(text)) else { return };
        for phrase in phrases {
            let end = at + phrase.len();
            let same = |(token, wanted): (&Token, &&str)| token.text(text) == *wanted;
            if tokens.get(at..end).is_some_and(|found| found.iter().zip(phrase).all(same)) {
                matches.push((at, end));
            }
        }
    }
}

/// Room for the phrases that are found in a text.
#[derive(Debug, Default)]
pub(crate) struct Matches {
    found: Vec<(usize, usize)>,
    kept: Vec<(usize, usize)>,
    seen: HashSet<usize>,
    room: Vec<Token>,
}

impl Matches {
    /// Puts the tokens of special cases in the place of those that were found instead.
    pub(crate) fn apply(&mut self, text: &str, tokens: &mut Vec<Token>) {
        self.found.clear();
        let phrases = &*ENGLISH;
        for at in 0..tokens.len() {
            phrases.ends_at(text, tokens, at, &mut self.found);
        }
        if !self.found.is_empty() {
            self.choose();
            self.replace(text, tokens);
        }
    }

    /// Keeps matches whose first and last token no match before it had: the longest first, then
    /// from the left. Matches that are not kept take their tokens too.
    fn choose(&mut self) {
        self.kept.clear();
        self.seen.clear();
        self.found.sort_unstable_by_key(|&(start, end)| (std::cmp::Reverse(end - start), start));
        for &(start, end) in &self.found {
            if !self.seen.contains(&start) && !self.seen.contains(&(end - 1)) {
                self.kept.push((start, end));
            }
            self.seen.extend(start..end);
        }
        self.kept.sort_unstable();
    }

    fn replace(&mut self, text: &str, tokens: &mut Vec<Token>) {
        self.room.clear();
        let mut done = 0;
        for &(start, end) in &self.kept {
            let (begin, finish) = (tokens[start].start, tokens[end - 1].end);
            // With white space between them they are no special case.
            let Some(lengths) = Specials::english().get(&text[begin..finish]) else { continue };
            self.room.extend_from_slice(&tokens[done..start]);
            let mut at = begin;
            for length in lengths {
                self.room.push(Token::new(at, at + length));
                at += length;
            }
            done = end;
        }
        self.room.extend_from_slice(&tokens[done..]);
        std::mem::swap(tokens, &mut self.room);
    }
}
