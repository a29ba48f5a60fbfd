//! The documents of a benchmark, and the shares that refiners read in turn.

use crate::error::RunError;
use crate::judge::USUAL_COLUMNS;
use crate::labels::{LabelledDocument, LabelledSet};
use refinex_core::{Deletions, Measure};
use serde_json::json;

/// A document of a benchmark.
pub(crate) struct Subject {
    pub(crate) id: String,
    pub(crate) page: String,
    pub(crate) text: String,
    pub(crate) gold: Option<Deletions>,
    pub(crate) facts: Vec<(String, String)>,
}

/// Some of the documents, as they are sent.
pub(crate) struct Share {
    /// Places of its documents.
    pub(crate) documents: Vec<usize>,
    /// Its rows `{"id", "text"}`; ids are places, so that each is there once.
    pub(crate) rows: Vec<u8>,
    pub(crate) bytes: u64,
    pub(crate) tokens: u64,
}

/// Reads the documents of a corpus, at most so many, evenly over it. Blank ones are left out: there
/// is nothing to refine.
pub(crate) fn read(location: &str, most: Option<usize>) -> Result<Vec<Subject>, RunError> {
    let mut all = Vec::new();
    LabelledSet::at(location).each_labelled_or_not(&mut |row| match row {
        Ok(document) => {
            all.extend((!document.text.trim().is_empty()).then(|| subject(document)));
            Ok(())
        }
        Err(bad) => {
            let (shard, row, why) = (bad.shard, bad.row, bad.message);
            Err(RunError::new(format!("{location}: {shard}, row {row}: {why}")))
        }
    })?;
    if all.is_empty() {
        return Err(RunError::new(format!("expected documents in {location}, but found none")));
    }
    Ok(evenly(all, most))
}

fn subject(document: LabelledDocument) -> Subject {
    let fact = |by: &str| match document.columns.value(by)? {
        serde_json::Value::String(value) => Some((by.to_owned(), value)),
        _ => None,
    };
    let facts = USUAL_COLUMNS.iter().filter_map(|by| fact(by)).collect();
    let page = document.page().to_owned();
    let judged = document.unjudged().is_none();
    let LabelledDocument { id, text, deletions, .. } = document;
    Subject { id, page, text, gold: judged.then_some(deletions), facts }
}

fn evenly(all: Vec<Subject>, most: Option<usize>) -> Vec<Subject> {
    let (count, most) = (all.len(), most.unwrap_or(usize::MAX).min(all.len()));
    let chosen = |at: usize| at * most / count != (at + 1) * most / count;
    all.into_iter().enumerate().filter(|(at, _)| chosen(*at)).map(|(_, of)| of).collect()
}

/// Deals documents out in turn, so that shares are alike.
pub(crate) fn deal(subjects: &[Subject], rounds: usize, measure: &dyn Measure) -> Vec<Share> {
    let rounds = rounds.clamp(1, subjects.len().max(1));
    let share = |round: usize| {
        let documents: Vec<usize> = (round..subjects.len()).step_by(rounds).collect();
        let texts = || documents.iter().map(|&at| &subjects[at].text);
        Share {
            rows: rows(subjects, &documents),
            bytes: texts().map(|text| text.len() as u64).sum(),
            tokens: texts().map(|text| measure.measure(text) as u64).sum(),
            documents,
        }
    };
    (0..rounds).map(share).collect()
}

/// Documents as rows.
pub(crate) fn rows(subjects: &[Subject], documents: &[usize]) -> Vec<u8> {
    let mut rows = Vec::new();
    for &at in documents {
        let row = json!({"id": at.to_string(), "text": subjects[at].text});
        rows.extend_from_slice(row.to_string().as_bytes());
        rows.push(b'\n');
    }
    rows
}

/// Tokens as a quarter of the characters (a usual rule of thumb for English).
pub(crate) struct Quarter;

impl Measure for Quarter {
    fn measure(&self, text: &str) -> usize {
        text.chars().count().div_ceil(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subjects(count: usize) -> Vec<Subject> {
        let subject = |at: usize| Subject {
            id: at.to_string(),
            page: at.to_string(),
            text: "é".repeat(at + 1),
            gold: None,
            facts: Vec::new(),
        };
        (0..count).map(subject).collect()
    }

    #[test]
    fn every_document_is_in_one_share() {
        let subjects = subjects(11);
        let shares = deal(&subjects, 3, &Quarter);
        let mut seen: Vec<usize> = shares.iter().flat_map(|of| of.documents.clone()).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..11).collect::<Vec<_>>());
        assert_eq!(shares.iter().map(|of| of.bytes).sum::<u64>(), 2 * 66);
        assert_eq!(
            shares[0].tokens,
            [1, 4, 7, 10].iter().map(|n: &u64| n.div_ceil(4)).sum::<u64>()
        );
        assert_eq!(shares[2].rows.split(|byte| *byte == b'\n').count(), 4);
        assert_eq!(deal(&subjects, 99, &Quarter).len(), 11);
    }

    #[test]
    fn a_part_of_the_documents_is_taken_evenly() {
        let ids = |most| evenly(subjects(10), most).into_iter().map(|of| of.id).collect::<Vec<_>>();
        assert_eq!(ids(Some(3)), ["3", "6", "9"]);
        assert_eq!((ids(None).len(), ids(Some(99)).len(), ids(Some(0)).len()), (10, 10, 0));
    }
}
