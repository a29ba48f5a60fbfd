//! Programs of ProX (arXiv:2409.17115; GAIR-NLP/ProX, `utils/chunk_utils.py`), read for what they
//! delete.
//!
//! Lines are those of `text.split("\\n")`, numbered from 0 over the whole document also where it was
//! refined in chunks of 1,500 tokens (`trunc_text` and `merge_chunks` of
//! `data_gen/tasks/apply_chunk_refining.py`; that a comment there speaks of 1 is a slip).
//! `remove_lines(line_start=a, line_end=b)` takes both lines and what is between, after all
//! replacements; `normalize(source_str="…", target_str="…")` replaces every occurrence in the
//! document. ProX's own executor cuts arguments at commas and at the first parenthesis, clips lines
//! that are not there, and voids programs with two errors; this reads what was meant, and refuses the
//! rest. A replacement that adds text is refused; one that only takes some away is deletion.

use refinex_core::{Deletions, Span, distill};
use serde::Serialize;

/// What a program deletes, and what of it could not be taken over.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// What is deleted.
    pub deletions: Deletions,
    /// Calls that are refused.
    pub refused: Vec<RefusedCall>,
}

/// A call that is refused, as a sidecar says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedCall {
    /// Which line of the program, from 1.
    pub call: usize,
    /// The line.
    pub text: String,
    /// A stable name of the reason.
    pub reason: &'static str,
}

/// Reads a program of ProX for `text`.
#[must_use]
pub fn read(program: &str, text: &str) -> Taken {
    let (mut spans, mut refused) = (Vec::new(), Vec::new());
    let mut removed = vec![false; text.split('\n').count()];
    for (at, call) in program.split('\n').map(str::trim).enumerate() {
        match read_call(call, text, &mut removed) {
            _ if call.is_empty() => {}
            Ok(more) => spans.extend(more),
            Err(reason) => {
                refused.push(RefusedCall { call: at + 1, text: call.to_owned(), reason })
            }
        }
    }
    spans.extend(of_lines(text, &removed));
    // Spans of lines and of strings that were found lie on character boundaries.
    let deletions = Deletions::from_spans(text, spans).unwrap_or_default();
    Taken { deletions, refused }
}

/// The spans of a call; lines that go are marked in `removed`.
fn read_call(call: &str, text: &str, removed: &mut [bool]) -> Result<Vec<Span>, &'static str> {
    let (name, rest) = call.split_once('(').ok_or("unparsable")?;
    let arguments = rest.strip_suffix(')').ok_or("truncated")?;
    match name.trim() {
        "keep_chunk" | "keep_doc" | "untouch_doc" | "keep_all" => Ok(Vec::new()),
        "drop_doc" | "drop_chunk" => Ok(vec![Span::new(0, text.len())]),
        "remove_lines" if arguments.replace(' ', "") == "all=True" => {
            Ok(vec![Span::new(0, text.len())])
        }
        "remove_lines" => remove_lines(arguments, removed).map(|()| Vec::new()),
        "normalize" => normalize(arguments, text),
        _ => Err("unknown_call"),
    }
}

fn remove_lines(arguments: &str, removed: &mut [bool]) -> Result<(), &'static str> {
    let number = |argument: &str| {
        let value = argument.split_once('=').map_or(argument, |(_, value)| value);
        value.trim().parse::<usize>().map_err(|_| "unparsable")
    };
    let (start, end) = arguments.split_once(',').ok_or("unparsable")?;
    let (start, end) = (number(start)?, number(end)?);
    if start > end {
        return Err("reversed_range");
    }
    removed.get_mut(start..=end).ok_or("out_of_range")?.fill(true);
    Ok(())
}

/// The spans of removed lines. ProX joins the lines that stay by line ends, so where the last one
/// goes, the end of the last that stays goes too. What follows a final line end is a line to ProX,
/// though an empty one.
fn of_lines(text: &str, removed: &[bool]) -> Vec<Span> {
    let (mut spans, mut start) = (Vec::new(), 0);
    // Where the end of the last line that stays is.
    let mut last_end = None;
    for (line, gone) in text.split_inclusive('\n').chain(after_last_end(text)).zip(removed) {
        let end = start + line.len();
        if *gone {
            spans.push(Span::new(start, end));
        } else {
            last_end = line.ends_with('\n').then(|| Span::new(end - 1, end));
        }
        start = end;
    }
    if removed.last() == Some(&true) {
        spans.extend(last_end);
    }
    spans
}

/// The empty line behind a final line end, or that of an empty text.
fn after_last_end(text: &str) -> Option<&str> {
    (text.is_empty() || text.ends_with('\n')).then_some("")
}

/// The spans that a replacement deletes, at every place where it applies.
fn normalize(arguments: &str, text: &str) -> Result<Vec<Span>, &'static str> {
    let (source, target) = strings(arguments).ok_or("unparsable")?;
    // One blank alone is left alone by ProX too; several may become one.
    if source.is_empty() || source == " " {
        return Err("empty_string");
    }
    let edit = distill(source, target);
    if !edit.residue.is_empty() {
        return Err("adds_text");
    }
    let places: Vec<usize> = text.match_indices(source).map(|(at, _)| at).collect();
    if places.is_empty() {
        return Err("absent");
    }
    let spans = edit.deletions.spans();
    let moved = |at: &usize| {
        let at = *at;
        spans.iter().map(move |span| Span::new(at + span.start(), at + span.end()))
    };
    Ok(places.iter().flat_map(moved).collect())
}

/// `source_str="…", target_str="…"`: strings as they stand, with whatever is in them.
fn strings(arguments: &str) -> Option<(&str, &str)> {
    let rest = arguments.trim().strip_prefix("source_str")?.trim_start().strip_prefix('=')?;
    let rest = rest.trim().strip_prefix('"')?.strip_suffix('"')?;
    for mark in ["\", target_str=\"", "\",target_str=\"", "\", target_str = \""] {
        if let Some((source, target)) = rest.rsplit_once(mark) {
            return Some((source, target));
        }
    }
    Some((rest, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use refinex_core::execute;

    const TEXT: &str = "Home\nThe (old) bridge, closed. Share\nEnd\nShare";

    fn after(program: &str) -> (String, Vec<&'static str>) {
        let taken = read(program, TEXT);
        let reasons = taken.refused.iter().map(|refused| refused.reason).collect();
        (execute(TEXT, &taken.deletions), reasons)
    }

    #[test]
    fn lines_are_numbered_from_zero() {
        let (text, refused) = after("remove_lines(line_start=0, line_end=0)");
        assert_eq!((text.as_str(), refused.len()), (&TEXT[5..], 0));
    }

    #[test]
    fn a_replacement_that_only_takes_away_is_deletion_wherever_it_applies() {
        let (text, refused) = after("normalize(source_str=\"Share\", target_str=\"\")");
        assert_eq!((text.as_str(), refused.len()), ("Home\nThe (old) bridge, closed. \nEnd\n", 0));
        let (text, _) =
            after("normalize(source_str=\"(old) bridge, closed\", target_str=\"bridge, closed\")");
        assert_eq!(text, TEXT.replace("(old) ", ""));
    }

    #[test]
    fn what_cannot_be_taken_over_is_refused_with_a_reason() {
        let program = "remove_lines(line_start=2, line_end=9)\n\
                       remove_lines(line_start=3, line_end=1)\n\
                       normalize(source_str=\"End\", target_str=\"The end\")\n\
                       normalize(source_str=\"absent\", target_str=\"\")\n\
                       normalize(source_str=\"\", target_str=\"\")\n\
                       rewrite(1)\nremove_lines(line_start=1, line_end=1";
        let (text, refused) = after(program);
        let reasons = [
            "out_of_range",
            "reversed_range",
            "adds_text",
            "absent",
            "empty_string",
            "unknown_call",
            "truncated",
        ];
        assert_eq!((text.as_str(), refused.as_slice()), (TEXT, reasons.as_slice()));
    }

    #[test]
    fn where_the_last_line_goes_the_line_end_before_it_goes_too() {
        let of = |program: &str, text: &str| execute(text, &read(program, text).deletions);
        let last_two =
            "remove_lines(line_start=2, line_end=2)\nremove_lines(line_start=3, line_end=3)";
        assert_eq!(of(last_two, "a\nb\nc\nd"), "a\nb");
        assert_eq!(of("remove_lines(line_start=1, line_end=1)", "a\nb\n"), "a\n");
        assert_eq!(of("remove_lines(line_start=2, line_end=2)", "a\nb\n"), "a\nb");
        assert_eq!(of("remove_lines(line_start=1, line_end=2)", "a\nb\n"), "a");
        assert_eq!(of("remove_lines(line_start=0, line_end=1)", "a\nb"), "");
    }

    #[test]
    fn keeping_and_dropping_are_understood() {
        assert_eq!(after("keep_chunk()").0, TEXT);
        assert_eq!(after("remove_lines(all=True)").0, "");
    }

    /// What ProX makes of removed lines and one removed string: the string first, then the lines.
    fn prox(text: &str, removed: &[(usize, usize)], string: &str) -> String {
        let text = if string.is_empty() { text.to_owned() } else { text.replace(string, "") };
        let gone = |at: usize| removed.iter().any(|&(start, end)| (start..=end).contains(&at));
        let kept = text.split('\n').enumerate().filter(|(at, _)| !gone(*at));
        kept.map(|(_, line)| line).collect::<Vec<_>>().join("\n")
    }

    proptest! {
        #[test]
        fn what_is_left_is_what_prox_leaves(
            text in "[abé\n]{0,30}",
            ranges in proptest::collection::vec((0usize..9, 0usize..9), 0..3),
            string in "[abé]{0,2}",
        ) {
            let lines = text.split('\n').count();
            let within = |(a, b): &(usize, usize)| {
                let (a, b) = (a % lines, b % lines);
                (a.min(b), a.max(b))
            };
            let ranges: Vec<(usize, usize)> = ranges.iter().map(within).collect();
            let line = |(start, end): &(usize, usize)| {
                format!("remove_lines(line_start={start}, line_end={end})")
            };
            let mut program: Vec<String> = ranges.iter().map(line).collect();
            let string = if text.contains(&string) { string } else { String::new() };
            if !string.is_empty() {
                program.push(format!("normalize(source_str=\"{string}\", target_str=\"\")"));
            }
            let taken = read(&program.join("\n"), &text);
            prop_assert!(taken.refused.is_empty(), "{:?}", taken.refused);
            prop_assert_eq!(execute(&text, &taken.deletions), prox(&text, &ranges, &string));
        }
    }
}
