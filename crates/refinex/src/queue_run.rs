//! Requests of a remote generator, written down for a batch instead of sent.

use crate::corpus_run::Job;
use crate::error::RunError;
use crate::expert::QueueReport;
use crate::run_file::RunFile;
use crate::window::documents;
use refinex_core::{Bytes, Chunk, RefineError, Refiner, RewriteFault};
use refinex_corpus::{InputShard, RunDirectory, ShardReader};

/// Writes the requests for all chunks of a job to the batch file of `generator`; nothing is sent.
/// The run is begun in the output folder, so that the one that takes the answers must have the same
/// settings.
///
/// # Errors
/// If another run has begun in the output folder, a shard cannot be read, or the batch file cannot
/// be written.
pub fn queue_drafts(job: &Job<'_>, generator: &dyn Refiner) -> Result<QueueReport, RunError> {
    let directory = RunDirectory::open(job.output)?;
    RunFile::new(job.command, job.inputs, job.decider, job.settings).begin(&directory)?;
    let mut report = QueueReport::default();
    for shard in job.plan.chosen(job.choice) {
        let queued = queue_shard(job, shard, generator, &mut report);
        queued.map_err(|why| RunError::new(format!("{}: {why}", shard.name)))?;
    }
    Ok(report)
}

fn queue_shard(
    job: &Job<'_>,
    shard: &InputShard,
    generator: &dyn Refiner,
    report: &mut QueueReport,
) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let chunker = job.settings.chunker().map_err(|error| text(&error))?;
    let mut reader =
        ShardReader::open(shard, &job.settings.read()).map_err(|error| text(&error))?;
    while let Some(batch) = reader.next_batch().map_err(|error| text(&error))? {
        let decoded = batch.decode();
        let chunks = documents(&decoded).map(|document| chunker.chunks(document.text, &Bytes));
        let chunks: Vec<Vec<Chunk<'_>>> = chunks.collect();
        report.rows += decoded.len() as u64;
        report.failed += (decoded.len() - chunks.len()) as u64;
        for answer in generator.refine(&chunks.concat()) {
            count(answer.err(), report)?;
        }
    }
    Ok(())
}

fn count(error: Option<RefineError>, report: &mut QueueReport) -> Result<(), String> {
    match error {
        None => report.answered += 1,
        Some(error) if error.reason == RewriteFault::Queued.name() => report.waiting += 1,
        Some(error) => return Err(error.message),
    }
    Ok(())
}
