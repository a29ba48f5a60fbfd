//! Reading programs from whatever a model wrote. Total: every draft gives a program and refusals.

use super::{Call, Program};
use crate::refusal::{Reason, Refusal};
use std::num::NonZeroUsize;

/// What a draft says: the calls that parse, and one refusal for every line that does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The calls that parse.
    pub program: Program,
    /// The number of the draft's line that each call of the program stands on, counted from 1.
    pub positions: Vec<usize>,
    /// The lines that do not, in order.
    pub refused: Vec<Refusal>,
}

/// Reads a draft: a call a line; blank lines and blanks around tokens have no meaning.
///
/// Keyword forms that models write parse too: `remove_lines(line_start=3, line_end=7)`,
/// `remove_str(line=4, string="x", occurrence=2)`.
#[must_use]
pub fn parse(draft: &str) -> Parsed {
    let mut parsed = Reading::default();
    for (index, line) in draft.split('\n').enumerate() {
        let line = line.trim_matches(is_blank);
        if !line.is_empty() {
            parsed.read(index + 1, line);
        }
    }
    parsed.finish()
}

/// Reads a draft whose generator was stopped before it had ended. The last call is cut off, whatever
/// it looks like; one that is complete is carried out, and what should have followed is refused.
#[must_use]
pub fn parse_cut_off(draft: &str) -> Parsed {
    let mut parsed = parse(draft);
    let is_said = |line: &&str| !line.trim_matches(is_blank).is_empty();
    let last = draft.split('\n').enumerate().filter(|(_, line)| is_said(line)).last();
    let last = last.map_or(1, |(index, _)| index + 1);
    match parsed.refused.last_mut().filter(|refusal| refusal.call == last) {
        Some(refusal) if refusal.reason != Reason::KeepAllNotAlone => {
            refusal.reason = Reason::CutOff
        }
        _ => parsed.refused.push(Refusal::new(last + 1, "", Reason::CutOff)),
    }
    parsed
}

const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r')
}

#[derive(Default)]
struct Reading {
    calls: Vec<Call>,
    positions: Vec<usize>,
    keep_alls: Vec<usize>,
    refused: Vec<Refusal>,
}

impl Reading {
    fn read(&mut self, number: usize, line: &str) {
        match Cursor(line).call() {
            Ok(Read::KeepAll) => self.keep_alls.push(number),
            Ok(Read::Call(call)) => {
                self.calls.push(call);
                self.positions.push(number);
            }
            Err(reason) => self.refused.push(Refusal::new(number, line, reason)),
        }
    }

    fn finish(mut self) -> Parsed {
        let said = self.calls.len() + self.keep_alls.len() + self.refused.len();
        if said == 0 {
            self.refused.push(Refusal::new(1, "", Reason::NoCall));
        } else if said > 1 {
            let lonely = self.keep_alls.iter();
            self.refused.extend(
                lonely.map(|&number| Refusal::new(number, "keep_all()", Reason::KeepAllNotAlone)),
            );
            self.refused.sort_by_key(|refusal| refusal.call);
        }
        Parsed {
            program: Program::new(self.calls),
            positions: self.positions,
            refused: self.refused,
        }
    }
}

enum Read {
    KeepAll,
    Call(Call),
}

/// What is still to be read of one line, which has no blank at either end.
struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    fn call(mut self) -> Result<Read, Reason> {
        let name = self.name();
        if !["keep_all", "remove_lines", "remove_str", "remove_break"].contains(&name.as_str()) {
            return Err(Reason::NotACall);
        }
        self.token('(').map_err(|reason| or_not_a_call(reason, self.0))?;
        let read = match name.as_str() {
            "keep_all" => Read::KeepAll,
            "remove_lines" => Read::Call(self.remove_lines()?),
            "remove_str" => Read::Call(self.remove_str()?),
            _ => Read::Call(Call::RemoveBreak { line: self.number(&["line"])? }),
        };
        self.token(')')?;
        if self.0.is_empty() { Ok(read) } else { Err(Reason::NotACall) }
    }

    fn remove_lines(&mut self) -> Result<Call, Reason> {
        let start = self.number(&["start", "line_start", "start_line"])?;
        self.token(',')?;
        let end = self.number(&["end", "line_end", "end_line"])?;
        Ok(Call::RemoveLines { start, end })
    }

    fn remove_str(&mut self) -> Result<Call, Reason> {
        let line = self.number(&["line", "line_number"])?;
        self.token(',')?;
        self.keyword(&["text", "string", "str"])?;
        let text = self.string()?;
        let occurrence = if self.peek() == Some(',') { Some(self.occurrence()?) } else { None };
        Ok(Call::RemoveStr { line, text, occurrence })
    }

    fn occurrence(&mut self) -> Result<NonZeroUsize, Reason> {
        self.token(',')?;
        let number = self.number(&["k", "occurrence"])?;
        NonZeroUsize::new(number).ok_or(Reason::BadNumber)
    }

    fn name(&mut self) -> String {
        let end =
            self.0.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(self.0.len());
        let (name, rest) = self.0.split_at(end);
        self.0 = rest;
        name.to_owned()
    }

    /// An optional `name=` before an argument.
    fn keyword(&mut self, names: &[&str]) -> Result<(), Reason> {
        self.peek();
        let before = self.0;
        let name = self.name();
        if name.is_empty() {
            return Ok(());
        }
        if self.0.is_empty() {
            return Err(Reason::CutOff);
        }
        if !names.contains(&name.as_str()) {
            self.0 = before;
            return Err(Reason::NotACall);
        }
        self.token('=')
    }

    fn number(&mut self, names: &[&str]) -> Result<usize, Reason> {
        self.keyword(names)?;
        self.peek().ok_or(Reason::CutOff)?;
        let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        if rest.is_empty() && !digits.is_empty() {
            return Err(Reason::CutOff);
        }
        let number = digits.parse().map_err(|_| Reason::BadNumber)?;
        self.0 = rest;
        Ok(number)
    }

    fn string(&mut self) -> Result<String, Reason> {
        match self.peek() {
            None => return Err(Reason::CutOff),
            Some('"') => {}
            Some(_) => return Err(Reason::BadString),
        }
        let end = string_end(self.0).ok_or(Reason::CutOff)?;
        let (literal, rest) = self.0.split_at(end);
        self.0 = rest;
        serde_json::from_str(literal).map_err(|_| Reason::BadString)
    }

    fn token(&mut self, wanted: char) -> Result<(), Reason> {
        match self.peek() {
            None => Err(Reason::CutOff),
            Some(found) if found == wanted => {
                self.0 = &self.0[wanted.len_utf8()..];
                Ok(())
            }
            Some(_) => Err(Reason::NotACall),
        }
    }

    /// The next character that is not a blank.
    fn peek(&mut self) -> Option<char> {
        self.0 = self.0.trim_start_matches(is_blank);
        self.0.chars().next()
    }
}

/// `remove_lines` and then nothing was cut off; `remove_lines is` was never a call.
const fn or_not_a_call(reason: Reason, rest: &str) -> Reason {
    if rest.is_empty() { reason } else { Reason::NotACall }
}

/// One past the closing quote of the JSON string at the start of `text`.
fn string_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    loop {
        match *bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reasons(draft: &str) -> Vec<(usize, Reason)> {
        parse(draft).refused.iter().map(|r| (r.call, r.reason)).collect()
    }

    #[test]
    fn keyword_forms_and_blanks_parse() {
        let plain = parse("remove_lines(3, 7)\nremove_str(4, \"x\", 2)\nremove_break(1)");
        let keyed = parse(
            "  remove_lines( line_start = 3,line_end=7 )\r\n\n\tremove_str(line=4, string=\"x\", occurrence=2)\nremove_break(line=1) ",
        );
        assert_eq!(plain.program, keyed.program);
        assert!(plain.refused.is_empty() && keyed.refused.is_empty());
        assert_eq!((plain.positions, keyed.positions), (vec![1, 2, 3], vec![1, 3, 4]));
    }

    #[test]
    fn every_way_to_cut_a_call_off_is_refused() {
        let call = r#"remove_str(line=12, text="a\"b", k=2)"#;
        assert!(parse(call).refused.is_empty());
        for end in call.char_indices().map(|(at, _)| at).skip(1) {
            let parsed = parse(&call[..end]);
            assert!(parsed.program.is_keep_all() && parsed.refused.len() == 1, "{}", &call[..end]);
        }
        assert_eq!(reasons("remove_lines(1, 12"), [(1, Reason::CutOff)]);
        assert_eq!(
            reasons("keep_all()\nremove_str(3, \"abc"),
            [(1, Reason::KeepAllNotAlone), (2, Reason::CutOff)]
        );
    }

    #[test]
    fn a_draft_that_was_stopped_has_one_refusal_for_it_wherever_it_was_cut() {
        let draft = "remove_lines(1, 2)\nremove_str(3, \"a\")\n\nremove_break(4)";
        for end in 0..=draft.len() {
            let parsed = parse_cut_off(&draft[..end]);
            let reasons: Vec<_> = parsed.refused.iter().map(|refusal| refusal.reason).collect();
            assert_eq!(reasons, [Reason::CutOff], "{}", &draft[..end]);
            let complete = draft[..end].matches(')').count();
            assert_eq!(parsed.program.calls().len(), complete);
        }
        let kept = parse_cut_off("keep_all()").refused;
        assert_eq!((kept[0].call, kept[0].reason, kept.len()), (2, Reason::CutOff, 1));
    }

    #[test]
    fn commas_and_parentheses_in_strings_are_text() {
        let parsed = parse(r#"remove_str(1, "foo (bar), baz=1)")"#);
        assert_eq!(
            parsed.program.calls(),
            [Call::RemoveStr { line: 1, text: "foo (bar), baz=1)".into(), occurrence: None }]
        );
    }

    #[test]
    fn what_is_not_a_call_is_refused_with_its_reason() {
        assert_eq!(reasons(""), [(1, Reason::NoCall)]);
        assert_eq!(reasons("Sure! Here it is:"), [(1, Reason::NotACall)]);
        assert_eq!(reasons("remove_lines(1, 2) # menu"), [(1, Reason::NotACall)]);
        assert_eq!(reasons("remove_lines(-1, 2)"), [(1, Reason::BadNumber)]);
        assert_eq!(reasons("remove_lines(1, 99999999999999999999999)"), [(1, Reason::BadNumber)]);
        assert_eq!(reasons("remove_str(1, 'x')"), [(1, Reason::BadString)]);
        assert_eq!(reasons(r#"remove_str(1, "\ud800")"#), [(1, Reason::BadString)]);
        assert_eq!(reasons(r#"remove_str(1, "x", 0)"#), [(1, Reason::BadNumber)]);
    }

    pub(crate) fn any_call() -> impl Strategy<Value = Call> {
        prop_oneof![
            (1usize..50, 1usize..50).prop_map(|(start, end)| Call::RemoveLines { start, end }),
            (1usize..50, any::<String>(), 0usize..4).prop_map(|(line, text, k)| Call::RemoveStr {
                line,
                text,
                occurrence: NonZeroUsize::new(k)
            }),
            (1usize..50).prop_map(|line| Call::RemoveBreak { line }),
        ]
    }

    proptest! {
        /// Law L2, first half.
        #[test]
        fn what_is_printed_parses_to_the_same_program(calls in prop::collection::vec(any_call(), 0..8)) {
            let program = Program::new(calls);
            let parsed = parse(&program.to_string());
            prop_assert_eq!(&parsed.program, &program);
            prop_assert!(parsed.refused.is_empty());
        }

        /// Law L9: parsing is total, and every line of a draft that is not blank is accounted for.
        #[test]
        fn every_line_of_a_draft_is_a_call_or_a_refusal(draft in r#"(remove_lines\(1, ?2\)|keep_all\(\)|remove_str\(1, "a|"\)|[a-z(),"=\\ 0-9]{0,9}|\n|\PC){0,12}"#) {
            let parsed = parse(&draft);
            let said = draft.split('\n').filter(|l| !l.trim_matches(is_blank).is_empty()).count();
            let found = parsed.program.calls().len() + parsed.refused.len();
            let keep_all = usize::from(said == 1 && parsed.program.is_keep_all() && parsed.refused.is_empty());
            prop_assert_eq!(found + keep_all, said.max(1));
        }
    }
}
