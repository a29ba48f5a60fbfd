//! Reading labelled documents and training a tagger on them.

use crate::error::RunError;
use refinex_corpus::{JsonReader, Store};
use refinex_model::train::{LabelledDocument, Metric, Set, Settings, train};
use serde::Deserialize;
use std::collections::HashSet;

/// What to train on.
#[derive(Clone, Debug, Default)]
pub struct TrainingData {
    /// JSONL files `{"id", "text", "deletions"}` with the labels that are the target.
    pub expert: Vec<String>,
    /// The same with labels of other kinds; each file is a labelling of its own.
    pub human: Vec<String>,
    /// A file of page ids, one a line, that are left out.
    pub without: Option<String>,
}

/// A row of a labelled set; deletions are `[start, end, …]` in bytes.
#[derive(Deserialize)]
struct LabelledRow {
    id: String,
    text: String,
    deletions: Vec<Vec<Option<f64>>>,
}

/// Trains a tagger of `members` networks, one a seed, and returns its weights file.
///
/// # Errors
/// If a set cannot be read, or a label does not fit its text.
pub fn train_tagger(
    data: &TrainingData,
    members: u64,
    settings: &Settings,
    progress: &mut dyn FnMut(u64, Metric),
) -> Result<Vec<u8>, RunError> {
    let without = pages_to_leave_out(data.without.as_deref())?;
    let mut sets = Vec::new();
    for (paths, expert) in [(&data.expert, true), (&data.human, false)] {
        for path in paths {
            sets.push(Set { name: path.clone(), expert, documents: read_set(path, &without)? });
        }
    }
    if sets.iter().all(|set| set.documents.is_empty()) {
        return Err(RunError::new("expected labelled documents, but found none"));
    }
    let mut weights = Vec::new();
    for member in 0..members.max(1) {
        let settings = Settings { seed: settings.seed + member, ..settings.clone() };
        let model = train(&sets, &settings, &mut |metric| progress(member + 1, metric));
        weights.extend(model.to_bytes());
    }
    Ok(weights)
}

/// The page that an excerpt was cut from: its id before the `#`.
fn page(id: &str) -> &str {
    id.split('#').next().unwrap_or(id)
}

fn pages_to_leave_out(path: Option<&str>) -> Result<HashSet<String>, RunError> {
    let Some(path) = path else { return Ok(HashSet::new()) };
    let ids = std::fs::read_to_string(path)
        .map_err(|error| RunError::new(format!("expected ids at {path}, but found: {error}")))?;
    Ok(ids.lines().map(|id| page(id.trim()).to_owned()).collect())
}

fn read_set(path: &str, without: &HashSet<String>) -> Result<Vec<LabelledDocument>, RunError> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = if path.starts_with('/') && folder.is_empty() { "/" } else { folder };
    let rows = JsonReader::<LabelledRow>::open(&Store::open(folder)?, file)
        .map_err(|error| RunError::new(error.to_string()))?;
    let mut documents = Vec::new();
    for row in rows {
        let row = row.map_err(|error| RunError::new(error.to_string()))?;
        if !without.contains(page(&row.id)) {
            documents.push(labelled(row, path)?);
        }
    }
    Ok(documents)
}

fn labelled(row: LabelledRow, path: &str) -> Result<LabelledDocument, RunError> {
    let mut deletions = Vec::with_capacity(row.deletions.len());
    for span in &row.deletions {
        let edge = |at: usize| span.get(at).copied().flatten().map(|edge| edge as usize);
        match (edge(0), edge(1)) {
            (Some(start), Some(end)) if row.text.get(start..end).is_some() => {
                deletions.push((start, end));
            }
            _ => {
                return Err(RunError::new(format!(
                    "{path}, {}: expected [start, end] on characters of a text of {} bytes, but \
                     found {span:?}",
                    row.id,
                    row.text.len()
                )));
            }
        }
    }
    Ok(LabelledDocument { text: row.text, deletions })
}
