//! The judge: what a run deleted beside what is right to delete.

use crate::error::RunError;
use refinex_corpus::{JsonReader, RunDirectory, Store};
use refinex_eval::{DeletionScores, Judgement};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// A row with gold deletions, in bytes.
#[derive(Deserialize)]
struct Gold {
    id: String,
    text: String,
    deletions: Vec<Span>,
}

/// A row with predicted deletions, such as a row of a sidecar.
#[derive(Deserialize)]
struct Predicted {
    id: String,
    deletions: Vec<Span>,
}

/// `[start, end]` or `[start, end, score]`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Span {
    Bare((usize, usize)),
    Scored((usize, usize, Option<f64>)),
}

impl Span {
    const fn edges(&self) -> (usize, usize) {
        match *self {
            Self::Bare(edges) => edges,
            Self::Scored((start, end, _)) => (start, end),
        }
    }
}

/// Scores predicted deletions (a run directory, or JSONL rows `{"id", "deletions"}`) against gold
/// (JSONL rows `{"id", "text", "deletions"}`). Documents without a prediction count as untouched.
///
/// # Errors
/// If either cannot be read, or a span does not lie in its text.
pub fn judge(gold: &str, predicted: &str) -> Result<DeletionScores, RunError> {
    let predicted = predictions(predicted)?;
    let (store, path) = place_of(gold)?;
    let mut judgement = Judgement::default();
    for row in rows::<Gold>(&store, &path)? {
        let Gold { id, text, deletions } = row.map_err(said)?;
        let gold: Vec<_> = deletions.iter().map(Span::edges).collect();
        let spans = predicted.get(&id).map(Vec::as_slice);
        judgement
            .take(&text, &gold, spans)
            .map_err(|error| RunError::new(format!("{id}: {error}")))?;
    }
    Ok(judgement.scores())
}

type Spans = Vec<(usize, usize)>;

fn predictions(location: &str) -> Result<HashMap<String, Spans>, RunError> {
    let run = RunDirectory::open(location)?;
    let is_run = run.store().exists(RunDirectory::RUN).unwrap_or(false);
    let (store, paths) = if is_run {
        let listed = run.store().list("programs")?;
        (run.store().clone(), listed.into_iter().map(|object| object.path).collect())
    } else {
        let (store, path) = place_of(location)?;
        (store, vec![path])
    };
    let mut found = HashMap::new();
    for path in paths {
        for row in rows::<Predicted>(&store, &path)? {
            let row = row.map_err(said)?;
            found.insert(row.id, row.deletions.iter().map(Span::edges).collect());
        }
    }
    Ok(found)
}

fn rows<T: DeserializeOwned>(store: &Store, path: &str) -> Result<JsonReader<T>, RunError> {
    JsonReader::open(store, path).map_err(said)
}

/// The folder of a file and its name there.
fn place_of(location: &str) -> Result<(Store, String), RunError> {
    let (folder, file) = match location.rsplit_once('/') {
        Some(("", file)) => ("/", file),
        Some((folder, file)) => (folder, file),
        None => ("", location),
    };
    Ok((Store::open(folder)?, file.to_owned()))
}

fn said(error: impl std::fmt::Display) -> RunError {
    RunError::new(error.to_string())
}
