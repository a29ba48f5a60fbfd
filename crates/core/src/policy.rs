//! Limits: when a program is not trusted.

use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};

/// When a chunk's program is void, so that the chunk stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Most refused calls, by fault of the program's writer, that a chunk's program may have.
    pub max_refused: usize,
}

impl Default for Policy {
    /// One refused call is forgiven, two void the program: what ProX does (arXiv:2409.17115, code).
    fn default() -> Self {
        Self { max_refused: 1 }
    }
}

impl Policy {
    /// Whether these refusals void the program of their chunk.
    #[must_use]
    pub fn voids(&self, refused: &[Refusal]) -> bool {
        refused.iter().filter(|refusal| refusal.reason.is_fault()).count() > self.max_refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::Reason;

    #[test]
    fn edits_in_the_context_never_void_a_program() {
        let policy = Policy { max_refused: 0 };
        let refusal = |reason| Refusal::new(1, "", reason);
        assert!(!policy.voids(&[refusal(Reason::NotOwned), refusal(Reason::NotOwned)]));
        assert!(policy.voids(&[refusal(Reason::NotACall)]));
    }
}
