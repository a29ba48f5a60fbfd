//! Quality before and after a run, by scorers; and how well each ranks documents by their noise.

use crate::error::RunError;
use crate::labels::LabelledSet;
use crate::pairs::{Pair, pairs_of_shard};
use crate::run_file::RunFile;
use refinex_core::{Course, Deletions, Outcome, RefineError, Scorer, Tally, execute};
use refinex_corpus::RunDirectory;
use refinex_eval::{
    After, Counts, Level, NgramCounter, NgramModel, Quality, Scored, Validity, levels, spearman,
};
use std::collections::BTreeMap;

/// Texts that are scored at once (guess: more than the requests of an endpoint at one time, so that few
/// wait for the last of the others).
const AT_ONCE: usize = 256;

/// A scorer and its name.
pub struct NamedScorer {
    /// Its name in tables.
    pub name: String,
    /// It.
    pub scorer: Box<dyn Scorer>,
}

/// One document before and after.
struct Change {
    before: String,
    after: String,
    outcome: Outcome,
}

/// Scores the documents of a run before and after, at most so many, from its beginning; with a gold
/// set says how well the scorers rank its documents by their noise.
///
/// # Errors
/// If the run, its input or the gold set cannot be read, or a scorer will answer no more.
pub fn quality_of_run(
    location: &str,
    scorers: &[NamedScorer],
    most: Option<usize>,
    gold: Option<&str>,
) -> Result<Vec<Quality>, RunError> {
    let changes = changes(location, most.unwrap_or(usize::MAX))?;
    let gold = gold.map(|gold| noisy(gold, most.unwrap_or(usize::MAX))).transpose()?;
    let mut found = Vec::new();
    for named in scorers {
        let mut quality = quality(named, &changes)?;
        if let Some(gold) = &gold {
            quality.validity = Some(validity(named, gold)?);
        }
        found.push(quality);
    }
    Ok(found)
}

fn changes(location: &str, most: usize) -> Result<Vec<Change>, RunError> {
    let directory = RunDirectory::open(location)?;
    let file = RunFile::read(directory.store())?;
    let manifests = directory.manifests::<Tally>()?;
    if manifests.is_empty() {
        return Err(RunError::new(format!(
            "expected a run with manifests in {location}, but found none"
        )));
    }
    let mut changes = Vec::new();
    for manifest in manifests {
        pairs_of_shard(&directory, &file, &manifest, &mut |pair| {
            if changes.len() < most {
                changes.push(change(pair));
            }
            changes.len() < most
        })?;
    }
    Ok(changes)
}

fn change(pair: Pair) -> Change {
    let after = execute(&pair.original, &pair.deletions);
    let outcome = Outcome::of(&after, &pair.deletions);
    Change { before: pair.original, after, outcome }
}

/// Texts of a gold set and their share of noise.
fn noisy(gold: &str, most: usize) -> Result<Vec<(String, f64)>, RunError> {
    let mut texts = Vec::new();
    LabelledSet::at(gold).each(&mut |row| {
        let document = row.map_err(|bad| {
            RunError::new(format!("{gold}: {}, row {}: {}", bad.shard, bad.row, bad.message))
        })?;
        if document.unjudged().is_none() && texts.len() < most {
            let counts = Counts::of(&document.text, &document.deletions, &Deletions::none())
                .map_err(|error| RunError::new(format!("{gold}: {}: {error}", document.id)))?;
            let noise = counts.gold_deleted() as f64 / counts.all().max(1) as f64;
            texts.push((document.text, noise));
        }
        Ok(())
    })?;
    Ok(texts)
}

fn quality(named: &NamedScorer, changes: &[Change]) -> Result<Quality, RunError> {
    let edited = changes.iter().filter(|change| change.outcome == Outcome::Edited);
    let texts = changes.iter().map(|change| change.before.as_str());
    let texts: Vec<&str> = texts.chain(edited.map(|change| change.after.as_str())).collect();
    // Texts before and after stand in one list, so that an endpoint is never idle between them.
    let mut before = scores(named, &texts)?;
    let mut after = before.split_off(changes.len()).into_iter();
    let mut scored = Vec::with_capacity(changes.len());
    let mut failed_by_reason = BTreeMap::new();
    for (change, before) in changes.iter().zip(before) {
        let after = match change.outcome {
            Outcome::Kept => Ok(After::Untouched),
            // What rules drop is gone as what a model empties.
            Outcome::Emptied | Outcome::Dropped => Ok(After::Emptied),
            Outcome::Edited => after.next().unwrap_or_else(unanswered).map(After::Edited),
        };
        match before.and_then(|before| Ok(Scored { before, after: after? })) {
            Ok(document) => scored.push(document),
            Err(reason) => *failed_by_reason.entry(reason).or_insert(0) += 1,
        }
    }
    let larger_is_better = named.scorer.larger_is_better();
    Ok(Quality {
        scorer: named.name.clone(),
        fingerprint: named.scorer.identity().fingerprint,
        larger_is_better,
        failed: failed_by_reason.values().sum(),
        failed_by_reason,
        all: Level::of(&scored, larger_is_better),
        levels: levels(&scored, larger_is_better),
        validity: None,
    })
}

fn validity(named: &NamedScorer, gold: &[(String, f64)]) -> Result<Validity, RunError> {
    let texts: Vec<&str> = gold.iter().map(|(text, _)| text.as_str()).collect();
    let found = scores(named, &texts)?;
    let pairs =
        found.into_iter().zip(gold).filter_map(|(score, (_, noise))| Some((score.ok()?, *noise)));
    let pairs: Vec<(f64, f64)> = pairs.collect();
    Ok(Validity { documents: pairs.len() as u64, rank_correlation: spearman(&pairs) })
}

/// A number, or the reason for which there is none.
type Number = Result<f64, String>;

/// What is said of a text that was not answered at all.
fn unanswered() -> Number {
    Err("unanswered".to_owned())
}

/// A number for each text, where there is one.
fn scores(named: &NamedScorer, texts: &[&str]) -> Result<Vec<Number>, RunError> {
    let mut found = Vec::with_capacity(texts.len());
    for some in texts.chunks(AT_ONCE) {
        for score in named.scorer.score(some) {
            found.push(one(named, score)?);
        }
    }
    Ok(found)
}

fn one(named: &NamedScorer, score: Result<f64, RefineError>) -> Result<Number, RunError> {
    match score {
        Ok(score) => Ok(Ok(score)),
        Err(error) if error.course == Course::Stop => {
            Err(RunError::new(format!("{}: {}", named.name, error.message)))
        }
        Err(error) => Ok(Err(error.reason.to_string())),
    }
}

/// Trains an n-gram model on texts, of labelled documents on what stays of them, until it is full;
/// says how many characters were counted.
///
/// # Errors
/// If a text cannot be read, or there is none.
pub fn train_ngram(locations: &[String]) -> Result<(NgramModel, u64), RunError> {
    let mut counter = NgramCounter::default();
    let mut characters = 0;
    for location in locations {
        LabelledSet::at(location).each_labelled_or_not(&mut |row| {
            let document = row.map_err(|bad| {
                RunError::new(format!(
                    "{location}: {}, row {}: {}",
                    bad.shard, bad.row, bad.message
                ))
            })?;
            let clean = execute(&document.text, &document.deletions);
            if !counter.is_full() {
                characters += clean.chars().count() as u64;
                counter.count(&clean);
            }
            Ok(())
        })?;
    }
    if characters == 0 {
        return Err(RunError::new("expected clean text to count, but found none"));
    }
    Ok((counter.finish(), characters))
}
