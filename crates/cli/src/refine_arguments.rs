//! Arguments of `refinex refine` and `refinex filter`.

use crate::arguments::{Corpus, Limits, score};
use crate::generator_arguments::{Programs, Remote};
use clap::{ArgGroup, Args, ValueEnum};
use refinex::core::Score;
use refinex::rules::Profile;
use refinex::{OperatingPoint, RunError, Settings, TaggerWeights, Tier};
use std::path::PathBuf;

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
    #[command(flatten)]
    pub corpus: Corpus,
    /// Delete lines and pieces that score at least this, 0 to 1 [default: that of the operating
    /// point].
    #[arg(long, value_parser = score)]
    pub threshold: Option<Score>,
    /// A threshold of the tagger by its use: balanced, as good in precision as in recall, or careful,
    /// such that next to nothing goes that should stay [default: balanced].
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "balanced|careful",
        conflicts_with_all = ["threshold", "any_generator"]
    )]
    pub operating_point: Option<PointChoice>,
    /// The tagger: fast, megabytes a second and core, or best, some four times slower [default: fast].
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        value_name = "fast|best",
        conflicts_with_all = ["weights", "any_generator", "keep_all"]
    )]
    pub tier: Option<TierChoice>,
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
    /// Do shards again that are done, but of whose documents the model said nothing (an endpoint that timed
    /// out): those whose summary counts `unrefined`.
    #[arg(long)]
    pub retry_failed: bool,
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
    /// Rules, separated by commas; the first that a document breaks drops it.
    ///
    /// gopher: repetition, then quality; c4: it also leaves lines out and takes citations away;
    /// fineweb: FineWeb's own quality filter; comb: all of them in FineWeb's order and with its
    /// settings (repetition, quality, C4 without end marks, FineWeb). Single filters:
    /// gopher-repetition, gopher-quality, c4, c4-any-end, fineweb-quality.
    ///
    /// Rules for lines, which delete and drop nothing: c4-lines and c4-lines-any-end, those of C4;
    /// ptf-lines, runs of lines that end sentences (our reading of arXiv:2510.24139).
    #[arg(long, value_name = "NAMES", verbatim_doc_comment)]
    pub rules: String,
    #[command(flatten)]
    pub how: RuleChoice,
    #[command(flatten)]
    pub corpus: Corpus,
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
    /// Write to programs/ what every rule measured and its threshold, of kept documents too.
    #[arg(long, requires = "rules")]
    pub measure: bool,
}

fn profile(name: &str) -> Result<Profile, RunError> {
    name.parse().map_err(|why: String| RunError::new(why))
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum PointChoice {
    #[default]
    Balanced,
    Careful,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum TierChoice {
    #[default]
    Fast,
    Best,
}

impl From<TierChoice> for Tier {
    fn from(choice: TierChoice) -> Self {
        match choice {
            TierChoice::Fast => Self::Fast,
            TierChoice::Best => Self::Best,
        }
    }
}

impl From<PointChoice> for OperatingPoint {
    fn from(choice: PointChoice) -> Self {
        match choice {
            PointChoice::Balanced => Self::Balanced,
            PointChoice::Careful => Self::Careful,
        }
    }
}

impl Refine {
    /// The tagger's weights.
    pub fn tagger(&self) -> TaggerWeights {
        let shipped = TaggerWeights::Shipped(self.tier.unwrap_or_default().into());
        self.weights.clone().map_or(shipped, TaggerWeights::At)
    }

    /// The settings, with the threshold of the model where none was given.
    pub fn settings(&self, default_threshold: Score) -> Settings {
        Settings {
            threshold: self.threshold.unwrap_or(default_threshold),
            policy: self.limits.policy.unwrap_or_default(),
            keep_scores: !self.no_scores && self.rules.is_none(),
            keep_removed: self.how.removed,
            measure: self.how.measure,
            ..self.corpus.settings()
        }
    }
}

impl Filter {
    /// The settings.
    pub fn settings(&self) -> Settings {
        Settings {
            keep_removed: self.how.removed,
            measure: self.how.measure,
            ..self.corpus.settings()
        }
    }
}
