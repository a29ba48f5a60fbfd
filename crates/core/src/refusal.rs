//! Refused calls: what a draft or a program said that could not be done, and why.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How much of a refused call is kept for people to read, in bytes (a guess: a screen line or two).
pub const EXCERPT_BYTES: usize = 160;

/// A call that was not carried out. Nothing is skipped without one of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which line of the draft, or which call of the program, counted from 1.
    pub call: usize,
    /// The call as it was written, cut to [`EXCERPT_BYTES`].
    pub text: String,
    /// Why.
    #[serde(flatten)]
    pub reason: Reason,
}

impl Refusal {
    /// A refusal of call number `call`, written as `text`.
    #[must_use]
    pub fn new(call: usize, text: &str, reason: Reason) -> Self {
        Self { call, text: excerpt(text), reason }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {}, `{}`: {}", self.call, self.text, self.reason)
    }
}

fn excerpt(text: &str) -> String {
    if text.len() <= EXCERPT_BYTES {
        return text.to_owned();
    }
    let mut cut = EXCERPT_BYTES;
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    format!("{}…", &text[..cut])
}

/// Why a call was refused. The names are stable: they are written to sidecars and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// The draft holds no call at all.
    NoCall,
    /// The line is not a call of the language.
    NotACall,
    /// The draft ends inside this call: a truncated generation is refused, never guessed.
    CutOff,
    /// The string argument is not a JSON string.
    BadString,
    /// A number is missing, negative, or beyond any text.
    BadNumber,
    /// `keep_all()` stands beside other calls.
    KeepAllNotAlone,
    /// A line number that the text does not have.
    NoSuchLine {
        /// The line that was asked for.
        line: usize,
        /// How many lines there are.
        lines: usize,
    },
    /// The first line stands after the last.
    StartAfterEnd,
    /// The string is empty.
    EmptyString,
    /// The string does not occur in the line.
    Absent,
    /// The string occurs more than once and no occurrence is named.
    Ambiguous,
    /// There are fewer occurrences than the number asked for.
    NoSuchOccurrence {
        /// How many there are.
        found: usize,
    },
    /// The line has no terminator to delete.
    NoBreak,
    /// The edit, or a part of it, lies in the context of a chunk, which another chunk owns.
    NotOwned,
    /// The program asks for more searching than is done for one program.
    SearchLimit,
}

impl Reason {
    /// Whether the writer of the program is at fault, so that it counts against a [policy](crate::Policy).
    /// Edits in the context are not a fault: the chunk that owns them decides.
    #[must_use]
    pub const fn is_fault(self) -> bool {
        !matches!(self, Self::NotOwned)
    }

    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoCall => "no_call",
            Self::NotACall => "not_a_call",
            Self::CutOff => "cut_off",
            Self::BadString => "bad_string",
            Self::BadNumber => "bad_number",
            Self::KeepAllNotAlone => "keep_all_not_alone",
            Self::NoSuchLine { .. } => "no_such_line",
            Self::StartAfterEnd => "start_after_end",
            Self::EmptyString => "empty_string",
            Self::Absent => "absent",
            Self::Ambiguous => "ambiguous",
            Self::NoSuchOccurrence { .. } => "no_such_occurrence",
            Self::NoBreak => "no_break",
            Self::NotOwned => "not_owned",
            Self::SearchLimit => "search_limit",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::NoCall => "expected a call, but found nothing",
            Self::NotACall => {
                "expected keep_all(), remove_lines(start, end), remove_str(line, \"text\") or \
                 remove_break(line), but found something else"
            }
            Self::CutOff => "expected the end of the call, but found the end of the draft",
            Self::BadString => "expected a JSON string, but found something else",
            Self::BadNumber => "expected a whole number, but found something else",
            Self::KeepAllNotAlone => "expected keep_all() to stand alone, but found other calls",
            Self::NoSuchLine { line, lines } => {
                return write!(f, "expected a line from 1 to {lines}, but found {line}");
            }
            Self::StartAfterEnd => "expected start <= end, but found start > end",
            Self::EmptyString => "expected a string with at least one character, but found none",
            Self::Absent => "expected the string in that line, but found no occurrence",
            Self::Ambiguous => "expected exactly one occurrence, but found several",
            Self::NoSuchOccurrence { found } => {
                return write!(f, "expected that occurrence, but found only {found}");
            }
            Self::NoBreak => "expected a line that ends with U+000A, but found the text's end",
            Self::NotOwned => "expected an edit inside what the chunk owns, but found its context",
            Self::SearchLimit => "expected less searching, but found the program's limit reached",
        };
        f.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_one_flat_json_object_with_its_reason_by_name() {
        let refusal =
            Refusal::new(2, "remove_lines(9, 9)", Reason::NoSuchLine { line: 9, lines: 3 });
        let json = serde_json::to_string(&refusal).unwrap();
        assert_eq!(
            json,
            r#"{"call":2,"text":"remove_lines(9, 9)","reason":"no_such_line","line":9,"lines":3}"#
        );
        assert_eq!(serde_json::from_str::<Refusal>(&json).unwrap(), refusal);
    }

    #[test]
    fn the_name_is_the_one_that_is_serialised() {
        for reason in [Reason::CutOff, Reason::NoSuchOccurrence { found: 1 }, Reason::NoBreak] {
            let json = serde_json::to_value(reason).unwrap();
            assert_eq!(json["reason"], reason.name());
        }
    }

    #[test]
    fn an_excerpt_is_cut_between_characters() {
        let refusal = Refusal::new(1, &"é".repeat(200), Reason::NotACall);
        assert_eq!(refusal.text.len(), EXCERPT_BYTES + "…".len());
    }
}
