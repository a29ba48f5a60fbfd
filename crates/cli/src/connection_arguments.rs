//! What can be said of an endpoint, and of the traffic with it: for experts, generators and judges.

use clap::Args;
use refinex::RunError;
use refinex::experts::{ApiKey, ExpertSettings, Limits, Patience, Prices, Timeouts, Transport};
use std::path::PathBuf;
use std::time::Duration;

/// What stands for the endpoint where batch files are the transport and none is named.
pub const BATCH: &str = "batch";

#[derive(Args)]
pub struct Connection {
    /// Variable of the environment that holds the key; without one, none is sent.
    #[arg(long, value_name = "NAME", default_value = "OPENAI_API_KEY")]
    pub api_key_env: String,
    /// Folder of answers, shared by all runs [default: refinex/expert in the user's cache folder].
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Append a line of JSON for each request: sizes, times, faults; no text and no key.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    #[command(flatten)]
    pub traffic: Traffic,
    #[command(flatten)]
    pub budget: BudgetArguments,
}

/// Files in place of the endpoint.
#[derive(Args)]
pub struct Batch {
    /// Send nothing: write the requests to an OpenAI batch file.
    #[arg(long, value_name = "FILE", conflicts_with = "batch_in")]
    pub batch_out: Option<PathBuf>,
    /// Send nothing: take the answers from the output and error files of a batch.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub batch_in: Vec<PathBuf>,
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

impl Connection {
    /// How it is asked; `seed` is that of the waits between attempts.
    pub fn settings(&self, seed: u64) -> Result<ExpertSettings, RunError> {
        let traffic = &self.traffic;
        let cache = self.cache.clone().or_else(usual_cache).ok_or_else(|| {
            RunError::new("expected a folder for answers, but found no home: give one by --cache")
        })?;
        Ok(ExpertSettings {
            key: ApiKey::from_environment(&self.api_key_env)
                .map_err(|error| RunError::new(error.to_string()))?,
            timeouts: Timeouts { connect: traffic.connect_timeout, total: traffic.timeout },
            patience: Patience {
                attempts: traffic.attempts,
                first: traffic.first_wait,
                longest: traffic.longest_wait,
                seed,
            },
            limits: self.budget.limits(),
            concurrency: traffic.concurrency,
            give_up_after: traffic.give_up_after,
            cache,
            log: self.log.clone(),
        })
    }
}

impl Batch {
    /// Whether files are the transport.
    pub fn is_used(&self) -> bool {
        self.batch_out.is_some() || !self.batch_in.is_empty()
    }

    /// How requests travel.
    pub fn transport(&self) -> Transport {
        match &self.batch_out {
            Some(file) => Transport::BatchOut(file.clone()),
            None if self.batch_in.is_empty() => Transport::Http,
            None => Transport::BatchIn(self.batch_in.clone()),
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

fn usual_cache() -> Option<PathBuf> {
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
