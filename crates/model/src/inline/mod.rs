//! Noise inside lines: share buttons glued to a sentence, `| Site name` behind a title, `[edit]`.
//!
//! The same network that reads the lines of a page reads the units (words, numbers, marks) of the
//! lines that stay, in parts where residue is found, and gives each a score; runs of units become
//! pieces. A piece never covers a whole line: that is for the lines' network to say.

mod piece;
mod reach;
mod sheet;
mod unit;

pub(crate) use piece::pieces;
pub(crate) use sheet::Sheet;
