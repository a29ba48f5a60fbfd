//! Fine-tuning a generator on labelled documents.

use crate::error::RunError;
use crate::generator_folder::GeneratorFolder;
use crate::sft::{Cutting, Example, TokenLimit};
use crate::training::{fingerprint, page, pages_to_leave_out, read_labelled, share_of};
use refinex_core::{Deletions, INSTRUCTION, Measure, Span};
use refinex_model::generator::Weights;
use refinex_model::generator::train::Example as Tokens;
use refinex_model::generator::train::{Metric, Settings, Speech, Tuned, fine_tune};
use refinex_model::train::{Label, LabelledDocument};
use serde_json::{Value, json};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Tokens of the chat's marks around an example: 14 with the tokenizers of SmolLM2 and Qwen3.
const CHAT_TOKENS: usize = 16;
/// The program that deletes nothing.
const KEEP_ALL: &str = "keep_all()";

/// What to train, on what, and how.
#[derive(Clone, Debug)]
pub struct GeneratorTraining {
    /// Base weights: a folder of a model, or a GGUF file.
    pub base: String,
    /// Files of JSONL rows `{"id", "text", "deletions"}`.
    pub data: Vec<String>,
    /// A file of page ids, one a line, that are left out.
    pub without: Option<String>,
    /// The share of the documents that is held back.
    pub held_out: f32,
    /// Most examples of these that are looked at.
    pub held_most: usize,
    /// Most examples that are learnt from.
    pub most_examples: usize,
    /// Most bytes of a chunk; refine with the same.
    pub chunk_bytes: usize,
    /// Most tokens of an example, prompt and program.
    pub max_tokens: usize,
    /// Whether to write the merged weights beside adapters.
    pub merge: bool,
    /// Whether to end a training that was stopped: its best values so far become the model.
    pub finish: bool,
    /// How to train.
    pub settings: Settings,
}

/// How the examples came out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExampleCounts {
    /// Documents that are learnt from.
    pub documents: usize,
    /// Examples that are learnt from.
    pub examples: usize,
    /// Of these, examples that delete nothing.
    pub keep_all: usize,
    /// Tokens of these, prompts and programs.
    pub tokens: usize,
    /// Tokens of their programs.
    pub program_tokens: usize,
    /// Examples that are held back and looked at.
    pub held: usize,
    /// Documents without text.
    pub blank: usize,
    /// Documents whose chunks are smaller than was asked for, because of the limit of tokens.
    pub cut_smaller: usize,
    /// Chunks that are over the limit however small, and left out.
    pub too_long: usize,
}

impl ExampleCounts {
    fn json(&self) -> Value {
        json!({
            "documents": self.documents, "examples": self.examples, "keep_all": self.keep_all,
            "tokens": self.tokens, "program_tokens": self.program_tokens, "held": self.held,
            "left_out_blank": self.blank, "cut_smaller": self.cut_smaller,
            "left_out_chunks_too_long": self.too_long,
        })
    }
}

/// What training tells while it goes on.
#[derive(Debug)]
pub enum News<'a> {
    /// The examples have been made.
    Examples(&'a ExampleCounts),
    /// A step was done.
    Step(&'a Metric),
    /// The folder holds this training's model already.
    Done,
}

/// Examples in tokens: to learn from, and to look at.
struct Examples {
    learnt: Vec<Tokens>,
    held: Vec<Tokens>,
    counts: ExampleCounts,
}

impl GeneratorTraining {
    /// Trains in a folder, or goes on with it; `command` is only noted. The folder is then a model
    /// that `refine` reads, or an adapter that PEFT reads.
    ///
    /// # Errors
    /// If base or data cannot be read or do not fit, or the folder holds another training.
    pub fn run(
        &self,
        (folder, command): (&Path, &[String]),
        news: &mut dyn FnMut(News<'_>),
    ) -> Result<(), RunError> {
        let device = self.settings.device.check();
        device.map_err(|error| RunError::new(error.to_string()))?;
        let base = Path::new(&self.base);
        let weights = Weights::open(base).map_err(|error| self.of_base(error))?;
        let config = self.config(&weights)?;
        let mut folder = GeneratorFolder::open(folder, &config, command)?;
        if folder.is_finished() {
            news(News::Done);
            return Ok(());
        }
        let speech = || Speech::of(base, &weights).map_err(|error| self.of_base(error));
        let copied = folder.copy_base(base, &weights, speech()?.tokenizer());
        copied.map_err(|error| self.of_base(error))?;
        let examples = self.examples(&speech()?, Box::new(speech()?))?;
        folder.note_examples(&examples.counts.json())?;
        news(News::Examples(&examples.counts));
        if self.finish && !folder.has_state() {
            return Err(RunError::new(
                "expected a checkpoint of this training to finish with, but found none",
            ));
        }
        let mut ledger = folder.ledger(self.finish, |metric| news(News::Step(metric)));
        let data = (examples.learnt.as_slice(), examples.held.as_slice());
        let tuned = fine_tune(&weights, data, &self.settings, &mut ledger);
        ledger.trouble()?;
        self.write(folder, tuned.map_err(|error| self.of_base(error))?)
    }

    fn of_base(&self, error: impl std::fmt::Display) -> RunError {
        RunError::new(format!("{}: {error}", self.base))
    }

    /// What decides the weights.
    fn config(&self, weights: &Weights) -> Result<Value, RunError> {
        let data: Result<Vec<Value>, RunError> =
            self.data.iter().map(|path| Ok(json!([path, fingerprint(path)?]))).collect();
        Ok(json!({
            "base": [self.base, weights.fingerprint()],
            "data": data?,
            "without": self.without.as_deref().map(fingerprint).transpose()?,
            "held_out": self.held_out,
            "held_most": self.held_most,
            "most_examples": self.most_examples,
            "chunk_bytes": self.chunk_bytes,
            "max_tokens": self.max_tokens,
            "instruction": INSTRUCTION.0,
            "merge": self.merge,
            "settings": format!("{:?}", self.settings),
        }))
    }

    /// Reads the data and cuts it into examples.
    fn examples(&self, speech: &Speech, measure: Box<dyn Measure>) -> Result<Examples, RunError> {
        let without = pages_to_leave_out(self.without.as_deref())?;
        let limit = TokenLimit {
            most: self.max_tokens.saturating_sub(CHAT_TOKENS),
            measure,
            tokenizer: self.base.clone(),
        };
        let cutting = Cutting { chunk_bytes: self.chunk_bytes, limit: Some(&limit) };
        let mut counts = ExampleCounts::default();
        let (mut learnt, mut held) = (Vec::new(), Vec::new());
        for path in &self.data {
            let rows = read_labelled(path)?.into_iter();
            for (id, document) in rows.filter(|(id, _)| !without.contains(page(id))) {
                let back = share_of(&document.text) < self.held_out;
                let cut = counts.cut(&cutting, &id, &document, path)?;
                if back {
                    held.extend(cut)
                } else {
                    learnt.extend(cut)
                }
                counts.documents += usize::from(!back);
            }
        }
        let learnt = some_of(learnt, self.most_examples, self.settings.seed);
        let held = some_of(held, self.held_most, self.settings.seed);
        let tokens = |examples: &[Example]| -> Result<Vec<Tokens>, RunError> {
            let tokens = |of: &Example| speech.example(&of.user, &of.program);
            examples.iter().map(|of| tokens(of).map_err(|error| self.of_base(error))).collect()
        };
        let examples = Examples { learnt: tokens(&learnt)?, held: tokens(&held)?, counts };
        examples.counted(&learnt)
    }

    fn write(&self, folder: GeneratorFolder, tuned: Tuned) -> Result<(), RunError> {
        if let Some((file, config)) = tuned.adapter(&self.base) {
            folder.write_adapter(&file, &config)?;
            if !self.merge {
                return folder.finish();
            }
        }
        folder.write_model(&tuned.merged().model())?;
        folder.finish()
    }
}

impl ExampleCounts {
    /// The examples of a document.
    fn cut(
        &mut self,
        cutting: &Cutting<'_>,
        id: &str,
        document: &LabelledDocument,
        path: &str,
    ) -> Result<Vec<Example>, RunError> {
        let LabelledDocument { text, label: Label::Spans(spans), .. } = document else {
            return Err(RunError::new(format!(
                "{path}, {id}: expected deletions, but found scores"
            )));
        };
        if text.trim().is_empty() {
            self.blank += 1;
            return Ok(Vec::new());
        }
        let wrong = |why: String| RunError::new(format!("{path}, {id}: {why}"));
        let spans = spans.iter().map(|&(start, end)| Span::new(start, end));
        let gone = Deletions::from_spans(text, spans).map_err(|error| wrong(error.to_string()))?;
        let cut = cutting.cut(id, text, &[Span::new(0, text.len())], &gone).map_err(wrong)?;
        self.cut_smaller += usize::from(cut.smaller);
        self.too_long += cut.too_long;
        Ok(cut.examples)
    }
}

impl Examples {
    fn counted(mut self, learnt: &[Example]) -> Result<Self, RunError> {
        if self.learnt.is_empty() {
            return Err(RunError::new(format!(
                "expected examples to learn from, but found none (left out: {} chunks over the \
                 limit of tokens, {} documents without text)",
                self.counts.too_long, self.counts.blank
            )));
        }
        let counts = &mut self.counts;
        counts.examples = self.learnt.len();
        counts.keep_all = learnt.iter().filter(|example| example.program == KEEP_ALL).count();
        counts.tokens = self.learnt.iter().map(Tokens::tokens).sum();
        counts.program_tokens = self.learnt.iter().map(|example| example.program.len()).sum();
        counts.held = self.held.len();
        Ok(self)
    }
}

/// At most so many examples, by the hashes of what they read.
fn some_of(mut examples: Vec<Example>, most: usize, seed: u64) -> Vec<Example> {
    if examples.len() > most {
        examples.sort_by_cached_key(|example| xxh3_64_with_seed(example.user.as_bytes(), seed));
        examples.truncate(most);
    }
    examples
}
