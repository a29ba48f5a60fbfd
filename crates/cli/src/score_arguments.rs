//! What can be said about scores of quality.

use crate::connection_arguments::Connection;
use clap::Args;
use refinex::RunError;
use refinex::experts::{Asking, Expert, Judge, Prompt, Sampling, Task, Transport};
use std::path::PathBuf;

#[derive(Args)]
pub struct Score {
    /// The run. Its inputs must still be where they were.
    pub run_directory: String,
    /// A gold set: says how well each scorer ranks its documents by their true share of noise.
    #[arg(long, value_name = "GOLD")]
    pub gold: Option<String>,
    /// An n-gram model of clean text (`train ngram`), for perplexity.
    #[arg(long, value_name = "FILE")]
    pub ngram: Option<PathBuf>,
    /// Score at most so many documents, from the beginning.
    #[arg(long, value_name = "N")]
    pub documents: Option<usize>,
    /// Ask a judge too: base URL of an OpenAI-compatible endpoint.
    #[arg(long, value_name = "URL", requires = "model")]
    pub endpoint: Option<String>,
    /// Name of the judge's model.
    #[arg(long, value_name = "NAME", requires = "endpoint")]
    pub model: Option<String>,
    /// The judge's prompt: one that is built in (judge-v1), or a file that asks for
    /// `<score>N</score>`.
    #[arg(long, value_name = "NAME|FILE", default_value = "judge-v1")]
    pub prompt: String,
    /// Most tokens of the judge's answer; one that is cut off gives no number.
    #[arg(long, value_name = "N")]
    pub max_tokens: Option<u64>,
    #[command(flatten)]
    pub connection: Connection,
    /// Print JSON.
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// Print Markdown.
    #[arg(long)]
    pub markdown: bool,
}

#[derive(Args)]
pub struct TrainNgram {
    /// Clean texts: files, folders or run directories; of labelled documents what stays is read.
    #[arg(required = true)]
    pub texts: Vec<String>,
    /// The file to write.
    #[arg(short, long)]
    pub output: PathBuf,
}

impl Score {
    /// The judge, if one is to be asked.
    pub fn judge(&self) -> Result<Option<Judge>, RunError> {
        let Some((endpoint, model)) = self.endpoint.as_ref().zip(self.model.as_ref()) else {
            return Ok(None);
        };
        let file = PathBuf::from(&self.prompt);
        let prompt = if file.is_file() { Prompt::read(&file) } else { Prompt::judge(&self.prompt) };
        let asking = Asking {
            endpoint: endpoint.clone(),
            model: model.clone(),
            task: Task::Rewrite(prompt.map_err(said)?),
            sampling: self.sampling(),
        };
        let expert = Expert::connect(asking, self.connection.settings(0)?, &Transport::Http)
            .map_err(said)?;
        Ok(Some(Judge::new(expert.rewriter)))
    }

    fn sampling(&self) -> Sampling {
        let max_tokens = self.max_tokens;
        Sampling { temperature: Some(0.0), max_tokens, ..Sampling::default() }
    }
}

fn said(error: impl std::fmt::Display) -> RunError {
    RunError::new(error.to_string())
}
