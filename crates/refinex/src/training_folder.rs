//! The folder that a training writes:
//!
//! ```text
//! OUT/
//!   config.json           command, recipe, and the data with a fingerprint of each file
//!   metrics.jsonl         a row an epoch of every network
//!   checkpoints/          the state of every network after its last epoch, until all are done
//!   weights.safetensors   the model; written last
//! ```
//!
//! A second run of the same training continues; with other data or another recipe it refuses, and
//! says what differs.

use crate::error::RunError;
use refinex_model::train::{Ledger, Metric, Rounding};
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The model's weights.
pub const WEIGHTS: &str = "weights.safetensors";
const CONFIG: &str = "config.json";
const METRICS: &str = "metrics.jsonl";
const CHECKPOINTS: &str = "checkpoints";

/// A folder that a training writes, and goes on from.
pub struct TrainingFolder<'a> {
    path: PathBuf,
    begun: Instant,
    progress: &'a mut dyn FnMut(&str, Metric),
    /// The first thing that could not be written: training goes on, and says so at its end.
    trouble: Option<RunError>,
}

impl<'a> TrainingFolder<'a> {
    /// Opens or makes the folder of a training with this configuration; `command` is only noted.
    ///
    /// # Errors
    /// If the folder holds another training, or cannot be written.
    pub fn open(
        path: &Path,
        config: &Value,
        command: &[String],
        progress: &'a mut dyn FnMut(&str, Metric),
    ) -> Result<Self, RunError> {
        let folder = Self { path: path.to_owned(), begun: Instant::now(), progress, trouble: None };
        fs::create_dir_all(path.join(CHECKPOINTS)).map_err(|error| unwritten(path, &error))?;
        let file = path.join(CONFIG);
        if let Ok(text) = fs::read_to_string(&file) {
            let found: Value = serde_json::from_str(&text).unwrap_or_default();
            same(&file, config, &found["training"])?;
            return Ok(folder);
        }
        let text = json!({"command": command, "training": config});
        write(&file, format!("{text:#}\n").as_bytes())?;
        Ok(folder)
    }

    /// The model, if this training has been finished.
    #[must_use]
    pub fn weights(&self) -> Option<Vec<u8>> {
        fs::read(self.path.join(WEIGHTS)).ok()
    }

    /// Notes what was lost when the networks were rounded and written, on documents held back.
    pub fn rounding(&mut self, rounding: Rounding) {
        let row = json!({"rounding": {
            "lines": rounding.lines, "unequal_decisions": rounding.unequal,
            "largest_difference": rounding.most,
        }});
        self.note(append(&self.path.join(METRICS), &row));
    }

    /// Writes the model and drops the checkpoints.
    ///
    /// # Errors
    /// If the model, or something before it, could not be written.
    pub fn finish(self, weights: &[u8]) -> Result<(), RunError> {
        if let Some(trouble) = self.trouble {
            return Err(trouble);
        }
        write(&self.path.join(WEIGHTS), weights)?;
        let checkpoints = self.path.join(CHECKPOINTS);
        fs::remove_dir_all(&checkpoints).map_err(|error| unwritten(&checkpoints, &error))
    }

    fn checkpoint(&self, network: &str) -> PathBuf {
        let name = network.replace([' ', ','], "-");
        self.path.join(CHECKPOINTS).join(format!("{name}.safetensors"))
    }

    fn note(&mut self, result: Result<(), RunError>) {
        if let Err(error) = result {
            self.trouble.get_or_insert(error);
        }
    }
}

impl Ledger for TrainingFolder<'_> {
    fn metric(&mut self, network: &str, metric: Metric) {
        let row = json!({
            "network": network, "epoch": metric.epoch, "step": metric.step, "loss": metric.loss,
            "held_loss": metric.held, "held_f1": metric.held_f1,
            "seconds": self.begun.elapsed().as_secs_f32(),
        });
        self.note(append(&self.path.join(METRICS), &row));
        (self.progress)(network, metric);
    }

    fn keep(&mut self, network: &str, state: Vec<u8>) {
        let result = write(&self.checkpoint(network), &state);
        self.note(result);
    }

    fn kept(&mut self, network: &str) -> Option<Vec<u8>> {
        fs::read(self.checkpoint(network)).ok()
    }

    fn keeps(&self) -> bool {
        true
    }
}

/// Refuses a configuration that is not the one found, and names the first difference.
pub(crate) fn same(file: &Path, expected: &Value, found: &Value) -> Result<(), RunError> {
    let Some(settings) = expected.as_object() else { return Ok(()) };
    match settings.iter().find(|(name, value)| found[name.as_str()] != **value) {
        None => Ok(()),
        Some((name, value)) => Err(RunError::new(format!(
            "expected the training of {} to go on with its own {name}, {}, but found {value}; \
             use another folder",
            file.display(),
            found[name.as_str()]
        ))),
    }
}

/// Writes a file under another name and gives it its own when it is whole.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let part = path.with_extension("part");
    let result = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    result.map_err(|error| unwritten(path, &error))
}

/// Adds a row to a file of JSON lines.
pub(crate) fn append(path: &Path, row: &Value) -> Result<(), RunError> {
    let written = || {
        let mut out = fs::OpenOptions::new().create(true).append(true).open(path)?;
        writeln!(out, "{row}")
    };
    written().map_err(|error| unwritten(path, &error))
}

pub(crate) fn unwritten(path: &Path, error: &std::io::Error) -> RunError {
    RunError::new(format!("expected to write {}, but found: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_goes_on_in_its_folder_and_refuses_another_recipe() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("out");
        let mut rows = 0;
        let mut progress = |_: &str, _: Metric| rows += 1;
        let config = json!({"seed": 1, "data": []});
        let mut folder = TrainingFolder::open(&path, &config, &[], &mut progress).unwrap();
        folder.keep("network 1 of 2, best", b"state".to_vec());
        folder.metric(
            "network 1 of 2",
            Metric { epoch: 1, step: 3, loss: 0.5, held: None, held_f1: None },
        );
        drop(folder);
        let mut progress = |_: &str, _: Metric| {};
        let mut folder = TrainingFolder::open(&path, &config, &[], &mut progress).unwrap();
        assert_eq!(folder.kept("network 1 of 2, best").unwrap(), b"state");
        assert!(folder.kept("network 2 of 2").is_none() && folder.weights().is_none());
        folder.finish(b"model").unwrap();
        assert!(fs::read_to_string(path.join(METRICS)).unwrap().contains("\"epoch\":1"));
        let other = json!({"seed": 2, "data": []});
        let mut progress = |_: &str, _: Metric| {};
        let error = TrainingFolder::open(&path, &other, &[], &mut progress).err().unwrap();
        assert!(error.to_string().contains("its own seed, 1, but found 2"), "{error}");
        let folder = TrainingFolder::open(&path, &config, &[], &mut progress).unwrap();
        assert_eq!(folder.weights().unwrap(), b"model");
        assert_eq!(rows, 1);
    }
}
