//! Taking over labels that others made, into a run directory.

use super::dolma::{Attribute, AttributeLabels};
use super::output::{LabelledOutput, Written};
use super::prox;
use super::set::{Label, LabelError, Labelled, LabelledSet, Labels, each_of_shard};
use crate::error::RunError;
use crate::plan::Plan;
use crate::settings::Settings;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Where the labels are.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// In the rows: `deletions` in bytes, or `program` in the edit language.
    Rows,
    /// In the rows: a program of ProX at this key, which may be joined by dots.
    Prox {
        /// The key.
        program: String,
    },
    /// In Dolma's attributes beside the documents.
    Dolma(Attribute),
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// What was written.
    pub written: Written,
    /// Calls that were not taken over, by reason; the documents keep what these would delete.
    pub refused: BTreeMap<String, u64>,
}

/// Imports labelled documents to the run directory `output`.
///
/// # Errors
/// If the inputs cannot be read, the labels do not belong to them, or the output cannot be written.
pub fn import(
    inputs: &[String],
    source: &Source,
    settings: &Settings,
    output: &str,
    threads: usize,
) -> Result<ImportReport, RunError> {
    let choices =
        json!({"from": format!("{source:?}"), "text": settings.text_key, "id": settings.id_key});
    let mut writing = LabelledOutput::begin(output, "labels import", inputs, &choices)?;
    let mut report = ImportReport::default();
    if writing.is_done() {
        report.written = writing.finish(threads)?;
        return Ok(report);
    }
    if *source == Source::Rows {
        for input in inputs {
            let set = LabelledSet { location: input.clone(), settings: settings.clone() };
            set.each(&mut |row| writing.take(&row))?;
        }
    } else {
        for shard in Plan::of(inputs, settings, output)?.shards {
            let mut take = |row: Labelled| writing.take(&row);
            match source {
                Source::Prox { program } => {
                    let mut labels = ProxLabels { key: program, refused: &mut report.refused };
                    each_of_shard(&shard, settings, &mut labels, &mut take)?;
                }
                Source::Dolma(attribute) => {
                    let mut labels = AttributeLabels::open(attribute, &shard)?;
                    each_of_shard(&shard, settings, &mut labels, &mut take)?;
                }
                Source::Rows => {}
            }
        }
    }
    report.written = writing.finish(threads)?;
    Ok(report)
}

/// Programs of ProX in the rows.
struct ProxLabels<'a> {
    key: &'a str,
    refused: &'a mut BTreeMap<String, u64>,
}

impl Labels for ProxLabels<'_> {
    fn next(&mut self, _: &str, text: &str, row: &Map<String, Value>) -> Result<Label, LabelError> {
        let mut keys = self.key.split('.');
        let first = keys.next().and_then(|key| row.get(key));
        let found = keys.try_fold(first.unwrap_or(&Value::Null), |value, key| value.get(key));
        let Some(Value::String(program)) = found else {
            let why = format!("expected a program at {}, but found none", self.key);
            return Err(LabelError::Row("no_label", why));
        };
        let taken = prox::read(program, text);
        for (reason, _) in &taken.refused {
            *self.refused.entry((*reason).to_owned()).or_default() += 1;
        }
        Ok(Label { deletions: taken.deletions, distilled: None })
    }
}
