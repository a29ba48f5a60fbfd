//! The Punkt model of English (Kiss and Strunk 2006; the data of NLTK's `punkt_tab`).

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Seen at the beginning of a sentence with a small letter.
pub(crate) const BEGINS_LOWER: u8 = 1 << 4;
/// Seen inside a sentence with a capital.
pub(crate) const INSIDE_UPPER: u8 = 1 << 2;
/// Seen anywhere with a capital.
pub(crate) const UPPER: u8 = 1 << 1 | 1 << 2 | 1 << 3;
/// Seen anywhere with a small letter.
pub(crate) const LOWER: u8 = 1 << 4 | 1 << 5 | 1 << 6;

/// What was learnt of words. All of them are ASCII in lower case.
#[derive(Default)]
pub(crate) struct Model {
    abbreviations: HashSet<&'static [u8]>,
    collocations: HashSet<(&'static [u8], &'static [u8])>,
    starters: HashSet<&'static [u8]>,
    contexts: HashMap<&'static [u8], u8>,
}

static ENGLISH: LazyLock<Model> =
    LazyLock::new(|| Model::parse(include_str!("../../data/punkt_english.txt")));

impl Model {
    /// The model of English.
    pub(crate) fn english() -> &'static Self {
        &ENGLISH
    }

    /// Whether a word, without its full stop, is an abbreviation.
    pub(crate) fn abbreviation(&self, word: &[u8]) -> bool {
        self.abbreviations.contains(word)
    }

    /// Whether the two words often stand together.
    pub(crate) fn collocation(&self, first: &[u8], second: &[u8]) -> bool {
        self.collocations.contains(&(first, second))
    }

    /// Whether a word often begins a sentence.
    pub(crate) fn starter(&self, word: &[u8]) -> bool {
        self.starters.contains(word)
    }

    /// In what contexts a word was seen.
    pub(crate) fn context(&self, word: &[u8]) -> u8 {
        self.contexts.get(word).copied().unwrap_or(0)
    }

    fn parse(table: &'static str) -> Self {
        let mut model = Self::default();
        let mut section = "";
        for line in table.lines() {
            match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                Some(name) => section = name,
                None => model.learn(section, line),
            }
        }
        model
    }

    fn learn(&mut self, section: &str, line: &'static str) {
        let word = line.as_bytes();
        match section {
            "abbreviations" => drop(self.abbreviations.insert(word)),
            "starters" => drop(self.starters.insert(word)),
            "collocations" => {
                let pair = line.split_once('\t').map(|(a, b)| (a.as_bytes(), b.as_bytes()));
                self.collocations.extend(pair);
            }
            _ => {
                let flags = section.strip_prefix("context ").and_then(|flags| flags.parse().ok());
                self.contexts.extend(flags.map(|flags| (word, flags)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_has_the_sizes_of_nltks() {
        let model = Model::english();
        assert_eq!(model.abbreviations.len(), 156);
        assert_eq!(model.collocations.len(), 37);
        assert_eq!(model.starters.len(), 39);
        assert_eq!(model.contexts.len(), 20_366);
    }
}
