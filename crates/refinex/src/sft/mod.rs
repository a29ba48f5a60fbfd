//! Training files for the generator, from labelled documents: numbered lines in, program out.

mod dialect;
mod example;
mod export;
mod tokens;

pub use dialect::Dialect;
pub use example::{Cutting, Example};
pub use export::{Export, ExportTally, export_sft};
pub use tokens::TokenLimit;
