//! Reading labelled documents and training a tagger on them.

use crate::error::RunError;
use crate::tagger::read_weights;
use crate::training_folder::TrainingFolder;
use refinex_corpus::{JsonReader, Store};
use refinex_model::train::{
    Base, Data, Hint, LABELLINGS, Label, LabelledDocument, Metric, Recipe, Rounding, Set, clip,
    joined_weights_file, weights_file,
};
use refinex_model::{ModelError, Tagger};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

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
    /// The share of the expert's pages that is held back, to say when to stop.
    pub held_out: f32,
    /// Weights files whose networks for lines are taken over as they are: only the one for pieces
    /// inside lines is trained.
    pub lines_of: Vec<String>,
    /// A folder with an encoder to start from: `model.safetensors` and `vocab.txt` of a BERT.
    pub encoder: Option<EncoderBase>,
}

/// Which encoder to start from, and how much of it.
#[derive(Clone, Debug)]
pub struct EncoderBase {
    /// The folder.
    pub folder: String,
    /// Its first layers.
    pub layers: usize,
    /// Pieces of its vocabulary: those that are most common in the texts of training.
    pub pieces: usize,
}

impl EncoderBase {
    /// Reads the encoder and keeps of its vocabulary what `data` needs most.
    fn read(&self, data: &Data) -> Result<Base, RunError> {
        let read = |name: &str| {
            let path = std::path::Path::new(&self.folder).join(name);
            std::fs::read(&path).map_err(|error| {
                RunError::new(format!(
                    "expected an encoder's {}, but found: {error}",
                    path.display()
                ))
            })
        };
        let (model, vocabulary) = (read("model.safetensors")?, read("vocab.txt")?);
        let vocabulary = String::from_utf8(vocabulary)
            .map_err(|_| RunError::new("expected a vocabulary in UTF-8, but found other bytes"))?;
        let base = |kept| {
            Base::from_bert(&model, &vocabulary, kept)
                .map_err(|error| RunError::new(format!("{}: {error}", self.folder)))
        };
        let whole = base(None)?;
        let mut counts = Vec::new();
        for set in data.expert.iter().chain(&data.human).chain(&data.plain) {
            set.documents.iter().for_each(|document| whole.count(&document.text, &mut counts));
        }
        let mut pieces: Vec<(u32, &str)> = counts.into_iter().zip(whole.pieces()).collect();
        pieces.sort_unstable_by(|a, b| b.cmp(a));
        let kept = pieces.into_iter().take(self.pieces).map(|(_, piece)| piece.to_owned());
        Ok(base(Some(&kept.collect()))?.with_layers(self.layers))
    }
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

/// Trains a tagger in a folder, or goes on with it, and returns its weights file.
///
/// # Errors
/// If a set cannot be read, a label does not fit its text, or the folder holds another training.
pub fn train_tagger(
    data: &TrainingData,
    recipe: &Recipe,
    (folder, command): (&Path, &[String]),
    progress: &mut dyn FnMut(&str, Metric),
) -> Result<Vec<u8>, RunError> {
    let config = data.config(recipe)?;
    let mut folder = TrainingFolder::open(folder, &config, command, progress)?;
    if let Some(weights) = folder.weights() {
        return Ok(weights);
    }
    let mut sets = data.read(&|_| false)?.0;
    data.read_base(&mut sets)?;
    let file = if data.lines_of.is_empty() {
        train_all(&sets, recipe, &mut folder)
    } else {
        let files: Vec<Vec<u8>> = data.weights_of_lines()?;
        let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
        let pieces = recipe.train_pieces(&sets, &mut folder);
        pieces.and_then(|p| joined_weights_file(&files, p.as_ref(), recipe.settings.points))
    };
    let file = file.map_err(|error| RunError::new(error.to_string()))?;
    folder.finish(&file)?;
    Ok(file)
}

fn train_all(
    data: &Data,
    recipe: &Recipe,
    folder: &mut TrainingFolder<'_>,
) -> Result<Vec<u8>, ModelError> {
    let models = recipe.train(data, folder)?;
    let pieces = recipe.train_pieces(data, folder)?;
    let points = recipe.settings.points;
    let file = weights_file(&models, pieces.as_ref(), points)?;
    if !data.held.is_empty() {
        let tagger = Tagger::from_bytes(&file)?;
        folder.rounding(Rounding::of(&models, &tagger, &data.held, points.balanced));
    }
    Ok(file)
}

/// An expert's document that was kept back: its id, and what it is.
pub type Held = (String, LabelledDocument);

impl TrainingData {
    /// What decides the weights: the recipe, and the data with a fingerprint of each file.
    fn config(&self, recipe: &Recipe) -> Result<Value, RunError> {
        let fingerprints = |paths: &[String]| -> Result<Vec<Value>, RunError> {
            paths.iter().map(|path| Ok(json!([path, fingerprint(path)?]))).collect()
        };
        let encoder = self.encoder.as_ref().map(|base| {
            let model = format!("{}/model.safetensors", base.folder);
            Ok::<_, RunError>(json!({
                "model": [model, fingerprint(&model)?],
                "layers": base.layers, "pieces": base.pieces,
            }))
        });
        let of_lines = self.lines_of.iter().zip(self.weights_of_lines()?);
        let of_lines: Vec<Value> =
            of_lines.map(|(path, weights)| json!([path, fingerprint_of(&weights)])).collect();
        Ok(json!({
            "recipe": format!("{recipe:?}"),
            "expert": fingerprints(&self.expert)?,
            "careful": fingerprints(&self.careful)?,
            "human": fingerprints(&self.human)?,
            "plain": fingerprints(&self.plain)?,
            "without": self.without.as_deref().map(fingerprint).transpose()?,
            "care": self.care,
            "plain_most": self.plain_most,
            "held_out": self.held_out,
            "lines_of": of_lines,
            "encoder": encoder.transpose()?,
        }))
    }

    /// The weights files whose networks for lines are taken over.
    fn weights_of_lines(&self) -> Result<Vec<Vec<u8>>, RunError> {
        self.lines_of.iter().map(|path| read_weights(Path::new(path))).collect()
    }

    /// Reads the encoder to start from, if there is one.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read_base(&self, data: &mut Data) -> Result<(), RunError> {
        data.base = self.encoder.as_ref().map(|encoder| encoder.read(data)).transpose()?;
        Ok(())
    }

    /// Whether a page is held back: no excerpt of it is learnt from, under whatever labels.
    fn holds_back(&self, id: &str) -> bool {
        share_of(page(id)) < self.held_out
    }

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
                if !without.contains(page(&id)) && !held(&id) && !self.holds_back(&id) {
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
                    let to = if self.holds_back(&id) { &mut data.held } else { &mut documents };
                    to.push(document);
                }
            }
            data.expert.push(set(path, 0, care, documents));
        }
        for path in &self.plain {
            let rows = read_labelled(path)?.into_iter().filter(|(id, document)| {
                let left_out = without.contains(page(id)) || held(id) || self.holds_back(id);
                !left_out && document.text.len() < PLAIN_BYTES
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
    let most_lines = Set::MOST_LINES;
    Set { name: path.to_owned(), labelling, weight: 1.0, care, most_lines, documents }
}

/// The page that an excerpt was cut from: its id before the `#`.
pub(crate) fn page(id: &str) -> &str {
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

/// The fingerprint of a file, 16 hexadecimal digits.
pub(crate) fn fingerprint(path: &str) -> Result<String, RunError> {
    Ok(fingerprint_of(&read_file(path)?))
}

fn fingerprint_of(bytes: &[u8]) -> String {
    format!("{:016x}", xxh3_64(bytes))
}

fn read_file(path: impl AsRef<Path>) -> Result<Vec<u8>, RunError> {
    let path = path.as_ref();
    std::fs::read(path).map_err(|error| {
        RunError::new(format!("expected a file at {}, but found: {error}", path.display()))
    })
}

/// Where a text falls between 0 and 1, by its own hash.
pub(crate) fn share_of(text: &str) -> f32 {
    (xxh3_64(text.as_bytes()) >> 40) as f32 / (1u64 << 24) as f32
}

pub(crate) fn pages_to_leave_out(path: Option<&str>) -> Result<HashSet<String>, RunError> {
    let Some(path) = path else { return Ok(HashSet::new()) };
    let ids = std::fs::read_to_string(path)
        .map_err(|error| RunError::new(format!("expected ids at {path}, but found: {error}")))?;
    Ok(ids.lines().map(|id| page(id.trim()).to_owned()).collect())
}

pub(crate) fn read_labelled(path: &str) -> Result<Vec<Held>, RunError> {
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
