//! An expert's road through a corpus: plan, seeds, shards, sums.

use crate::corpus_run::ShardFailure;
use crate::done::{Parted, Shards};
use crate::error::RunError;
use crate::expert::seeds::Seeds;
use crate::expert::settings::ExpertRun;
use crate::expert::shard::{ShardEnd, run_shard};
use crate::expert::tally::ExpertTally;
use crate::expert::window::{SeedReader, WindowChunks};
use crate::plan::{Plan, ShardChoice};
use crate::progress::Progress;
use refinex_core::{RewriteFault, Rewriter};
use refinex_corpus::{InputShard, RunDirectory};
use refinex_expert::Expert;
use serde::Serialize;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Shards side by side, so that one's last answers are awaited while another goes on.
const LANES: usize = 2;

/// What is to be asked.
pub struct ExpertJob<'a> {
    /// The expert.
    pub expert: &'a Expert,
    /// What decides the pairs.
    pub run: &'a ExpertRun,
    /// All shards.
    pub plan: &'a Plan,
    /// Which of them this process does.
    pub choice: ShardChoice,
    /// Which documents are asked about.
    pub seeds: &'a Seeds,
    /// The output folder or URL.
    pub output: &'a str,
    /// Requests at once.
    pub concurrency: usize,
    /// Whether shards with unanswered chunks are done again.
    pub retry_failed: bool,
}

impl ExpertJob<'_> {
    /// The name under which a shard is written.
    #[must_use]
    pub fn output_name(&self, shard: &InputShard) -> String {
        ExpertRun::output().name_for(&shard.name)
    }
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExpertReport {
    /// Sums over the shards of this process that are done, now or before.
    pub tally: ExpertTally,
    /// Shards that are done, now or before.
    pub shards_done: usize,
    /// Of these, shards that were done before.
    pub shards_skipped: usize,
    /// Shards that failed.
    pub shards_failed: Vec<ShardFailure>,
    /// Sums of what was done of shards that were not ended.
    pub unfinished: ExpertTally,
    /// Why nothing more was sent, if the run was stopped.
    pub stopped: Option<String>,
    /// Whether all shards of the whole plan are done, so that `_SUCCESS` is written.
    pub complete: bool,
}

/// Asks an expert. What is done already is not done again.
///
/// # Errors
/// If the run cannot begin: another run has begun in the output folder, an input changed since, or
/// the folder cannot be written. A shard that fails is no error here: it stands in the report.
pub fn run_expert(job: &ExpertJob<'_>, progress: &dyn Progress) -> Result<ExpertReport, RunError> {
    job.run.chunker()?;
    let directory = RunDirectory::open(job.output)?;
    job.run.begin(&directory)?;
    let shards = Shards {
        plan: job.plan,
        choice: job.choice,
        output: ExpertRun::output(),
        identity: job.run.identity(),
        settings: job.run.fingerprint(),
        directory: &directory,
    };
    let again = |counts: &ExpertTally| job.retry_failed && counts.unanswered > 0;
    let Parted { todo, done, counts } = shards.parted(progress, again)?;
    if !todo.is_empty() {
        directory.reopen()?;
    }
    let report = ExpertReport {
        tally: counts,
        shards_done: done,
        shards_skipped: done,
        ..ExpertReport::default()
    };
    let mut report = run_lanes(job, &directory, progress, todo, report);
    if let Some(sums) = shards.sums::<ExpertTally>()? {
        shards.succeed(&sums)?;
        report.complete = true;
    }
    Ok(report)
}

fn run_lanes(
    job: &ExpertJob<'_>,
    directory: &RunDirectory,
    progress: &dyn Progress,
    todo: Vec<&InputShard>,
    report: ExpertReport,
) -> ExpertReport {
    let (queue, report) = (Mutex::new(todo.into_iter()), Mutex::new(report));
    let lanes = Lanes { job, directory, progress, queue, report };
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| lanes.run());
        }
    });
    let mut report = lanes.report.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.shards_failed.sort_by(|a, b| a.shard.cmp(&b.shard));
    report
}

struct Lanes<'a, 'j> {
    job: &'a ExpertJob<'j>,
    directory: &'a RunDirectory,
    progress: &'a dyn Progress,
    queue: Mutex<std::vec::IntoIter<&'a InputShard>>,
    report: Mutex<ExpertReport>,
}

impl Lanes<'_, '_> {
    fn run(&self) {
        while let Some(shard) = self.next() {
            self.progress.shard_begins(&shard.name, shard.size);
            let end = run_shard(shard, self.job, self.directory, self.progress);
            self.record(shard, end);
        }
    }

    /// The next shard, unless the run was stopped.
    fn next(&self) -> Option<&InputShard> {
        if self.report().stopped.is_some() {
            return None;
        }
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    fn record(&self, shard: &InputShard, end: Result<ShardEnd, String>) {
        let mut report = self.report();
        let failure = match end {
            Ok(ShardEnd::Done(tally)) => {
                report.tally.add(&tally);
                report.shards_done += 1;
                None
            }
            Ok(ShardEnd::Stopped(tally, error)) => {
                report.unfinished.add(&tally);
                report.stopped.get_or_insert_with(|| error.message.clone());
                Some(format!("stopped: {error}"))
            }
            Err(message) => {
                let failure = ShardFailure { shard: shard.name.clone(), message: message.clone() };
                report.shards_failed.push(failure);
                Some(message)
            }
        };
        drop(report);
        self.progress.shard_ends(&shard.name, failure.as_deref());
    }

    fn report(&self) -> MutexGuard<'_, ExpertReport> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was written to a batch file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QueueReport {
    /// Rows that were read.
    pub rows: u64,
    /// Rows that could not be read; the run that takes the answers writes them down.
    pub failed: u64,
    /// Chunks that wait for their answer; equal ones are one request.
    pub waiting: u64,
    /// Chunks whose answer is in the cache.
    pub answered: u64,
}

/// Writes the requests of a job to the batch file of its expert; nothing is sent. The run is begun
/// in the output folder, so that the one that takes the answers must have the same settings.
///
/// # Errors
/// If another run has begun in the output folder, a shard cannot be read, or the batch file cannot
/// be written.
pub fn queue_requests(job: &ExpertJob<'_>) -> Result<QueueReport, RunError> {
    let chunker = job.run.chunker()?;
    job.run.begin(&RunDirectory::open(job.output)?)?;
    let mut report = QueueReport::default();
    for shard in job.plan.chosen(job.choice) {
        let fail = |why: String| RunError::new(format!("{}: {why}", shard.name));
        let mut reader =
            SeedReader::open(shard, job.run, job.seeds, job.concurrency).map_err(fail)?;
        while let Some(window) = reader.next(job.run.chunk_bytes).map_err(fail)? {
            report.rows += window.rows();
            report.failed += window.bad.len() as u64;
            let chunks = WindowChunks::of(&window, &chunker);
            for answer in job.expert.rewriter.rewrite(&chunks.asked) {
                match answer {
                    Ok(_) => report.answered += 1,
                    Err(error) if error.fault == RewriteFault::Queued => report.waiting += 1,
                    Err(error) => return Err(RunError::new(error.message)),
                }
            }
        }
    }
    Ok(report)
}
