//! datatrove's `FineWebQualityFilter`.
//!
//! The code has 0.01 for the share of characters in duplicate lines in every version; the paper has
//! 0.1. This is the code.

use crate::chars::{CharClasses, TERMINAL};
use crate::decision::{Broken, Meter, Verdict, ratio};
use crate::grams::Grams;
use crate::profile::Profile;
use crate::python;
use crate::words::Words;

/// What it finds in a text. `words` gives its words, which are asked for only where no rule before
/// them is broken.
pub(crate) fn check<'w>(
    text: &str,
    meter: &mut Meter,
    profile: Profile,
    grams: &mut Grams,
    words: impl FnOnce() -> &'w Words,
) -> Verdict {
    let lines = Lines::of(text, profile);
    if lines.all == 0 {
        return Err(Broken::plain("empty"));
    }
    let breaks_count = memchr::memchr_iter(b'\n', text.as_bytes()).count();
    let (ended, short) = (ratio(lines.ended, lines.all), ratio(lines.short, lines.all));
    let duplicated = |grams: &mut Grams| {
        let chars = grams.repeated(text, non_blank(text)).chars;
        ratio(chars, python::length(text.as_bytes()) - breaks_count)
    };
    match profile {
        #[cfg(feature = "punkt")]
        Profile::V0_3 => {
            meter.breaks(ended <= 0.12, "line_punct_ratio", ended, 0.12)?;
            meter.breaks(short >= 0.67, "short_line_ratio", short, 0.67)?;
            let share = duplicated(grams);
            meter.breaks(share >= 0.01, "char_dup_ratio", share, 0.01)?;
        }
        Profile::V0_10 => {
            meter.at_least("line_punct_ratio", ended, 0.12)?;
            meter.at_most("short_line_ratio", short, 0.67)?;
            meter.at_most("char_dup_ratio", duplicated(grams), 0.01)?;
        }
    }
    meter.at_most("list_ratio", ratio(breaks_count, words().len()), 0.3)
}

/// What is counted of the lines between line feeds.
struct Lines {
    all: usize,
    /// Lines that end in a mark that ends sentences.
    ended: usize,
    /// Lines of at most 30 code points.
    short: usize,
}

impl Lines {
    fn of(text: &str, profile: Profile) -> Self {
        let mut lines = Self { all: 0, ended: 0, short: 0 };
        for line in text.split('\n') {
            if profile.counts_blank_lines() || !python::strip_start(line).is_empty() {
                lines.all += 1;
                lines.ended += usize::from(is_ended(line, profile));
                lines.short += usize::from(is_short(line));
            }
        }
        lines
    }
}

fn is_ended(line: &str, profile: Profile) -> bool {
    match profile {
        #[cfg(feature = "punkt")]
        Profile::V0_3 => line.ends_with(['.', '\'', '"', '!', '?']),
        Profile::V0_10 => CharClasses::get().before(line, line.len()) & TERMINAL != 0,
    }
}

fn is_short(line: &str) -> bool {
    // At most four bytes a code point, at least one.
    line.len() <= 30 || line.len() <= 120 && python::length(line.as_bytes()) <= 30
}

/// The lines that are not blank.
fn non_blank(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    text.split('\n').filter_map(move |line| {
        let start = at;
        at += line.len() + 1;
        (!python::strip_start(line).is_empty()).then_some((start, start + line.len()))
    })
}
