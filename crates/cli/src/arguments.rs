//! What can be said on the command line.

use crate::generator_arguments::{Programs, Remote};
use crate::train_generator_arguments::TrainGenerator;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use refinex::ShardChoice;
use refinex::core::{Policy, Score};
use refinex::corpus::{OutputCompression, OutputFormat, OutputSettings};
use refinex::rules::Profile;
use refinex::{OperatingPoint, RunError, Settings};
use std::num::NonZeroUsize;
use std::path::PathBuf;

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
    /// Drop and edit documents by the rules of Gopher, C4 and FineWeb, exactly as datatrove does.
    #[command(after_help = "Examples:
  refinex filter crawl/ -o filtered --rules comb
  refinex filter crawl/ -o filtered --rules gopher,c4 --profile datatrove-0.3.0 --removed
  refinex refine crawl/ -o refined --rules fineweb")]
    Filter(Filter),
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
#[cfg_attr(
    feature = "tokenizers",
    command(group(ArgGroup::new("any_generator").args(["model", "generator"])))
)]
#[cfg_attr(
    not(feature = "tokenizers"),
    command(group(ArgGroup::new("any_generator").args(["model"])))
)]
pub struct Refine {
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
    /// Delete lines and pieces that score at least this, 0 to 1 [default: that of the operating
    /// point].
    #[arg(long, value_parser = score)]
    pub threshold: Option<Score>,
    /// A threshold of the model by its use: as good in precision as in recall, or such that next to
    /// nothing goes that should stay.
    #[arg(long, value_enum, default_value_t, conflicts_with = "threshold")]
    pub operating_point: PointChoice,
    /// Weights of a tagger that you trained, instead of the embedded ones: the folder that `train`
    /// wrote, or its weights.safetensors.
    #[arg(long, value_name = "PATH")]
    pub weights: Option<PathBuf>,
    #[cfg(feature = "tokenizers")]
    #[command(flatten)]
    pub generator: Generator,
    #[command(flatten)]
    pub limits: Limits,
    /// Delete nothing: the road without a model, as a baseline.
    #[arg(long)]
    pub keep_all: bool,
    /// Keep the deleted text beside the programs, so that `restore` works.
    #[arg(long)]
    pub keep_deleted: bool,
    /// Do not store the scores of all lines (`rethreshold` needs them).
    #[arg(long)]
    pub no_scores: bool,
    /// Rules that come first, as for `filter`; the tagger reads what they leave, and no scores are
    /// stored.
    #[arg(long, value_name = "NAMES", conflicts_with = "any_generator")]
    pub rules: Option<String>,
    #[command(flatten)]
    pub how: RuleChoice,
    #[command(flatten)]
    pub programs: Programs,
    #[command(flatten)]
    pub remote: Remote,
}

#[cfg(feature = "tokenizers")]
#[derive(Args)]
pub struct Generator {
    /// A generator that writes programs, instead of the tagger: a GGUF file of a Llama- or
    /// Qwen3-type model, or its folder with config.json, model.safetensors and tokenizer.json.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["weights", "threshold", "keep_all", "model"])]
    pub generator: Option<PathBuf>,
    /// Let the generator write what it likes; refused calls are counted. Without this it can write
    /// nothing but valid programs of its chunk.
    #[arg(long, requires = "generator")]
    pub unconstrained: bool,
}

#[derive(Args)]
pub struct Filter {
    /// Files, folders, patterns or URLs (.jsonl, .json, .ndjson with .gz or .zst; .parquet;
    /// .warc.wet.gz).
    #[arg(required = true)]
    pub inputs: Vec<String>,
    /// Rules, separated by commas; the first that a document breaks drops it.
    ///
    /// gopher: repetition, then quality; c4: it also leaves lines out and takes citations away;
    /// fineweb: FineWeb's own quality filter; comb: all of them in FineWeb's order and with its
    /// settings (repetition, quality, C4 without end marks, FineWeb). Single filters:
    /// gopher-repetition, gopher-quality, c4, c4-any-end, fineweb-quality.
    #[arg(long, value_name = "NAMES", verbatim_doc_comment)]
    pub rules: String,
    #[command(flatten)]
    pub how: RuleChoice,
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

/// How rules decide, and where what they drop goes.
#[derive(Args)]
pub struct RuleChoice {
    /// The version of datatrove that decides: datatrove-0.3.0 (NLTK, as ProX pins it) or
    /// datatrove-0.10.0 (spaCy, as FineWeb-2).
    #[arg(long, default_value_t = Profile::V0_10, value_parser = profile)]
    pub profile: Profile,
    /// Write dropped documents to OUT/removed/ as JSONL with their `filter_reason`.
    #[arg(long)]
    pub removed: bool,
}

fn profile(name: &str) -> Result<Profile, RunError> {
    name.parse().map_err(|why: String| RunError::new(why))
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

#[derive(Subcommand)]
pub enum Train {
    /// Train a line tagger (minutes on two cores).
    #[command(after_help = "Example:
  refinex train tagger --expert labels.jsonl.zst -o model
  refinex refine crawl/ -o refined --weights model
  refinex train tagger --expert labels.jsonl.zst -o reading --encoder all-MiniLM-L6-v2/")]
    Tagger(Box<TrainTagger>),
    /// Fine-tune a generator, a language model of the Llama or Qwen3 kind (hours on CPUs).
    #[command(after_help = "Example:
  refinex train generator --base SmolLM2-135M-Instruct/ --data labels.jsonl.zst -o model
  refinex train generator --base Qwen3-0.6B/ --data labels.jsonl.zst -o model --lora-rank 16 --merge

A GPU is many times faster: give the files of 'refinex export sft' to TRL or LLaMA-Factory.")]
    Generator(Box<TrainGenerator>),
    /// Count clean text for a small n-gram model, by which `score` measures perplexity.
    #[command(after_help = "Example:
  refinex train ngram clean/*.jsonl.zst -o clean.ngram")]
    Ngram(crate::score_arguments::TrainNgram),
}

#[derive(Args)]
pub struct TrainTagger {
    /// JSONL rows {id, text, deletions: [[start, end], …]} with the labels that are the target.
    #[arg(long, required = true, num_args = 1..)]
    pub expert: Vec<String>,
    /// The same for text that was cleaned already: its lines that stay count more.
    #[arg(long, num_args = 1..)]
    pub careful: Vec<String>,
    /// The same with labels of other kinds; each file is a labelling of its own.
    #[arg(long, num_args = 1..)]
    pub human: Vec<String>,
    /// JSONL rows {id, text} without labels: teachers give them.
    #[arg(long, num_args = 1..)]
    pub plain: Vec<String>,
    /// A file of page ids that are left out, one a line.
    #[arg(long)]
    pub without: Option<String>,
    /// The folder to write: weights, configuration, metrics. An earlier run of the same training
    /// there goes on.
    #[arg(short, long)]
    pub output: PathBuf,
    /// Weights files or training folders whose networks for lines are taken over as they are: only
    /// the network that finds pieces inside lines is trained.
    #[arg(long, num_args = 1.., value_name = "WEIGHTS")]
    pub lines_of: Vec<String>,
    /// Passes over the expert's documents of the network that finds pieces inside lines; 0 for none.
    #[arg(long, default_value_t = 3, value_name = "EPOCHS")]
    pub piece_epochs: usize,
    /// Train a tagger that reads the words, which is many times slower: a folder with the encoder to start
    /// from, model.safetensors and vocab.txt of a BERT 384 wide such as MiniLM.
    #[arg(long)]
    pub encoder: Option<String>,
    /// The encoder's first layers that are used.
    #[arg(long, default_value_t = 6)]
    pub encoder_layers: usize,
    /// Pieces of the encoder's vocabulary that are kept: the most common ones in the data.
    #[arg(long, default_value_t = 15_000)]
    pub encoder_pieces: usize,
    /// Share of the expert's documents that is held back to say when to stop.
    #[arg(long, default_value_t = 0.0)]
    pub held_out: f32,
    /// Stop after so many epochs without a better loss of what is held back [default: never; the
    /// weights are those of the best epoch anyway].
    #[arg(long, value_name = "EPOCHS")]
    pub patience: Option<usize>,
    /// Networks that see the human labels of the expert's pages as a hint and label the human and
    /// the plain sets as the expert would; 0 to train on labels alone.
    #[arg(long, default_value_t = 3)]
    pub teachers: usize,
    /// Networks, one a seed; their mean is the score [default: 4, or 1 with an encoder].
    #[arg(long)]
    pub members: Option<usize>,
    /// Passes over all sets [default: 3, or 0 with an encoder].
    #[arg(long)]
    pub broad_epochs: Option<usize>,
    /// Passes over the expert's labelling alone, afterwards [default: 10, or 4 with an encoder].
    #[arg(long)]
    pub expert_epochs: Option<usize>,
    /// How much more the lines that stay count in careful sets.
    #[arg(long, default_value_t = 4.0)]
    pub care: f32,
    /// Most documents of one plain file.
    #[arg(long, default_value_t = 400)]
    pub plain_most: usize,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The threshold to write into the weights as their default, the balanced one.
    #[arg(long, value_parser = score, default_value = "0.55")]
    pub threshold: Score,
    /// The threshold to write into the weights as their careful one.
    #[arg(long, value_parser = score, default_value = "0.85")]
    pub careful_threshold: Score,
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

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum PointChoice {
    #[default]
    Balanced,
    Careful,
}

impl From<PointChoice> for OperatingPoint {
    fn from(choice: PointChoice) -> Self {
        match choice {
            PointChoice::Balanced => Self::Balanced,
            PointChoice::Careful => Self::Careful,
        }
    }
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

impl Refine {
    /// The settings, with the threshold of the model where none was given.
    pub fn settings(&self, default_threshold: Score) -> Settings {
        Settings {
            text_key: self.rows.text_key.clone(),
            id_key: self.rows.id_key.clone(),
            threshold: self.threshold.unwrap_or(default_threshold),
            policy: self.limits.policy.unwrap_or_default(),
            output: self.documents.settings(),
            keep_deleted: self.keep_deleted,
            keep_scores: !self.no_scores && self.rules.is_none(),
            keep_removed: self.how.removed,
            ..Settings::default()
        }
    }
}

impl Filter {
    /// The settings.
    pub fn settings(&self) -> Settings {
        Settings {
            text_key: self.rows.text_key.clone(),
            id_key: self.rows.id_key.clone(),
            output: self.documents.settings(),
            keep_deleted: self.keep_deleted,
            keep_scores: false,
            keep_removed: self.how.removed,
            ..Settings::default()
        }
    }
}

fn score(text: &str) -> Result<Score, RunError> {
    let wrong = || RunError::new(format!("expected a number from 0 to 1, but found {text}"));
    let number: f32 = text.parse().map_err(|_| wrong())?;
    if (0.0..=1.0).contains(&number) { Ok(Score::from_probability(number)) } else { Err(wrong()) }
}
