//! Parquet: documents as rows of a table.

pub(crate) mod chunks;
pub(crate) mod json;
pub(crate) mod read;
pub(crate) mod rows;
pub(crate) mod strings;
pub(crate) mod write;
