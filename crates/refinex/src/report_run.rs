//! From finished runs to their reports, in memory that does not grow with the corpus.

use crate::error::RunError;
use crate::judge::{Contender, Coverage, Judging, judge};
use crate::run_reader::{ColumnsWanted, OpenRun, ProgramSeen, SeenBatch};
use rayon::prelude::*;
use refinex_core::{Deletions, Policy, Tally};
use refinex_corpus::{JsonReader, Manifest};
use refinex_eval::Evaluation;
use refinex_eval::report::{
    Collector, Comparer, Comparison, Deletion, Digest, Observation, REPORT_VERSION, Report,
    ReportSettings, Reports, RunFacts,
};

/// What is reported.
#[derive(Clone, Debug)]
pub struct ReportJob {
    /// The runs; each but the first is compared with the first.
    pub runs: Vec<String>,
    /// Columns by which documents are grouped, beside source, language and host.
    pub by: Vec<String>,
    /// How much is shown.
    pub settings: ReportSettings,
    /// Whether runs may be reported that are not complete.
    pub partial: bool,
    /// Gold deletions for documents of the runs, if there are any.
    pub gold: Option<String>,
    /// Threads that compute.
    pub threads: usize,
}

/// Reports on runs.
///
/// # Errors
/// If one of them cannot be read, or two that are compared are not over the same documents.
pub fn report_runs(job: &ReportJob) -> Result<Reports, RunError> {
    let runs: Vec<OpenRun> =
        job.runs.iter().map(|run| OpenRun::open(run, job.partial)).collect::<Result<_, _>>()?;
    let others = runs.get(1..).unwrap_or_default();
    for other in others {
        check_same_documents(&runs[0], other)?;
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(job.threads)
        .build()
        .map_err(|error| RunError::new(format!("expected {} threads: {error}", job.threads)))?;
    // All runs and comparisons share one page.
    let mut job = job.clone();
    job.settings.page_bytes /= runs.len() + others.len();
    pool.install(|| {
        let (reports, gold) = rayon::join(
            || runs.iter().map(|run| report(run, &job)).collect::<Result<_, _>>(),
            || job.gold.as_deref().map(|gold| against(gold, &runs)).transpose(),
        );
        let comparisons = others.iter().map(|other| compare(&runs[0], other, &job));
        let comparisons = comparisons.collect::<Result<_, RunError>>()?;
        Ok(Reports { version: REPORT_VERSION, runs: reports?, comparisons, gold: gold? })
    })
}

/// The runs against gold, over the documents that are in both.
fn against(gold: &str, runs: &[OpenRun]) -> Result<Evaluation, RunError> {
    let contender = |run: &OpenRun| {
        let location = run.location.clone();
        Contender { name: location.clone(), location }
    };
    let contenders: Vec<Contender> = runs.iter().map(contender).collect();
    judge(gold, &contenders, &Judging { coverage: Coverage::Common, ..Judging::default() })
}

fn report(run: &OpenRun, job: &ReportJob) -> Result<Report, RunError> {
    let collector = collected(run, &ColumnsWanted::new(&job.by), job.settings.clone())?;
    Ok(collector.finish(facts(run), run.tally()))
}

/// All documents of a run, collected.
pub(crate) fn collected(
    run: &OpenRun,
    columns: &ColumnsWanted,
    settings: ReportSettings,
) -> Result<Collector, RunError> {
    let mut collector = Collector::new(settings, &columns.groupings());
    for manifest in &run.manifests {
        run.each_of_shard(manifest, columns, &mut |window| {
            collect(&mut collector, &window);
            Ok(true)
        })?;
    }
    Ok(collector)
}

/// Takes documents apart on all threads and collects them in order, so that the report does not depend
/// on the number of threads.
fn collect(collector: &mut Collector, window: &[SeenBatch]) {
    let seed = collector.seed();
    let digests = |batch: &SeenBatch| -> Vec<Digest> {
        batch.observations().map(|seen| Digest::of(&seen, seed)).collect()
    };
    let digests: Vec<Vec<Digest>> = window.par_iter().map(digests).collect();
    for (batch, digests) in window.iter().zip(&digests) {
        for (seen, digest) in batch.observations().zip(digests) {
            collector.take(&seen, digest);
        }
        batch.dropped().for_each(|seen| collector.take_dropped(&seen));
    }
}

fn facts(run: &OpenRun) -> RunFacts {
    let file = &run.file;
    let mut settings = vec![("text key".to_owned(), file.settings.text_key.clone())];
    if file.settings.policy != Policy::default() {
        let policy = serde_json::to_string(&file.settings.policy).unwrap_or_default();
        settings.push(("policy".to_owned(), policy));
    }
    if file.settings.keep_deleted {
        settings.push(("deleted text".to_owned(), "kept in the run".to_owned()));
    }
    RunFacts {
        location: run.location.clone(),
        command: file.command.clone(),
        inputs: file.inputs.clone(),
        model: file.model.clone(),
        model_fingerprint: file.model_fingerprint.clone(),
        threshold: file.settings.threshold.probability(),
        settings,
        shards: run.manifests.len() as u64,
        complete: run.complete,
    }
}

/// Checks that two runs read the same shards and the same text of them.
fn check_same_documents(first: &OpenRun, second: &OpenRun) -> Result<(), RunError> {
    let (a, b) = (&first.location, &second.location);
    let wrong = |found: String| {
        let what = format!("expected {a} and {b} to be runs over the same documents");
        Err(RunError::new(format!("{what}, but found {found}")))
    };
    let (key, other_key) = (&first.file.settings.text_key, &second.file.settings.text_key);
    if key != other_key {
        return wrong(format!("the text key {key} there and {other_key} here"));
    }
    for manifest in &first.manifests {
        let shard = &manifest.shard;
        match second.manifests.iter().find(|other| other.shard == *shard) {
            None => return wrong(format!("no shard {shard} in the second")),
            Some(other) if other.input.xxh3 != manifest.input.xxh3 => {
                return wrong(format!("that the input of {shard} was another"));
            }
            Some(_) => {}
        }
    }
    match second.manifests.len() {
        found if found == first.manifests.len() => Ok(()),
        found => wrong(format!("{} shards there and {found} here", first.manifests.len())),
    }
}

fn compare(first: &OpenRun, second: &OpenRun, job: &ReportJob) -> Result<Comparison, RunError> {
    let columns = ColumnsWanted::new(&[]);
    let mut comparer = Comparer::new(job.settings.seed, job.settings.page_bytes);
    for manifest in &first.manifests {
        let mut others = SecondPrograms::open(second, manifest)?;
        first.each_of_shard(manifest, &columns, &mut |window| {
            for seen in window.iter().flat_map(SeenBatch::observations) {
                comparer.take(&seen, &others.next_for(&seen)?);
            }
            Ok(true)
        })?;
    }
    Ok(comparer.finish(&first.location, &second.location))
}

/// What the second run deletes from the documents of a shard.
struct SecondPrograms {
    location: String,
    rows: JsonReader<ProgramSeen>,
    /// Whether it has rows for documents that the first run dropped.
    more: bool,
}

impl SecondPrograms {
    fn open(run: &OpenRun, manifest: &Manifest<Tally>) -> Result<Self, RunError> {
        let rows = JsonReader::open(run.directory.store(), &run.programs(&manifest.shard));
        let rows = rows.map_err(|error| RunError::new(format!("{}: {error}", run.location)))?;
        let more = manifest.counts.dropped > 0;
        Ok(Self { location: run.location.clone(), rows, more })
    }

    fn next_for(&mut self, seen: &Observation<'_>) -> Result<Vec<Deletion>, String> {
        let place = &self.location;
        let row = loop {
            match self.rows.next_row().map_err(|error| error.to_string())? {
                Some(row) if self.more && row.id != seen.id => {}
                row => break row,
            }
        };
        let row = row.filter(|row| row.id == seen.id).ok_or_else(|| {
            format!("expected the program for {} in {place}, but found none or another's", seen.id)
        })?;
        let deletions = row.deletions();
        Deletions::from_spans(seen.text, deletions.iter().map(|deletion| deletion.span))
            .map_err(|error| format!("{}: {place}: {error}", seen.id))?;
        Ok(deletions)
    }
}
