//! What can be said to `refinex refine` of a generator behind an endpoint.

use crate::expert_arguments::{BATCH, BudgetArguments, Connection, Traffic, extra, transport};
use clap::Args;
use refinex::RunError;
use refinex::expert::ExpertRun;
use refinex::experts::{Asking, Constrain, Expert, Generator, Sampling, Task};
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Args)]
#[command(next_help_heading = "A generator behind an endpoint, instead of the tagger")]
#[command(mut_group("Traffic", |group| group.requires("model")))]
#[command(mut_group("BudgetArguments", |group| group.requires("model")))]
pub struct Remote {
    /// Base URL of an OpenAI-compatible endpoint that serves a model which writes programs, such as
    /// http://127.0.0.1:8000/v1.
    #[arg(long, value_name = "URL", requires = "model")]
    pub endpoint: Option<String>,
    /// Name of the model there.
    #[arg(long, value_name = "NAME")]
    #[arg(conflicts_with_all = ["threshold", "weights", "keep_all", "no_scores"])]
    pub model: Option<String>,
    /// Variable of the environment that holds the key; without one, none is sent.
    #[arg(long, value_name = "NAME", default_value = "OPENAI_API_KEY", requires = "model")]
    pub api_key_env: String,
    /// How the server is told to write valid programs alone: none, structured-outputs (vLLM from
    /// 0.12 on), guided (vLLM before), llama-cpp.
    #[arg(long, value_name = "HOW", default_value_t = Constrain::None, requires = "model")]
    pub constrain: Constrain,
    /// Temperature.
    #[arg(long, value_name = "T", default_value_t = 0.0, requires = "model")]
    pub temperature: f64,
    /// Seed of the server's sampling.
    #[arg(long, value_name = "N", requires = "model")]
    pub answer_seed: Option<u64>,
    /// More fields of the request, such as '{"chat_template_kwargs":{"enable_thinking":false}}'.
    #[arg(long, value_name = "JSON", requires = "model")]
    pub extra: Option<String>,
    /// Folder of answers, shared by all runs [default: refinex/expert in the user's cache folder].
    #[arg(long, value_name = "DIR", requires = "model")]
    pub cache: Option<PathBuf>,
    /// Append a line of JSON for each request: sizes, times, faults; no text and no key.
    #[arg(long, value_name = "FILE", requires = "model")]
    pub log: Option<PathBuf>,
    /// Send nothing: write the requests to an OpenAI batch file.
    #[arg(long, value_name = "FILE", requires = "model", conflicts_with = "batch_in")]
    pub batch_out: Option<PathBuf>,
    /// Send nothing: take the answers from the output and error files of a batch.
    #[arg(long, value_name = "FILE", requires = "model", num_args = 1..)]
    pub batch_in: Vec<PathBuf>,
    #[command(flatten)]
    pub traffic: Traffic,
    #[command(flatten)]
    pub budget: BudgetArguments,
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

/// What generators of both kinds are told.
#[derive(Args)]
#[command(next_help_heading = "Generators")]
pub struct Programs {
    /// Most tokens of a program; of one that is cut off the calls that are whole are carried out.
    #[arg(long, value_name = "N", default_value = "2048", requires = "any_generator")]
    pub max_program_tokens: NonZeroUsize,
    /// Most bytes of a chunk, that of the training set; there is no overlap.
    #[arg(long, value_name = "N", default_value_t = ExpertRun::CHUNK_BYTES)]
    #[arg(requires = "any_generator")]
    pub chunk_bytes: usize,
}

impl Remote {
    /// The generator, if one was asked for.
    pub fn generator(&self, programs: &Programs) -> Result<Option<Generator>, RunError> {
        let Some(model) = &self.model else { return Ok(None) };
        let is_batch = self.batch_out.is_some() || !self.batch_in.is_empty();
        let endpoint = self.endpoint.clone().or_else(|| is_batch.then(|| BATCH.to_owned()));
        let endpoint = endpoint.ok_or_else(|| {
            RunError::new(format!(
                "expected --endpoint for the model {model}, but found neither it nor a batch file"
            ))
        })?;
        let connection = Connection {
            api_key_env: &self.api_key_env,
            traffic: &self.traffic,
            budget: &self.budget,
            cache: self.cache.as_ref(),
            log: self.log.as_ref(),
            seed: 0,
        };
        let transport = transport(self.batch_out.as_ref(), &self.batch_in);
        let expert = Expert::connect(
            self.asking(endpoint, model, programs)?,
            connection.settings()?,
            &transport,
        )
        .map_err(|error| RunError::new(error.to_string()))?;
        Ok(Some(Generator { expert }))
    }

    fn asking(
        &self,
        endpoint: String,
        model: &str,
        programs: &Programs,
    ) -> Result<Asking, RunError> {
        Ok(Asking {
            endpoint,
            model: model.to_owned(),
            task: Task::Program(self.constrain),
            sampling: Sampling {
                temperature: Some(self.temperature),
                top_p: None,
                max_tokens: Some(programs.max_program_tokens.get() as u64),
                seed: self.answer_seed,
                extra: extra(self.extra.as_deref())?,
            },
        })
    }
}
