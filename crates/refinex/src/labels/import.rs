//! Taking over labels that others made, into a run directory.

use super::columns::Columns;
use super::dolma::Attribute;
use super::output::{LabelledOutput, Written};
use super::set::{Label, LabelError, LabelledSet, Labels, each_of_shard};
use crate::error::RunError;
use crate::plan::Plan;
use crate::settings::Settings;
use refinex_rules::prox;
use serde::Serialize;
use serde_json::{Value, json};
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
    let mut read = inputs.to_vec();
    if let Source::Dolma(attribute) = source {
        read.push(attribute.folder.clone());
    }
    let mut writing = LabelledOutput::begin(output, "labels import", inputs, &read, &choices)?;
    let mut report = ImportReport::default();
    if writing.is_done() {
        report.written = writing.finish(threads)?;
        return Ok(report);
    }
    match source {
        Source::Prox { program } => {
            for shard in Plan::of(inputs, settings, output)?.shards {
                let mut labels = ProxLabels { key: program, refused: &mut report.refused };
                each_of_shard(&shard, settings, &mut labels, &mut |row| writing.take(&row))?;
            }
        }
        Source::Rows => each_of_sets(inputs, settings, None, &mut writing)?,
        Source::Dolma(found) => each_of_sets(inputs, settings, Some(found), &mut writing)?,
    }
    report.written = writing.finish(threads)?;
    Ok(report)
}

fn each_of_sets(
    inputs: &[String],
    settings: &Settings,
    attribute: Option<&Attribute>,
    writing: &mut LabelledOutput<'_>,
) -> Result<(), RunError> {
    for input in inputs {
        let (location, settings) = (input.clone(), settings.clone());
        let set = LabelledSet { location, settings, attribute: attribute.cloned() };
        set.each(&mut |row| writing.take(&row))?;
    }
    Ok(())
}

/// Programs of ProX in the rows.
struct ProxLabels<'a> {
    key: &'a str,
    refused: &'a mut BTreeMap<String, u64>,
}

impl Labels for ProxLabels<'_> {
    fn next(&mut self, _: &str, text: &str, row: &Columns) -> Result<Label, LabelError> {
        let mut keys = self.key.split('.');
        let first = keys.next().and_then(|key| row.value(key)).unwrap_or_default();
        let found = keys.try_fold(&first, |value, key| value.get(key));
        let Some(Value::String(program)) = found else {
            let why = format!("expected a program at {}, but found none", self.key);
            return Err(LabelError::Row("no_label", why));
        };
        let taken = prox::read(program, text);
        let mut label = Label::plain(text, taken.deletions);
        for refused in taken.refused {
            *self.refused.entry(refused.reason.to_owned()).or_default() += 1;
            label.row.refused.push(json!(refused));
        }
        Ok(label)
    }
}
