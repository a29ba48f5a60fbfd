//! The generator in process: a causal language model of the Llama or Qwen3 kind that reads a chunk
//! with numbered lines and writes a program.

mod allowed;
mod attention;
mod blocks;
mod cache;
#[cfg(feature = "tokenizers")]
mod chat;
mod config;
pub mod constraint;
mod decode;
mod folder;
mod gguf;
mod linear;
mod matrix;
mod network;
#[cfg(feature = "tokenizers")]
mod refiner;
mod steps;
mod team;
#[cfg(feature = "tokenizers")]
mod tokenizer;
pub mod train;
mod weights;

pub use allowed::{Allowed, Anything};
pub use cache::Cache;
pub use config::{Architecture, Config, LayerPart, Tensor};
pub use decode::{Decoding, Written, write};
pub use gguf::Gguf;
pub use linear::Precision;
pub use network::Network;
#[cfg(feature = "tokenizers")]
pub use refiner::{Generator, GeneratorSettings, MOST_PROGRAM_TOKENS};
#[cfg(feature = "tokenizers")]
pub use tokenizer::Tokenizer;
pub use weights::Weights;

use crate::error::ModelError;

#[cfg(test)]
#[cfg(feature = "tokenizers")]
mod refiner_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tiny;

/// An error of what was expected and what stands there.
fn unfit(expected: impl Into<String>, found: impl ToString) -> ModelError {
    ModelError::Foreign { expected: expected.into(), found: found.to_string() }
}
