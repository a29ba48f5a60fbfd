//! What a run deleted, as a data set.

use crate::error::RunError;
use crate::report_run::collected;
use crate::run_reader::{ColumnsWanted, OpenRun, SeenBatch};
use refinex_eval::report::{
    Deletion, Observation, Pattern, ReportSettings, Reservoir, RunFacts, sample_key,
};
use regex::Regex;
use serde::Serialize;

/// A deletion and its text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeletedText {
    /// Id of the document.
    pub id: String,
    /// Name of its shard.
    pub shard: String,
    /// Its number among the documents of the shard, from 1.
    pub row: u64,
    /// Where the deletion stood, in bytes of the original text.
    pub span: (usize, usize),
    /// Its score, if the model gives one.
    pub score: Option<f32>,
    /// What was deleted.
    pub text: String,
}

impl DeletedText {
    fn of(seen: &Observation<'_>, deletion: &Deletion) -> Self {
        let Deletion { span, score } = *deletion;
        let (id, shard, row) = (seen.id.to_owned(), seen.shard.to_owned(), seen.row);
        let text = span.of(seen.text).to_owned();
        Self { id, shard, row, span: (span.start(), span.end()), score, text }
    }
}

/// Hands every deletion of a run to `take`, in order; with `grep`, those whose text matches.
///
/// # Errors
/// If the run cannot be read, or `take` fails.
pub fn each_deleted(
    run: &str,
    partial: bool,
    grep: Option<&Regex>,
    take: &mut dyn FnMut(DeletedText) -> Result<(), RunError>,
) -> Result<(), RunError> {
    each(run, partial, grep, &mut |seen, deletion| take(DeletedText::of(seen, deletion)))
}

/// A sample of the deletions of a run, in their order; with `grep`, of those whose text matches.
///
/// # Errors
/// If the run cannot be read.
pub fn sample_deleted(
    run: &str,
    partial: bool,
    grep: Option<&Regex>,
    (most, seed): (usize, u64),
) -> Result<Vec<DeletedText>, RunError> {
    let mut sample = Reservoir::new(most);
    each(run, partial, grep, &mut |seen, deletion| {
        let key = sample_key(seen.shard, seen.row, deletion.span.start() as u64, seed);
        sample.offer(key, || DeletedText::of(seen, deletion));
        Ok(())
    })?;
    let mut drawn: Vec<DeletedText> = sample.into_drawn().map(|(_, deleted)| deleted).collect();
    drawn.sort_by(|a, b| (&a.shard, a.row, a.span).cmp(&(&b.shard, b.row, b.span)));
    Ok(drawn)
}

/// The patterns that a run deleted most often.
///
/// # Errors
/// If the run cannot be read.
pub fn top_deleted(run: &str, partial: bool, most: usize) -> Result<Vec<Pattern>, RunError> {
    let run = OpenRun::open(run, partial)?;
    let settings =
        ReportSettings { documents: 0, of_alarm: 0, patterns: most, ..ReportSettings::default() };
    let tally = run.tally();
    let collector = collected(&run, &ColumnsWanted::new(&[]), settings)?;
    Ok(collector.finish(RunFacts::default(), tally).patterns.top)
}

fn each(
    run: &str,
    partial: bool,
    grep: Option<&Regex>,
    take: &mut dyn FnMut(&Observation<'_>, &Deletion) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let run = OpenRun::open(run, partial)?;
    let columns = ColumnsWanted::new(&[]);
    for manifest in &run.manifests {
        run.each_of_shard(manifest, &columns, &mut |window| {
            for seen in window.iter().flat_map(SeenBatch::observations) {
                let matches = |deletion: &&Deletion| {
                    grep.is_none_or(|grep| grep.is_match(deletion.span.of(seen.text)))
                };
                for deletion in seen.deletions.iter().filter(matches) {
                    take(&seen, deletion).map_err(|error| error.to_string())?;
                }
            }
            Ok(true)
        })?;
    }
    Ok(())
}
