//! One row of JSON: checked whole, with the places of its text and id.
//!
//! A parser of our own, since what is needed is unusual: the *places* of two values in a row whose
//! every byte is checked but nothing of which is built. It accepts exactly RFC 8259 (tested against
//! `serde_json`), needs no recursion, and reads strings sixteen bytes at a time.

use super::literal::{self, LoneSurrogate};
use crate::bad_row::RowProblem;
use std::ops::Range;

/// Where the parts of a row stand, in bytes of the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    /// The text between its quotes, and whether it has escapes.
    pub text: Literal,
    /// The id, if there is one and it is not null.
    pub id: Option<IdPlace>,
}

/// A string between its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    pub place: Range<usize>,
    pub escaped: bool,
}

/// Where an id stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IdPlace {
    /// A string.
    Text(Literal),
    /// Any other value, whose JSON text serves as id.
    Json(Range<usize>),
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub problem: RowProblem,
    pub message: String,
}

impl Flaw {
    fn new(problem: RowProblem, message: impl Into<String>) -> Self {
        Self { problem, message: message.into() }
    }

    fn broken(expected: &str, row: &[u8], at: usize) -> Self {
        let found = match row.get(at) {
            None => "the end of the row".to_string(),
            Some(byte @ 0x20..=0x7e) => format!("{:?}", char::from(*byte)),
            Some(byte) => format!("byte 0x{byte:02x}"),
        };
        let message = format!("expected {expected}, but found {found} at byte {at} of the row");
        Self::new(RowProblem::BrokenJson, message)
    }
}

/// The keys whose values are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys<'a> {
    pub text: &'a str,
    pub id: &'a str,
}

/// Check `row` (UTF-8, no line end) and find its text and id.
pub(crate) fn scan(row: &str, keys: Keys<'_>) -> Result<Places, Flaw> {
    Scanner { row: row.as_bytes(), source: row, at: 0 }.row(keys)
}

/// Call `each` with key and JSON text of every member of a row that was found sound.
pub(crate) fn members<'a>(row: &'a str, mut each: impl FnMut(&str, &'a str)) {
    let mut scanner = Scanner { row: row.as_bytes(), source: row, at: 0 };
    scanner.blanks();
    if scanner.take(b'{') {
        // A flaw would have been found before.
        let _ = scanner.members(|key, _, place| each(key, &row[place]));
    }
}

struct Scanner<'a> {
    row: &'a [u8],
    source: &'a str,
    at: usize,
}

/// What a value is.
enum Value {
    Text(Literal),
    Null,
    Other(&'static str),
}

impl Scanner<'_> {
    fn row(mut self, keys: Keys<'_>) -> Result<Places, Flaw> {
        self.blanks();
        if self.peek() != Some(b'{') {
            let value = self.value()?;
            self.end()?;
            return Err(Flaw::new(
                RowProblem::NotAnObject,
                format!("expected an object, but found {}", value.kind()),
            ));
        }
        let (mut texts, mut text, mut id) = (0usize, None, None);
        self.at += 1;
        self.members(|key, value, place| {
            if key == keys.text {
                texts += 1;
                text = Some((value.kind(), literal_of(value)));
            } else if key == keys.id {
                id = id_of(value, place);
            }
        })?;
        self.end()?;
        Ok(Places { text: one_text(texts, text, keys.text)?, id })
    }

    /// The members of an object whose brace is read, up to and with its closing brace.
    fn members(&mut self, mut each: impl FnMut(&str, &Value, Range<usize>)) -> Result<(), Flaw> {
        self.blanks();
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            let key = self.key()?;
            let start = self.at;
            let value = self.value()?;
            let place = start..self.at;
            let name = &self.source[key.place];
            if key.escaped {
                // A key that is no Unicode is none of ours.
                if let Ok(name) = literal::decoded(name) {
                    each(&name, &value, place);
                }
            } else {
                each(name, &value, place);
            }
            self.blanks();
            if self.take(b'}') {
                return Ok(());
            }
            self.expect(b',', "',' or '}' after a member")?;
            self.blanks();
        }
    }

    /// A key, its colon and the blanks around it.
    fn key(&mut self) -> Result<Literal, Flaw> {
        self.expect(b'"', "a key in quotes")?;
        let key = self.string()?;
        self.blanks();
        self.expect(b':', "':' after a key")?;
        self.blanks();
        Ok(key)
    }

    fn end(&mut self) -> Result<(), Flaw> {
        self.blanks();
        if self.at == self.row.len() {
            return Ok(());
        }
        Err(self.broken("the end of the row"))
    }

    fn value(&mut self) -> Result<Value, Flaw> {
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                Ok(Value::Text(self.string()?))
            }
            Some(b'{') => self.nested().map(|()| Value::Other("an object")),
            Some(b'[') => self.nested().map(|()| Value::Other("an array")),
            _ => self.scalar(),
        }
    }

    fn scalar(&mut self) -> Result<Value, Flaw> {
        match self.peek() {
            Some(b'n') => self.word("null").map(|()| Value::Null),
            Some(b't') => self.word("true").map(|()| Value::Other("a boolean")),
            Some(b'f') => self.word("false").map(|()| Value::Other("a boolean")),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Value::Other("a number")),
            _ => Err(self.broken("a value")),
        }
    }

    /// An object or array with all that is in it. The stack is on the heap: depth costs a byte.
    fn nested(&mut self) -> Result<(), Flaw> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            // Here a value begins.
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.at += 1;
                    self.blanks();
                    let close = bracket + 2;
                    if !self.take(close) {
                        open.push(close);
                        if close == b'}' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                _ => _ = self.value()?,
            }
            // Here a value has ended: close what ends with it, then go to the next.
            loop {
                let Some(&close) = open.last() else { return Ok(()) };
                self.blanks();
                if self.take(close) {
                    open.pop();
                    continue;
                }
                let wanted = if close == b'}' { "',' or '}'" } else { "',' or ']'" };
                self.expect(b',', wanted)?;
                self.blanks();
                if close == b'}' {
                    self.key()?;
                }
                break;
            }
        }
    }

    /// A string whose opening quote is read, up to and with its closing quote.
    fn string(&mut self) -> Result<Literal, Flaw> {
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += literal::plain_run(&self.row[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Literal { place: start..self.at - 1, escaped });
                }
                Some(b'\\') => {
                    self.at += 1;
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.broken("control characters in strings to be escaped")),
                None => return Err(self.broken("the closing quote of a string")),
            }
        }
    }

    fn broken(&self, expected: &str) -> Flaw {
        Flaw::broken(expected, self.row, self.at)
    }

    /// An escape whose backslash is read.
    fn escape(&mut self) -> Result<(), Flaw> {
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(self.broken("four hexadecimal digits"));
                    }
                    self.at += 1;
                }
            }
            _ => return Err(self.broken("an escape of JSON")),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Flaw> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Flaw> {
        let count = self.row[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return Err(self.broken("a digit"));
        }
        self.at += count;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Flaw> {
        if !self.row[self.at..].starts_with(word.as_bytes()) {
            return Err(self.broken("true, false or null"));
        }
        self.at += word.len();
        Ok(())
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.row.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, byte: u8, what: &str) -> Result<(), Flaw> {
        if self.take(byte) { Ok(()) } else { Err(self.broken(what)) }
    }
}

impl Value {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Null => "null",
            Self::Other(kind) => kind,
        }
    }
}

fn literal_of(value: &Value) -> Option<Literal> {
    match value {
        Value::Text(literal) => Some(literal.clone()),
        _ => None,
    }
}

fn id_of(value: &Value, place: Range<usize>) -> Option<IdPlace> {
    match value {
        Value::Text(literal) => Some(IdPlace::Text(literal.clone())),
        Value::Null => None,
        Value::Other(_) => Some(IdPlace::Json(place)),
    }
}

fn one_text(
    count: usize,
    text: Option<(&'static str, Option<Literal>)>,
    key: &str,
) -> Result<Literal, Flaw> {
    match (count, text) {
        (1, Some((_, Some(literal)))) => Ok(literal),
        (1, Some((kind, None))) => {
            let null = kind == "null";
            let problem = if null { RowProblem::TextNull } else { RowProblem::TextNotAString };
            Err(Flaw::new(problem, format!("expected a string at key {key:?}, but found {kind}")))
        }
        (0, _) | (1, None) => Err(Flaw::new(
            RowProblem::TextMissing,
            format!("expected a key {key:?}, but found none"),
        )),
        (count, _) => Err(Flaw::new(
            RowProblem::DuplicateTextKey,
            format!("expected one key {key:?}, but found {count}"),
        )),
    }
}

/// What a string that has half of a surrogate pair is called.
pub(crate) fn lone_surrogate(what: &str, literal_start: usize, error: LoneSurrogate) -> Flaw {
    let at = literal_start + error.0;
    Flaw::new(
        RowProblem::LoneSurrogate,
        format!(
            "expected the {what} to be valid Unicode, but found half of a surrogate pair at byte {at} of the row"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEYS: Keys<'_> = Keys { text: "text", id: "id" };

    fn problem(row: &str) -> RowProblem {
        scan(row, KEYS).unwrap_err().problem
    }

    #[test]
    fn text_and_id_are_found_among_other_members() {
        let row = r#" {"a":[1,{"text":2}],"id": 17 ,"te\u0078t":"x\ny","z":{}} "#;
        let places = scan(row, KEYS).unwrap();
        assert_eq!(&row[places.text.place], r"x\ny");
        assert!(places.text.escaped);
        let Some(IdPlace::Json(id)) = places.id else { panic!("{:?}", places.id) };
        assert_eq!(&row[id], "17");
    }

    #[test]
    fn every_problem_has_its_name() {
        let cases = [
            ("[1]", RowProblem::NotAnObject),
            ("{}", RowProblem::TextMissing),
            (r#"{"text":null}"#, RowProblem::TextNull),
            (r#"{"text":["a"]}"#, RowProblem::TextNotAString),
            (r#"{"text":"a","text":"b"}"#, RowProblem::DuplicateTextKey),
            (r#"{"text":"a","text":null}"#, RowProblem::DuplicateTextKey),
            (r#"{"text":"a","x":tru}"#, RowProblem::BrokenJson),
            (r#"{"text":"a"} x"#, RowProblem::BrokenJson),
            (r#"{"text":"a""#, RowProblem::BrokenJson),
            ("{\"text\":\"a\tb\"}", RowProblem::BrokenJson),
            (r#"{"text":"a","x":NaN}"#, RowProblem::BrokenJson),
        ];
        for (row, wanted) in cases {
            assert_eq!(problem(row), wanted, "{row}");
        }
    }

    #[test]
    fn a_flaw_says_where_it_is() {
        let flaw = scan(r#"{"text":"a","x":01}"#, KEYS).unwrap_err();
        assert_eq!(
            flaw.message,
            "expected ',' or '}' after a member, but found '1' at byte 17 of the row"
        );
    }

    #[test]
    fn depth_has_no_limit() {
        let deep = format!(r#"{{"text":"a","x":{}1{}}}"#, "[".repeat(1 << 20), "]".repeat(1 << 20));
        assert!(scan(&deep, KEYS).is_ok());
    }

    /// Whether `serde_json` takes the row for JSON, judged as we do (no value is built).
    fn reference(row: &str) -> bool {
        serde_json::from_str::<&serde_json::value::RawValue>(row).is_ok()
    }

    fn accepted(row: &str) -> bool {
        !matches!(scan(row, KEYS), Err(Flaw { problem: RowProblem::BrokenJson, .. }))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn it_takes_what_serde_json_takes(
            parts in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"text\"", "\"a\"", "\"", "\\", "\\u00e9", "\\ud800",
                "1", "-", "0", ".", "e", "+", "true", "null", "nul", " ", "\t", "é", "\"k\":", "\u{1}",
            ]), 0..14)
        ) {
            let row = parts.concat();
            prop_assert_eq!(accepted(&row), reference(&row), "{}", row);
        }

        #[test]
        fn it_takes_what_serde_json_takes_of_nearly_sound_rows(at in 0usize..60, byte in 0u8..128) {
            let mut row = br#"{"id":"a\n\u00e9","n":-1.5e+3,"text":"x y","l":[{},[],true,null]}"#.to_vec();
            row[at] = byte;
            let row = String::from_utf8(row).unwrap();
            prop_assert_eq!(accepted(&row), reference(&row), "{}", row);
        }
    }
}
