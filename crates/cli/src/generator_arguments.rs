//! What can be said to `refinex refine` of a generator behind an endpoint.

use crate::connection_arguments::{BATCH, Batch, Connection};
use crate::expert_arguments::extra;
use clap::Args;
use refinex::RunError;
use refinex::expert::ExpertRun;
use refinex::experts::{Asking, Constrain, Expert, Generator, Sampling, Task};
use std::num::NonZeroUsize;

#[derive(Args)]
#[command(next_help_heading = "A generator behind an endpoint, instead of the tagger")]
#[command(mut_group("Connection", |group| group.requires("model")))]
#[command(mut_group("Batch", |group| group.requires("model")))]
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
    /// How the server is told to write valid programs alone: none, structured-outputs (vLLM from
    /// 0.11 on), guided (vLLM before), llama-cpp.
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
    #[command(flatten)]
    pub batch: Batch,
    #[command(flatten)]
    pub connection: Connection,
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
        let is_batch = self.batch.is_used();
        let endpoint = self.endpoint.clone().or_else(|| is_batch.then(|| BATCH.to_owned()));
        let endpoint = endpoint.ok_or_else(|| {
            RunError::new(format!(
                "expected --endpoint for the model {model}, but found neither it nor a batch file"
            ))
        })?;
        let asking = self.asking(endpoint, model, programs)?;
        let expert = Expert::connect(asking, self.connection.settings(0)?, &self.batch.transport())
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
