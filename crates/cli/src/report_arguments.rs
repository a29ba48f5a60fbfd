//! What can be said to `refinex report` and `refinex deleted`.

use clap::Args;
use refinex::eval::report::ReportSettings;
use refinex::{ReportJob, RunError};
use regex::Regex;
use std::num::NonZeroUsize;

/// What is written, and where it goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Html,
    Markdown,
    Json,
    Datatrove,
}

#[derive(Args)]
pub struct Report {
    /// Run directories. Each but the first is compared with the first, which must have read the same
    /// documents.
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<String>,
    /// File to write; - for the standard output [default: report.html in the first run, or the standard
    /// output for the other forms].
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<String>,
    /// Write a summary in Markdown, short enough for a pull request.
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    /// Write everything as JSON.
    #[arg(long)]
    pub json: bool,
    /// Write the figures of a run in the shape of datatrove's stats.json, for dashboards that read those.
    #[arg(long, conflicts_with_all = ["json", "markdown"])]
    pub datatrove: bool,
    /// A labelled set with gold deletions for documents of the runs: shows how right the runs are, and
    /// whether their scores are probabilities.
    #[arg(long, value_name = "GOLD", conflicts_with = "datatrove")]
    pub gold: Option<String>,
    /// Group documents by this column too, beside source, language and host; keys joined by dots for what
    /// is nested.
    #[arg(long, value_name = "COLUMN")]
    pub by: Vec<String>,
    /// Documents that are shown, beside those of alarms.
    #[arg(long, value_name = "N", default_value_t = ReportSettings::default().documents)]
    pub sample: usize,
    /// Seed of the sample.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Report what is done of runs that are not complete.
    #[arg(long)]
    pub partial: bool,
    /// Threads that compute [default: all].
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}

impl Report {
    pub const fn form(&self) -> Form {
        match (self.markdown, self.json, self.datatrove) {
            (true, _, _) => Form::Markdown,
            (_, true, _) => Form::Json,
            (_, _, true) => Form::Datatrove,
            _ => Form::Html,
        }
    }

    pub fn job(&self) -> ReportJob {
        let all = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        ReportJob {
            runs: self.runs.clone(),
            by: self.by.clone(),
            settings: ReportSettings {
                documents: self.sample,
                seed: self.seed,
                ..ReportSettings::default()
            },
            partial: self.partial,
            gold: self.gold.clone(),
            threads: self.threads.unwrap_or(all).get(),
        }
    }
}

#[derive(Args)]
pub struct Deleted {
    /// The run.
    #[arg(value_name = "RUN")]
    pub run_directory: String,
    /// Only so many deletions, drawn at random [default: all].
    #[arg(long, value_name = "N", conflicts_with = "top")]
    pub sample: Option<usize>,
    /// The so many most frequent patterns instead: how often deleted, how often kept, examples.
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
    /// Only deletions whose text this regular expression matches; (?i) ignores case, (?m) lets ^ and $
    /// match at lines.
    #[arg(long, value_name = "RE", value_parser = regex, conflicts_with = "top")]
    pub grep: Option<Regex>,
    /// Seed of the sample.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Read what is done of a run that is not complete.
    #[arg(long)]
    pub partial: bool,
}

fn regex(text: &str) -> Result<Regex, RunError> {
    Regex::new(text).map_err(|error| {
        RunError::new(format!("expected a regular expression, but found: {error}"))
    })
}
