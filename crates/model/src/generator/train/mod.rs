//! Supervised fine-tuning of the generator: from a user's base weights and examples to a model.

mod adapters;
mod attention;
mod decoder;
mod layer;
mod layout;
mod loss;
mod norm;
mod pack;
mod rope;
#[cfg(test)]
mod tests;

pub use pack::Example;
