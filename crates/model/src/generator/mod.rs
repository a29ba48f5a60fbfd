//! The generator in process: a causal language model of the Llama or Qwen3 kind that reads a chunk
//! with numbered lines and writes a program.

mod allowed;
mod blocks;
mod config;
mod folder;
mod gguf;
#[allow(dead_code)]
mod matrix;
mod weights;

pub use allowed::{Allowed, Anything};
pub use config::{Architecture, Config, LayerPart, Tensor};
pub use gguf::Gguf;
pub use weights::Weights;

use crate::error::ModelError;

/// An error of what was expected and what stands there.
fn unfit(expected: impl Into<String>, found: impl ToString) -> ModelError {
    ModelError::Foreign { expected: expected.into(), found: found.to_string() }
}
