//! A grammar of the programs that are valid for one chunk, for servers that decode by one.
//!
//! It is written in the part of GBNF that llama.cpp and xgrammar (vLLM's default) read alike:
//! rules, literals, alternatives. Calls come in the order of their lines, line numbers are in range,
//! and a string is a run of pieces of its line (words, blanks, other characters) that stands there
//! once, or has the number of its occurrence. So every program of the grammar resolves without a
//! refused call.
//!
//! Grammars are sent with every request and compiled by the server, so their size is bounded: the
//! strings of lines over the bound are any JSON strings, and in chunks of very many lines the
//! numbers have no order. What is refused then is counted as ever.

mod pieces;
mod range;

use pieces::Pieces;
use range::range;
use refinex_core::{Chunk, Line, Span};
use std::fmt::Write;

/// The version of the grammars, for provenance.
pub(crate) const VERSION: &str = "grammar-1";

/// Most lines whose order is part of the grammar (a guess: some 200 bytes of grammar a line).
const MOST_LINES: usize = 400;
/// Most bytes of rules for the strings of one chunk (a guess: servers take some milliseconds).
const MOST_STRING_BYTES: usize = 64 << 10;

/// Any JSON string that is not empty, its opening quote aside, in the canonical form.
const ANY_STRING: &str = concat!(
    "any::=char+ \"\\\")\"\n",
    "char::=[^\"\\\\\\x00-\\x1f] | \"\\\\\" ([\"\\\\bfnrt] | \"u00\" [01] [0-9a-f])\n"
);

/// The grammar of the programs for `chunk`.
pub(crate) fn of(chunk: &Chunk<'_>) -> String {
    let lines = chunk.lines();
    if lines.is_empty() {
        return "root::=\"keep_all()\"\n".to_owned();
    }
    if lines.len() > MOST_LINES { unordered(lines.len()) } else { Ordered::of(chunk) }
}

/// Calls in any order, of any lines.
fn unordered(lines: usize) -> String {
    let number = range(1, lines);
    format!(
        "root::=\"keep_all()\" | call (\"\\n\" call)*\n\
         call::=\"remove_lines(\" n \", \" n \")\" | \"remove_str(\" n \", \\\"\" any | \
         \"remove_break(\" n \")\"\n\
         n::={number}\n{ANY_STRING}"
    )
}

/// Rules that are written from the last line to the first, since each refers to the next. For line
/// `i`: `ci` is a call of a line from `i` on; `li`, `si`, `bi` its arguments by kind; `ei` the end
/// of a `remove_lines`; `ti` what follows where the next call is of a line from `i` on.
struct Ordered<'d> {
    text: &'d str,
    /// What the chunk owns, in bytes of its text.
    owned: Span,
    rules: String,
    string_bytes: usize,
    any: bool,
    /// The first line of each kind that has a rule.
    next: Next,
}

#[derive(Clone, Copy, Default)]
struct Next {
    call: Option<usize>,
    lines: Option<usize>,
    end: Option<usize>,
    string: Option<usize>,
    r#break: Option<usize>,
}

impl<'d> Ordered<'d> {
    fn of(chunk: &Chunk<'d>) -> String {
        let origin = chunk.view().start();
        let owned = Span::new(chunk.owned().start() - origin, chunk.owned().end() - origin);
        let (text, next) = (chunk.text(), Next::default());
        let rules = String::new();
        let mut ordered = Self { text, owned, rules, string_bytes: 0, any: false, next };
        for line in chunk.lines().iter().rev() {
            ordered.add(line);
        }
        let call = ordered.next.call.map(|line| format!(" | c{line}")).unwrap_or_default();
        let any = if ordered.any { ANY_STRING } else { "" };
        format!("root::=\"keep_all()\"{call}\n{}{any}", ordered.rules)
    }

    fn add(&mut self, line: Line) {
        let (i, after) = (line.number(), self.tail());
        if self.owned.contains(line.full()) {
            self.rule('e', i, &format!("\"{i})\"{after}"), self.next.end);
            self.rule('l', i, &format!("\"{i}, \" e{i}"), self.next.lines);
            (self.next.end, self.next.lines) = (Some(i), Some(i));
        }
        let has_text = !line.content().is_empty();
        if has_text && line.is_terminated() && self.owned.contains(line.terminator()) {
            self.rule('b', i, &format!("\"{i})\"{after}"), self.next.r#break);
            self.next.r#break = Some(i);
        }
        if has_text && self.owned.contains(line.content()) {
            let string = self.string(line);
            self.rule('s', i, &format!("\"{i}, \\\"\" {string} t{i}"), self.next.string);
            self.next.string = Some(i);
        }
        self.call(i);
        if self.next.string == Some(i) {
            let _ = writeln!(self.rules, "t{i}::={}", self.tail().trim_start());
        }
    }

    /// What may follow where the next call is of the lines that have rules already.
    fn tail(&self) -> String {
        self.next.call.map(|line| format!(" (\"\" | \"\\n\" c{line})")).unwrap_or_default()
    }

    /// A rule of line `i`, with that of the next line as its alternative. Writing to a string
    /// cannot fail.
    fn rule(&mut self, kind: char, i: usize, body: &str, next: Option<usize>) {
        let next = next.map(|line| format!(" | {kind}{line}")).unwrap_or_default();
        let _ = writeln!(self.rules, "{kind}{i}::={body}{next}");
    }

    fn call(&mut self, i: usize) {
        let Next { lines, string, r#break, .. } = self.next;
        let kinds = [("lines", 'l', lines), ("str", 's', string), ("break", 'b', r#break)];
        let possible = kinds.iter().filter_map(|(name, kind, line)| {
            line.map(|line| format!("\"remove_{name}(\" {kind}{line}"))
        });
        let possible: Vec<String> = possible.collect();
        if !possible.is_empty() {
            let _ = writeln!(self.rules, "c{i}::={}", possible.join(" | "));
            self.next.call = Some(i);
        }
    }

    /// The rule of the strings of a line, with the closing quote and parenthesis.
    fn string(&mut self, line: Line) -> String {
        let left = MOST_STRING_BYTES - self.string_bytes;
        let pieces = Pieces::of(line.content().of(self.text));
        match pieces.rules(line.number(), left) {
            Some(rules) => {
                self.string_bytes += rules.len();
                self.rules += &rules;
                format!("q{}", line.number())
            }
            None => {
                self.any = true;
                "any".to_owned()
            }
        }
    }
}

/// A literal of the grammar.
fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            literal.push('\\');
        }
        literal.push(character);
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests;
