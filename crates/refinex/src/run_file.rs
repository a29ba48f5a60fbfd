//! `run.json`: what a run is, so that it can be continued and is never mixed with another.

use crate::decider::Decider;
use crate::error::RunError;
use crate::settings::{Settings, differences};
use refinex_core::Identity;
use refinex_corpus::{RunDirectory, Store};
use serde::{Deserialize, Serialize};

/// The version of the form of `run.json`.
const VERSION: u32 = 1;

/// What a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    /// The version of this form.
    pub version: u32,
    /// The command: refine, apply, rethreshold.
    pub command: String,
    /// The inputs as the user named them.
    pub inputs: Vec<String>,
    /// Name of the model.
    pub model: String,
    /// Its fingerprint.
    pub model_fingerprint: String,
    /// The settings.
    pub settings: Settings,
}

impl RunFile {
    /// What a run of `command` over `inputs` is.
    #[must_use]
    pub fn new(command: &str, inputs: &[String], decider: &Decider, settings: &Settings) -> Self {
        let identity = decider.identity();
        Self {
            version: VERSION,
            command: command.to_owned(),
            inputs: inputs.to_vec(),
            model: identity.name,
            model_fingerprint: identity.fingerprint,
            settings: settings.clone(),
        }
    }

    /// Reads `run.json` of a run directory.
    ///
    /// # Errors
    /// If there is none, or it is of another version.
    pub fn read(store: &Store) -> Result<Self, RunError> {
        let bytes = store.get(RunDirectory::RUN).map_err(|error| {
            RunError::new(format!("expected a run directory with its run.json: {error}"))
        })?;
        Self::parse(&bytes, &store.place(RunDirectory::RUN))
    }

    /// Who decided in that run.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity { name: self.model.clone(), fingerprint: self.model_fingerprint.clone() }
    }

    fn parse(bytes: &[u8], place: &str) -> Result<Self, RunError> {
        let wrong = |found: String| {
            RunError::new(format!("expected {place} of version {VERSION}, but found {found}"))
        };
        let value: serde_json::Value =
            serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(VERSION) => {
                serde_json::from_value(value).map_err(|error| wrong(error.to_string()))
            }
            Some(version) => Err(wrong(format!("version {version}"))),
            None => Err(wrong("no version".to_owned())),
        }
    }

    /// Begins the run in `directory`, or continues it if it is the same run.
    ///
    /// # Errors
    /// If another run has begun there; the error says in what it differs.
    pub fn begin(&self, directory: &RunDirectory) -> Result<(), RunError> {
        let mut json = serde_json::to_vec_pretty(self)
            .map_err(|error| RunError::new(format!("expected settings in JSON: {error}")))?;
        json.push(b'\n');
        let Some(there) = directory.begin(&json)? else { return Ok(()) };
        let place = directory.store().place(RunDirectory::RUN);
        let there = Self::parse(&there, &place)?;
        if there == *self {
            return Ok(());
        }
        let value = |run: &Self| serde_json::to_value(run).unwrap_or_default();
        let found = differences(&value(&there), &value(self)).join("; ");
        Err(RunError::new(format!(
            "expected to continue the run that {place} describes, but found other settings: \
             {found} (use another output folder, or the same settings)"
        )))
    }
}
