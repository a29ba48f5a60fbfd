//! Deletions that a person should look at first: what may have been deleted in error.

use crate::report::digest::{Fate, LineSeen};
use crate::report::observation::Observation;
use crate::report::shape::Shape;
use refinex_core::Span;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// What may be wrong with a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A heading went and the text that it heads stayed.
    LostHeading,
    /// A sentence went from between two that stayed.
    HoleInProse,
    /// A part of a program went.
    CutCode,
    /// A part of a table went.
    CutTable,
    /// Nearly all of a document went that reads like good text.
    LostDocument,
}

/// A place in a document where something may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub kind: FindingKind,
    /// In bytes of the text.
    pub span: Span,
}

/// Of a document that lost at least this share, it is asked whether it was good (guess).
const NEARLY_ALL: f64 = 0.95;
/// Fewest bytes of prose of a good document (guess: some five sentences).
const GOOD_PROSE_BYTES: usize = 500;

impl FindingKind {
    /// All kinds, the gravest first.
    pub const ALL: [Self; 5] =
        [Self::LostDocument, Self::HoleInProse, Self::LostHeading, Self::CutCode, Self::CutTable];

    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LostHeading => "lost_heading",
            Self::HoleInProse => "hole_in_prose",
            Self::CutCode => "cut_code",
            Self::CutTable => "cut_table",
            Self::LostDocument => "lost_document",
        }
    }

    /// What it is, for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::LostHeading => "Headings lost, body kept",
            Self::HoleInProse => "Holes in prose",
            Self::CutCode => "Code cut",
            Self::CutTable => "Tables cut",
            Self::LostDocument => "Emptied documents that read well",
        }
    }

    /// The rule by which it is found.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::LostHeading => {
                "a Markdown heading was deleted and the line below it kept; or a line of 2 to 12 words \
                 without a full stop was deleted alone between two kept lines of prose"
            }
            Self::HoleInProse => {
                "a line of prose was deleted alone between two kept lines of prose"
            }
            Self::CutCode => {
                "a line that looks like code was deleted next to one that was kept, or three in a row \
                 were deleted"
            }
            Self::CutTable => {
                "a row with numbers in its cells was deleted next to one that was kept, or three in a \
                 row were deleted"
            }
            Self::LostDocument => {
                "at least 95 % was deleted of a document with 500 bytes of prose or more, which is 60 % \
                 of its text, and of whose lines at most a fifth are repeats"
            }
        }
    }
}

/// What may be wrong with the deletions of a document; `lines` are its lines that are not blank.
pub(crate) fn findings(seen: &Observation<'_>, lines: &[LineSeen]) -> Vec<Finding> {
    let mut found: Vec<Finding> = (0..lines.len()).filter_map(|at| finding_at(lines, at)).collect();
    if seen.deleted_share() >= NEARLY_ALL && reads_well(seen.text, lines) {
        let span = Span::new(0, seen.text.len());
        found.insert(0, Finding { kind: FindingKind::LostDocument, span });
    }
    found
}

fn finding_at(lines: &[LineSeen], at: usize) -> Option<Finding> {
    let line = lines[at];
    if line.fate != Fate::Gone {
        return None;
    }
    let before = at.checked_sub(1).map(|before| lines[before]);
    let after = lines.get(at + 1).copied();
    let kept = |line: Option<LineSeen>, shape: Shape| {
        line.is_some_and(|line| line.fate == Fate::Kept && line.shape == shape)
    };
    let between_prose = kept(before, Shape::Prose) && kept(after, Shape::Prose);
    let kind = match line.shape {
        Shape::Marked => after
            .is_some_and(|after| after.fate == Fate::Kept && after.shape != Shape::Marked)
            .then_some(FindingKind::LostHeading),
        Shape::Heading => between_prose.then_some(FindingKind::LostHeading),
        Shape::Prose => between_prose.then_some(FindingKind::HoleInProse),
        Shape::Code => cut(lines, at).then_some(FindingKind::CutCode),
        Shape::Table => cut(lines, at).then_some(FindingKind::CutTable),
        Shape::Other => None,
    };
    kind.map(|kind| Finding { kind, span: line.span })
}

/// Whether the deleted line at `at` has a kept neighbour of its shape, or stands among three deleted
/// ones of it.
fn cut(lines: &[LineSeen], at: usize) -> bool {
    let shape = lines[at].shape;
    let is = |other: &LineSeen, fate| other.shape == shape && other.fate == fate;
    let (before, after) = (&lines[..at], &lines[at + 1..]);
    let neighbours = before.last().into_iter().chain(after.first());
    let gone = 1
        + before.iter().rev().take_while(|other| is(other, Fate::Gone)).take(2).count()
        + after.iter().take_while(|other| is(other, Fate::Gone)).take(2).count();
    gone >= 3 || neighbours.into_iter().any(|other| is(other, Fate::Kept))
}

/// Whether a text is mostly prose that is not said twice.
fn reads_well(text: &str, lines: &[LineSeen]) -> bool {
    let prose = lines.iter().filter(|line| line.shape == Shape::Prose);
    let bytes: usize = prose.map(|line| line.span.len()).sum();
    let all: usize = lines.iter().map(|line| line.span.len()).sum();
    let distinct: HashSet<&str> = lines.iter().map(|line| line.span.of(text)).collect();
    bytes >= GOOD_PROSE_BYTES && 10 * bytes >= 6 * all && 5 * distinct.len() >= 4 * lines.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::digest::Digest;
    use crate::report::digest::tests::{deletions, observed};

    const PROSE: &str = "The harbour bridge will close for repairs on Monday, the council said, and \
                         all of the traffic will use the northern route.";

    /// Kinds of the findings where the lines that begin with `-` are deleted, without that sign.
    fn found(lines: &[&str]) -> Vec<FindingKind> {
        let (mut text, mut spans) = (String::new(), Vec::new());
        for line in lines {
            let start = text.len();
            text.push_str(line.strip_prefix('-').unwrap_or(line));
            text.push('\n');
            if line.starts_with('-') {
                spans.push((start, text.len()));
            }
        }
        let gone = deletions(&spans);
        let digest = Digest::of(&observed(&text, &gone), 0);
        digest.findings.iter().map(|finding| finding.kind).collect()
    }

    fn gone(line: &str) -> String {
        format!("-{line}")
    }

    #[test]
    fn a_heading_between_kept_prose_is_found_and_a_menu_is_not() {
        assert_eq!(found(&[PROSE, "-Why it was closed", PROSE]), [FindingKind::LostHeading]);
        assert_eq!(found(&["-## Methods", "kept"]), [FindingKind::LostHeading]);
        assert_eq!(found(&["-## Related", "-kept"]), []);
        assert_eq!(found(&["-Home", "-About us", PROSE, PROSE]), []);
        assert_eq!(found(&[PROSE, "-Share this", "-More From Us", PROSE]), []);
    }

    #[test]
    fn a_hole_in_prose_is_found_and_a_deleted_end_is_not() {
        assert_eq!(found(&[PROSE, &gone(PROSE), PROSE]), [FindingKind::HoleInProse]);
        assert_eq!(found(&[PROSE, PROSE, &gone(PROSE)]), []);
    }

    #[test]
    fn code_and_tables_that_are_cut_are_found() {
        let code = "let total = sum(items);";
        assert_eq!(found(&[code, &gone(code)]), [FindingKind::CutCode]);
        assert_eq!(found(&[&gone(code), "text"]), []);
        let three = vec![gone("| 1 | 2 | 3 |"); 3];
        let three: Vec<&str> = three.iter().map(String::as_str).collect();
        assert_eq!(found(&[&three[..], &["text"]].concat()), [FindingKind::CutTable; 3]);
    }

    #[test]
    fn an_emptied_document_is_found_where_it_read_well() {
        let good: Vec<String> = (0..6).map(|n| gone(&format!("Part {n}. {PROSE}"))).collect();
        let good: Vec<&str> = good.iter().map(String::as_str).collect();
        assert_eq!(found(&good), [FindingKind::LostDocument]);
        let repeated = vec![gone(PROSE); 6];
        let repeated: Vec<&str> = repeated.iter().map(String::as_str).collect();
        assert_eq!(found(&repeated), []);
        assert_eq!(found(&["-Home", "-About us"]), []);
    }
}
