//! Arguments of `refinex train`.

use crate::arguments::score;
use clap::{Args, Subcommand};
use refinex::core::Score;
use refinex::expert::ExpertRun;
use refinex::model::Device;
use refinex::model::train::Sight;
use std::path::PathBuf;

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
    /// Train networks that see every line of a page beside all others, by attention: better, and
    /// several times the work.
    #[arg(long, conflicts_with = "encoder")]
    pub attention: bool,
    /// Values that such a network tells a line by, a multiple of 32.
    #[arg(long, default_value_t = 128, value_parser = width, requires = "attention")]
    pub attention_width: usize,
    /// Its layers.
    #[arg(long, default_value_t = 3, value_parser = layers, requires = "attention")]
    pub attention_layers: usize,
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
    /// Stop after so many epochs without better labels of what is held back [default: never; the
    /// weights are those of the best epoch anyway].
    #[arg(long, value_name = "EPOCHS")]
    pub patience: Option<usize>,
    /// Networks that see the human labels of the expert's pages as a hint and label the human and
    /// the plain sets as the expert would; 0 to train on labels alone.
    #[arg(long, default_value_t = 3)]
    pub teachers: usize,
    /// Networks, one a seed; their mean is the score [default: 4, or 1 with attention or an encoder].
    #[arg(long)]
    pub members: Option<usize>,
    /// Passes over all sets [default: 3, 0 with attention or an encoder].
    #[arg(long)]
    pub broad_epochs: Option<usize>,
    /// Passes over the expert's labelling alone, afterwards [default: 10, 6 with attention,
    /// 4 with an encoder].
    #[arg(long)]
    pub expert_epochs: Option<usize>,
    /// Share of what the teachers labelled in each pass over the expert's labelling [default: 0.2, 0.15
    /// with an encoder].
    #[arg(long)]
    pub relabelled_share: Option<f32>,
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
pub struct TrainGenerator {
    /// The weights to start from: a folder with config.json, model.safetensors and tokenizer.json,
    /// or a GGUF file; of a Llama- or Qwen3-type model.
    #[arg(long)]
    pub base: String,
    /// JSONL rows {id, text, deletions: [[start, end], …]} to learn from.
    #[arg(long, required = true, num_args = 1..)]
    pub data: Vec<String>,
    /// A file of page ids that are left out, one a line.
    #[arg(long)]
    pub without: Option<String>,
    /// The folder to write: a model, its configuration, metrics. An earlier run of the same training
    /// there goes on from its last checkpoint.
    #[arg(short, long)]
    pub output: PathBuf,
    /// Train adapters (LoRA) of this rank, and leave the base as it is.
    #[arg(long, value_name = "RANK", value_parser = positive)]
    pub lora_rank: Option<usize>,
    /// What the adapters add is multiplied with ALPHA / RANK [default: twice the rank].
    #[arg(long, value_name = "ALPHA", requires = "lora_rank")]
    pub lora_alpha: Option<f32>,
    /// The products of each layer that get an adapter [default: all seven].
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', requires = "lora_rank",
        value_parser = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"])]
    pub lora_parts: Vec<String>,
    /// Write the model with its adapters merged too, which `refine` reads.
    #[arg(long, requires = "lora_rank")]
    pub merge: bool,
    /// The largest step; it rises at first, and falls along a cosine [default: 1e-4, or 2e-4 with
    /// adapters].
    #[arg(long)]
    pub rate: Option<f32>,
    /// Share of the steps over which the rate rises.
    #[arg(long, default_value_t = 0.05)]
    pub warm_up: f32,
    /// Share of the matrices, times the rate, that goes each step.
    #[arg(long, default_value_t = 0.01)]
    pub decay: f32,
    /// Gradients that are longer are cut to this length.
    #[arg(long, default_value_t = 1.0)]
    pub clip: f32,
    /// Examples of a step.
    #[arg(long, default_value_t = 16, value_parser = positive)]
    pub batch: usize,
    /// Passes over the examples.
    #[arg(long, default_value_t = 2, value_parser = positive)]
    pub epochs: usize,
    /// Most examples that are learnt from, some of them by chance [default: all].
    #[arg(long, value_parser = positive)]
    pub most_examples: Option<usize>,
    /// Most tokens of an example, prompt and program; what is longer is cut into smaller chunks.
    #[arg(long, default_value_t = 4096, value_parser = positive)]
    pub max_tokens: usize,
    /// Most bytes of a chunk; refine with the same.
    #[arg(long, default_value_t = ExpertRun::CHUNK_BYTES, value_parser = positive)]
    pub chunk_bytes: usize,
    /// Share of the documents that is held back to say which step was the best.
    #[arg(long, default_value_t = 0.05)]
    pub held_out: f32,
    /// Most examples of these that are looked at.
    #[arg(long, default_value_t = 100)]
    pub held_most: usize,
    /// Steps between two looks at what is held back.
    #[arg(long, default_value_t = 50, value_parser = positive)]
    pub evaluate_every: usize,
    /// Stop after so many looks without a better loss [default: never; the model is that of the
    /// best look anyway].
    #[arg(long, value_name = "LOOKS")]
    pub patience: Option<usize>,
    /// Steps between two checkpoints; one takes 12 bytes a weight that learns.
    #[arg(long, default_value_t = 50, value_parser = positive)]
    pub keep_every: usize,
    /// Do not go on with the training in the folder, but end it: the best look so far, or the last
    /// checkpoint if nothing is held back, becomes the model.
    #[arg(long)]
    pub finish: bool,
    /// Threads; each has a gradient of its own, 4 bytes a weight that learns.
    #[arg(long, default_value_t = 2, value_parser = positive)]
    pub threads: usize,
    /// Where large products are made: cpu, or cuda in a build with that feature.
    #[arg(long, default_value_t = Device::Cpu)]
    pub device: Device,
    /// Most tokens that a thread reads at once: less takes less memory.
    #[arg(long, default_value_t = 2048, value_parser = positive)]
    pub pack_tokens: usize,
    /// Seed of the order of examples and of the adapters' first values.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

fn width(text: &str) -> Result<usize, String> {
    let (head, most) = (Sight::HEAD, Sight::WIDTHS.end());
    match text.parse() {
        Ok(width) if Sight::WIDTHS.contains(&width) && width % head == 0 => Ok(width),
        _ => Err(format!("expected a multiple of {head} up to {most}, but found {text}")),
    }
}

fn layers(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(layers) if Sight::LAYERS.contains(&layers) => Ok(layers),
        _ => {
            let (least, most) = Sight::LAYERS.into_inner();
            Err(format!("expected a whole number from {least} to {most}, but found {text}"))
        }
    }
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("expected a whole number from 1, but found {text}")),
        Ok(number) => Ok(number),
    }
}
