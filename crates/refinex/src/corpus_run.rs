//! The main road through a corpus: plan, shards side by side, sums.

use crate::decider::Decider;
use crate::done::{Parted, Shards, Sums};
use crate::error::RunError;
use crate::not_done::NotDone;
use crate::plan::{Plan, ShardChoice};
use crate::progress::Progress;
use crate::run_file::RunFile;
use crate::settings::Settings;
use crate::shard_run::run_shard;
use refinex_core::{ProgramStatistics, Tally};
use refinex_corpus::{InputShard, RunDirectory};
use refinex_eval::report::{Pipeline, datatrove_of};
use serde::Serialize;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is to be done.
pub struct Job<'a> {
    /// The command, for `run.json`.
    pub command: &'a str,
    /// The inputs as the user named them.
    pub inputs: &'a [String],
    /// All shards.
    pub plan: &'a Plan,
    /// Which of them this process does.
    pub choice: ShardChoice,
    /// Where decisions come from.
    pub decider: &'a Decider,
    /// The settings.
    pub settings: &'a Settings,
    /// The output folder or URL.
    pub output: &'a str,
    /// Threads that compute.
    pub threads: usize,
    /// Whether shards that are done are done again where the model said nothing of some documents.
    pub retry_failed: bool,
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RunReport {
    /// Sums over the shards of this process, those that were done before included.
    pub tally: Tally,
    /// The sums of what was done now.
    pub now: Tally,
    /// Shards that are done, now or before.
    pub shards_done: usize,
    /// Of these, shards that were done before.
    pub shards_skipped: usize,
    /// Shards that failed.
    pub shards_failed: Vec<ShardFailure>,
    /// Why nothing more was done, if the run was stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Whether all shards of the whole plan are done, so that `_SUCCESS` is written.
    pub complete: bool,
}

/// A shard that failed, and why. It is tried again when the same command runs again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShardFailure {
    /// Name of the shard.
    pub shard: String,
    /// Why.
    pub message: String,
}

/// Does a job. What is done already is not done again.
///
/// # Errors
/// If the run cannot begin: another run has begun in the output folder, an input changed since,
/// or the folder cannot be written. A shard that fails is no error here: it stands in the report.
pub fn run_corpus(job: &Job<'_>, progress: &dyn Progress) -> Result<RunReport, RunError> {
    job.settings.chunker()?;
    let directory = RunDirectory::open(job.output)?;
    RunFile::new(job.command, job.inputs, job.decider, job.settings).begin(&directory)?;
    let shards = Shards {
        plan: job.plan,
        choice: job.choice,
        output: job.settings.output,
        identity: job.decider.identity(),
        settings: job.settings.fingerprint(),
        directory: &directory,
    };
    let again = |tally: &Tally| job.retry_failed && tally.unrefined() > 0;
    let Parted { todo, done, counts } = shards.parted(progress, again)?;
    let report = RunReport {
        tally: counts,
        shards_done: done,
        shards_skipped: done,
        ..RunReport::default()
    };
    if !todo.is_empty() {
        directory.reopen()?;
    }
    let mut report = run_lanes(job, &directory, progress, todo, report);
    if let Some(sums) = shards.sums::<Tally>()? {
        write_datatrove(job, &directory, &sums)?;
        let programs = sums.total.distill.as_ref().map(|distill| distill.statistics());
        shards.succeed(&Stats { sums, programs })?;
        report.complete = true;
    }
    Ok(report)
}

/// Writes the sums in the shape of datatrove's `stats.json` too.
fn write_datatrove(
    job: &Job<'_>,
    directory: &RunDirectory,
    sums: &Sums<Tally>,
) -> Result<(), RunError> {
    let model = job.decider.identity().name;
    let shards = sums.shards.len() as u64;
    let pipeline = Pipeline { command: job.command, model: &model, shards };
    let stats = datatrove_of(&pipeline, &sums.total)
        .map_err(|error| RunError::new(format!("expected sums in JSON, but found {error}")))?;
    Ok(directory.store().put(RunDirectory::DATATROVE, stats.into_bytes())?)
}

/// Sums of a run, as `stats.json` has them.
#[derive(Serialize)]
struct Stats {
    #[serde(flatten)]
    sums: Sums<Tally>,
    /// What the programs of distilled pairs are like.
    #[serde(skip_serializing_if = "Option::is_none")]
    programs: Option<ProgramStatistics>,
}

/// Shards side by side: as many lanes as there are threads or shards, each with its share of the
/// threads for the batches of its shard.
fn run_lanes(
    job: &Job<'_>,
    directory: &RunDirectory,
    progress: &dyn Progress,
    todo: Vec<&InputShard>,
    report: RunReport,
) -> RunReport {
    let threads = job.threads.max(1);
    let lanes = threads.min(todo.len());
    let queue = Mutex::new(todo.into_iter());
    let report = Mutex::new(report);
    std::thread::scope(|scope| {
        for lane in 0..lanes {
            let share = threads / lanes + usize::from(lane < threads % lanes);
            let lane = Lane { job, directory, progress, queue: &queue, report: &report };
            scope.spawn(move || lane.run(share));
        }
    });
    let mut report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.shards_failed.sort_by(|a, b| a.shard.cmp(&b.shard));
    report
}

struct Lane<'a, 'q> {
    job: &'a Job<'a>,
    directory: &'a RunDirectory,
    progress: &'a dyn Progress,
    queue: &'q Mutex<std::vec::IntoIter<&'a InputShard>>,
    report: &'q Mutex<RunReport>,
}

impl Lane<'_, '_> {
    fn run(&self, threads: usize) {
        let pool = match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
            Ok(pool) => pool,
            Err(error) => return self.fail_all(&format!("expected {threads} threads: {error}")),
        };
        pool.install(|| {
            while let Some(shard) = self.next() {
                self.run_one(shard);
            }
        });
    }

    /// The next shard, unless the run was stopped.
    fn next(&self) -> Option<&InputShard> {
        if self.report().stopped.is_some() {
            return None;
        }
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    fn run_one(&self, shard: &InputShard) {
        self.progress.shard_begins(&shard.name, shard.size);
        let Job { decider, settings, .. } = *self.job;
        let result = run_shard(shard, decider, settings, self.directory, self.progress);
        let result = result.map_err(|why| without_name(why, &shard.name));
        let failure = result.as_ref().err().map(ToString::to_string);
        self.progress.shard_ends(&shard.name, failure.as_deref());
        self.record(shard, result);
    }

    fn record(&self, shard: &InputShard, result: Result<Tally, NotDone>) {
        let mut report = self.report();
        match result {
            Ok(tally) => {
                report.tally.add(&tally);
                report.now.add(&tally);
                report.shards_done += 1;
            }
            Err(NotDone::Failed(message)) => {
                let shard = shard.name.clone();
                report.shards_failed.push(ShardFailure { shard, message });
            }
            Err(NotDone::Stopped(why)) => drop(report.stopped.get_or_insert(why)),
        }
    }

    fn report(&self) -> MutexGuard<'_, RunReport> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail_all(&self, why: &str) {
        while let Some(shard) = self.next() {
            self.record(shard, Err(NotDone::Failed(why.to_owned())));
        }
    }
}

/// The message without the name of the shard, which whoever tells it says first.
fn without_name(why: NotDone, shard: &str) -> NotDone {
    let NotDone::Failed(message) = why else { return why };
    let rest = message.strip_prefix(shard).and_then(|rest| rest.strip_prefix(": "));
    NotDone::Failed(rest.map(str::to_owned).unwrap_or(message))
}
