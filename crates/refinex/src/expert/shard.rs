//! An expert's road through one shard:
//!
//! ```text
//! open → for each window of documents: ask, write, tally → finish the data → manifest, last
//! ```

use crate::expert::pair::Place;
use crate::expert::run::ExpertJob;
use crate::expert::tally::ExpertTally;
use crate::expert::window::{SeedDocument, SeedReader, Window, WindowChunks, is_blank};
use crate::progress::Progress;
use crate::seen_ids::{SeenIds, hash_of};
use refinex_core::{Answer, Chunk, Chunker, Course, RewriteError, Rewriter, Tally};
use refinex_corpus::{
    FailedWriter, FileSummary, InputRecord, InputShard, InputSummary, JsonWriter, Manifest,
    RunDirectory,
};

/// Chunks that are asked about together, for each request at once: the more, the less requests
/// wait for the slowest of a window (a guess: an eighth of the time at worst).
const WINDOW: usize = 8;

/// How a shard ended.
pub(crate) enum ShardEnd {
    /// All of it is done; its manifest is written.
    Done(ExpertTally),
    /// The expert will not answer any more. What came before is written, without a manifest.
    Stopped(ExpertTally, RewriteError),
}

/// Asks about one shard.
pub(crate) fn run_shard(
    shard: &InputShard,
    job: &ExpertJob<'_>,
    directory: &RunDirectory,
    progress: &dyn Progress,
) -> Result<ShardEnd, String> {
    let chunker = job.run.chunker().map_err(text)?;
    let name = job.output_name(shard);
    let (store, manifest_path) = (directory.store(), RunDirectory::manifest(&name));
    // One is left where the shard is done again; it must not vouch for what is written now.
    store.delete(&manifest_path).map_err(text)?;
    let mut reader = SeedReader::open(shard, job.run, job.seeds, WINDOW * job.concurrency)?;
    let mut open = OpenShard::create(job, directory, &name)?;
    while let Some(window) = reader.next(job.run.chunk_bytes)? {
        let stopped = open.ask(&window, &chunker)?;
        progress.shard_advances(&shard.name, &advance(&window), reader.bytes_read());
        if let Some(error) = stopped {
            let (_, tally) = open.finish()?;
            return Ok(ShardEnd::Stopped(tally, error));
        }
    }
    let input = reader.finish()?;
    open.tally.blank_rows = input.blank_rows;
    open.tally.check(input.rows).map_err(text)?;
    let (outputs, tally) = open.finish()?;
    let manifest = manifest(shard, input, job, outputs, tally.clone());
    manifest.write(store, &manifest_path).map_err(text)?;
    Ok(ShardEnd::Done(tally))
}

fn advance(window: &Window) -> Tally {
    Tally { rows: window.rows(), text_bytes: window.text_bytes, ..Tally::default() }
}

struct OpenShard<'a> {
    job: &'a ExpertJob<'a>,
    pairs: JsonWriter,
    failed: FailedWriter,
    tally: ExpertTally,
    ids: SeenIds,
}

type Answered = Result<Answer, RewriteError>;

impl<'a> OpenShard<'a> {
    fn create(
        job: &'a ExpertJob<'a>,
        directory: &RunDirectory,
        name: &str,
    ) -> Result<Self, String> {
        let store = directory.store();
        let (pairs, failed) = (RunDirectory::pairs(name), RunDirectory::failed(name));
        store.sweep(&failed).map_err(text)?;
        Ok(Self {
            job,
            pairs: JsonWriter::create(store, &pairs).map_err(text)?,
            failed: FailedWriter::create(store, &failed),
            tally: ExpertTally::default(),
            ids: SeenIds::default(),
        })
    }

    /// Asks about a window and writes what came of it. Where the expert has stopped, the documents
    /// that it did not answer in full are left for the next run.
    fn ask(&mut self, window: &Window, chunker: &Chunker) -> Result<Option<RewriteError>, String> {
        let chunks = WindowChunks::of(window, chunker);
        let mut answers = self.job.expert.rewriter.rewrite(&chunks.asked).into_iter();
        for bad in &window.bad {
            self.tally.count_failure(bad.problem.name());
            self.failed.write(bad).map_err(text)?;
        }
        self.tally.rows += window.left_out;
        self.tally.left_out += window.left_out;
        let mut stopped = None;
        for (document, chunks) in window.documents.iter().zip(&chunks.of_document) {
            let asked = chunks.iter().filter(|chunk| !is_blank(chunk)).count();
            let answers: Vec<Answered> = answers.by_ref().take(asked).collect();
            match answers.iter().find_map(stop_of) {
                Some(error) => stopped = Some(error.clone()),
                None => self.write(document, chunks, answers)?,
            }
        }
        Ok(stopped)
    }

    fn write(
        &mut self,
        document: &SeedDocument,
        chunks: &[Chunk<'_>],
        answers: Vec<Answered>,
    ) -> Result<(), String> {
        let (asked, mut answers) = (answers.len(), answers.into_iter());
        self.tally.id_collisions += self.ids.collisions([hash_of(&document.id)]);
        let mut rewrites = 0;
        self.tally.chunks += chunks.len() as u64;
        for (number, chunk) in (1..).zip(chunks) {
            if is_blank(chunk) {
                self.tally.blank_chunks += 1;
                continue;
            }
            let answer = answers.next().ok_or("expected an answer a chunk, but found fewer")?;
            let (row, document) = (document.row, document.id.as_str());
            let place = Place { row, document, chunk: number, chunks: chunks.len() };
            rewrites += usize::from(self.write_chunk(&place, chunk, answer)?);
        }
        self.tally.count_document(rewrites, asked);
        Ok(())
    }

    /// Writes the pair of a chunk, or why there is none; the answer is whether there is one.
    fn write_chunk(
        &mut self,
        place: &Place<'_>,
        chunk: &Chunk<'_>,
        answer: Answered,
    ) -> Result<bool, String> {
        let asking = &self.job.expert.asking;
        let key = asking.key(chunk).to_string();
        let usage = answer.as_ref().ok().and_then(|answer| answer.usage);
        self.tally.usage.add(usage.unwrap_or_default());
        let (error, answer) = match answer {
            Err(error) => (error, None),
            Ok(answer) => match answer.read(chunk.text()) {
                Err(error) => (error, Some(answer)),
                Ok(rewrite) => {
                    let pair = place.pair(chunk, rewrite, answer, (&self.job.run.prompt, key));
                    self.tally.pairs += 1;
                    self.tally.raw_bytes += pair.raw.len() as u64;
                    self.tally.refined_bytes += pair.refined.len() as u64;
                    return self.pairs.write(&pair).map(|()| true).map_err(text);
                }
            },
        };
        self.tally.count_refused(error.fault);
        let failed = place.failed(chunk, error, answer, key);
        self.failed.write_row(&failed).map(|()| false).map_err(text)
    }

    fn finish(self) -> Result<(Vec<FileSummary>, ExpertTally), String> {
        let mut outputs = vec![self.pairs.finish().map_err(text)?];
        outputs.extend(self.failed.finish().map_err(text)?);
        Ok((outputs, self.tally))
    }
}

fn stop_of(answer: &Answered) -> Option<&RewriteError> {
    answer.as_ref().err().filter(|error| error.course == Course::Stop)
}

fn manifest(
    shard: &InputShard,
    input: InputSummary,
    job: &ExpertJob<'_>,
    outputs: Vec<FileSummary>,
    counts: ExpertTally,
) -> Manifest<ExpertTally> {
    let (input, model) = (InputRecord::of(shard, input), job.run.identity().into());
    Manifest::new(shard.name.clone(), input, model, job.run.fingerprint(), outputs, counts)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
