//! ProX's executor as it is written (GAIR-NLP/ProX, `utils/chunk_utils.py`, with the thresholds of
//! `apply_chunk_refining.py`), defects and all.
//!
//! Arguments are cut at commas, at `=` and at the first parenthesis; `normalize` replaces in the
//! whole document and may add text; a call without its closing parenthesis loses its last
//! character and runs; more than two arguments vanish uncounted; two errors void the program; ten
//! words or fewer that are left drop the document, even one that no call touched.

use crate::chars::{CharClasses, DECIMAL};
use crate::python;
use serde::{Deserialize, Serialize};

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Its text is that of the program.
    Refined,
    /// At most a twentieth of its words was left, so nothing of it is.
    NearlyEmptied,
    /// At most ten words were left, so nothing of it is.
    TooShort,
    /// The program had two errors or more, so it stayed as it was.
    Voided,
    /// It has no word, and ProX fails with a division by zero.
    Crashed,
}

/// What ProX makes of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// The text afterwards. It need not be the text before with something deleted.
    pub text: String,
    /// What became of it.
    pub fate: Fate,
    /// Errors that ProX counts.
    pub errors: usize,
    /// Words that the program left.
    pub words_left: usize,
    /// Words of the document before.
    pub words: usize,
}

/// Share of the words that must be left: `1 - threshold_2`, as Python computes it.
pub const LEAST_LEFT: f64 = 1.0 - 0.95;
/// Fewest words, less one, that are left of a document that stays.
pub const SHORT: usize = 10;
/// Errors that void a program.
const VOIDING: usize = 2;

/// Carries out a program as ProX does.
#[must_use]
pub fn execute_as_written(text: &str, program: &str) -> Executed {
    let mut executor = Executor::new(text);
    program.trim_matches(' ').split('\n').for_each(|call| executor.call(call));
    let (refined, errors) = executor.finish();
    let (words_left, words) = (python::split(&refined).count(), python::split(text).count());
    let fate = fate(words_left, words, errors);
    let text = match fate {
        Fate::Refined => refined,
        Fate::NearlyEmptied | Fate::TooShort => String::new(),
        Fate::Voided | Fate::Crashed => text.to_owned(),
    };
    Executed { text, fate, errors, words_left, words }
}

fn fate(left: usize, all: usize, errors: usize) -> Fate {
    if all == 0 {
        Fate::Crashed
    } else if crate::decision::ratio(left, all) <= LEAST_LEFT && errors < VOIDING {
        Fate::NearlyEmptied
    } else if left <= SHORT {
        Fate::TooShort
    } else if errors < VOIDING {
        Fate::Refined
    } else {
        Fate::Voided
    }
}

struct Executor {
    text: String,
    /// Lines of the text before any call.
    lines: usize,
    /// First and last of lines that go, numbered from 0.
    ranges: Vec<(i64, i64)>,
    /// The ranges before the last `all=True`, which forgets what goes but not what is checked.
    forgotten: usize,
    /// Whether all lines of the text before any call go.
    all: bool,
    errors: usize,
}

impl Executor {
    fn new(text: &str) -> Self {
        let lines = text.split('\n').count();
        let text = text.to_owned();
        Self { text, lines, ranges: Vec::new(), forgotten: 0, all: false, errors: 0 }
    }

    fn call(&mut self, call: &str) {
        let all = call.contains("all=True");
        if call.starts_with("remove_lines") && !all {
            self.remove_lines(call);
        } else if call.starts_with("normalize") {
            self.normalize(call);
        } else if call.starts_with("remove_lines") {
            self.all = true;
            self.forgotten = self.ranges.len();
        }
    }

    /// What stands between the first parentheses, cut at commas.
    fn arguments<'c>(&mut self, call: &'c str) -> Option<Vec<&'c str>> {
        let Some(open) = call.find('(') else {
            self.errors += 1;
            return None;
        };
        let end = call.find(')').unwrap_or_else(|| {
            self.errors += 1;
            call.len() - call.chars().next_back().map_or(0, char::len_utf8)
        });
        Some(call.get(open + 1..end).unwrap_or("").split(',').collect())
    }

    fn remove_lines(&mut self, call: &str) {
        let Some(arguments) = self.arguments(call) else { return };
        let number = |at: usize| int(value(arguments.get(at)?)?);
        match number(0).zip(number(1)) {
            Some(range) => self.ranges.push(range),
            None => self.errors += 1,
        }
    }

    fn normalize(&mut self, call: &str) {
        let Some(arguments) = self.arguments(call) else { return };
        let string = |at: usize| value(arguments[at]).map(|value| value.trim_matches('"'));
        match arguments.len() {
            1 => match string(0) {
                Some(source) => self.replace(source, ""),
                None => self.errors += 1,
            },
            2 => match string(0).zip(string(1)) {
                Some((" ", _)) => {}
                Some((source, target)) => self.replace(source, target),
                None => self.errors += 1,
            },
            _ => {}
        }
    }

    fn replace(&mut self, source: &str, target: &str) {
        if !source.is_empty() {
            self.text = self.text.replace(source, target);
        }
    }

    fn goes(&self, line: usize) -> bool {
        let at = i64::try_from(line).unwrap_or(i64::MAX);
        let ranges = &self.ranges[self.forgotten..];
        self.all && line < self.lines || ranges.iter().any(|&(from, to)| from <= at && at <= to)
    }

    fn finish(mut self) -> (String, usize) {
        let lines: Vec<&str> = self.text.split('\n').collect();
        let kept = lines.iter().enumerate().filter(|(at, _)| !self.goes(*at));
        let text = kept.map(|(_, line)| *line).collect::<Vec<_>>().join("\n");
        let count = i64::try_from(lines.len()).unwrap_or(i64::MAX);
        let merged = merged(std::mem::take(&mut self.ranges));
        let beyond = merged.iter().filter(|&&(from, to)| from >= count || to >= count).count();
        (text, self.errors + beyond)
    }
}

/// `merge_intervals`: sorted by their beginnings, those that overlap or touch made one.
fn merged(mut ranges: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    ranges.sort_by_key(|&(from, _)| from);
    let mut merged: Vec<(i64, i64)> = Vec::new();
    for (from, to) in ranges {
        match merged.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// `argument.split("=")[1]`.
fn value(argument: &str) -> Option<&str> {
    argument.split('=').nth(1)
}

/// `int(text)`: white space around it, a sign, digits of any script with single underscores between
/// them. What is too large is the largest there is.
fn int(text: &str) -> Option<i64> {
    let text = python::strip(text);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let classes = CharClasses::get();
    let mut number: i64 = 0;
    let mut after_digit = false;
    for c in digits.chars() {
        if c == '_' && after_digit {
            after_digit = false;
            continue;
        }
        let digit = Some(c).filter(|&c| classes.is(c, DECIMAL)).map(digit)?;
        number = number.saturating_mul(10).saturating_add(digit);
        after_digit = true;
    }
    let number = if text.starts_with('-') { -number } else { number };
    after_digit.then_some(number)
}

/// The value of a decimal digit: they stand ten and ten together, from their zero on.
fn digit(c: char) -> i64 {
    if let Some(digit) = c.to_digit(10) {
        return i64::from(digit);
    }
    let classes = CharClasses::get();
    let run = (1..=u32::from(c))
        .take_while(|&back| {
            let before = u32::from(c).checked_sub(back).and_then(char::from_u32);
            before.is_some_and(|before| classes.is(before, DECIMAL))
        })
        .count();
    i64::try_from(run % 10).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "Home | About\nThe old (stone) bridge is closed today, they said at noon.\n\
                        It opens again in spring, when the river is low enough.\nShare this page";

    fn run(program: &str) -> (String, Fate, usize) {
        let Executed { text, fate, errors, .. } = execute_as_written(TEXT, program);
        (text, fate, errors)
    }

    #[test]
    fn a_well_formed_program_does_what_it_says() {
        let (text, fate, errors) = run("remove_lines(line_start=0, line_end=0)\n\
                                        normalize(source_str=\" at noon\", target_str=\"\")");
        assert_eq!((fate, errors), (Fate::Refined, 0));
        assert!(text.starts_with("The old") && text.contains("they said.\n"));
    }

    #[test]
    fn arguments_are_cut_at_parentheses_and_commas() {
        let (text, _, errors) = run("normalize(source_str=\"(stone) bridge\", target_str=\"\")");
        assert_eq!(errors, 0);
        assert!(
            text.contains("old ) bridge"),
            "the string is cut at the first parenthesis: {text}"
        );
        let (text, _, errors) = run("normalize(source_str=\"today, they, said\", target_str=\"\")");
        assert_eq!((text.as_str(), errors), (TEXT, 0), "four arguments vanish uncounted");
    }

    #[test]
    fn a_truncated_number_loses_its_last_digit_and_runs() {
        let (text, fate, errors) = run("remove_lines(line_start=0, line_end=12");
        assert_eq!((fate, errors), (Fate::Refined, 1));
        assert!(text.starts_with("It opens"), "line_end is 1: {text}");
    }

    #[test]
    fn two_errors_void_a_program_and_few_words_drop_a_document() {
        let voided = "remove_lines(line_start=0, line_end=0)\nremove_lines(1)\nremove_lines(line_start=9, line_end=9)";
        assert_eq!(run(voided), (TEXT.to_owned(), Fate::Voided, 2));
        let short =
            run("remove_lines(line_start=0, line_end=1)\nremove_lines(line_start=3, line_end=3)");
        assert_eq!(
            (short.0.as_str(), short.1),
            ("It opens again in spring, when the river is low enough.", Fate::Refined)
        );
        assert_eq!(run("remove_lines(all=True)").1, Fate::NearlyEmptied);
        assert_eq!(execute_as_written("Only a few words", "keep_chunk()").fate, Fate::TooShort);
        assert_eq!(execute_as_written(" \n", "keep_chunk()").fate, Fate::Crashed);
    }

    #[test]
    fn text_may_be_added() {
        let (text, ..) = run("normalize(source_str=\"Share\", target_str=\"Please share\")");
        assert!(text.ends_with("Please share this page"));
    }

    #[test]
    fn numbers_are_read_as_python_reads_them() {
        let read = |text| int(text);
        assert_eq!(
            [" 12 ", "+1_0", "-3", "٣٤"].map(read),
            [Some(12), Some(10), Some(-3), Some(34)]
        );
        assert_eq!(["", "_1", "1_", "1__2", "1.0", "- 3", "²"].map(read), [None; 7]);
    }

    proptest! {
        #[test]
        fn no_program_panics(text in "\\PC{0,40}", program in "(remove_lines|normalize)?[(]?[a-z_=\",()0-9é -]{0,40}") {
            let _ = execute_as_written(&text, &program);
        }
    }
}
