//! The main road through a corpus: plan, shards side by side, sums.

use crate::decider::Decider;
use crate::error::RunError;
use crate::plan::{Plan, ShardChoice};
use crate::progress::Progress;
use crate::run_file::RunFile;
use crate::settings::Settings;
use crate::shard_run::run_shard;
use refinex_core::{ProgramStatistics, Tally};
use refinex_corpus::{InputShard, Manifest, RunDirectory};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Mutex;

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
    let mut report = RunReport::default();
    let todo = skip_what_is_done(job, &directory, progress, &mut report)?;
    if !todo.is_empty() {
        directory.reopen()?;
    }
    let report = run_lanes(job, &directory, progress, todo, report);
    finish(job, &directory, report)
}

fn skip_what_is_done<'a>(
    job: &Job<'a>,
    directory: &RunDirectory,
    progress: &dyn Progress,
    report: &mut RunReport,
) -> Result<Vec<&'a InputShard>, RunError> {
    let mut todo = Vec::new();
    for shard in job.plan.chosen(job.choice) {
        let name = job.settings.output.name_for(&shard.name);
        match directory.read_manifest::<Tally>(&name)? {
            None => todo.push(shard),
            Some(manifest) => {
                check_done(job, shard, &manifest)?;
                progress.shard_skipped(&shard.name, shard.size);
                report.tally.add(&manifest.counts);
                report.shards_done += 1;
                report.shards_skipped += 1;
            }
        }
    }
    Ok(todo)
}

/// Checks that a manifest speaks of this input, model and these settings.
fn check_done(
    job: &Job<'_>,
    shard: &InputShard,
    manifest: &Manifest<Tally>,
) -> Result<(), RunError> {
    let identity = job.decider.identity();
    let input_found = manifest.input.fingerprint_now(shard)?;
    let checks = [
        ("settings", &manifest.settings, &job.settings.fingerprint()),
        ("model", &manifest.model.fingerprint, &identity.fingerprint),
        ("input", &manifest.input.xxh3, &input_found),
    ];
    match checks.iter().find(|(_, before, now)| before != now) {
        None => Ok(()),
        Some((what, before, now)) => Err(RunError::new(format!(
            "expected the {what} with which {} was refined ({before}), but found another ({now}): \
             use another output folder, or delete its manifest to refine it again",
            shard.name
        ))),
    }
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
    let mut report = report.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
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

    fn next(&self) -> Option<&InputShard> {
        self.queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next()
    }

    fn run_one(&self, shard: &InputShard) {
        self.progress.shard_begins(&shard.name, shard.size);
        let Job { decider, settings, .. } = *self.job;
        let result = run_shard(shard, decider, settings, self.directory, self.progress)
            .map_err(|message| without_name(message, &shard.name));
        self.progress.shard_ends(&shard.name, result.as_ref().err().map(String::as_str));
        self.record(shard, result);
    }

    fn record(&self, shard: &InputShard, result: Result<Tally, String>) {
        let mut report = self.report.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match result {
            Ok(tally) => {
                report.tally.add(&tally);
                report.now.add(&tally);
                report.shards_done += 1;
            }
            Err(message) => {
                let shard = shard.name.clone();
                report.shards_failed.push(ShardFailure { shard, message });
            }
        }
    }

    fn fail_all(&self, why: &str) {
        while let Some(shard) = self.next() {
            self.record(shard, Err(why.to_owned()));
        }
    }
}

/// The message without the name of the shard, which whoever tells it says first.
fn without_name(message: String, shard: &str) -> String {
    let rest = message.strip_prefix(shard).and_then(|rest| rest.strip_prefix(": "));
    rest.map(str::to_owned).unwrap_or(message)
}

/// Sums of a run, as `stats.json` has them. No clock: the same work gives the same bytes.
#[derive(Serialize)]
struct Stats {
    shards: BTreeMap<String, Tally>,
    total: Tally,
    /// What the programs of distilled pairs are like.
    #[serde(skip_serializing_if = "Option::is_none")]
    programs: Option<ProgramStatistics>,
}

/// If every shard of the whole plan has its manifest, whoever did it, the run is complete: sums,
/// then `_SUCCESS`.
fn finish(
    job: &Job<'_>,
    directory: &RunDirectory,
    mut report: RunReport,
) -> Result<RunReport, RunError> {
    let mut stats = Stats { shards: BTreeMap::new(), total: Tally::default(), programs: None };
    for shard in &job.plan.shards {
        let name = job.settings.output.name_for(&shard.name);
        let Some(manifest) = directory.read_manifest::<Tally>(&name)? else {
            return Ok(report);
        };
        stats.total.add(&manifest.counts);
        stats.shards.insert(shard.name.clone(), manifest.counts);
    }
    stats.programs = stats.total.distill.as_ref().map(|distill| distill.statistics());
    let mut json = serde_json::to_vec_pretty(&stats)
        .map_err(|error| RunError::new(format!("expected sums in JSON, but found {error}")))?;
    json.push(b'\n');
    directory.succeed(&json)?;
    report.complete = true;
    Ok(report)
}
