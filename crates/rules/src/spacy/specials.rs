//! The special cases of spaCy's English: chunks with tokens of their own.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The special cases.
pub(crate) struct Specials {
    /// The lengths of the tokens of each, in bytes.
    cases: HashMap<&'static str, Vec<usize>>,
    /// Which [marks](mark) there are.
    marks: Vec<bool>,
    /// Those that are looked for again among the tokens of a text.
    again: Vec<&'static str>,
}

static ENGLISH: LazyLock<Specials> =
    LazyLock::new(|| Specials::parse(include_str!("../../data/spacy_specials.jsonl")));

/// Longest special case, in bytes, that is still told apart by its [mark].
const LONGEST: usize = 64;

/// A number that equal texts share and few others have.
const fn mark(text: &[u8]) -> usize {
    match text {
        [] => 0,
        [only] => *only as usize,
        [first, .., last] => ((*first as usize) << 8 | *last as usize) * LONGEST + text.len(),
    }
}

impl Specials {
    /// Those of English.
    pub(crate) fn english() -> &'static Self {
        &ENGLISH
    }

    /// The lengths of the tokens of a text, if it is a special case.
    #[inline]
    pub(crate) fn get(&self, text: &str) -> Option<&[usize]> {
        if text.len() >= LONGEST || !self.marks[mark(text.as_bytes())] {
            return None;
        }
        self.cases.get(text).map(Vec::as_slice)
    }

    /// Those that are looked for again among the tokens of a text: those with an affix or infix.
    pub(crate) fn again(&self) -> &[&'static str] {
        &self.again
    }

    fn parse(table: &'static str) -> Self {
        let (cases, marks) = (HashMap::new(), vec![false; LONGEST << 16 | LONGEST]);
        let mut specials = Self { cases, marks, again: Vec::new() };
        table.lines().for_each(|line| specials.add(line));
        specials
    }

    fn add(&mut self, line: &str) {
        let Ok((again, pieces)) = read(line) else { return };
        let text: &'static str = Box::leak(pieces.concat().into_boxed_str());
        if again {
            self.again.push(text);
        }
        self.marks[mark(text.as_bytes())] = true;
        self.cases.insert(text, pieces.iter().map(String::len).collect());
    }
}

/// Reads `[0 or 1, "text", "token", …]`.
fn read(line: &str) -> Result<(bool, Vec<String>), serde_json::Error> {
    let row: Vec<serde_json::Value> = serde_json::from_str(line)?;
    let again = row.first().and_then(serde_json::Value::as_u64) == Some(1);
    let texts = row.iter().skip(2).filter_map(|value| value.as_str().map(str::to_owned));
    Ok((again, texts.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_case_is_read_and_found() {
        let specials = Specials::english();
        let table = include_str!("../../data/spacy_specials.jsonl");
        assert_eq!(specials.cases.len(), table.lines().count());
        assert_eq!(specials.again.len(), 366);
        assert!(specials.cases.keys().all(|text| specials.get(text).is_some()));
        assert_eq!(specials.get("cannot"), Some(&[3, 3][..]));
        assert_eq!(specials.get("cannots"), None);
    }
}
