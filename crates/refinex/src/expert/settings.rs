//! Everything that decides what an expert is asked, beside input and model.

use crate::error::RunError;
use crate::expert::seeds::Sample;
use crate::settings::differences;
use refinex_core::{Chunker, Identity};
use refinex_corpus::{OutputCompression, OutputFormat, OutputSettings, ReadSettings, RunDirectory};
use refinex_expert::Sampling;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

/// The version of the form of `run.json`.
const VERSION: u32 = 1;

/// The settings of an expert's run, as `run.json` has them. A run that is continued with others is
/// refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpertRun {
    /// The version of this form.
    pub version: u32,
    /// The command: expert.
    pub command: String,
    /// The inputs as the user named them.
    pub inputs: Vec<String>,
    /// Name of the model.
    pub model: String,
    /// Fingerprint of endpoint, model, prompt and decoding.
    pub model_fingerprint: String,
    /// The endpoint.
    pub endpoint: String,
    /// The prompt, by name and hash.
    pub prompt: String,
    /// Decoding.
    pub sampling: Sampling,
    /// Key or column of the text.
    pub text_key: String,
    /// Key or column of the id.
    pub id_key: String,
    /// Most bytes of a chunk.
    pub chunk_bytes: usize,
    /// Which documents are asked about; all if `None`.
    pub sample: Option<Sample>,
}

impl ExpertRun {
    /// Most bytes of a chunk: about the 12,000 characters that the paper's refiner reads at once.
    pub const CHUNK_BYTES: usize = 12_000;

    /// The run that asks `asking` about all documents of `inputs`.
    #[must_use]
    pub fn new(inputs: &[String], asking: &refinex_expert::Asking) -> Self {
        let (read, identity) = (ReadSettings::default(), asking.identity());
        Self {
            version: VERSION,
            command: "expert".to_owned(),
            inputs: inputs.to_vec(),
            model: identity.name,
            model_fingerprint: identity.fingerprint,
            endpoint: asking.endpoint.clone(),
            prompt: asking.task.label(),
            sampling: asking.sampling.clone(),
            text_key: read.text_key,
            id_key: read.id_key,
            chunk_bytes: Self::CHUNK_BYTES,
            sample: None,
        }
    }

    /// How rows are read.
    #[must_use]
    pub fn read(&self) -> ReadSettings {
        let (text_key, id_key) = (self.text_key.clone(), self.id_key.clone());
        ReadSettings { text_key, id_key, ..ReadSettings::default() }
    }

    /// The chunker. There is no overlap: every byte is paid for once.
    ///
    /// # Errors
    /// If there is no room in a chunk.
    pub fn chunker(&self) -> Result<Chunker, RunError> {
        Chunker::new(self.chunk_bytes, 0).map_err(|error| RunError::new(error.to_string()))
    }

    /// Who is asked.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity { name: self.model.clone(), fingerprint: self.model_fingerprint.clone() }
    }

    /// A fingerprint of what decides the pairs of a shard.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let sample = self.sample.as_ref().map(|sample| (sample, &self.inputs));
        let deciding = (&self.text_key, &self.id_key, self.chunk_bytes, sample);
        format!("{:016x}", xxh3_64(&serde_json::to_vec(&deciding).unwrap_or_default()))
    }

    /// What is written: JSON lines, packed with Zstandard.
    #[must_use]
    pub const fn output() -> OutputSettings {
        let (format, compression) = (OutputFormat::Jsonl, OutputCompression::Zst);
        OutputSettings { format, compression, level: 3 }
    }

    /// Begins the run in `directory`, or continues it if it is the same run.
    ///
    /// # Errors
    /// If another run has begun there; the error says in what it differs.
    pub fn begin(&self, directory: &RunDirectory) -> Result<(), RunError> {
        let value = serde_json::to_value(self)
            .map_err(|error| RunError::new(format!("expected settings in JSON: {error}")))?;
        let Some(there) = directory.begin(format!("{value:#}\n").as_bytes())? else {
            return Ok(());
        };
        let place = directory.store().place(RunDirectory::RUN);
        let there: Value = serde_json::from_slice(&there).map_err(|error| {
            RunError::new(format!("expected {place} in JSON, but found: {error}"))
        })?;
        if there == value {
            return Ok(());
        }
        let found = differences(&there, &value).join("; ");
        Err(RunError::new(format!(
            "expected to continue the run that {place} describes, but found other settings: \
             {found} (use another output folder, or the same settings)"
        )))
    }
}
