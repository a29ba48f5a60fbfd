//! Repeated parts of a text: elements such as lines, and n-grams of words.
//!
//! All counts are exact: hashes only say where to look, and texts or numbers of words are compared.

use crate::python;
use crate::table::{Table, hash, mix};
use crate::words::Words;

/// Room for counting, which serves one text after the other.
#[derive(Debug, Default)]
pub(crate) struct Grams {
    table: Table,
    elements: Vec<(usize, usize)>,
    /// For each word, the first word with the same text.
    ids: Vec<u32>,
    /// The n-grams of the length that was counted last.
    level: Level,
    next_level: Level,
    /// For each word, the number of bytes from which on no other word has the same text there.
    unique_from: Vec<usize>,
    /// Words of which no such number is known yet.
    open: Vec<u32>,
    next_open: Vec<u32>,
    seen: Vec<bool>,
}

/// The n-grams of one length.
#[derive(Debug, Default)]
struct Level {
    /// For each place, the first place at which the same n-gram begins.
    firsts: Vec<u32>,
    /// How often the n-gram occurs that first begins at a place.
    counts: Vec<u32>,
}

impl Level {
    fn clear(&mut self, grams: usize) {
        self.firsts.clear();
        self.counts.clear();
        self.counts.resize(grams, 0);
    }

    fn push(&mut self, first: usize) {
        self.firsts.push(number(first));
        self.counts[first] += 1;
    }

    fn repeats(&self, at: usize) -> bool {
        self.counts[self.firsts[at] as usize] > 1
    }
}

#[expect(clippy::cast_possible_truncation, reason = "texts have fewer words")]
const fn number(at: usize) -> u32 {
    at as u32
}

/// Elements that stood before in the same list: `find_duplicates`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Repeated {
    /// How many there are in all.
    pub(crate) all: usize,
    /// How many of them are repetitions.
    pub(crate) elements: usize,
    /// Code points of these.
    pub(crate) chars: usize,
}

impl Grams {
    /// Counts spans of a text that stood before.
    pub(crate) fn repeated(
        &mut self,
        text: &str,
        spans: impl Iterator<Item = (usize, usize)>,
    ) -> Repeated {
        self.elements.clear();
        self.elements.extend(spans);
        let mut repeated = Repeated { all: self.elements.len(), ..Repeated::default() };
        self.table.clear(self.elements.len());
        let bytes = text.as_bytes();
        let elements = &self.elements;
        for (at, &(start, end)) in elements.iter().enumerate() {
            let element = &bytes[start..end];
            let same = |other: usize| &bytes[elements[other].0..elements[other].1] == element;
            if self.table.find_or_insert(hash(element), at, same).is_some() {
                repeated.elements += 1;
                repeated.chars += python::length(element);
            }
        }
        repeated
    }

    /// Numbers the words of a text, before the other counts.
    pub(crate) fn read(&mut self, words: &Words) {
        self.level.clear(words.len());
        self.table.clear(words.len());
        for (at, word) in words.iter().enumerate() {
            let same = |other: usize| words.word(other) == word;
            self.level.push(self.table.find_or_insert(hash(word), at, same).unwrap_or(at));
        }
        self.ids.clone_from(&self.level.firsts);
        self.find_unique(words);
    }

    /// Code points of the most frequent n-gram, with spaces between its words, times its count;
    /// `None` if there is no n-gram. Of equally frequent ones the first counts. To be called for 2,
    /// 3 and 4 in this order.
    pub(crate) fn top(&mut self, words: &Words, n: usize) -> Option<usize> {
        let grams = (words.len() + 1).checked_sub(n).filter(|&grams| grams > 0)?;
        let (level, next, ids) = (&self.level, &mut self.next_level, &self.ids);
        next.clear(grams);
        // What begins with an n-gram that occurs once occurs once.
        let repeats = |at: usize| level.repeats(at);
        self.table.clear((0..grams).filter(|&at| repeats(at)).count());
        for at in 0..grams {
            let (shorter, last) = (level.firsts[at], ids[at + n - 1]);
            let key = mix(u64::from(shorter) << 32 | u64::from(last));
            let same = |other: usize| level.firsts[other] == shorter && ids[other + n - 1] == last;
            let found = if repeats(at) { self.table.find_or_insert(key, at, same) } else { None };
            next.push(found.unwrap_or(at));
        }
        std::mem::swap(&mut self.level, &mut self.next_level);
        Some(self.level.best(words, n))
    }

    /// Finds from what number of bytes on the text at a word is its own, so that no n-gram that is
    /// longer need be looked up.
    fn find_unique(&mut self, words: &Words) {
        self.unique_from.clear();
        self.unique_from.resize(words.len(), usize::MAX);
        self.open.clear();
        self.open.extend(0..number(words.len()));
        for length in STEPS {
            self.find_unique_of(words, length);
            std::mem::swap(&mut self.open, &mut self.next_open);
        }
    }

    fn find_unique_of(&mut self, words: &Words, length: usize) {
        self.table.clear(self.open.len());
        self.seen.clear();
        self.seen.resize(words.len(), false);
        let text = |at: u32| {
            let start = words.start(at as usize);
            words.bytes().get(start..start + length)
        };
        for &at in &self.open {
            let Some(text) = text(at) else { continue };
            // Different texts of one hash are only looked at again.
            if let Some(other) = self.table.find_or_insert(hash(text), at as usize, |_| true) {
                self.seen[other] = true;
                self.seen[at as usize] = true;
            }
        }
        self.next_open.clear();
        for &at in &self.open {
            match (text(at), self.seen[at as usize]) {
                (Some(_), true) => self.next_open.push(at),
                (Some(_), false) => self.unique_from[at as usize] = length,
                (None, _) => {}
            }
        }
    }

    /// Code points of n-grams, without spaces, that stood before; what is found is skipped whole.
    pub(crate) fn duplicated(&mut self, words: &Words, n: usize) -> usize {
        let Some(grams) = (words.len() + 1).checked_sub(n) else { return 0 };
        let unique_from = &self.unique_from;
        let is_open = |at: usize| words.start(at + n) - words.start(at) < unique_from[at];
        let open = (0..grams).filter(|&at| is_open(at)).count();
        if open < 2 {
            return 0;
        }
        self.table.clear(open);
        let text = |at: usize| &words.bytes()[words.start(at)..words.start(at + n)];
        let (mut at, mut chars) = (0, 0);
        while at < grams {
            let same = |other: usize| text(other) == text(at);
            if is_open(at) && self.table.find_or_insert(hash(text(at)), at, same).is_some() {
                chars += words.length(at, at + n);
                at += n;
            } else {
                at += 1;
            }
        }
        chars
    }
}

/// Numbers of bytes at which it is looked whether the text at a word is its own (measured: the
/// first parts most words of prose off, the last leaves repetitions).
const STEPS: [usize; 3] = [8, 16, 24];

impl Level {
    fn best(&self, words: &Words, n: usize) -> usize {
        let (mut best, mut count) = (0, 0);
        for (at, &found) in self.counts.iter().enumerate() {
            if found > count {
                (best, count) = (at, found);
            }
        }
        (words.length(best, best + n) + n - 1) * count as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{HashMap, HashSet};

    fn words_of(texts: &[String]) -> Words {
        let mut words = Words::default();
        texts.iter().for_each(|text| words.push(text.as_bytes()));
        words
    }

    /// datatrove's `find_top_duplicate`, word by word.
    fn plain_top(texts: &[String], n: usize) -> Option<usize> {
        let grams: Vec<String> = texts.windows(n).map(|gram| gram.join(" ")).collect();
        let mut counts = HashMap::new();
        grams.iter().for_each(|gram| *counts.entry(gram).or_insert(0) += 1);
        let most = counts.values().max()?;
        let first = grams.iter().find(|gram| counts[gram] == *most)?;
        Some(first.chars().count() * most)
    }

    /// datatrove's `find_all_duplicate`, word by word.
    fn plain_duplicated(texts: &[String], n: usize) -> usize {
        let (mut seen, mut at, mut chars) = (HashSet::new(), 0, 0);
        while at + n <= texts.len() {
            let gram = texts[at..at + n].concat();
            let length = gram.chars().count();
            if seen.insert(gram) {
                at += 1;
            } else {
                chars += length;
                at += n;
            }
        }
        chars
    }

    proptest! {
        #[test]
        fn counts_are_those_of_the_plain_way(
            texts in prop::collection::vec("[ab]{1,3}|[aé]|a{9}|abcdefgh", 0..60),
        ) {
            let (words, mut grams) = (words_of(&texts), Grams::default());
            grams.read(&words);
            for n in 2..5 {
                prop_assert_eq!(grams.top(&words, n), plain_top(&texts, n));
            }
            for n in 5..11 {
                prop_assert_eq!(grams.duplicated(&words, n), plain_duplicated(&texts, n));
            }
        }
    }

    #[test]
    fn words_that_part_the_same_letters_otherwise_are_the_same_n_gram() {
        let texts: Vec<String> =
            ["ab", "c", "d", "e", "f", "x", "a", "bc", "d", "e", "f"].map(str::to_owned).into();
        let (words, mut grams) = (words_of(&texts), Grams::default());
        grams.read(&words);
        assert_eq!(grams.duplicated(&words, 5), 6);
    }

    #[test]
    fn elements_count_from_their_second_time_on() {
        let text = "aé|b|aé|aé|";
        let mut at = 0;
        let spans: Vec<_> = text
            .split('|')
            .map(|part| {
                at += part.len() + 1;
                (at - 1 - part.len(), at - 1)
            })
            .collect();
        let repeated = Grams::default().repeated(text, spans.into_iter());
        assert_eq!(repeated, Repeated { all: 5, elements: 2, chars: 4 });
    }
}
