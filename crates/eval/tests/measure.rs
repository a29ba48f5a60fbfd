//! The judge beside the measure of the project, `score.py`: stored cases with the figures that it
//! gave (`lab/eval_agreement.py --cases`), and its arithmetic written again, slowly, for each document.

#![allow(clippy::unwrap_used)]

use refinex_core::{Deletions, Span};
use refinex_eval::{Judged, Sums};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    id: String,
    text: String,
    deletions: Vec<(usize, usize)>,
    predicted: Option<Vec<(usize, usize)>>,
}

fn cases() -> Vec<Case> {
    let rows = include_str!("measure/cases.jsonl");
    rows.split('\n')
        .filter(|row| !row.is_empty())
        .map(|row| serde_json::from_str(row).unwrap())
        .collect()
}

fn deletions(text: &str, spans: &[(usize, usize)]) -> Deletions {
    Deletions::from_spans(text, spans.iter().map(|&(a, b)| Span::new(a, b))).unwrap()
}

fn judged(case: &Case) -> Judged {
    let predicted = case.predicted.as_ref().map(|spans| deletions(&case.text, spans));
    Judged::of(&case.text, &deletions(&case.text, &case.deletions), predicted.as_ref()).unwrap()
}

#[test]
fn every_figure_of_the_measure_is_ours() {
    let wanted: Value = serde_json::from_str(include_str!("measure/scores.json")).unwrap();
    let mut sums = Sums::default();
    cases().iter().for_each(|case| sums.add(&Sums::of(&judged(case))));
    let found = serde_json::to_value(sums.scores()).unwrap();
    let wanted = wanted.as_object().unwrap();
    assert_eq!(wanted.len(), 12);
    for (key, wanted) in wanted {
        let (wanted, found) = (wanted.as_f64().unwrap(), found[key].as_f64().unwrap());
        assert!((wanted - found).abs() < 1e-12, "{key}: expected {wanted}, but found {found}");
    }
}

/// Positives of both, of the prediction alone, of gold alone, and what both keep: byte for byte as
/// `score.py` counts them.
fn counted(case: &Case) -> [u64; 4] {
    let inside =
        |spans: &[(usize, usize)], at: usize| spans.iter().any(|&(a, b)| a <= at && at < b);
    let predicted = case.predicted.clone().unwrap_or_default();
    let mut counts = [0; 4];
    for (at, byte) in case.text.bytes().enumerate() {
        if b" \t\r\n".contains(&byte) || (0x80..0xc0).contains(&byte) {
            continue;
        }
        let cell = match (inside(&case.deletions, at), inside(&predicted, at)) {
            (true, true) => 0,
            (false, true) => 1,
            (true, false) => 2,
            (false, false) => 3,
        };
        counts[cell] += 1;
    }
    counts
}

#[test]
fn every_document_is_counted_as_the_measure_counts_it() {
    for case in cases() {
        let found = judged(&case).characters;
        let found =
            [found.true_positive, found.false_positive, found.false_negative, found.true_negative];
        assert_eq!(found, counted(&case), "{}", case.id);
    }
}
