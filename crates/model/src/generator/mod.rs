//! The generator.

pub mod train;
