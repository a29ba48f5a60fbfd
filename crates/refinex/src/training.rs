//! Reading labelled documents and training a tagger on them.

use crate::error::RunError;
use refinex_corpus::{JsonReader, Store};
use refinex_model::train::{
    Data, Hint, LABELLINGS, Label, LabelledDocument, Metric, Recipe, Set, clip,
};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// What to train on: files of JSONL rows `{"id", "text", "deletions"}`.
#[derive(Clone, Debug, Default)]
pub struct TrainingData {
    /// With the labels that are the target.
    pub expert: Vec<String>,
    /// The same for text that was cleaned already, such as pre-training corpora: the lines that
    /// stay count [`care`](Self::care) times.
    pub careful: Vec<String>,
    /// With labels of other kinds; each file is a labelling of its own, but all beyond
    /// [`LABELLINGS`], which share the last.
    pub human: Vec<String>,
    /// Without labels: teachers give them.
    pub plain: Vec<String>,
    /// A file of page ids, one a line, that are left out.
    pub without: Option<String>,
    /// How much more the lines that stay count in careful sets.
    pub care: f32,
    /// Most documents of one plain file.
    pub plain_most: usize,
}

/// Longest document without labels that is read, in bytes (guess: a labelled excerpt is some
/// thousand; whole books teach little).
const PLAIN_BYTES: usize = 60_000;

/// A row of a labelled set; deletions are `[start, end, …]` in bytes.
#[derive(Deserialize)]
struct LabelledRow {
    id: String,
    text: String,
    #[serde(default)]
    deletions: Vec<Vec<Option<f64>>>,
}

/// Trains a tagger and returns its weights file.
///
/// # Errors
/// If a set cannot be read, or a label does not fit its text.
pub fn train_tagger(
    data: &TrainingData,
    recipe: &Recipe,
    progress: &mut dyn FnMut(&str, Metric),
) -> Result<Vec<u8>, RunError> {
    let sets = data.read(&|_| false)?.0;
    let models = recipe.train(&sets, progress);
    Ok(models.iter().flat_map(refinex_model::train::TrainedModel::to_bytes).collect())
}

/// An expert's document that was kept back: its id, and what it is.
pub type Held = (String, LabelledDocument);

impl TrainingData {
    /// Reads all sets; the pages of which `held` is true are left out, and the expert's among them
    /// returned.
    ///
    /// # Errors
    /// If a set cannot be read, or a label does not fit its text, or there is nothing to learn from.
    pub fn read(&self, held: &dyn Fn(&str) -> bool) -> Result<(Data, Vec<Held>), RunError> {
        let without = pages_to_leave_out(self.without.as_deref())?;
        let mut pages = Pages::default();
        let (mut data, mut back) = (Data::default(), Vec::new());
        for (at, path) in self.human.iter().enumerate() {
            let labelling = (at + 1).min(LABELLINGS);
            let mut documents = Vec::new();
            for (id, document) in read_labelled(path)? {
                pages.add(&id, labelling, &document);
                if !without.contains(page(&id)) && !held(&id) {
                    documents.push(document);
                }
            }
            data.human.push(set(path, labelling, 1.0, documents));
        }
        let careful = self.careful.iter().map(|path| (path, self.care));
        for (path, care) in self.expert.iter().map(|path| (path, 1.0)).chain(careful) {
            let mut documents = Vec::new();
            for (id, mut document) in read_labelled(path)? {
                document.hint = pages.hint(&id, &document.text);
                if held(&id) {
                    back.push((id, document));
                } else if !without.contains(page(&id)) {
                    documents.push(document);
                }
            }
            data.expert.push(set(path, 0, care, documents));
        }
        for path in &self.plain {
            let rows = read_labelled(path)?.into_iter().filter(|(id, document)| {
                !without.contains(page(id)) && !held(id) && document.text.len() < PLAIN_BYTES
            });
            let documents = rows.take(self.plain_most).map(|(_, document)| document).collect();
            data.plain.push(set(path, 0, 1.0, documents));
        }
        if data.expert.iter().all(|set| set.documents.is_empty()) {
            return Err(RunError::new("expected labelled documents, but found none"));
        }
        Ok((data, back))
    }
}

fn set(path: &str, labelling: usize, care: f32, documents: Vec<LabelledDocument>) -> Set {
    Set { name: path.to_owned(), labelling, weight: 1.0, care, documents }
}

/// The page that an excerpt was cut from: its id before the `#`.
fn page(id: &str) -> &str {
    id.split('#').next().unwrap_or(id)
}

/// Whole pages with labels of another kind, by id.
#[derive(Default)]
struct Pages(HashMap<String, (usize, LabelledDocument)>);

impl Pages {
    fn add(&mut self, id: &str, labelling: usize, document: &LabelledDocument) {
        self.0.insert(page(id).to_owned(), (labelling, document.clone()));
    }

    /// What the labels of a whole page say of an excerpt of it, whose id is `page#first-end` with
    /// lines from 0; none where the excerpt is not what stands there.
    fn hint(&self, id: &str, excerpt: &str) -> Option<Hint> {
        let (labelling, whole) = self.0.get(page(id))?;
        let first: usize = id.split('#').nth(1)?.split('-').next()?.parse().ok()?;
        let start: usize = whole.text.split_inclusive('\n').take(first).map(str::len).sum();
        let excerpt = excerpt.trim_end_matches('\n');
        if whole.text.get(start..start + excerpt.len())? != excerpt {
            return None;
        }
        let Label::Spans(spans) = &whole.label else { return None };
        let deletions = clip(spans, start, start + excerpt.len());
        Some(Hint { labelling: *labelling, deletions })
    }
}

fn pages_to_leave_out(path: Option<&str>) -> Result<HashSet<String>, RunError> {
    let Some(path) = path else { return Ok(HashSet::new()) };
    let ids = std::fs::read_to_string(path)
        .map_err(|error| RunError::new(format!("expected ids at {path}, but found: {error}")))?;
    Ok(ids.lines().map(|id| page(id.trim()).to_owned()).collect())
}

fn read_labelled(path: &str) -> Result<Vec<Held>, RunError> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = if path.starts_with('/') && folder.is_empty() { "/" } else { folder };
    let rows = JsonReader::<LabelledRow>::open(&Store::open(folder)?, file)
        .map_err(|error| RunError::new(error.to_string()))?;
    let mut documents = Vec::new();
    for row in rows {
        let row: LabelledRow = row.map_err(|error| RunError::new(error.to_string()))?;
        documents.push((row.id.clone(), labelled(row, path)?));
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
    Ok(LabelledDocument { text: row.text, label: Label::Spans(deletions), hint: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_hinted_by_the_labels_of_its_page_or_not_at_all() {
        let whole = LabelledDocument {
            text: "menu\nstory\nfooter\n".to_owned(),
            label: Label::Spans(vec![(0, 5), (11, 17)]),
            hint: None,
        };
        let mut pages = Pages::default();
        pages.add("set:7", 3, &whole);
        let hint = pages.hint("set:7#1-3", "story\nfooter\n").unwrap();
        assert_eq!((hint.labelling, hint.deletions), (3, vec![(6, 12)]));
        assert!(pages.hint("set:7#1-3", "another\nfooter").is_none());
        assert!(pages.hint("set:8#1-3", "story\nfooter").is_none());
    }

    #[test]
    fn human_sets_beyond_what_a_network_tells_apart_share_the_last_labelling() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.jsonl");
        std::fs::write(&path, r#"{"id":"a","text":"menu\nstory","deletions":[[0,5]]}"#).unwrap();
        let path = path.to_str().unwrap().to_owned();
        let expert = vec![path.clone()];
        let data = TrainingData { expert, human: vec![path; 14], ..TrainingData::default() };
        let (sets, _) = data.read(&|_| false).unwrap();
        let labellings: Vec<usize> = sets.human.iter().map(|set| set.labelling).collect();
        assert_eq!(labellings[10..], [LABELLINGS; 4]);
        assert_eq!(labellings[..3], [1, 2, 3]);
    }
}
