//! Documents as the page's program reads them: text in pieces, kept and deleted by turns, so that no
//! offset has to be counted in another unit.

use crate::report::comparison::DifferingDocument;
use crate::report::record::{Reports, SampledDocument};
use serde::Serialize;

/// The documents of one view.
#[derive(Serialize)]
pub(super) struct Set<'a> {
    /// Whether pieces are marked by the run that deletes them.
    compares: bool,
    documents: Vec<Shown<'a>>,
}

#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    shard: &'a str,
    row: u64,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    facts: Vec<&'a str>,
    bytes: u64,
    gone: u64,
    clipped: bool,
    /// Kept, deleted, kept, deleted, …, kept.
    pieces: Vec<&'a str>,
    /// One a deletion: its score, or (in a comparison) its side.
    marks: Vec<Option<f32>>,
    /// Scores of the lines in thousandths.
    #[serde(skip_serializing_if = "<[u16]>::is_empty")]
    lines: &'a [u16],
    /// Kind and number of the line.
    findings: Vec<(&'static str, usize)>,
}

/// The documents of each view, in the order of the views.
pub(super) fn sets(reports: &Reports) -> Vec<Set<'_>> {
    let of_runs = reports.runs.iter().map(|report| Set {
        compares: false,
        documents: report.documents.iter().map(of_run).collect(),
    });
    let of_pairs = reports.comparisons.iter().map(|comparison| Set {
        compares: true,
        documents: comparison.differing.iter().map(of_comparison).collect(),
    });
    of_runs.chain(of_pairs).collect()
}

fn of_run(document: &SampledDocument) -> Shown<'_> {
    let spans = document.deletions.iter().map(|&(start, end, score)| (start, end, score));
    let (pieces, marks) = parted(&document.text, spans);
    let line = |at: usize| 1 + document.text[..at].matches('\n').count();
    let findings = document.findings.iter().map(|&(kind, start, _)| (kind.name(), line(start)));
    Shown {
        id: &document.id,
        shard: &document.shard,
        row: document.row,
        outcome: document.outcome.name(),
        reason: document.reason.as_deref(),
        url: document.url.as_deref(),
        facts: document.columns.iter().map(|(_, value)| value.as_str()).collect(),
        bytes: document.text_bytes,
        gone: document.deleted_bytes,
        clipped: (document.text.len() as u64) < document.text_bytes,
        pieces,
        marks,
        lines: &document.line_scores,
        findings: findings.collect(),
    }
}

fn of_comparison(document: &DifferingDocument) -> Shown<'_> {
    let spans =
        document.spans.iter().map(|&(start, end, side)| (start, end, Some(f32::from(side))));
    let (pieces, marks) = parted(&document.text, spans);
    let gone = document.spans.iter().map(|(start, end, _)| (end - start) as u64).sum();
    Shown {
        id: &document.id,
        shard: &document.shard,
        row: document.row,
        outcome: "differs",
        reason: None,
        url: None,
        facts: Vec::new(),
        bytes: document.text_bytes,
        gone,
        clipped: (document.text.len() as u64) < document.text_bytes,
        pieces,
        marks,
        lines: &[],
        findings: Vec::new(),
    }
}

fn parted(
    text: &str,
    spans: impl Iterator<Item = (usize, usize, Option<f32>)>,
) -> (Vec<&str>, Vec<Option<f32>>) {
    let (mut pieces, mut marks, mut next) = (Vec::new(), Vec::new(), 0);
    for (start, end, mark) in spans {
        pieces.extend([&text[next..start], &text[start..end]]);
        marks.push(mark);
        next = end;
    }
    pieces.push(&text[next..]);
    (pieces, marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_kept_and_deleted_by_turns() {
        let spans = [(0, 2, Some(0.5)), (4, 5, None), (5, 6, None)];
        let (pieces, marks) = parted("abcdef", spans.into_iter());
        assert_eq!(pieces, ["", "ab", "cd", "e", "", "f", ""]);
        assert_eq!(marks, [Some(0.5), None, None]);
    }
}
