//! What can be said on the command line.

use crate::refine_arguments::{Filter, Refine};
use crate::train_arguments::Train;
use clap::{Args, Parser, Subcommand, ValueEnum};
use refinex::core::{Policy, Score};
use refinex::corpus::{OutputCompression, OutputFormat, OutputSettings};
use refinex::{RunError, Settings, ShardChoice};
use std::num::NonZeroUsize;

/// Makes pre-training text better by deleting what is noise in it.
///
/// Only deletions, every one recorded, no row lost. Exit codes: 0 fine, 1 finished with failed rows
/// or shards, 2 could not run.
#[derive(Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Refine a corpus with the embedded tagger, or with a generator behind an endpoint.
    #[command(after_help = "Examples:
  refinex refine crawl/ -o refined
  refinex refine 'crawl/**/*.jsonl.zst' -o refined --keep-deleted --threads 8
  refinex refine crawl/ -o refined --policy max-deleted=0.9,emptied=keep
  refinex refine crawl/ -o refined --shard $SLURM_ARRAY_TASK_ID/100
  refinex refine s3://bucket/crawl/ -o s3://bucket/refined
  refinex refine page.parquet -o refined --text-key content --dry-run
  refinex refine crawl/ -o refined --generator model.gguf
  refinex refine crawl/ -o refined --endpoint http://127.0.0.1:8000/v1 --model refine-0.6b \\
    --constrain structured-outputs --concurrency 64")]
    Refine(Box<Refine>),
    /// Drop and edit documents by rules: Gopher, C4 and FineWeb exactly as datatrove does, and rules for
    /// lines.
    #[command(after_help = "Examples:
  refinex filter crawl/ -o filtered --rules comb
  refinex filter crawl/ -o filtered --rules gopher,c4 --profile datatrove-0.3.0 --removed
  refinex filter crawl/ -o filtered --rules ptf-lines --keep-deleted
  refinex filter crawl/ -o measured --rules comb --measure
  refinex refine crawl/ -o refined --rules fineweb")]
    Filter(Filter),
    /// Carry out stored programs of ProX: drop documents and edit the others.
    #[command(after_help = "Examples:
  refinex prox crawl/ --programs programs/ -o proxed
  refinex prox crawl/ --programs programs/ -o as-written --as-written
  refinex prox prox-output/*.parquet --text-key raw_content -o proxed
  refinex eval gold.jsonl proxed rewritten=as-written/rewrites")]
    Prox(crate::prox_arguments::ProxCommand),
    /// Distill what an expert deleted, from pairs of raw and refined texts.
    #[command(after_help = "Examples:
  refinex distill pairs.jsonl.zst -o labelled
  refinex distill rewrites.parquet -o labelled --raw-key text --refined-key cleaned
  refinex distill pairs/ -o labelled --policy refinex-paper")]
    Distill(Distill),
    /// Carry out stored programs again, without a model.
    #[command(after_help = "Example:
  refinex apply crawl/ refined/ -o again")]
    Apply(Apply),
    /// Apply another threshold to the scores that a run has stored.
    #[command(after_help = "Example:
  refinex rethreshold refined/ --threshold 0.8 -o refined-careful")]
    Rethreshold(Rethreshold),
    /// Put the deleted text back (of a run made with --keep-deleted).
    #[command(after_help = "Example:
  refinex restore refined/ -o originals")]
    Restore(Restore),
    /// Show documents before and after.
    #[command(after_help = "Examples:
  refinex inspect refined/ --sample 5 --outcome edited
  refinex inspect refined/ https://example.org/page-17")]
    Inspect(Inspect),
    /// Write a page that shows what runs deleted and where to look first.
    #[command(after_help = "Examples:
  refinex report refined/                              # writes refined/report.html
  refinex report refined/ careful/ -o compared.html    # two runs over the same documents
  refinex report refined/ --markdown >> $GITHUB_STEP_SUMMARY
  refinex report refined/ --json | jq '.runs[0].alarms'")]
    Report(crate::report_arguments::Report),
    /// Print what a run deleted as JSON lines: id, shard, row, span, score, text.
    #[command(after_help = "Examples:
  refinex deleted refined/ > deleted.jsonl
  refinex deleted refined/ --sample 100 --seed 7
  refinex deleted refined/ --top 50
  refinex deleted refined/ --grep '(?i)newsletter' --sample 20")]
    Deleted(crate::report_arguments::Deleted),
    /// Score deletions against gold deletions, of several refiners side by side.
    #[command(after_help = "Examples:
  refinex eval samples/gold.jsonl.zst out/samples
  refinex eval gold.jsonl ours=out/ours theirs=theirs.jsonl.zst --markdown
  refinex eval gold.jsonl rewriter=rewrites.jsonl --partial --json")]
    Eval(Eval),
    /// Measure refiners against each other: quality, speed, memory and cost on one corpus.
    #[command(after_help = "Examples:
  refinex bench samples/gold.jsonl.zst --refiner keep-all --refiner tagger -o bench
  refinex bench gold.jsonl --refiner ours=tagger --refiner careful=tagger@0.85 \\
    --refiner 'c4=command:python3 lab/peers/datatrove_filters.py --rules c4' --markdown")]
    Bench(crate::bench_arguments::Bench),
    /// Score the quality of documents before and after a run, by cheap proxies and a judge.
    #[command(after_help = "Examples:
  refinex score refined/ --gold samples/gold.jsonl.zst
  refinex train ngram clean/*.jsonl.zst -o clean.ngram
  refinex score refined/ --ngram clean.ngram --endpoint http://127.0.0.1:8000/v1 --model big")]
    Score(Box<crate::score_arguments::Score>),
    /// Answer rows on standard input, for `bench`.
    #[command(hide = true)]
    BenchRefiner(crate::bench_arguments::BenchRefiner),
    /// Train a refine model on labelled documents.
    #[command(subcommand)]
    Train(Train),
    /// Ask an expert model to rewrite seed documents; its rewrites become training pairs.
    #[command(after_help = "Examples:
  refinex expert crawl/ -o pairs --endpoint http://127.0.0.1:8000/v1 --model Qwen3-32B --sample 5000
  refinex expert crawl/ -o pairs --endpoint https://api.example.com/v1 --model big --sample 5000 \\
    --sample-by metadata.quality --budget-cost 20 --price-in 0.5 --price-out 2
  refinex expert crawl/ -o pairs --model big --batch-out batch.jsonl
  refinex expert crawl/ -o pairs --model big --batch-in batch_output.jsonl")]
    Expert(Box<crate::expert_arguments::Expert>),
    /// Write training files from labelled documents.
    #[command(subcommand)]
    Export(crate::export_arguments::Export),
    /// Look at labelled sets, split, mix and deduplicate them, and take over those of others.
    #[command(subcommand)]
    Labels(crate::labels_arguments::Labels),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Args)]
pub struct Distill {
    /// Files, folders, patterns or URLs of rows with two texts (.jsonl, .json, .ndjson with .gz or
    /// .zst; .parquet).
    #[arg(required = true)]
    pub inputs: Vec<String>,
    #[command(flatten)]
    pub run: Run,
    #[command(flatten)]
    pub documents: Documents,
    /// Key or column of the raw text.
    #[arg(long, default_value = "raw")]
    pub raw_key: String,
    /// Key or column of the refined text.
    #[arg(long, default_value = "refined")]
    pub refined_key: String,
    /// Key or column of the id; a missing id becomes `shard/row`.
    #[arg(long, default_value = "id")]
    pub id_key: String,
    /// Which pairs are examples.
    #[arg(long, default_value = "default")]
    pub policy: PolicyChoice,
    /// Keep the deleted text beside the programs, so that `restore` works.
    #[arg(long)]
    pub keep_deleted: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum PolicyChoice {
    /// Clean documents are examples too, white space does not matter, and of a pair that is bad in
    /// places the rest is salvaged.
    Default,
    /// The filter of RefineX: drop the pair if an inserted or replaced span has 20 characters, or
    /// if fewer than 10 characters were deleted.
    RefinexPaper,
}

#[derive(Args)]
pub struct Apply {
    /// The documents.
    pub documents_in: String,
    /// A run directory, a folder of sidecars, or one sidecar.
    pub programs: String,
    #[command(flatten)]
    pub run: Run,
    #[command(flatten)]
    pub rows: Rows,
    #[command(flatten)]
    pub documents: Documents,
    #[command(flatten)]
    pub limits: Limits,
    /// Keep the deleted text beside the programs.
    #[arg(long)]
    pub keep_deleted: bool,
}

#[derive(Args)]
pub struct Rethreshold {
    /// The run whose scores are used. Its inputs must still be where they were.
    pub run_directory: String,
    /// Delete lines that score at least this, 0 to 1.
    #[arg(long, value_parser = score)]
    pub threshold: Score,
    #[command(flatten)]
    pub run: Run,
}

#[derive(Args)]
pub struct Eval {
    /// What is right: JSONL rows {id, text, deletions: [[start, end], …]} (or program), or a run
    /// directory.
    pub gold: String,
    /// What refiners did, each LOCATION or NAME=LOCATION: a run directory, a folder with programs/,
    /// or JSONL rows {id, deletions}, {id, program} or, of a rewriter, {id, refined}.
    #[arg(required = true, value_name = "[NAME=]PREDICTED")]
    pub predicted: Vec<String>,
    /// Print JSON.
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// Print Markdown.
    #[arg(long)]
    pub markdown: bool,
    /// Columns of gold to break scores down by [default: source,page_type,lang,language, where
    /// there are any].
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub by: Vec<String>,
    /// Take documents without a prediction as untouched, and leave out predictions for other
    /// documents; both are an error otherwise.
    #[arg(long)]
    pub partial: bool,
    /// Key of the whole text in rows of a rewriter.
    #[arg(long, default_value = "refined")]
    pub refined_key: String,
    /// Resamples of the pages for intervals, and random exchanges for p-values.
    #[arg(long, default_value_t = 1000)]
    pub rounds: usize,
    /// Seed of both.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

#[derive(Args)]
pub struct Restore {
    /// The run.
    pub run_directory: String,
    /// Where the originals go [default: RUN/restored].
    #[arg(short, long)]
    pub output: Option<String>,
}

#[derive(Args)]
pub struct Inspect {
    /// The run.
    pub run_directory: String,
    /// Show this document.
    pub id: Option<String>,
    /// Show so many documents.
    #[arg(long, default_value_t = 3)]
    pub sample: usize,
    /// Only documents of this outcome.
    #[arg(long)]
    pub outcome: Option<OutcomeChoice>,
    /// Seed of the sample.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutcomeChoice {
    Kept,
    Edited,
    Emptied,
    Dropped,
}

impl OutcomeChoice {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Edited => "edited",
            Self::Emptied => "emptied",
            Self::Dropped => "dropped",
        }
    }
}

/// Documents that are read and written again, and how.
#[derive(Args)]
pub struct Corpus {
    /// Files, folders, patterns or URLs (.jsonl, .json, .ndjson with .gz or .zst; .parquet;
    /// .warc.wet.gz).
    #[arg(required = true)]
    pub inputs: Vec<String>,
    #[command(flatten)]
    pub run: Run,
    #[command(flatten)]
    pub rows: Rows,
    #[command(flatten)]
    pub documents: Documents,
    /// Keep the deleted text beside the programs, so that `restore` works.
    #[arg(long)]
    pub keep_deleted: bool,
}

impl Corpus {
    /// The settings that these arguments say; no scores are stored.
    pub fn settings(&self) -> Settings {
        Settings {
            text_key: self.rows.text_key.clone(),
            id_key: self.rows.id_key.clone(),
            output: self.documents.settings(),
            keep_deleted: self.keep_deleted,
            keep_scores: false,
            ..Settings::default()
        }
    }
}

#[derive(Args)]
pub struct Run {
    /// Folder or URL to write to. A second run of the same command continues there.
    #[arg(short, long)]
    pub output: String,
    /// Threads that compute [default: all].
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    #[command(flatten)]
    pub part: Part,
}

/// Which part of a plan a command does, and what it says meanwhile.
#[derive(Args)]
pub struct Part {
    /// Do part i of n, for job arrays; all parts may write to one folder.
    #[arg(long, value_name = "I/N", default_value_t = ShardChoice::ALL)]
    pub shard: ShardChoice,
    /// Print what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Print the summary as JSON.
    #[arg(long)]
    pub json: bool,
    /// Show no progress.
    #[arg(long, short)]
    pub quiet: bool,
}

impl Run {
    pub fn threads(&self) -> usize {
        let all = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.threads.unwrap_or(all).get()
    }
}

#[derive(Args)]
pub struct Limits {
    /// Limits, separated by commas; what they protect stays as it is, and the reason is counted.
    ///
    /// max-deleted=SHARE: a document, if more than this share of it would go [default: 1];
    /// emptied=allow|keep: a document, if nothing of it would be left [default: allow];
    /// max-refused=N: a chunk, if more calls of its program are refused [default: 1].
    #[arg(long, value_name = "KEY=VALUE,…", verbatim_doc_comment)]
    pub policy: Option<Policy>,
}

#[derive(Args)]
pub struct Rows {
    /// Key or column of the text, at the top level of its row.
    #[arg(long, default_value = "text")]
    pub text_key: String,
    /// Key or column of the id; a missing id becomes `shard/row`.
    #[arg(long, default_value = "id")]
    pub id_key: String,
}

#[derive(Args)]
pub struct Documents {
    /// Format of the documents that are written.
    #[arg(long, default_value = "same")]
    pub format: FormatChoice,
    /// Their compression.
    #[arg(long, default_value = "same")]
    pub compression: CompressionChoice,
    /// The level of the compression: 1 to 22 for zst and parquet, 0 to 9 for gz.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(i32).range(0..=22))]
    pub level: i32,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum FormatChoice {
    Same,
    Jsonl,
    Parquet,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum CompressionChoice {
    Same,
    None,
    Gz,
    Zst,
}

impl Documents {
    pub const fn settings(&self) -> OutputSettings {
        let format = match self.format {
            FormatChoice::Same => OutputFormat::Same,
            FormatChoice::Jsonl => OutputFormat::Jsonl,
            FormatChoice::Parquet => OutputFormat::Parquet,
        };
        let compression = match self.compression {
            CompressionChoice::Same => OutputCompression::Same,
            CompressionChoice::None => OutputCompression::None,
            CompressionChoice::Gz => OutputCompression::Gz,
            CompressionChoice::Zst => OutputCompression::Zst,
        };
        OutputSettings { format, compression, level: self.level }
    }
}

pub fn score(text: &str) -> Result<Score, RunError> {
    let wrong = || RunError::new(format!("expected a number from 0 to 1, but found {text}"));
    let number: f32 = text.parse().map_err(|_| wrong())?;
    if (0.0..=1.0).contains(&number) { Ok(Score::from_probability(number)) } else { Err(wrong()) }
}
