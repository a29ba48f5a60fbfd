//! datatrove's `GopherQualityFilter` (arXiv:2112.11446, section A.1.1).

use crate::chars::{ALPHA, CharClasses, SYMBOL_0_10};
use crate::decision::{Meter, Verdict, ratio};
use crate::profile::Profile;
use crate::python;
use crate::words::Words;

const STOP_WORDS: [&[u8]; 8] = [b"the", b"be", b"to", b"of", b"and", b"that", b"have", b"with"];

/// What it finds in a text with these words.
pub(crate) fn check(text: &str, meter: &mut Meter, words: &Words, profile: Profile) -> Verdict {
    let facts = Facts::of(words, profile);
    meter.at_least("gopher_short_doc", ratio(facts.non_symbols, 1), 50.0)?;
    meter.at_most("gopher_long_doc", ratio(facts.non_symbols, 1), 100_000.0)?;
    let mean = ratio(facts.non_symbol_chars, facts.non_symbols);
    meter.at_least("gopher_below_avg_threshold", mean, 3.0)?;
    meter.at_most("gopher_above_avg_threshold", mean, 10.0)?;
    let hashes = memchr::memchr_iter(b'#', text.as_bytes()).count();
    meter.at_most("gopher_too_many_hashes", ratio(hashes, words.len()), 0.1)?;
    meter.at_most("gopher_too_many_ellipsis", ratio(ellipses(text), words.len()), 0.1)?;
    let lines = Lines::of(text);
    meter.at_most("gopher_too_many_bullets", ratio(lines.bullets, lines.all), 0.9)?;
    meter.at_most("gopher_too_many_end_ellipsis", ratio(lines.ellipses, lines.all), 0.3)?;
    meter.at_least("gopher_below_alpha_threshold", ratio(facts.alphabetic, words.len()), 0.8)?;
    meter.at_least("gopher_enough_stop_words", ratio(facts.stop_words, 1), 2.0)
}

/// What is counted of words.
#[derive(Default)]
struct Facts {
    /// Words with a character that is no punctuation.
    non_symbols: usize,
    non_symbol_chars: usize,
    /// Words with a letter.
    alphabetic: usize,
    /// How often a stop word occurs, or how many different ones do.
    stop_words: usize,
}

impl Facts {
    fn of(words: &Words, profile: Profile) -> Self {
        let classes = CharClasses::get();
        let symbol = match profile {
            #[cfg(feature = "punkt")]
            Profile::V0_3 => crate::chars::SYMBOL_0_3,
            Profile::V0_10 => SYMBOL_0_10,
        };
        let (mut facts, mut stops) = (Self::default(), [0; STOP_WORDS.len()]);
        for (at, word) in words.iter().enumerate() {
            let (all_symbols, letter) = look(word, symbol, classes);
            if !all_symbols {
                facts.non_symbols += 1;
                facts.non_symbol_chars += words.length(at, at + 1);
            }
            facts.alphabetic += usize::from(letter);
            if word.len() <= 4
                && let Some(stop) = STOP_WORDS.iter().position(|stop| *stop == word)
            {
                stops[stop] += 1;
            }
        }
        facts.stop_words = match profile {
            #[cfg(feature = "punkt")]
            Profile::V0_3 => stops.iter().sum(),
            Profile::V0_10 => stops.iter().filter(|&&count| count > 0).count(),
        };
        facts
    }
}

/// Whether a word is all symbols, and whether it has a letter.
fn look(word: &[u8], symbol: u32, classes: &CharClasses) -> (bool, bool) {
    if word[0].is_ascii_alphabetic() {
        // No set of symbols has a letter of ASCII.
        return (false, true);
    }
    let (mut all, mut any) = (u32::MAX, 0);
    for c in String::from_utf8_lossy(word).chars() {
        let class = classes.of(c);
        all &= class;
        any |= class;
    }
    (all & symbol != 0, any & ALPHA != 0)
}

/// `text.count("...") + text.count("…")`.
fn ellipses(text: &str) -> usize {
    let count = |mark: &str| memchr::memmem::find_iter(text.as_bytes(), mark).count();
    count("...") + count("…")
}

/// What is counted of the lines of `text.splitlines()`.
struct Lines {
    all: usize,
    /// Lines that begin with a bullet.
    bullets: usize,
    /// Lines that end with an ellipsis.
    ellipses: usize,
}

impl Lines {
    fn of(text: &str) -> Self {
        let mut lines = Self { all: 0, bullets: 0, ellipses: 0 };
        for line in python::split_lines(text) {
            let line = &text[line.start..line.end];
            lines.all += 1;
            lines.bullets += usize::from(python::strip_start(line).starts_with(['•', '-']));
            let end = python::strip_end(line);
            lines.ellipses += usize::from(end.ends_with("...") || end.ends_with('…'));
        }
        lines
    }
}
