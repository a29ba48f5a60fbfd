//! Arguments of `refinex train generator`.

use clap::Args;
use refinex::expert::ExpertRun;
use std::path::PathBuf;

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
    /// Most tokens that a thread reads at once: less takes less memory.
    #[arg(long, default_value_t = 2048, value_parser = positive)]
    pub pack_tokens: usize,
    /// Seed of the order of examples and of the adapters' first values.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("expected a whole number from 1, but found {text}")),
        Ok(number) => Ok(number),
    }
}
