//! The refine models of refinex: the embedded line tagger, its training and its inference.
//!
//! The tagger reads a view of a document once and gives every line the probability that it is
//! noise: hashed words and word pairs as an embedding, measured layout features, convolutions and
//! a two-way recurrence over the lines. It runs on any CPU and needs no file beside the program.

mod context;
mod conv;
mod encoder;
mod error;
mod facts;
pub mod generator;
mod gpu;
mod inline;
mod kernel;
mod layout;
mod lines;
mod mojibake;
mod network;
mod page;
mod parameters;
mod quick;
mod random;
mod recurrence;
mod stopwords;
mod tagger;
mod tensors;
#[cfg(feature = "tokenizers")]
mod tokenizer;
mod topic;
pub mod train;
mod weights;
mod words;

pub use error::ModelError;
pub use gpu::Device;
pub use tagger::Tagger;
#[cfg(feature = "tokenizers")]
pub use tokenizer::TokenCounter;
pub use weights::Points;
