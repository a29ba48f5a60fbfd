//! Printing programs, and saying deletions as programs.

use super::{Call, Program};
use crate::deletions::Deletions;
use crate::line::{Line, Lines};
use crate::occurrence::occurrences;
use crate::span::Span;
use std::fmt;
use std::num::NonZeroUsize;

impl fmt::Display for Program {
    /// One canonical form: a call a line, no line end after the last.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_keep_all() {
            return f.write_str("keep_all()");
        }
        for (index, call) in self.calls().iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{call}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RemoveLines { start, end } => write!(f, "remove_lines({start}, {end})"),
            Self::RemoveStr { line, text, occurrence } => {
                write!(f, "remove_str({line}, {}", JsonString(text))?;
                match occurrence {
                    Some(k) => write!(f, ", {k})"),
                    None => f.write_str(")"),
                }
            }
            Self::RemoveBreak { line } => write!(f, "remove_break({line})"),
        }
    }
}

struct JsonString<'a>(&'a str);

impl fmt::Display for JsonString<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self.0).map_err(|_| fmt::Error)?)
    }
}

/// Says `deletions` of `text` as a program: `resolve(describe(d)) == d` (law L2).
///
/// Whole lines become `remove_lines`, the rest `remove_str`, clipped by line; a terminator that
/// goes while its line stays becomes `remove_break`.
///
/// # Panics
/// If the deletions do not fit the text.
#[must_use]
pub fn describe(text: &str, deletions: &Deletions) -> Program {
    let lines = Lines::of(text);
    let tail = Tail::of(text, &lines, deletions);
    let mut calls = Vec::new();
    let mut next_line = 1;
    for &span in deletions.spans() {
        for line in lines.touching(span) {
            if line.number() < next_line {
                continue;
            }
            describe_line(text, line, deletions, &tail, &mut calls);
            next_line = line.number() + 1;
        }
    }
    Program::new(calls)
}

fn describe_line(text: &str, line: Line, gone: &Deletions, tail: &Tail, calls: &mut Vec<Call>) {
    let whole = gone.cover(line.full());
    if whole && (line.is_terminated() || tail.by_lines) {
        return push_line(line.number(), calls);
    }
    for piece in gone.within(line.content()) {
        calls.push(describe_piece(text, line, piece));
    }
    if line.is_terminated() && gone.cover(line.terminator()) && tail.implied_break != line.number()
    {
        calls.push(Call::RemoveBreak { line: line.number() });
    }
}

fn push_line(number: usize, calls: &mut Vec<Call>) {
    match calls.last_mut() {
        Some(Call::RemoveLines { end, .. }) if *end + 1 == number => *end = number,
        _ => calls.push(Call::RemoveLines { start: number, end: number }),
    }
}

fn describe_piece(text: &str, line: Line, piece: Span) -> Call {
    let wanted = piece.of(text);
    let at = piece.start() - line.content().start();
    let (mut before, mut total) = (0, 0);
    for found in occurrences(line.content().of(text), wanted) {
        total += 1;
        before += usize::from(found < at);
        if found > at {
            break;
        }
    }
    let occurrence = if total > 1 { NonZeroUsize::new(before + 1) } else { None };
    Call::RemoveStr { line: line.number(), text: wanted.to_owned(), occurrence }
}

/// How the deletion at the end of a text without final terminator must be said, since
/// `remove_lines` of the last line takes the terminator of the last line that stays with it.
struct Tail {
    /// Whether the last, unterminated line can be said by `remove_lines`.
    by_lines: bool,
    /// The line whose terminator goes with the last line, without a call of its own; 0 for none.
    implied_break: usize,
}

impl Tail {
    fn of(text: &str, lines: &Lines, gone: &Deletions) -> Self {
        let none = Self { by_lines: false, implied_break: 0 };
        let Some(last) = lines.last().filter(|last| !last.is_terminated()) else { return none };
        let Some(tail) = gone.spans().last().filter(|tail| tail.contains(last.full())) else {
            return none;
        };
        match tail.start() {
            0 => Self { by_lines: true, implied_break: 0 },
            start if text.as_bytes()[start - 1] == b'\n' => none,
            start => {
                Self { by_lines: true, implied_break: lines.at(start).map_or(0, Line::number) }
            }
        }
    }
}
