//! Programs of ProX (arXiv:2409.17115), carried out twice: [as ProX's own executor does](execute_as_written),
//! with its defects, and [as they were meant](read()). A program for a whole document says whether it
//! stays: [`drops_document`] as ProX reads it, [`read_document`] as it was meant.

mod as_written;
mod document;
mod read;

pub use as_written::{Executed, Fate, LEAST_LEFT, SHORT, execute_as_written};
pub use document::{Choice, parted, read_document};
pub use read::{RefusedCall, Taken, read};

/// Whether a program for a whole document drops it: ProX looks for the four letters anywhere.
#[must_use]
pub fn drops_document(program: &str) -> bool {
    program.contains("drop")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_dropped_by_the_letters_alone() {
        assert!(drops_document(" drop_doc()") && !drops_document("keep_doc()"));
    }
}
