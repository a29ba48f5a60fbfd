//! The generator as a refiner: chunks in, drafts of programs out.

use super::allowed::{Allowed, Anything};
use super::cache::Cache;
use super::chat::Chat;
use super::constraint::{Cursor, Programs, Vocabulary};
use super::decode::{Decoding, Written, write};
use super::linear::Precision;
use super::network::Network;
use super::tokenizer::Tokenizer;
use super::weights::Weights;
use crate::error::ModelError;
use refinex_core::{Chunk, INSTRUCTION, Identity, Proposal, RefineError, Refiner};
use std::path::Path;
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3Default;

/// Tokens of a program, unless said otherwise. Measured on the expert training set with SmolLM2's
/// tokenizer: half of the programs have at most 23 tokens, 99 of 100 at most 446, and the longest
/// 831.
pub const MOST_PROGRAM_TOKENS: usize = 2048;
/// Tokens of a draft. Measured on gold programs of dev chunks (lab/LOG.md): 1 or 2 save up to a fifth
/// of the time of writing, or nothing; with 6 wrong drafts cost more than right ones save.
const DRAFT: usize = 2;

/// Settings of a generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneratorSettings {
    /// Most tokens of a program; one that is longer is cut off.
    pub most_program_tokens: usize,
    /// Most tokens that are drafted from the text; 0 for none. It changes the speed alone.
    pub draft: usize,
    /// Threads that compute one program. It changes the speed alone.
    pub threads: usize,
    /// Whether nothing but valid programs of the chunk can be written.
    pub constrained: bool,
}

impl Default for GeneratorSettings {
    fn default() -> Self {
        Self {
            most_program_tokens: MOST_PROGRAM_TOKENS,
            draft: DRAFT,
            threads: 1,
            constrained: true,
        }
    }
}

/// A causal language model that writes programs.
pub struct Generator {
    network: Network,
    tokenizer: Arc<Tokenizer>,
    chat: Chat,
    /// What has read all that comes before a chunk.
    begun: Cache,
    settings: GeneratorSettings,
    writable: Vec<bool>,
    /// What a constraint writes with, if there is one.
    vocabulary: Option<Arc<Vocabulary>>,
    identity: Identity,
}

impl Generator {
    /// The generator at `path`: a folder with `config.json`, safetensors and `tokenizer.json`, or a
    /// GGUF file.
    ///
    /// # Errors
    /// If it cannot be read, is damaged, or is of a kind that is not built here.
    pub fn open(path: &Path, settings: GeneratorSettings) -> Result<Self, ModelError> {
        let weights = Weights::open(path)?;
        let rows = weights.config().vocabulary;
        let tokenizer = Arc::new(match weights.gguf() {
            Some(file) => Tokenizer::from_gguf(file, rows)?,
            None => Tokenizer::from_folder(path, rows)?,
        });
        let chat = Chat::of(&tokenizer)?;
        let network = Network::of(&weights, Precision::Small, settings.threads)?;
        let mut writable: Vec<bool> =
            tokenizer.pieces().iter().map(|piece| !piece.is_empty()).collect();
        writable[chat.end as usize] = true;
        let vocabulary =
            settings.constrained.then(|| vocabulary(&tokenizer, chat.end)).transpose()?;
        let identity = identity(path, &weights, &tokenizer, &settings);
        let mut begun = network.cache(chat.before.len());
        // No states are wanted.
        let _ = network.read(&mut begun, &chat.before, 0);
        Ok(Self { network, tokenizer, chat, begun, settings, writable, vocabulary, identity })
    }

    /// The tokenizer.
    #[must_use]
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The network.
    #[must_use]
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// The token that ends a program.
    #[must_use]
    pub const fn end(&self) -> u32 {
        self.chat.end
    }

    /// What may be written about a chunk: the one place where a constraint is put.
    fn allowed(&self, chunk: &Chunk<'_>) -> Box<dyn Allowed> {
        match &self.vocabulary {
            Some(vocabulary) => {
                let programs = Programs::of(chunk, Arc::clone(vocabulary));
                Box::new(Cursor::new(Arc::new(programs)))
            }
            None => Box::new(Anything),
        }
    }

    /// The question about a chunk, as tokens.
    ///
    /// # Errors
    /// If the text has parts without tokens, or the question leaves no room for an answer.
    pub fn question(&self, chunk: &Chunk<'_>) -> Result<Vec<u32>, RefineError> {
        let question = self.chat.question(&self.tokenizer, chunk);
        let question =
            question.map_err(|error| RefineError::skip("no-tokens", error.to_string()))?;
        let context = self.network.config().context;
        if question.len() < context {
            return Ok(question);
        }
        let message = format!(
            "expected a chunk that leaves room for a program in the generator's context of \
             {context} tokens, but found one of {}",
            question.len()
        );
        Err(RefineError::skip("longer-than-context", message))
    }

    /// Writes the program for a chunk.
    ///
    /// # Errors
    /// As [`question`](Self::question).
    pub fn write(&self, chunk: &Chunk<'_>) -> Result<Written, RefineError> {
        let question = self.question(chunk)?;
        let room = self.network.config().context - question.len();
        let most_tokens = self.settings.most_program_tokens.min(room);
        let how = Decoding { most_tokens, draft: self.settings.draft };
        let allowed = self.allowed(chunk);
        let (network, begun) = (&self.network, &self.begun);
        Ok(write(network, begun, &question, allowed, &self.writable, self.chat.end, how))
    }

    /// What was written, as text.
    fn proposal(&self, written: &Written) -> Proposal {
        let text = self.tokenizer.text(&written.tokens);
        if written.ended { Proposal::Draft(text) } else { Proposal::CutOff(text) }
    }
}

impl Refiner for Generator {
    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn refine(&self, chunks: &[Chunk<'_>]) -> Vec<Result<Proposal, RefineError>> {
        let draft = |chunk: &Chunk<'_>| {
            // Of white space there is nothing to say.
            if chunk.text().trim().is_empty() {
                return Ok(Proposal::Draft("keep_all()".to_owned()));
            }
            Ok(self.proposal(&self.write(chunk)?))
        };
        chunks.iter().map(draft).collect()
    }
}

/// The tokens as a constraint writes with them.
fn vocabulary(tokenizer: &Arc<Tokenizer>, end: u32) -> Result<Arc<Vocabulary>, ModelError> {
    let split = Arc::clone(tokenizer);
    let vocabulary = Vocabulary::new(tokenizer.pieces().to_vec(), end)?;
    Ok(Arc::new(vocabulary.with_split(move |text| split.tokens(text).unwrap_or_default())))
}

/// Everything that decides what is written: weights, tokenizer, template, instruction, limit.
fn identity(
    path: &Path,
    weights: &Weights,
    tokenizer: &Tokenizer,
    settings: &GeneratorSettings,
) -> Identity {
    let name = path.file_stem().map_or_else(|| "generator".into(), |name| name.to_string_lossy());
    let mut hash = Xxh3Default::new();
    let limit = settings.most_program_tokens.to_string();
    let constraint = if settings.constrained { "programs of the chunk" } else { "anything" };
    let parts = [
        // The version of the arithmetic.
        "generator-1",
        &weights.fingerprint(),
        tokenizer.fingerprint(),
        tokenizer.template().unwrap_or(""),
        INSTRUCTION.0,
        INSTRUCTION.1,
        &limit,
        constraint,
    ];
    for part in parts {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    Identity { name: format!("generator {name}"), fingerprint: format!("{:016x}", hash.digest()) }
}
