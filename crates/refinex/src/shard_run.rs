//! The main road through one shard:
//!
//! ```text
//! open → for each window of batches: refine, write, tally → finish the data → manifest, last
//! ```

use crate::decider::{Decider, Deciding};
use crate::not_done::NotDone;
use crate::progress::Progress;
use crate::seen_ids::SeenIds;
use crate::settings::Settings;
use crate::stored::Open;
use crate::window::{self, RefinedBatch};
use refinex_core::{Identity, Tally};
use refinex_corpus::{
    Batch, ExtraWriter, FailedWriter, FileSummary, InputRecord, InputShard, InputSummary, Manifest,
    ProgramWriter, RunDirectory, ShardReader, ShardWriter, Target,
};

/// Refines one shard into `directory`. All threads of the pool that it is called in work on it;
/// their number has no influence on the bytes (law L8).
///
/// # Errors
/// If the shard cannot be read to its end, the output cannot be written, or the model will answer
/// no more; then nothing of it counts as done.
pub fn run_shard(
    shard: &InputShard,
    decider: &Decider,
    settings: &Settings,
    directory: &RunDirectory,
    progress: &dyn Progress,
) -> Result<Tally, NotDone> {
    let mut open = OpenShard::open(shard, decider, settings, directory)?;
    let deciding = Deciding {
        decider,
        settings,
        chunker: settings.chunker().map_err(|error| error.to_string())?,
    };
    while let Some(batches) = open.read_window()? {
        let refined = open.refine(batches, &deciding)?;
        let more = open.write(refined)?;
        progress.shard_advances(&shard.name, &more, open.reader.bytes_read());
    }
    let (input, outputs, tally) = open.finish()?;
    let model = decider.identity();
    let manifest = manifest(shard, input, &model, settings, outputs, tally.clone());
    let path = RunDirectory::manifest(&settings.output.name_for(&shard.name));
    manifest.write(directory.store(), &path).map_err(|error| error.to_string())?;
    Ok(tally)
}

struct OpenShard {
    reader: ShardReader,
    decisions: Open,
    target: Target,
    documents: ShardWriter,
    programs: ProgramWriter,
    failed: FailedWriter,
    /// Only where dropped documents are kept: labels have a `removed/` of their own.
    removed: Option<ExtraWriter>,
    /// Only where another executor is followed, whose texts need not be deletions.
    rewrites: Option<ExtraWriter>,
    tally: Tally,
    ids: SeenIds,
}

impl OpenShard {
    fn open(
        shard: &InputShard,
        decider: &Decider,
        settings: &Settings,
        directory: &RunDirectory,
    ) -> Result<Self, String> {
        let read = settings.read();
        let target = Target::plan(shard, &read, &settings.output).map_err(text)?;
        let paths = [
            RunDirectory::documents(target.name()),
            RunDirectory::programs(target.name()),
            RunDirectory::failed(target.name()),
        ];
        let store = directory.store();
        for path in &paths {
            store.sweep(path).map_err(text)?;
        }
        Ok(Self {
            reader: ShardReader::open(shard, &read).map_err(text)?,
            decisions: decider.open(shard)?,
            documents: ShardWriter::create(store, &paths[0], &target).map_err(text)?,
            programs: ProgramWriter::create(store, &paths[1]).map_err(text)?,
            failed: FailedWriter::create(store, &paths[2]),
            removed: settings
                .keep_removed
                .then(|| ExtraWriter::create(store, &RunDirectory::removed(target.name()))),
            rewrites: decider
                .rewrites()
                .then(|| ExtraWriter::create(store, &RunDirectory::rewrites(target.name()))),
            target,
            tally: Tally::default(),
            ids: SeenIds::default(),
        })
    }

    /// The next batches: enough for every thread, or one where there is one thread.
    fn read_window(&mut self) -> Result<Option<Vec<Batch>>, String> {
        let threads = rayon::current_num_threads();
        let wanted = if threads == 1 { 1 } else { 2 * threads };
        let mut batches = Vec::with_capacity(wanted);
        while batches.len() < wanted {
            match self.reader.next_batch().map_err(text)? {
                Some(batch) => batches.push(batch),
                None => break,
            }
        }
        Ok((!batches.is_empty()).then_some(batches))
    }

    fn refine(
        &mut self,
        batches: Vec<Batch>,
        deciding: &Deciding<'_>,
    ) -> Result<Vec<RefinedBatch>, NotDone> {
        let decoded = window::decode(batches);
        let mut with_rows = Vec::with_capacity(decoded.len());
        for batch in decoded {
            let rows = self.decisions.take(&batch)?;
            with_rows.push((batch, rows));
        }
        window::refine(with_rows, deciding, &self.target)
    }

    fn write(&mut self, batches: Vec<RefinedBatch>) -> Result<Tally, String> {
        let mut more = Tally::default();
        for batch in batches {
            more.add(&batch.tally);
            more.id_collisions += self.ids.collisions(batch.ids.iter().copied());
            self.documents.write(batch.documents).map_err(text)?;
            self.programs.write_encoded(&batch.programs).map_err(text)?;
            if let Some(removed) = &mut self.removed {
                removed.write(&batch.removed).map_err(text)?;
            }
            if let Some(rewrites) = &mut self.rewrites {
                rewrites.write(&batch.rewrites).map_err(text)?;
            }
            for bad in &batch.failed {
                self.failed.write(bad).map_err(text)?;
            }
        }
        self.tally.add(&more);
        Ok(more)
    }

    /// Makes the data visible, once every row is accounted for (law L6).
    fn finish(mut self) -> Result<(InputSummary, Vec<FileSummary>, Tally), String> {
        let input = self.reader.finish().map_err(text)?;
        self.decisions.finish()?;
        self.tally.blank_rows = input.blank_rows;
        self.tally.check(input.rows).map_err(text)?;
        let mut outputs = vec![self.documents.finish().map_err(text)?];
        outputs.push(self.programs.finish().map_err(text)?);
        outputs.extend(self.failed.finish().map_err(text)?);
        for extra in [self.removed, self.rewrites].into_iter().flatten() {
            outputs.extend(extra.finish().map_err(text)?);
        }
        Ok((input, outputs, self.tally))
    }
}

fn manifest(
    shard: &InputShard,
    input: InputSummary,
    model: &Identity,
    settings: &Settings,
    outputs: Vec<FileSummary>,
    counts: Tally,
) -> Manifest<Tally> {
    let input = InputRecord::of(shard, input);
    Manifest::new(
        shard.name.clone(),
        input,
        model.clone().into(),
        settings.fingerprint(),
        outputs,
        counts,
    )
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
