//! From refined documents and their programs, with the deleted text kept, back to the originals.

use crate::decider::Row;
use crate::error::RunError;
use crate::run_file::RunFile;
use refinex_core::{Outcome, Span, Tally};
use refinex_corpus::{
    Decoded, InputShard, Manifest, OutputSettings, ProgramReader, Restoration, RunDirectory,
    ShardReader, ShardWriter, Store, Target,
};

/// Restores the documents of the run at `run` into the folder `output`; the answer is the number
/// of documents. Rows that failed stand in `failed/` of the run, as they were.
///
/// # Errors
/// If the run did not keep the deleted text, or documents and programs do not fit.
pub fn restore_run(run: &str, output: &str) -> Result<u64, RunError> {
    let directory = RunDirectory::open(run)?;
    let file = RunFile::read(directory.store())?;
    if !file.settings.keep_deleted {
        return Err(RunError::new(format!(
            "expected a run that kept its deleted text, but found {run} made without \
             --keep-deleted"
        )));
    }
    let target = Store::open(output)?;
    let mut documents = 0;
    for manifest in directory.manifests::<Tally>()? {
        let name = file.settings.output.name_for(&manifest.shard);
        let restored = restore_shard(&directory, &file, &name, &manifest, &target);
        documents += restored.map_err(|why| RunError::new(format!("{}: {why}", manifest.shard)))?;
    }
    Ok(documents)
}

fn restore_shard(
    directory: &RunDirectory,
    file: &RunFile,
    name: &str,
    manifest: &Manifest<Tally>,
    output: &Store,
) -> Result<u64, String> {
    let read = file.settings.read();
    let store = directory.store();
    let shard = InputShard::at(store, &RunDirectory::documents(name)).map_err(text)?;
    let same = OutputSettings { level: file.settings.output.level, ..OutputSettings::default() };
    let target = Target::plan(&shard, &read, &same).map_err(text)?;
    let mut reader = ShardReader::open(&shard, &read).map_err(text)?;
    let mut programs: ProgramReader =
        ProgramReader::open(store, &RunDirectory::programs(name)).map_err(text)?;
    output.sweep(name).map_err(text)?;
    let mut writer = ShardWriter::create(output, name, &target).map_err(text)?;
    let mut documents = 0;
    while let Some(batch) = reader.next_batch().map_err(text)? {
        let decoded = batch.decode();
        let rows = rows_of(&decoded, &mut programs)?;
        documents += rows.iter().flatten().count() as u64;
        let back: Vec<Option<Restoration<'_>>> =
            rows.iter().map(|row| row.as_ref().and_then(Undo::restoration)).collect();
        writer.write(decoded.encode_restored(&back, &target).map_err(text)?).map_err(text)?;
    }
    let wanted = manifest.counts.documents();
    if documents != wanted {
        return Err(format!("expected {wanted} documents, but found {documents}"));
    }
    writer.finish().map_err(text)?;
    Ok(documents)
}

/// The deletions of one row and the text to put back.
struct Undo {
    spans: Vec<Span>,
    row: Row,
}

impl Undo {
    fn of(row: Row) -> Result<Self, String> {
        if row.deleted.is_none() && !row.deletions.is_empty() {
            return Err(format!("expected the deleted text of {}, but found none", row.id));
        }
        Ok(Self { spans: row.deletions.iter().map(|scored| scored.span).collect(), row })
    }

    fn restoration(&self) -> Option<Restoration<'_>> {
        let texts = self.row.deleted.as_deref().filter(|_| !self.spans.is_empty())?;
        Some(Restoration { spans: &self.spans, texts, raw: self.row.deleted_raw.as_deref() })
    }
}

fn rows_of(decoded: &Decoded, programs: &mut ProgramReader) -> Result<Vec<Option<Undo>>, String> {
    let next = |at| match decoded.document(at) {
        Err(bad) => Err(format!("row {}: {}", bad.row, bad.message)),
        Ok(document) => match next_written(programs)? {
            Some(row) => Undo::of(row).map(Some),
            None => Err(format!("expected the program for {}, but found none", document.id)),
        },
    };
    (0..decoded.len()).map(next).collect()
}

/// The next row of a document that was not dropped: the others stand in no file that is read here.
fn next_written(programs: &mut ProgramReader) -> Result<Option<Row>, String> {
    loop {
        match programs.next_row().map_err(text)? {
            Some(row) if row.outcome == Outcome::Dropped.name() => {}
            row => return Ok(row),
        }
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
