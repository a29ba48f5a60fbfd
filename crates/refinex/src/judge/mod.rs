//! The judge: what refiners deleted beside what is right to delete.

mod predictions;
mod row;

use crate::error::RunError;
use crate::labels::{LabelledDocument, LabelledSet};
use predictions::Predictions;
use refinex_core::{Deletions, Scores};
use refinex_eval::{Evaluation, Evaluator, Predicted, Resampling, Rewriting, Subject};
pub(crate) use row::Prediction;
use serde_json::Value;
use std::collections::HashSet;

/// How predictions are judged.
#[derive(Clone, Debug)]
pub struct Judging {
    /// How intervals and p-values are drawn.
    pub resampling: Resampling,
    /// Which documents gold and predictions may be of.
    pub coverage: Coverage,
    /// Columns of gold by which scores are broken down, where a document has them.
    pub by: Vec<String>,
    /// The key under which a prediction has a whole rewritten text.
    pub refined_key: String,
}

/// Which documents gold and predictions may be of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coverage {
    /// The same ones.
    #[default]
    Same,
    /// Others too: a document without a prediction counts as untouched, and a prediction for another
    /// document is left out.
    Partial,
    /// Others too: what is not in both is left out. Of the predictions only those for documents of
    /// gold are held in memory.
    Common,
}

/// Columns by which scores are broken down, if nothing else is said: those of our own sets and the
/// usual names of the language.
pub const USUAL_COLUMNS: [&str; 4] = ["source", "page_type", "lang", "language"];

impl Default for Judging {
    fn default() -> Self {
        Self {
            resampling: Resampling::default(),
            coverage: Coverage::Same,
            by: USUAL_COLUMNS.map(str::to_owned).to_vec(),
            refined_key: "refined".to_owned(),
        }
    }
}

/// Predictions, and what they are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contender {
    /// The name in tables.
    pub name: String,
    /// A run directory, a folder with `programs/`, or rows `{"id", "deletions"}`, `{"id",
    /// "program"}` or `{"id", "refined"}`.
    pub location: String,
}

impl Contender {
    /// The contenders of these words: `NAME=LOCATION`, or a location, which is called by its last
    /// part, or in full where two have the same.
    #[must_use]
    pub fn read(words: &[String]) -> Vec<Self> {
        let read = |word: &String| match word.split_once('=') {
            Some((name, location)) if !name.is_empty() && !name.contains('/') => {
                Self { name: name.to_owned(), location: location.to_owned() }
            }
            _ => Self { name: last_part(word).to_owned(), location: word.clone() },
        };
        let mut all: Vec<Self> = words.iter().map(read).collect();
        let names: Vec<String> = all.iter().map(|of| of.name.clone()).collect();
        for (of, word) in all.iter_mut().zip(words) {
            let again = names.iter().filter(|name| **name == of.name).count() > 1;
            if again && *word == of.location {
                of.name.clone_from(word);
            }
        }
        all
    }
}

/// The name of a file without its folders and suffixes, or the last folder.
fn last_part(location: &str) -> &str {
    let name = location.trim_end_matches('/').rsplit('/').next().unwrap_or(location);
    let stem =
        name.split_once(".jsonl").or(name.split_once(".json")).map_or(name, |(stem, _)| stem);
    if stem.is_empty() { name } else { stem }
}

/// Scores predictions against gold: a labelled set, which is a run directory or rows `{"id", "text",
/// "deletions"}` (or `program`).
///
/// # Errors
/// If something cannot be read, or gold and predictions are not of the same documents: the first
/// mismatch is named.
pub fn judge(
    gold: &str,
    contenders: &[Contender],
    judging: &Judging,
) -> Result<Evaluation, RunError> {
    let common = judging.coverage == Coverage::Common;
    let wanted = common.then(|| ids_of(gold)).transpose()?;
    let read =
        |of: &Contender| Predictions::read(&of.location, &judging.refined_key, wanted.as_ref());
    let predictions = contenders.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<String> = contenders.iter().map(|of| of.name.clone()).collect();
    let evaluator = Evaluator::new(&names);
    let mut bench = Bench { gold, judging, predictions, evaluator, unjudged: 0, absent: 0 };
    each_of_gold(gold, &mut |document| bench.take(&document))?;
    bench.finish()
}

fn each_of_gold(
    gold: &str,
    take: &mut dyn FnMut(LabelledDocument) -> Result<(), RunError>,
) -> Result<(), RunError> {
    LabelledSet::at(gold).each(&mut |row| match row {
        Ok(document) => take(document),
        Err(bad) => {
            let (shard, row, why) = (bad.shard, bad.row, bad.message);
            Err(RunError::new(format!("{gold}: {shard}, row {row}: {why}")))
        }
    })
}

fn ids_of(gold: &str) -> Result<HashSet<String>, RunError> {
    let mut ids = HashSet::new();
    each_of_gold(gold, &mut |document| {
        ids.insert(document.id);
        Ok(())
    })?;
    Ok(ids)
}

/// Predictions on one side, documents of gold coming from the other.
struct Bench<'a> {
    gold: &'a str,
    judging: &'a Judging,
    predictions: Vec<Predictions>,
    evaluator: Evaluator,
    unjudged: u64,
    absent: u64,
}

/// A prediction carried out on its text.
struct CarriedOut<'a> {
    deletions: Deletions,
    scores: Option<&'a Scores>,
    rewriting: Option<Rewriting>,
}

impl Bench<'_> {
    fn take(&mut self, document: &LabelledDocument) -> Result<(), RunError> {
        let LabelledDocument { id, text, .. } = document;
        if document.unjudged().is_some() {
            self.unjudged += 1;
            self.predictions.iter().for_each(|of| of.leave_out(id));
            return Ok(());
        }
        let coverage = self.judging.coverage;
        if coverage == Coverage::Common && !self.predictions.iter().all(|of| of.knows(id)) {
            self.absent += 1;
            return Ok(());
        }
        let mut carried_out = Vec::with_capacity(self.predictions.len());
        for predictions in &self.predictions {
            let fail = |why| RunError::new(format!("{}: {id}: {why}", predictions.location));
            let prediction = predictions.of(id, coverage).map_err(fail)?;
            let done = prediction.map(|prediction| carry_out(text, prediction)).transpose();
            carried_out.push(done.map_err(fail)?);
        }
        let predicted: Vec<Predicted<'_>> = carried_out.iter().map(predicted).collect();
        let (facts, page) = (self.facts(document), document.page());
        let subject = Subject { text, gold: &document.deletions, page, facts: &facts };
        self.evaluator.take(&subject, &predicted).map_err(|(at, misfit)| {
            let location = &self.predictions[at].location;
            RunError::new(format!("{location}: {id}: {misfit} (its text is not that of gold)"))
        })
    }

    /// What groups of documents differ in.
    fn facts(&self, document: &LabelledDocument) -> Vec<(String, String)> {
        let fact = |by: &String| match document.columns.value(by)? {
            Value::Null => None,
            Value::String(value) => Some((by.clone(), value)),
            value => Some((by.clone(), value.to_string())),
        };
        self.judging.by.iter().filter_map(fact).collect()
    }

    fn finish(self) -> Result<Evaluation, RunError> {
        for predictions in &self.predictions {
            predictions.check_used(self.gold, self.judging.coverage)?;
        }
        let mut evaluation = self.evaluator.finish(self.gold, self.judging.resampling);
        evaluation.unjudged = self.unjudged;
        evaluation.absent = self.absent;
        Ok(evaluation)
    }
}

fn carry_out<'p>(text: &str, prediction: &'p Prediction) -> Result<CarriedOut<'p>, String> {
    let (deletions, rewriting) = prediction.deletions(text)?;
    prediction.check(text, &deletions)?;
    Ok(CarriedOut { deletions, scores: prediction.scores(), rewriting })
}

fn predicted<'a>(done: &'a Option<CarriedOut<'_>>) -> Predicted<'a> {
    done.as_ref().map_or_else(Predicted::default, |done| Predicted {
        deletions: Some(&done.deletions),
        scores: done.scores,
        rewriting: done.rewriting,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contender_is_called_by_its_name_or_by_what_its_place_ends_in() {
        let words = ["ours=out/run", "runs/c4/", "a/dev.jsonl.zst", "b/dev.jsonl", "/x=y/z"];
        let found = Contender::read(&words.map(str::to_owned));
        let names: Vec<&str> = found.iter().map(|of| of.name.as_str()).collect();
        assert_eq!(names, ["ours", "c4", "a/dev.jsonl.zst", "b/dev.jsonl", "z"]);
        assert_eq!(found[0].location, "out/run");
    }
}
