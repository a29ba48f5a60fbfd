//! What a labelled set is like.

use super::set::LabelledSet;
use crate::error::RunError;
use refinex_core::{DistillTally, ProgramStatistics, Verdict, describe};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a labelled set is like.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SetStatistics {
    /// Documents.
    pub documents: u64,
    /// Documents from which nothing is deleted.
    pub keep_all: u64,
    /// Documents of which nothing is left.
    pub emptied: u64,
    /// Documents by the column `source`, where they have one.
    pub sources: BTreeMap<String, u64>,
    /// Documents by the share of their characters that goes, in tenths: 0 is none, 1 up to a
    /// tenth, and so on to 10.
    pub by_deleted_tenth: [u64; 11],
    /// Documents of which the model said nothing, by reason; they are in no count below.
    pub unrefined: BTreeMap<String, u64>,
    /// Rows that are no labelled document, by reason.
    pub bad_rows: BTreeMap<String, u64>,
    /// Counts of the programs; of distilled pairs verdicts, residue and drop reasons too.
    pub counts: DistillTally,
    /// What the programs are like.
    pub programs: Option<ProgramStatistics>,
}

/// Reads a set and says what it is like.
///
/// # Errors
/// If it cannot be read.
pub fn statistics(set: &LabelledSet) -> Result<SetStatistics, RunError> {
    let mut all = SetStatistics::default();
    set.each(&mut |row| {
        let document = match row {
            Ok(document) => document,
            Err(bad) => {
                *all.bad_rows.entry(bad.reason).or_default() += 1;
                return Ok(());
            }
        };
        all.documents += 1;
        if let Some(Value::String(source)) = document.columns.value("source") {
            *all.sources.entry(source).or_default() += 1;
        }
        if let Some(unrefined) = &document.label.unrefined {
            *all.unrefined.entry(unrefined.reason.clone()).or_default() += 1;
            return Ok(());
        }
        count_verdict(&mut all.counts, document.label.distilled.as_ref());
        if document.unjudged().is_some() {
            return Ok(());
        }
        let (text, deletions) = (&document.text, &document.deletions);
        let gone: usize = deletions.spans().iter().map(|span| visible(span.of(text))).sum();
        let whole = visible(text);
        all.keep_all += u64::from(deletions.is_empty());
        all.emptied += u64::from(whole > 0 && gone == whole);
        let tenth = if gone == 0 { 0 } else { (gone * 10).div_ceil(whole.max(1)).clamp(1, 10) };
        all.by_deleted_tenth[tenth] += 1;
        all.counts.count_example(text, deletions, &describe(text, deletions));
        Ok(())
    })?;
    all.programs = Some(all.counts.statistics());
    Ok(all)
}

/// Characters that are not white space.
fn visible(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// Counts what a sidecar says of a distilled pair, or a whole example.
fn count_verdict(counts: &mut DistillTally, distilled: Option<&Value>) {
    let Some(distilled) = distilled else { return counts.count_verdict(&Verdict::Whole) };
    let verdict = distilled["verdict"].as_str().unwrap_or("whole").to_owned();
    *counts.verdicts.entry(verdict).or_default() += 1;
    if let Some(reason) = distilled["drop_reason"].as_str() {
        *counts.dropped_by_reason.entry(reason.to_owned()).or_default() += 1;
    }
    counts.pure_deletions += u64::from(distilled["pure_deletion"].as_bool().unwrap_or(false));
    for item in distilled["residue"].as_array().into_iter().flatten() {
        let kind = item["kind"].as_str().unwrap_or("unknown").to_owned();
        let characters = item["characters"][1].as_u64().unwrap_or(0);
        *counts.residue_characters.entry(kind.clone()).or_default() += characters;
        *counts.residue.entry(kind).or_default() += 1;
    }
}
