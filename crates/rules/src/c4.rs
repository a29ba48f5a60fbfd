//! datatrove's `C4QualityFilter`. It edits: lines are left out, citations are taken away, and line
//! breaks of all kinds become line feeds.

use crate::chars::{CharClasses, DECIMAL};
use crate::decision::{Broken, Meter, ratio};
use crate::python;
use refinex_core::{Deletions, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Lines that C4 leaves out if they hold one of these.
const POLICIES: [&[u8]; 6] = [
    b"terms of use",
    b"privacy policy",
    b"cookie policy",
    b"uses cookies",
    b"use of cookies",
    b"use cookies",
];

/// What C4 makes of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Edit {
    /// The text as datatrove has it afterwards.
    pub(crate) text: String,
    /// The same as deletions from the text before.
    pub(crate) deletions: Deletions,
    /// Breaks between kept lines that are no line feeds. datatrove writes a line feed in their
    /// place; nothing may be added, so they stay as they are.
    pub(crate) foreign_breaks: usize,
    /// Lines that were left out, by reason.
    pub(crate) lines: BTreeMap<LineRule, u64>,
}

/// Why a line is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineRule {
    /// A word of more than 1,000 code points.
    TooLongWord,
    /// No mark that ends a sentence at its end.
    NoTerminalPunc,
    /// Fewer than three words.
    TooFewWords,
    /// The word javascript.
    Javascript,
    /// A phrase of terms, privacy and cookies.
    Policy,
}

/// What becomes of a line.
enum Verdict {
    Keep,
    Leave(LineRule),
    Drop(&'static str),
}

/// A line without white space at its ends, in parts: what citations leave of it.
struct Line<'a> {
    text: &'a str,
    /// Where it begins in the whole text.
    start: usize,
    /// Spans of citations in the line.
    citations: Vec<(usize, usize)>,
    /// The line without them.
    clean: String,
}

impl<'a> Line<'a> {
    fn of(text: &'a str, line: python::Line) -> Self {
        let raw = &text[line.start..line.end];
        let start = line.end - python::strip_start(raw).len();
        let line = python::strip(raw);
        let citations = citations(line);
        let mut clean = String::new();
        if !citations.is_empty() {
            let mut done = 0;
            for &(from, to) in &citations {
                clean.push_str(&line[done..from]);
                done = to;
            }
            clean.push_str(&line[done..]);
        }
        Self { text: line, start, citations, clean }
    }

    fn clean(&self) -> &str {
        if self.citations.is_empty() { self.text } else { &self.clean }
    }

    /// What becomes of it. Words are those before citations are taken away.
    fn verdict(&self, any_end: bool) -> Verdict {
        let words = count_words(self.text);
        let clean = self.clean();
        let has = |needle: &[u8]| python::lower_contains(clean.as_bytes(), needle);
        if words.too_long {
            Verdict::Leave(LineRule::TooLongWord)
        } else if !any_end && !is_ended(clean) {
            Verdict::Leave(LineRule::NoTerminalPunc)
        } else if words.count < 3 {
            Verdict::Leave(LineRule::TooFewWords)
        } else if has(b"lorem ipsum") {
            Verdict::Drop("lorem_ipsum")
        } else if has(b"javascript") {
            Verdict::Leave(LineRule::Javascript)
        } else if clean.contains('{') {
            Verdict::Drop("curly_bracket")
        } else if POLICIES.into_iter().any(has) {
            Verdict::Leave(LineRule::Policy)
        } else {
            Verdict::Keep
        }
    }
}

struct WordCount {
    count: usize,
    too_long: bool,
}

fn count_words(line: &str) -> WordCount {
    let mut found = WordCount { count: 0, too_long: false };
    for word in python::split(line) {
        found.count += 1;
        found.too_long |= word.len() > 1000 && python::length(word.as_bytes()) > 1000;
    }
    found
}

fn is_ended(line: &str) -> bool {
    line.ends_with(['.', '?', '!', '"', '\'']) && !line.ends_with("...")
}

/// The spans of `\[\d*]|\[edit]|\[citation needed]`.
fn citations(line: &str) -> Vec<(usize, usize)> {
    let bytes = line.as_bytes();
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(at) = memchr::memchr(b'[', &bytes[from..]).map(|at| from + at) {
        from = at + 1;
        if let Some(length) = citation(&line[from..]) {
            found.push((at, from + length));
            from += length;
        }
    }
    found
}

/// The length of a citation after its opening bracket.
fn citation(line: &str) -> Option<usize> {
    for phrase in ["edit]", "citation needed]"] {
        if line.starts_with(phrase) {
            return Some(phrase.len());
        }
    }
    let classes = CharClasses::get();
    let rest = line.trim_start_matches(|c| classes.is(c, DECIMAL));
    rest.starts_with(']').then(|| line.len() - rest.len() + 1)
}

/// What is deleted of one line between line feeds, of which C4 may see several; `None` if all go.
/// Lines that go are counted in `left` by reason.
pub(crate) fn line_deletions(
    text: &str,
    any_end: bool,
    left: &mut BTreeMap<LineRule, u64>,
) -> Option<Vec<Span>> {
    let (mut spans, mut stays) = (Vec::new(), false);
    for place in python::split_lines(text) {
        let line = Line::of(text, place);
        if let Verdict::Leave(rule) = line.verdict(any_end) {
            *left.entry(rule).or_default() += 1;
            spans.push(Span::new(place.start, place.next));
        } else {
            stays = true;
            let citations = line.citations.iter();
            spans
                .extend(citations.map(|&(from, to)| Span::new(line.start + from, line.start + to)));
        }
    }
    stays.then_some(spans)
}

/// Edits a text; `any_end` keeps lines whatever they end in, as FineWeb does; `sentences` counts
/// those of a line.
///
/// # Errors
/// The rule for which the document is dropped.
pub(crate) fn edit(
    text: &str,
    meter: &mut Meter,
    any_end: bool,
    mut sentences: impl FnMut(&str) -> usize,
) -> Result<Edit, Broken> {
    let mut editor = Editor::new(text);
    let mut found = 0;
    for place in python::split_lines(text) {
        let line = Line::of(text, place);
        match line.verdict(any_end) {
            Verdict::Drop(rule) => return Err(Broken::plain(rule)),
            Verdict::Leave(rule) => *editor.edit.lines.entry(rule).or_default() += 1,
            Verdict::Keep => {
                found += sentences(line.clean());
                editor.keep(&line);
            }
        }
    }
    meter.breaks(found < 5, "too_few_sentences", ratio(found, 1), 5.0)?;
    Ok(editor.finish())
}

/// Builds the text afterwards, and what is deleted from the text before.
struct Editor<'a> {
    before: &'a str,
    /// What is kept of the text before, in order: parts of lines, and breaks between them.
    kept: Vec<(usize, usize)>,
    /// Where the last line that is kept ends, if there is one.
    last: Option<usize>,
    edit: Edit,
}

impl<'a> Editor<'a> {
    fn new(before: &'a str) -> Self {
        Self { before, kept: Vec::new(), last: None, edit: Edit::default() }
    }

    fn keep(&mut self, line: &Line<'_>) {
        if let Some(last) = self.last {
            self.edit.text.push('\n');
            self.keep_break(last, line.start);
        }
        self.edit.text.push_str(line.clean());
        let mut at = 0;
        for &(from, to) in &line.citations {
            self.kept.push((line.start + at, line.start + from));
            at = to;
        }
        let end = line.start + line.text.len();
        self.kept.push((line.start + at, end));
        self.last = Some(end);
    }

    /// Keeps one break between two lines: a line feed if there is one.
    fn keep_break(&mut self, from: usize, to: usize) {
        let between = &self.before[from..to];
        if let Some(at) = between.find('\n') {
            self.kept.push((from + at, from + at + 1));
            return;
        }
        self.edit.foreign_breaks += 1;
        let first = python::split_lines(between).next();
        self.kept.extend(first.map(|line| (from + line.end, from + line.next)));
    }

    /// White space at the ends goes, also of lines that citations left blank.
    fn finish(mut self) -> Edit {
        let stripped = python::strip(&self.edit.text);
        let front = self.edit.text.len() - python::strip_start(&self.edit.text).len();
        let back = self.edit.text.len() - front - stripped.len();
        self.edit.text = stripped.to_owned();
        self.strip_kept(front > 0, back > 0);
        let mut gaps = Vec::new();
        let mut done = 0;
        for &(from, to) in &self.kept {
            gaps.push(Span::new(done, from));
            done = to;
        }
        gaps.push(Span::new(done, self.before.len()));
        // Parts of lines lie on character boundaries.
        self.edit.deletions = Deletions::from_spans(self.before, gaps).unwrap_or_default();
        self.edit
    }

    /// Takes white space off the first and the last parts that are kept.
    fn strip_kept(&mut self, front: bool, back: bool) {
        let before = self.before;
        let mut parts = std::mem::take(&mut self.kept);
        parts.retain(|(from, to)| from < to);
        if front {
            let blank = |&(from, to): &(usize, usize)| python::strip(&before[from..to]).is_empty();
            parts.drain(..parts.iter().take_while(|part| blank(part)).count());
            if let Some((from, to)) = parts.first_mut() {
                *from = *to - python::strip_start(&before[*from..*to]).len();
            }
        }
        if back {
            while let Some((from, to)) = parts.pop() {
                let length = python::strip_end(&before[from..to]).len();
                if length > 0 {
                    parts.push((from, from + length));
                    break;
                }
            }
        }
        self.kept = parts;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use refinex_core::execute;

    fn edit(text: &str, any_end: bool) -> Result<Edit, Broken> {
        super::edit(text, &mut Meter::default(), any_end, |_| 5)
    }

    fn five(text: &str) -> Edit {
        edit(text, false).unwrap()
    }

    #[test]
    fn lines_are_left_out_and_citations_taken_away() {
        let text = " One two three.[1]\r\nNo end\nShort one.\nWe use JavaScript here.\n\
                    Our privacy policy is here.\nFour [edit]five six![citation needed] \n";
        let edit = five(text);
        assert_eq!(edit.text, "One two three.\nFour five six!");
        assert_eq!(execute(text, &edit.deletions), edit.text);
        assert_eq!(edit.lines.values().sum::<u64>(), 4);
        assert_eq!(edit.foreign_breaks, 0);
    }

    #[test]
    fn breaks_that_are_no_line_feeds_stay_and_are_counted() {
        let text = "One two three.\u{2028}One two four.\r\rOne two five.";
        let edit = five(text);
        assert_eq!(edit.text, "One two three.\nOne two four.\nOne two five.");
        assert_eq!(
            execute(text, &edit.deletions),
            "One two three.\u{2028}One two four.\rOne two five."
        );
        assert_eq!(edit.foreign_breaks, 2);
    }

    #[test]
    fn lines_that_citations_leave_blank_go_at_the_ends() {
        let text = "[1] [2] [3]\nOne two three.\n[1] [2] [3]\nOne two four.\n [1] [2] [3]";
        let edit = edit(text, true).unwrap();
        assert_eq!(edit.text, "One two three.\n  \nOne two four.");
        assert_eq!(execute(text, &edit.deletions), edit.text);
    }

    #[test]
    fn documents_are_dropped_in_the_order_of_lines() {
        let rule = |text| edit(text, false).unwrap_err().rule;
        assert_eq!(rule("a b Lorem Ipsum."), "lorem_ipsum");
        assert_eq!(rule("a b { c.\nlorem ipsum a b."), "curly_bracket");
        assert_eq!(rule("a b { c without end"), "too_few_sentences");
        assert_eq!(edit("a b javascript {.", false).unwrap_err().rule, "too_few_sentences");
    }

    proptest! {
        #[test]
        fn deletions_give_the_edited_text(
            parts in prop::collection::vec(
                prop_oneof![
                    Just("One two three."), Just("[1]"), Just("[edit]"), Just(" "), Just("\n"),
                    Just("\r\n"), Just("no end"), Just("a b c"), Just("\u{2003}"), Just("[1] [2] [3]"),
                ],
                0..20,
            ),
        ) {
            let text = parts.concat();
            let edit = edit(&text, true);
            if let Ok(edit) = edit {
                prop_assert_eq!(edit.foreign_breaks, 0);
                prop_assert_eq!(execute(&text, &edit.deletions), edit.text);
            }
        }
    }
}
