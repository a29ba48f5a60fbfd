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
