//! The strings of a line: runs of its pieces.

use crate::grammar::literal;
use refinex_core::occurrence::occurrences;
use std::fmt::Write;

/// Most pieces in which a run that stands several times is followed until it stands once (a guess);
/// longer ones cannot be said in the grammar.
const MOST_REPEATED: usize = 12;

/// A line in pieces: runs of letters and digits, runs of blanks, other characters one by one.
pub(super) struct Pieces<'t> {
    text: &'t str,
    /// Where the pieces begin, and the end.
    edges: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    Blank,
    Other,
}

impl Class {
    fn of(character: char) -> Self {
        if character.is_alphanumeric() {
            Self::Word
        } else if character.is_whitespace() {
            Self::Blank
        } else {
            Self::Other
        }
    }
}

impl<'t> Pieces<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let mut edges = Vec::new();
        let mut before = Class::Other;
        for (at, character) in text.char_indices() {
            let class = Class::of(character);
            if class != before || class == Class::Other || at == 0 {
                edges.push(at);
            }
            before = class;
        }
        edges.push(text.len());
        Self { text, edges }
    }

    /// The bytes of each piece.
    #[cfg(test)]
    pub(super) fn spans(&self) -> impl Iterator<Item = (usize, usize)> {
        self.edges.windows(2).map(|edges| (edges[0], edges[1])).filter(|(start, end)| start < end)
    }

    fn count(&self) -> usize {
        self.edges.len() - 1
    }

    /// The text of the pieces from `from` up to `to`, as it stands inside a JSON string.
    fn escaped(&self, from: usize, to: usize) -> String {
        let json =
            serde_json::Value::from(&self.text[self.edges[from]..self.edges[to]]).to_string();
        json[1..json.len() - 1].to_owned()
    }

    /// Rules for line number `line`, if they take at most so many bytes: `q` is the string up to the
    /// call's end; `q-j` what follows pieces that stand in the line once, from piece `j` on.
    pub(super) fn rules(&self, line: usize, most: usize) -> Option<String> {
        if self.count() > most / 8 {
            return None;
        }
        let mut rules = String::new();
        let mut beginnings = Vec::new();
        let mut first_tail = self.count();
        for from in 0..self.count() {
            self.beginnings(from, line, &mut beginnings, &mut first_tail);
        }
        for at in first_tail..self.count() {
            let next = literal(&self.escaped(at, at + 1));
            // Writing to a string cannot fail.
            let _ = writeln!(rules, "q{line}-{at}::={CLOSE} | {next} q{line}-{}", at + 1);
            if rules.len() > most {
                return None;
            }
        }
        let _ = writeln!(rules, "q{line}-{}::={CLOSE}", self.count());
        let _ = writeln!(rules, "q{line}::={}", beginnings.join(" | "));
        (rules.len() <= most).then_some(rules)
    }

    /// The strings that begin with piece `from`: while they stand in the line several times, each
    /// has its number; from where they stand once, what follows is free.
    fn beginnings(&self, from: usize, line: usize, into: &mut Vec<String>, tail: &mut usize) {
        for to in from + 1..=self.count().min(from + MOST_REPEATED) {
            let wanted = &self.text[self.edges[from]..self.edges[to]];
            let escaped = self.escaped(from, to);
            if occurrences(self.text, wanted).nth(1).is_none() {
                *tail = to.min(*tail);
                return into.push(format!("{} q{line}-{to}", literal(&escaped)));
            }
            let before = occurrences(self.text, wanted).take_while(|&at| at < self.edges[from]);
            into.push(literal(&format!("{escaped}\", {})", before.count() + 1)));
        }
    }
}

/// The closing quote of a string, and the parenthesis of its call.
const CLOSE: &str = "\"\\\")\"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_blanks_and_signs_are_pieces() {
        let pieces = |text| {
            let pieces = Pieces::of(text);
            let edges = pieces.edges.windows(2);
            edges.map(|edge| &text[edge[0]..edge[1]]).collect::<Vec<_>>()
        };
        assert_eq!(
            pieces("The end.Share  on X!!"),
            ["The", " ", "end", ".", "Share", "  ", "on", " ", "X", "!", "!"]
        );
        assert_eq!(pieces("a\u{2028}é"), ["a", "\u{2028}", "é"]);
        assert_eq!(pieces("!"), ["!"]);
    }

    #[test]
    fn rules_over_the_bound_are_not_made() {
        let line = "word ".repeat(1000);
        assert!(Pieces::of(&line).rules(1, 1 << 10).is_none());
        assert!(Pieces::of("a b").rules(1, 1 << 10).is_some());
    }
}
