//! End-to-end rewriting as a baseline: what a rewriter added, beside what it deleted.

use crate::share::{as_float, share};
use refinex_core::{Distilled, is_unspaced};
use serde::Serialize;
use std::collections::HashMap;

/// One document that was rewritten, or sums of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewriting {
    documents: u64,
    /// Documents whose rewrite is the raw text less deletions.
    pure: u64,
    /// Documents for which distillation took a way that may not be the best.
    fallbacks: u64,
    words: u64,
    new_words: u64,
    surplus_words: u64,
    residue_characters: u64,
    characters: u64,
}

/// What rewriting adds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RewritingScores {
    /// Documents that were rewritten.
    pub documents: u64,
    /// Share of them in which nothing but deletion was done.
    pub pure_deletion_share: f64,
    /// Documents for which distillation reached a bound on time.
    pub fallbacks: u64,
    /// Words of the output.
    pub words: u64,
    /// Tokens of the output: its characters (white space included) divided by four.
    pub tokens: u64,
    /// Words of the output that the raw text has nowhere.
    pub new_words: u64,
    /// The same by 1,000 tokens of the output.
    pub new_words_per_1000_tokens: f64,
    /// Words that the output has more often than the raw text, by 1,000 tokens; new ones included.
    pub surplus_words_per_1000_tokens: f64,
    /// Characters of the output that were inserted, replaced or moved, by 1,000 tokens.
    pub residue_characters_per_1000_tokens: f64,
}

/// Characters of a token where no tokenizer says more (a usual rule of thumb for English).
pub const CHARACTERS_A_TOKEN: u64 = 4;

impl Rewriting {
    /// What was done to `raw`, of which `distilled` says what was deleted.
    #[must_use]
    pub fn of(raw: &str, refined: &str, distilled: &Distilled) -> Self {
        let mut left: HashMap<&str, u64> = HashMap::new();
        for word in words(raw) {
            *left.entry(word).or_default() += 1;
        }
        let (mut all, mut new_words, mut surplus_words) = (0, 0, 0);
        for word in words(refined) {
            all += 1;
            match left.get_mut(word) {
                None => (new_words, surplus_words) = (new_words + 1, surplus_words + 1),
                Some(0) => surplus_words += 1,
                Some(left) => *left -= 1,
            }
        }
        let residue = distilled.residue.of_substance().map(|item| item.sizes(raw, refined).1);
        Self {
            documents: 1,
            pure: u64::from(distilled.residue.is_empty()),
            fallbacks: u64::from(!distilled.effort.is_exact()),
            words: all,
            new_words,
            surplus_words,
            residue_characters: residue.sum::<usize>() as u64,
            characters: refined.chars().count() as u64,
        }
    }

    /// Adds other documents.
    pub const fn add(&mut self, other: &Self) {
        self.documents += other.documents;
        self.pure += other.pure;
        self.fallbacks += other.fallbacks;
        self.words += other.words;
        self.new_words += other.new_words;
        self.surplus_words += other.surplus_words;
        self.residue_characters += other.residue_characters;
        self.characters += other.characters;
    }

    /// The scores, if anything was rewritten.
    #[must_use]
    pub fn scores(&self) -> Option<RewritingScores> {
        let thousands = as_float(self.characters) / as_float(CHARACTERS_A_TOKEN * 1000);
        let by_tokens = |count: u64| {
            if self.characters == 0 { 0.0 } else { as_float(count) / thousands }
        };
        (self.documents > 0).then(|| RewritingScores {
            documents: self.documents,
            pure_deletion_share: share(self.pure, self.documents),
            fallbacks: self.fallbacks,
            words: self.words,
            tokens: self.characters / CHARACTERS_A_TOKEN,
            new_words: self.new_words,
            new_words_per_1000_tokens: by_tokens(self.new_words),
            surplus_words_per_1000_tokens: by_tokens(self.surplus_words),
            residue_characters_per_1000_tokens: by_tokens(self.residue_characters),
        })
    }
}

/// Runs of letters and digits as they stand; of scripts that write no blanks each character.
fn words(text: &str) -> Vec<&str> {
    let (mut words, mut start) = (Vec::new(), None);
    for (at, c) in text.char_indices() {
        let letter = c.is_alphanumeric();
        match (letter && !is_unspaced(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push(&text[from..at]);
                start = None;
            }
            _ => {}
        }
        if letter && is_unspaced(c) {
            words.push(&text[at..at + c.len_utf8()]);
        }
    }
    words.extend(start.map(|from| &text[from..]));
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use refinex_core::distill;

    fn rewriting(raw: &str, refined: &str) -> Rewriting {
        Rewriting::of(raw, refined, &distill(raw, refined))
    }

    #[test]
    fn deletion_adds_no_word() {
        let found = rewriting("menu\nthe story, the end\n", "the story, the end\n");
        assert_eq!((found.words, found.new_words, found.surplus_words, found.pure), (4, 0, 0, 1));
    }

    #[test]
    fn a_word_is_new_if_it_stood_nowhere_and_surplus_if_not_so_often() {
        let found = rewriting("the cat sat", "the cat sat, the Cat slept");
        assert_eq!((found.new_words, found.surplus_words, found.pure), (2, 3, 0));
        let scores = found.scores().unwrap();
        assert_eq!(scores.tokens, 6);
        assert!((scores.new_words_per_1000_tokens - 2.0 / (26.0 / 4000.0)).abs() < 1e-9);
    }

    #[test]
    fn each_character_of_a_script_without_blanks_is_a_word() {
        assert_eq!(words("天气 very好, ok"), ["天", "气", "very", "好", "ok"]);
        assert_eq!(rewriting("天气", "天").new_words, 0);
    }

    #[test]
    fn an_empty_rewrite_has_no_words_by_token() {
        let scores = rewriting("noise", "").scores().unwrap();
        assert_eq!((scores.tokens, scores.new_words_per_1000_tokens), (0, 0.0));
        assert_eq!(Rewriting::default().scores(), None);
    }
}
