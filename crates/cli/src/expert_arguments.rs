//! What can be said to `refinex expert`.

use crate::arguments::{Part, Rows};
use crate::connection_arguments::{BATCH, Batch, Connection};
use clap::Args;
use refinex::RunError;
use refinex::expert::{ExpertRun, Sample};
use refinex::experts::{Asking, Prompt, Sampling, Task};
use serde_json::{Map, Value};
use std::path::Path;

#[derive(Args)]
pub struct Expert {
    /// Files, folders, patterns or URLs of seed documents, as for `refine`.
    #[arg(required = true)]
    pub inputs: Vec<String>,
    /// Folder or URL to write to. A second run of the same command continues there.
    #[arg(short, long)]
    pub output: String,
    /// Base URL of an OpenAI-compatible endpoint, such as http://127.0.0.1:8000/v1.
    #[arg(long, value_name = "URL", required_unless_present_any = ["batch_out", "batch_in"])]
    pub endpoint: Option<String>,
    /// Name of the model.
    #[arg(long, value_name = "NAME")]
    pub model: String,
    #[command(flatten)]
    pub rows: Rows,
    #[command(flatten)]
    pub asked: Asked,
    #[command(flatten)]
    pub seeds: SeedChoice,
    #[command(flatten)]
    pub connection: Connection,
    #[command(flatten)]
    pub batch: Batch,
    /// Ask again where shards are done, but chunks had no answer.
    #[arg(long)]
    pub retry_failed: bool,
    #[command(flatten)]
    pub part: Part,
}

#[derive(Args)]
#[command(next_help_heading = "What is asked")]
pub struct Asked {
    /// A prompt that is built in (refine-v1, refine-short-v1), or a file with {{document}} in it
    /// once, and what the system says above a line `=== user ===`.
    #[arg(long, value_name = "NAME|FILE", default_value = "refine-v1")]
    pub prompt: String,
    /// Most bytes of a chunk.
    #[arg(long, value_name = "N", default_value_t = ExpertRun::CHUNK_BYTES)]
    pub chunk_bytes: usize,
    /// Temperature [default: that of the server].
    #[arg(long, value_name = "T")]
    pub temperature: Option<f64>,
    /// Nucleus [default: that of the server].
    #[arg(long, value_name = "P")]
    pub top_p: Option<f64>,
    /// Most tokens of an answer; one that is cut off is never used.
    #[arg(long, value_name = "N")]
    pub max_tokens: Option<u64>,
    /// Seed of the server's sampling.
    #[arg(long, value_name = "N")]
    pub answer_seed: Option<u64>,
    /// More fields of the request, such as '{"chat_template_kwargs":{"enable_thinking":false}}'.
    #[arg(long, value_name = "JSON")]
    pub extra: Option<String>,
}

#[derive(Args)]
#[command(next_help_heading = "Which documents")]
pub struct SeedChoice {
    /// Ask about so many documents, drawn uniformly.
    #[arg(long, value_name = "N")]
    pub sample: Option<usize>,
    /// Draw them along the distribution of this column of numbers (nested: a.b).
    #[arg(long, value_name = "COLUMN", requires = "sample")]
    pub sample_by: Option<String>,
    /// Seed of the sample, and of the waits between attempts.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

impl Expert {
    /// What is asked of whom.
    pub fn asking(&self) -> Result<Asking, RunError> {
        let extra = extra(self.asked.extra.as_deref())?;
        Ok(Asking {
            endpoint: self.endpoint.clone().unwrap_or_else(|| BATCH.to_owned()),
            model: self.model.clone(),
            task: Task::Rewrite(prompt(&self.asked.prompt)?),
            sampling: Sampling {
                temperature: self.asked.temperature,
                top_p: self.asked.top_p,
                max_tokens: self.asked.max_tokens,
                seed: self.asked.answer_seed,
                extra,
            },
        })
    }

    /// What decides the pairs.
    pub fn run(&self, asking: &Asking) -> ExpertRun {
        let sample = self.seeds.sample.map(|count| Sample {
            count,
            by: self.seeds.sample_by.clone(),
            seed: self.seeds.seed,
        });
        ExpertRun {
            text_key: self.rows.text_key.clone(),
            id_key: self.rows.id_key.clone(),
            chunk_bytes: self.asked.chunk_bytes,
            sample,
            ..ExpertRun::new(&self.inputs, asking)
        }
    }
}

/// More fields of a request.
pub fn extra(json: Option<&str>) -> Result<Map<String, Value>, RunError> {
    json.map_or_else(
        || Ok(Map::new()),
        |json| {
            serde_json::from_str(json).map_err(|error| {
                RunError::new(format!("expected a JSON object for --extra, but found: {error}"))
            })
        },
    )
}

fn prompt(name: &str) -> Result<Prompt, RunError> {
    let is_file = Path::new(name).is_file();
    let found = if is_file { Prompt::read(Path::new(name)) } else { Prompt::built_in(name) };
    found.map_err(|error| {
        let more = if is_file { "" } else { " (there is no file of that name either)" };
        RunError::new(format!("{error}{more}"))
    })
}
