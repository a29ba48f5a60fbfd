//! The edit language: programs that delete, and can say nothing else.
//!
//! The full specification, with worked cases that run as tests, is `crates/core/spec/`.
//!
//! | call | meaning |
//! |---|---|
//! | `keep_all()` | delete nothing; stands alone |
//! | `remove_lines(start, end)` | delete the lines start..=end whole |
//! | `remove_str(line, "text")` | delete that string inside that line; it occurs there exactly once |
//! | `remove_str(line, "text", k)` | delete its k-th occurrence, from the left, overlapping ones counted |
//! | `remove_break(line)` | delete the U+000A that ends that line, so that it joins the next |
//!
//! `remove_break` is needed by law L2 (every deletion can be said): `remove_str` never touches a
//! terminator and `remove_lines` never takes one alone. The paper's grammar is a subset of ours.

mod parse;
mod print;

pub use parse::{Parsed, parse, parse_cut_off};
pub use print::describe;

use std::num::NonZeroUsize;

/// One call that deletes something. Lines are numbered from 1 in the text that the program is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// Delete the lines `start..=end` whole, with their terminators.
    RemoveLines {
        /// First line.
        start: usize,
        /// Last line, itself deleted.
        end: usize,
    },
    /// Delete a string inside a line.
    RemoveStr {
        /// The line.
        line: usize,
        /// The exact text.
        text: String,
        /// Which of its occurrences, counted from 1; without it there must be exactly one.
        occurrence: Option<NonZeroUsize>,
    },
    /// Delete the terminator of a line.
    RemoveBreak {
        /// The line.
        line: usize,
    },
}

/// A list of calls. No call at all is `keep_all()`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Program {
    calls: Vec<Call>,
}

impl Program {
    /// The program that deletes nothing.
    #[must_use]
    pub const fn keep_all() -> Self {
        Self { calls: Vec::new() }
    }

    /// A program of these calls.
    #[must_use]
    pub const fn new(calls: Vec<Call>) -> Self {
        Self { calls }
    }

    /// Its calls, in the order in which they are printed. Their order has no meaning: all calls
    /// speak of the text as it was.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// Whether it deletes nothing.
    #[must_use]
    pub fn is_keep_all(&self) -> bool {
        self.calls.is_empty()
    }
}
