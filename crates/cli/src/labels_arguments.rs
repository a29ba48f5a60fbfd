//! What can be said to `refinex labels`.

use clap::{Args, Subcommand, ValueEnum};
use refinex::labels::dolma::Attribute;
use refinex::labels::split::Part;
use std::num::NonZeroUsize;

#[derive(Subcommand)]
pub enum Labels {
    /// What a labelled set is like: documents, calls, shares deleted, residue, drop reasons.
    #[command(after_help = "Example:
  refinex labels stats labelled/")]
    Stats(Stats),
    /// Split a set; what belongs to one page, or has the same text, stays on one side.
    #[command(after_help = "Example:
  refinex labels split labelled/ -o parts --parts train=0.9,dev=0.1 --seed 1")]
    Split(Split),
    /// Mix sets by weight.
    #[command(after_help = "Example:
  refinex labels mix web/=3 corpus/=1 -o mixed --documents 40000 --seed 1")]
    Mix(Mix),
    /// Leave out copies: equal texts, and nearly equal ones.
    #[command(after_help = "Example:
  refinex labels dedup labelled/ -o unique --near 0.8")]
    Dedup(Dedup),
    /// Take over labels that others made.
    #[command(after_help = "Examples:
  refinex labels import labels.jsonl.zst -o labelled
  refinex labels import prox.parquet -o labelled --from prox --text-key doc_content
  refinex labels import ultrax.parquet -o labelled --from ultrax
  refinex labels import documents/ -o labelled --from dolma --attributes attributes/noise")]
    Import(Import),
}

#[derive(Args)]
pub struct Common {
    /// Threads that compute [default: all].
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Print the summary as JSON.
    #[arg(long)]
    pub json: bool,
}

impl Common {
    pub fn threads(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.threads.map_or_else(all, NonZeroUsize::get)
    }
}

#[derive(Args)]
pub struct Stats {
    /// Run directories, or files of rows {id, text, deletions} or {id, text, program}.
    #[arg(required = true, value_name = "SET")]
    pub sets: Vec<String>,
    #[command(flatten)]
    pub dolma: Attributes,
    /// Print as JSON: an object, or of several sets a list.
    #[arg(long)]
    pub json: bool,
}

/// Where Dolma's attributes are, for labels that stand there.
#[derive(Args)]
pub struct Attributes {
    /// The folder of Dolma's attributes of these documents.
    #[arg(long, value_name = "DIR")]
    pub attributes: Option<String>,
    /// The key of the spans in Dolma's attributes [default: the only one].
    #[arg(long, value_name = "KEY", requires = "attributes")]
    pub attribute_key: Option<String>,
    /// Spans of Dolma's attributes with at least this score are deleted.
    #[arg(long, value_name = "SCORE", default_value_t = 0.0)]
    pub least_score: f64,
}

impl Attributes {
    /// The attributes, if they are named.
    pub fn named(&self) -> Option<Attribute> {
        let (key, least_score) = (self.attribute_key.clone(), self.least_score);
        self.attributes.clone().map(|folder| Attribute { folder, key, least_score })
    }
}

#[derive(Args)]
pub struct Split {
    /// A run directory, or files of rows {id, text, deletions} or {id, text, program}.
    pub set: String,
    /// Folder or URL under which each part is written as a run directory.
    #[arg(short, long)]
    pub output: String,
    /// The parts and their shares.
    #[arg(long, value_name = "NAME=SHARE,…", value_delimiter = ',', value_parser = part, default_value = "train=0.9,dev=0.1")]
    pub parts: Vec<Part>,
    /// The column that says what belongs together [default: the page, which is the id before #].
    #[arg(long, value_name = "COLUMN")]
    pub group_key: Option<String>,
    /// Another seed gives another split.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args)]
pub struct Mix {
    /// Sets and their weights.
    #[arg(required = true, value_name = "SET=WEIGHT", value_parser = weighted)]
    pub sets: Vec<(String, f64)>,
    /// Folder or URL to write to.
    #[arg(short, long)]
    pub output: String,
    /// Documents in all; a set that is smaller than its share is repeated [default: as many as can
    /// be had without a copy].
    #[arg(long, value_name = "N")]
    pub documents: Option<u64>,
    /// Another seed draws other documents.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args)]
pub struct Dedup {
    /// A run directory, or files of rows {id, text, deletions} or {id, text, program}.
    pub set: String,
    /// Folder or URL to write to.
    #[arg(short, long)]
    pub output: String,
    /// Leave out texts of which this share of the 5-word shingles is common, too.
    #[arg(long, value_name = "SHARE")]
    pub near: Option<f64>,
    /// Texts that differ in white space are different.
    #[arg(long)]
    pub exact_white_space: bool,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum From {
    /// Rows with deletions [[start, end], …] in bytes, or a program in the edit language.
    Rows,
    /// Rows with programs of ProX, lines numbered from 0.
    Prox,
    /// Rows with the columns original and cleaned, of UltraX; they are distilled.
    Ultrax,
    /// Dolma's span attributes beside the documents, in code points.
    Dolma,
}

#[derive(Args)]
pub struct Import {
    /// Files, folders, patterns or URLs.
    #[arg(required = true)]
    pub inputs: Vec<String>,
    /// Folder or URL to write to.
    #[arg(short, long)]
    pub output: String,
    /// What the labels are.
    #[arg(long, default_value = "rows")]
    pub from: From,
    /// Key or column of the text [default: text; original of ultrax].
    #[arg(long)]
    pub text_key: Option<String>,
    /// Key or column of the id.
    #[arg(long, default_value = "id")]
    pub id_key: String,
    /// Key of ProX's program, joined by dots where it is nested.
    #[arg(long, default_value = "metadata.chunk_program")]
    pub program_key: String,
    /// Key or column of UltraX's cleaned text.
    #[arg(long, default_value = "cleaned")]
    pub cleaned_key: String,
    #[command(flatten)]
    pub dolma: Attributes,
    #[command(flatten)]
    pub common: Common,
}

fn part(text: &str) -> Result<Part, String> {
    let (name, share) = weighted(text)?;
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !plain || name.is_empty() {
        return Err(format!("expected a name of letters, digits, - and _, but found {name:?}"));
    }
    Ok(Part { name, share })
}

fn weighted(text: &str) -> Result<(String, f64), String> {
    let wrong = || format!("expected NAME=NUMBER, but found {text:?}");
    let (name, weight) = text.rsplit_once('=').ok_or_else(wrong)?;
    let weight: f64 = weight.parse().map_err(|_| wrong())?;
    if weight > 0.0 && weight.is_finite() { Ok((name.to_owned(), weight)) } else { Err(wrong()) }
}
