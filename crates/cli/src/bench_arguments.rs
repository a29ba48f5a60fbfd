//! What can be said about benchmarks.

use clap::Args;
use refinex::bench::{NamedRefiner, RefinerSpec};
use std::path::PathBuf;

#[derive(Args)]
pub struct Bench {
    /// Documents: files, a folder, a pattern or a run directory. Those with deletions (or a program)
    /// are gold.
    pub corpus: String,
    /// A refiner, as often as there are: [NAME=]keep-all, tagger, tagger@THRESHOLD, tagger@POINT,
    /// weights:PATH (with @THRESHOLD or @POINT), generator:PATH, rules:NAMES, rules:NAMES@PROFILE or
    /// command:COMMAND. POINT is balanced or careful. A command reads rows {id, text} and writes rows {id, deletions}, {id, program}
    /// or {id, refined}; at a blank line it must answer everything so far.
    #[arg(long = "refiner", required = true, value_name = "[NAME=]REFINER")]
    pub refiners: Vec<NamedRefiner>,
    /// Read at most so many documents, evenly over the corpus.
    #[arg(long, value_name = "N")]
    pub documents: Option<usize>,
    /// Shares of the documents; every refiner reads each in turn.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Dollars for one core for one hour (the default: about what one costs on demand in a cloud).
    #[arg(long, default_value_t = 0.04, value_name = "USD")]
    pub price_core_hour: f64,
    /// Count tokens with a tokenizer.json, instead of as a quarter of the characters.
    #[arg(long, value_name = "FILE")]
    pub tokenizer: Option<PathBuf>,
    /// Seconds that a refiner may take for a share.
    #[arg(long, default_value_t = 3600)]
    pub patience: u64,
    /// Write bench.json, bench.md, bench.html and the deletions of each refiner to this folder.
    #[arg(short, long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// Print JSON.
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// Print Markdown.
    #[arg(long)]
    pub markdown: bool,
    /// Say nothing of what goes on.
    #[arg(long, short)]
    pub quiet: bool,
}

/// How `bench` runs the refiners that are ours: rows come in, rows of a sidecar go out.
#[derive(Args)]
pub struct BenchRefiner {
    /// The refiner.
    pub refiner: RefinerSpec,
}
