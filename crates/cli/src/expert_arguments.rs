//! What can be said to `refinex expert`.

use crate::arguments::{Part, Rows};
use clap::Args;
use refinex::RunError;
use refinex::expert::{ExpertRun, Sample};
use refinex::experts::{
    ApiKey, Asking, ExpertSettings, Limits, Patience, Prices, Prompt, Sampling, Task, Timeouts,
    Transport,
};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What stands for the endpoint where batch files are the transport and none is named.
pub const BATCH: &str = "batch";

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
    /// Variable of the environment that holds the key; without one, none is sent.
    #[arg(long, value_name = "NAME", default_value = "OPENAI_API_KEY")]
    pub api_key_env: String,
    #[command(flatten)]
    pub rows: Rows,
    #[command(flatten)]
    pub asked: Asked,
    #[command(flatten)]
    pub seeds: SeedChoice,
    #[command(flatten)]
    pub traffic: Traffic,
    #[command(flatten)]
    pub budget: BudgetArguments,
    /// Folder of answers, shared by all runs [default: refinex/expert in the user's cache folder].
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Append a line of JSON for each request: sizes, times, faults; no text and no key.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Send nothing: write the requests to an OpenAI batch file.
    #[arg(long, value_name = "FILE", conflicts_with = "batch_in")]
    pub batch_out: Option<PathBuf>,
    /// Send nothing: take the answers from the output and error files of a batch.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub batch_in: Vec<PathBuf>,
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

#[derive(Args)]
#[command(next_help_heading = "How it is asked")]
pub struct Traffic {
    /// Requests at once.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub concurrency: usize,
    /// Seconds to wait for a connection.
    #[arg(long, value_name = "S", default_value = "10", value_parser = seconds)]
    pub connect_timeout: Duration,
    /// Seconds to wait for an answer, all in all.
    #[arg(long, value_name = "S", default_value = "600", value_parser = seconds)]
    pub timeout: Duration,
    /// Requests for one chunk, where they fail and may succeed later.
    #[arg(long, value_name = "N", default_value_t = 6)]
    pub attempts: u32,
    /// Seconds that the first wait between them has at most; it doubles.
    #[arg(long, value_name = "S", default_value = "1", value_parser = seconds)]
    pub first_wait: Duration,
    /// Seconds that no wait is over.
    #[arg(long, value_name = "S", default_value = "60", value_parser = seconds)]
    pub longest_wait: Duration,
    /// Stop after so many chunks in a row that had no answer.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub give_up_after: usize,
}

#[derive(Args)]
#[command(next_help_heading = "What it may cost, this time")]
pub struct BudgetArguments {
    /// Tokens, read and written.
    #[arg(long, value_name = "N")]
    pub budget_tokens: Option<u64>,
    /// Money, in the currency of the prices.
    #[arg(long, value_name = "X")]
    pub budget_cost: Option<f64>,
    /// Price of a million tokens read.
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    pub price_in: f64,
    /// Price of a million tokens written.
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    pub price_out: f64,
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

    /// How it is asked.
    pub fn settings(&self) -> Result<ExpertSettings, RunError> {
        let connection = Connection {
            api_key_env: &self.api_key_env,
            traffic: &self.traffic,
            budget: &self.budget,
            cache: self.cache.as_ref(),
            log: self.log.as_ref(),
            seed: self.seeds.seed,
        };
        connection.settings()
    }

    /// How requests travel.
    pub fn transport(&self) -> Transport {
        transport(self.batch_out.as_ref(), &self.batch_in)
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

impl BudgetArguments {
    /// The prices.
    pub const fn prices(&self) -> Prices {
        Prices { input: self.price_in, output: self.price_out }
    }

    pub fn limits(&self) -> Limits {
        Limits { tokens: self.budget_tokens, cost: self.budget_cost, prices: self.prices() }
    }
}

/// What decides how an endpoint is asked.
pub struct Connection<'a> {
    pub api_key_env: &'a str,
    pub traffic: &'a Traffic,
    pub budget: &'a BudgetArguments,
    pub cache: Option<&'a PathBuf>,
    pub log: Option<&'a PathBuf>,
    /// Of the waits between attempts.
    pub seed: u64,
}

impl Connection<'_> {
    pub fn settings(&self) -> Result<ExpertSettings, RunError> {
        let traffic = self.traffic;
        let cache = self.cache.cloned().or_else(usual_cache).ok_or_else(|| {
            RunError::new("expected a folder for answers, but found no home: give one by --cache")
        })?;
        Ok(ExpertSettings {
            key: ApiKey::from_environment(self.api_key_env)
                .map_err(|error| RunError::new(error.to_string()))?,
            timeouts: Timeouts { connect: traffic.connect_timeout, total: traffic.timeout },
            patience: Patience {
                attempts: traffic.attempts,
                first: traffic.first_wait,
                longest: traffic.longest_wait,
                seed: self.seed,
            },
            limits: self.budget.limits(),
            concurrency: traffic.concurrency,
            give_up_after: traffic.give_up_after,
            cache,
            log: self.log.cloned(),
        })
    }
}

/// How requests travel.
pub fn transport(batch_out: Option<&PathBuf>, batch_in: &[PathBuf]) -> Transport {
    match batch_out {
        Some(file) => Transport::BatchOut(file.clone()),
        None if batch_in.is_empty() => Transport::Http,
        None => Transport::BatchIn(batch_in.to_vec()),
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

pub fn usual_cache() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let cache = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    Some(cache?.join("refinex").join("expert"))
}

fn seconds(text: &str) -> Result<Duration, RunError> {
    let parsed = text.parse().ok().filter(|s: &f64| *s > 0.0);
    parsed.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).ok_or_else(|| {
        RunError::new(format!("expected a number of seconds over 0, but found {text}"))
    })
}
