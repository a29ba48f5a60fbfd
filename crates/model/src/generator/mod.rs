//! The generator in process: a causal language model of the Llama or Qwen3 kind that reads a chunk
//! with numbered lines and writes a program.

mod allowed;
mod attention;
mod blocks;
mod cache;
mod config;
mod folder;
mod gguf;
mod linear;
mod matrix;
mod network;
mod steps;
mod team;
mod weights;

pub use allowed::{Allowed, Anything};
pub use cache::Cache;
pub use config::{Architecture, Config, LayerPart, Tensor};
pub use gguf::Gguf;
pub use linear::Precision;
pub use network::Network;
pub use weights::Weights;

use crate::error::ModelError;

/// An error of what was expected and what stands there.
fn unfit(expected: impl Into<String>, found: impl ToString) -> ModelError {
    ModelError::Foreign { expected: expected.into(), found: found.to_string() }
}
