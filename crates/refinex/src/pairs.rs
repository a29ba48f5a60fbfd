//! Originals beside what was done to them, for people to look at.

use crate::decider::Row;
use crate::error::RunError;
use crate::run_file::RunFile;
use refinex_core::{Deletions, Tally};
use refinex_corpus::{InputShard, Manifest, ProgramReader, RunDirectory, ShardReader, expand};

/// A document and what was done to it.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Its id.
    pub id: String,
    /// kept, edited or emptied.
    pub outcome: String,
    /// The text as it was.
    pub original: String,
    /// What was deleted.
    pub deletions: Deletions,
}

/// Hands every document of one shard of a run to `each`, until it answers false.
///
/// The originals are read from where the run read them.
///
/// # Errors
/// If the input is no longer there or no longer the same, or does not fit its programs.
pub fn pairs_of_shard(
    directory: &RunDirectory,
    file: &RunFile,
    manifest: &Manifest<Tally>,
    each: &mut dyn FnMut(Pair) -> bool,
) -> Result<(), RunError> {
    let fail = |why: String| RunError::new(format!("{}: {why}", manifest.shard));
    let shard = input_of(directory, manifest)?;
    let name = file.settings.output.name_for(&manifest.shard);
    let mut programs: ProgramReader =
        ProgramReader::open(directory.store(), &RunDirectory::programs(&name))
            .map_err(|error| fail(error.to_string()))?;
    let mut reader = ShardReader::open(&shard, &file.settings.read())
        .map_err(|error| fail(error.to_string()))?;
    while let Some(batch) = reader.next_batch().map_err(|error| fail(error.to_string()))? {
        let decoded = batch.decode();
        for document in (0..decoded.len()).filter_map(|at| decoded.document(at).ok()) {
            let row = programs.next_row().map_err(|error| fail(error.to_string()))?;
            let pair = pair_of(document.id, document.text, row).map_err(fail)?;
            if !each(pair) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The input that a manifest names, under the name that it had. A run that holds its originals is read
/// from wherever it lies now.
pub(crate) fn input_of(
    directory: &RunDirectory,
    manifest: &Manifest<Tally>,
) -> Result<InputShard, RunError> {
    let (store, own) = (directory.store(), RunDirectory::originals(&manifest.shard));
    let shard = if store.exists(&own)? {
        Some(InputShard::at(store, &own)?)
    } else {
        expand(std::slice::from_ref(&manifest.input.location))?.into_iter().next()
    };
    let shard = shard.map(|shard| shard.named(&manifest.shard));
    let shard = shard.ok_or_else(|| RunError::new("expected the input, but found none"))?;
    let same = shard.size == manifest.input.bytes
        && (shard.stamp == manifest.input.stamp || shard.fingerprint()? == manifest.input.xxh3);
    if same {
        return Ok(shard);
    }
    Err(RunError::new(format!(
        "expected {} as it was when it was refined, but found that it has changed",
        manifest.input.location
    )))
}

fn pair_of(id: &str, text: &str, row: Option<Row>) -> Result<Pair, String> {
    let row = row.ok_or_else(|| format!("expected the program for {id}, but found none"))?;
    if row.id != id {
        return Err(format!("expected the program for {id}, but found one for {}", row.id));
    }
    let spans = row.deletions.iter().map(|scored| scored.span);
    let deletions = Deletions::from_spans(text, spans).map_err(|error| error.to_string())?;
    Ok(Pair { id: row.id, outcome: row.outcome, original: text.to_owned(), deletions })
}
