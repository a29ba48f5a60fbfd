//! Labelled sets: documents beside what is to be deleted from them. Whatever they come from, they are
//! written in one shape, a run directory, which every other command reads:
//!
//! ```text
//! sets → each labelled document → chosen or left out → originals + labels → the main road, replayed
//! ```

pub mod code_points;
pub mod columns;
pub mod dedup;
pub mod dolma;
mod fingerprint;
mod if_there;
pub mod import;
pub mod mix;
pub mod output;
mod row_labels;
pub mod set;
pub mod split;
pub mod statistics;

pub use columns::Columns;
pub use output::{LabelledOutput, LeftOut, Written};
pub use set::{LabelledDocument, LabelledSet};
