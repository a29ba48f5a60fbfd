//! The generator in process: a causal language model of the Llama or Qwen3 kind that reads a chunk
//! with numbered lines and writes a program.

mod allowed;
pub mod constraint;

pub use allowed::{Allowed, Anything};
