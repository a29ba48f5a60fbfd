//! The folder that the training of a generator writes:
//!
//! ```text
//! OUT/
//!   training.json       command, settings, and base and data with a fingerprint of each file
//!   metrics.jsonl       a row a step
//!   checkpoints/        the state after some step and the best values so far, until all is done
//!   config.json, tokenizer.json, …  as the base has them
//!   model.safetensors   the model; with adapters only if they are merged
//!   adapter/            adapters as PEFT reads them
//! ```
//!
//! A second run of the same training continues; with other data or settings it refuses, and says
//! what differs.

use crate::error::RunError;
use crate::training_folder::{append, same, unwritten, write};
use refinex_model::generator::train::{
    FloatsFile, Kept, Ledger, Metric, config_json, tokenizer_config_json,
};
use refinex_model::generator::{Tokenizer, Weights};
use serde_json::{Value, json};
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Instant;

const TRAINING: &str = "training.json";
const METRICS: &str = "metrics.jsonl";
const CHECKPOINTS: &str = "checkpoints";
const STATE: &str = "state.safetensors";
const MODEL: &str = "model.safetensors";
const ADAPTER: &str = "adapter";
const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
const TEMPLATE: &str = "chat_template.jinja";
/// What else of a base's folder belongs to its tokenizer and to its use.
const OTHERS: [&str; 7] = [
    TOKENIZER_CONFIG,
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "generation_config.json",
    TEMPLATE,
];

/// The folder of a training.
pub(crate) struct GeneratorFolder {
    path: PathBuf,
    training: Value,
}

impl GeneratorFolder {
    /// Opens or makes the folder of a training with this configuration.
    pub(crate) fn open(path: &Path, config: &Value, command: &[String]) -> Result<Self, RunError> {
        let file = path.join(TRAINING);
        let training = match fs::read_to_string(&file) {
            Ok(text) => {
                let found: Value = serde_json::from_str(&text).unwrap_or_default();
                same(&file, config, &found["training"])?;
                found
            }
            Err(_) => json!({"command": command, "training": config}),
        };
        fs::create_dir_all(path).map_err(|error| unwritten(path, &error))?;
        let folder = Self { path: path.to_owned(), training };
        folder.note()?;
        Ok(folder)
    }

    fn note(&self) -> Result<(), RunError> {
        write(&self.path.join(TRAINING), format!("{:#}\n", self.training).as_bytes())
    }

    /// Writes down how the examples came out.
    pub(crate) fn note_examples(&mut self, counts: &Value) -> Result<(), RunError> {
        self.training["examples"] = counts.clone();
        self.note()
    }

    /// Whether the model was written.
    pub(crate) fn is_finished(&self) -> bool {
        self.training["finished"] == json!(true)
    }

    /// Copies what of a model is not its weights, or makes it of what a GGUF file says.
    pub(crate) fn copy_base(
        &self,
        base: &Path,
        weights: &Weights,
        tokenizer: &Tokenizer,
    ) -> Result<(), String> {
        let put = |name: &str, bytes: &[u8]| {
            write(&self.path.join(name), bytes).map_err(|error| error.to_string())
        };
        let put_json = |name: &str, json: &Value| put(name, format!("{json:#}\n").as_bytes());
        let config = match weights.gguf() {
            Some(file) => {
                put(TOKENIZER, tokenizer.to_json().map_err(|e| e.to_string())?.as_bytes())?;
                if let Some(template) = tokenizer.template() {
                    put(TEMPLATE, template.as_bytes())?;
                }
                let marks = tokenizer_config_json(weights.config(), file);
                put_json(TOKENIZER_CONFIG, &marks.map_err(|error| error.to_string())?)?;
                config_json(weights.config(), file).map_err(|error| error.to_string())?
            }
            None => {
                put(TOKENIZER, &read(&base.join(TOKENIZER))?)?;
                let config = read(&base.join(CONFIG))?;
                serde_json::from_slice(&config).map_err(|error| error.to_string())?
            }
        };
        put_json(CONFIG, &in_floats(config))?;
        for name in OTHERS {
            if let Ok(bytes) = fs::read(base.join(name)) {
                put(name, &bytes)?;
            }
        }
        Ok(())
    }

    /// Whether a state was kept that training can go on from.
    pub(crate) fn has_state(&self) -> bool {
        self.path.join(CHECKPOINTS).join(STATE).exists()
    }

    /// The ledger of this training, which ends at once or when all steps are done.
    pub(crate) fn ledger<'a>(
        &self,
        ends: bool,
        progress: impl FnMut(&Metric) + 'a,
    ) -> FolderLedger<'a> {
        let (path, begun) = (self.path.clone(), Instant::now());
        FolderLedger { path, begun, ends, progress: Box::new(progress), trouble: None }
    }

    pub(crate) fn write_model(&self, file: &FloatsFile<'_>) -> Result<(), RunError> {
        stream(&self.path.join(MODEL), file)
    }

    pub(crate) fn write_adapter(
        &self,
        file: &FloatsFile<'_>,
        config: &Value,
    ) -> Result<(), RunError> {
        let folder = self.path.join(ADAPTER);
        fs::create_dir_all(&folder).map_err(|error| unwritten(&folder, &error))?;
        write(&folder.join("adapter_config.json"), format!("{config:#}\n").as_bytes())?;
        stream(&folder.join("adapter_model.safetensors"), file)
    }

    /// Says that all is written, and drops the checkpoints.
    pub(crate) fn finish(mut self) -> Result<(), RunError> {
        self.training["finished"] = json!(true);
        self.note()?;
        let checkpoints = self.path.join(CHECKPOINTS);
        if checkpoints.exists() {
            fs::remove_dir_all(&checkpoints).map_err(|error| unwritten(&checkpoints, &error))?;
        }
        Ok(())
    }
}

/// A configuration that says what the weights beside it are stored as.
fn in_floats(mut config: Value) -> Value {
    for key in ["torch_dtype", "dtype"] {
        if config.get(key).is_some() {
            config[key] = json!("float32");
        }
    }
    config
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path)
        .map_err(|error| format!("expected a file at {}, but found: {error}", path.display()))
}

/// Writes a file under another name and gives it its own when it is whole.
fn stream(path: &Path, file: &FloatsFile<'_>) -> Result<(), RunError> {
    let part = path.with_extension("part");
    let write = || {
        let mut out = BufWriter::new(fs::File::create(&part)?);
        file.write(&mut out)?;
        out.into_inner()?.sync_all()?;
        fs::rename(&part, path)
    };
    write().map_err(|error| unwritten(path, &error))
}

/// Where a training keeps its state and its figures.
pub(crate) struct FolderLedger<'a> {
    path: PathBuf,
    begun: Instant,
    ends: bool,
    progress: Box<dyn FnMut(&Metric) + 'a>,
    /// The first thing that could not be written: training goes on, and says so at its end.
    trouble: Option<RunError>,
}

impl FolderLedger<'_> {
    /// What could not be written, if anything.
    pub(crate) fn trouble(self) -> Result<(), RunError> {
        self.trouble.map_or(Ok(()), Err)
    }

    fn file(&self, what: Kept) -> PathBuf {
        let name = match what {
            Kept::State => STATE,
            Kept::Best => "best.safetensors",
        };
        self.path.join(CHECKPOINTS).join(name)
    }

    fn note(&mut self, result: Result<(), RunError>) {
        if let Err(error) = result {
            self.trouble.get_or_insert(error);
        }
    }
}

impl Ledger for FolderLedger<'_> {
    fn metric(&mut self, metric: &Metric) {
        let (held_loss, held_accuracy) = metric.held.unzip();
        let row = json!({
            "step": metric.step, "epoch": metric.epoch, "loss": metric.loss,
            "accuracy": metric.accuracy, "held_loss": held_loss, "held_accuracy": held_accuracy,
            "tokens": metric.tokens, "rows": metric.rows, "gradient": metric.length,
            "rate": metric.rate, "seconds": self.begun.elapsed().as_secs_f32(),
        });
        self.note(append(&self.path.join(METRICS), &row));
        (self.progress)(metric);
    }

    fn keep(&mut self, what: Kept, file: &FloatsFile<'_>) {
        let path = self.file(what);
        let folder = self.path.join(CHECKPOINTS);
        let made = fs::create_dir_all(&folder).map_err(|error| unwritten(&folder, &error));
        self.note(made.and_then(|()| stream(&path, file)));
    }

    fn kept(&mut self, what: Kept) -> Option<Vec<u8>> {
        fs::read(self.file(what)).ok()
    }

    fn ends(&mut self) -> bool {
        self.ends
    }
}
