//! What can be said to `refinex prox`.

use crate::arguments::{Corpus, Limits};
use clap::Args;
use refinex::{Prox, ProxSource, RunError, Settings};

#[derive(Args)]
pub struct ProxCommand {
    /// The programs: a file of rows {id, program} or {id, doc_program, chunk_program} (also below
    /// metadata) for the documents of all shards, in any order, which is held in memory; or a folder with
    /// such a file for each shard, in the order of its documents. Without this they are in the rows of the
    /// documents.
    #[arg(long, value_name = "PATH")]
    pub programs: Option<String>,
    /// Where the rows hold the programs: key of that for the whole document, keys joined by dots.
    #[arg(long, default_value = "metadata.doc_program", conflicts_with = "programs")]
    pub document_key: String,
    /// Where the rows hold the programs: key of that for the chunks.
    #[arg(long, default_value = "metadata.chunk_program", conflicts_with = "programs")]
    pub chunk_key: String,
    /// Do as ProX's own executor does, with its defects. Its texts stand in OUT/rewrites/; a document to
    /// which it adds text stays as it is.
    #[arg(long)]
    pub as_written: bool,
    /// Leave documents without programs as they are, where their rows are missing.
    #[arg(long, requires = "programs")]
    pub partial: bool,
    #[command(flatten)]
    pub corpus: Corpus,
    #[command(flatten)]
    pub limits: Limits,
    /// Write dropped documents to OUT/removed/ as JSONL with their `filter_reason`.
    #[arg(long)]
    pub removed: bool,
}

impl ProxCommand {
    /// Where the programs are, and how they are carried out.
    pub fn prox(&self) -> Result<Prox, RunError> {
        let source = match &self.programs {
            Some(location) => ProxSource::open(location)?,
            None => ProxSource::Rows {
                document: self.document_key.clone(),
                chunk: self.chunk_key.clone(),
            },
        };
        Ok(Prox { source, as_written: self.as_written, partial: self.partial })
    }

    /// The settings.
    pub fn settings(&self) -> Settings {
        Settings {
            policy: self.limits.policy.unwrap_or_default(),
            keep_removed: self.removed,
            ..self.corpus.settings()
        }
    }
}
