//! Cheap stand-ins for the quality of a text. None needs a server; `refinex score --gold` says how
//! well each ranks documents by their true share of noise.

mod ngram;
mod words;

pub use ngram::{NgramCounter, NgramError, NgramModel};

use crate::share::share;
use refinex_core::{Identity, RefineError, Scorer};
use std::collections::HashSet;
use std::sync::Arc;
use words::{FURNITURE, STOP_WORDS};

/// A proxy of quality.
#[derive(Clone, Debug)]
pub enum Proxy {
    /// Share of the characters in lines that stand in the text before.
    DuplicateLines,
    /// Share of the characters in short lines with a phrase of the furniture of sites.
    Furniture,
    /// Share of the characters that are neither letters, digits nor the marks of prose.
    Symbols,
    /// Share of the words that are function words of a few languages; the more, the more prose.
    StopWords,
    /// Perplexity by character under a model of clean text.
    Perplexity(Arc<NgramModel>),
}

/// Characters of a line that may be furniture (guess: a paragraph that speaks of cookies is none).
const LONGEST_FURNITURE: usize = 160;

impl Proxy {
    /// Those that need no model.
    pub const PLAIN: [Self; 4] =
        [Self::DuplicateLines, Self::Furniture, Self::Symbols, Self::StopWords];

    /// Its name in tables.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::DuplicateLines => "duplicate lines",
            Self::Furniture => "furniture",
            Self::Symbols => "symbols",
            Self::StopWords => "stop words",
            Self::Perplexity(_) => "perplexity",
        }
    }

    /// Its number for a text; of a blank text there is none.
    #[must_use]
    pub fn of(&self, text: &str) -> Option<f64> {
        if text.trim().is_empty() {
            return None;
        }
        Some(match self {
            Self::DuplicateLines => duplicate_lines(text),
            Self::Furniture => furniture(text),
            Self::Symbols => symbols(text),
            Self::StopWords => stop_words(text),
            Self::Perplexity(model) => model.perplexity(text),
        })
    }
}

impl Scorer for Proxy {
    fn identity(&self) -> Identity {
        let fingerprint = match self {
            Self::Perplexity(model) => format!("perplexity-1 {:016x}", model.fingerprint()),
            plain => format!("{}-1", plain.name()),
        };
        Identity { name: self.name().to_owned(), fingerprint }
    }

    fn larger_is_better(&self) -> bool {
        matches!(self, Self::StopWords)
    }

    fn score(&self, texts: &[&str]) -> Vec<Result<f64, RefineError>> {
        let blank = || RefineError::skip("blank", "expected a text, but found a blank one");
        texts.iter().map(|text| self.of(text).ok_or_else(blank)).collect()
    }
}

/// Characters that are not white space.
fn black(text: &str) -> u64 {
    text.chars().filter(|c| !c.is_whitespace()).count() as u64
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').map(str::trim).filter(|line| !line.is_empty())
}

fn duplicate_lines(text: &str) -> f64 {
    let mut seen = HashSet::new();
    let again = lines(text).filter(|line| !seen.insert(*line));
    share(again.map(black).sum(), black(text))
}

fn furniture(text: &str) -> f64 {
    let is_furniture = |line: &&str| {
        let lower = line.to_lowercase();
        line.chars().count() <= LONGEST_FURNITURE
            && FURNITURE.iter().any(|phrase| has_phrase(&lower, phrase))
    };
    share(lines(text).filter(is_furniture).map(black).sum(), black(text))
}

/// Whether a phrase stands in a line between other characters than letters.
fn has_phrase(line: &str, phrase: &str) -> bool {
    line.match_indices(phrase).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + phrase.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

fn symbols(text: &str) -> f64 {
    const PROSE: &str = ".,;:!?'\"()-’‘“”«»„…–—。，、：；！？";
    let strange = |c: &char| !c.is_alphanumeric() && !c.is_whitespace() && !PROSE.contains(*c);
    share(text.chars().filter(strange).count() as u64, black(text))
}

fn stop_words(text: &str) -> f64 {
    let lower = text.to_lowercase();
    let words = || lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let known = words().filter(|word| STOP_WORDS.contains(word)).count();
    share(known as u64, words().count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROSE: &str = "The boat was late, and nobody on the pier knew why it had not come.\n\
                         In the evening the light on the island went out.";
    const MENU: &str = "Home | Shop | Cart (0)\nSign in\nSign in\n© 2031 All rights reserved »";

    #[test]
    fn every_plain_proxy_tells_prose_from_furniture() {
        for proxy in Proxy::PLAIN {
            let (prose, menu) = (proxy.of(PROSE).unwrap(), proxy.of(MENU).unwrap());
            let better = if proxy.larger_is_better() { prose > menu } else { prose < menu };
            assert!(better, "{}: {prose} {menu}", proxy.name());
        }
    }

    #[test]
    fn shares_are_of_characters_that_are_not_white_space() {
        assert_eq!(Proxy::DuplicateLines.of("ab\n\nab \ncd"), Some(2.0 / 6.0));
        assert_eq!(Proxy::Symbols.of("a| b."), Some(0.25));
        assert_eq!(Proxy::StopWords.of("the cat AND"), Some(2.0 / 3.0));
        assert_eq!(Proxy::Furniture.of("sign in\nresign indoors"), Some(6.0 / 19.0));
    }

    #[test]
    fn a_blank_text_has_no_number_and_says_so() {
        let found = Proxy::Symbols.score(&["a", " \n"]);
        assert_eq!(found[0], Ok(0.0));
        assert_eq!(found[1].as_ref().unwrap_err().reason, "blank");
    }
}
