//! Limits: when a program is not trusted, and when a document stays as it is whatever was proposed.

use crate::deletions::Deletions;
use crate::execute::execute;
use crate::outcome::Outcome;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The limits of a run.
///
/// As text: `max-refused=1,max-deleted=0.9,emptied=keep`; what is not named has its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Most refused calls, by fault of the program's writer, that a chunk's program may have;
    /// with more it is void, and the chunk stays as it is.
    pub max_refused: usize,
    /// A document of which a larger share would be deleted stays as it is.
    pub max_deleted: Share,
    /// What becomes of a document of which nothing would be left.
    pub emptied: Emptied,
}

/// What becomes of a document of which nothing but white space would be left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Emptied {
    /// It is emptied; its row stays.
    #[default]
    Allow,
    /// It stays as it is.
    Keep,
}

/// A share of a text's bytes, in thousandths, so that it is compared exactly (law L8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Share(u16);

impl Share {
    /// All of it.
    pub const ALL: Self = Self(1000);

    /// The share of so many thousandths, at most 1000.
    #[must_use]
    pub const fn from_thousandths(thousandths: u16) -> Self {
        if thousandths > 1000 { Self::ALL } else { Self(thousandths) }
    }

    /// Whether `part` is more than this share of `whole`.
    const fn is_exceeded_by(self, part: usize, whole: usize) -> bool {
        part as u128 * 1000 > whole as u128 * self.0 as u128
    }
}

/// Why a document stays as it is although deletions were proposed. The names are stable: they are
/// written to sidecars and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// More would be deleted than [`Policy::max_deleted`] allows.
    MaxDeleted,
    /// Nothing would be left, and [`Policy::emptied`] keeps such documents.
    Emptied,
}

impl Withheld {
    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MaxDeleted => "max_deleted",
            Self::Emptied => "emptied",
        }
    }
}

impl Default for Policy {
    /// One refused call is forgiven, two void the program: what ProX does (arXiv:2409.17115, code).
    /// No limit on what is deleted: a page that is noise from top to bottom may go.
    fn default() -> Self {
        Self { max_refused: 1, max_deleted: Share::ALL, emptied: Emptied::Allow }
    }
}

impl Policy {
    /// Whether these refusals void the program of their chunk.
    #[must_use]
    pub fn voids(&self, refused: &[Refusal]) -> bool {
        refused.iter().filter(|refusal| refusal.reason.is_fault()).count() > self.max_refused
    }

    /// Whether `document` stays as it is although `deletions` were proposed, and why.
    #[must_use]
    pub fn withholds(&self, document: &str, deletions: &Deletions) -> Option<Withheld> {
        if self.max_deleted.is_exceeded_by(deletions.deleted_bytes(), document.len()) {
            return Some(Withheld::MaxDeleted);
        }
        let empties = || Outcome::of(&execute(document, deletions), deletions) == Outcome::Emptied;
        (self.emptied == Emptied::Keep && empties()).then_some(Withheld::Emptied)
    }
}

/// A policy that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError(String);

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PolicyError {}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let mut policy = Self::default();
        for limit in text.split(',') {
            policy.set(limit.trim())?;
        }
        Ok(policy)
    }
}

impl Policy {
    fn set(&mut self, limit: &str) -> Result<(), PolicyError> {
        let wrong = |expected: &str| PolicyError(format!("expected {expected}, but found {limit}"));
        match limit.split_once('=') {
            Some(("max-refused", count)) => {
                self.max_refused =
                    count.parse().map_err(|_| wrong("a number of calls after max-refused="))?;
            }
            Some(("max-deleted", share)) => {
                self.max_deleted =
                    share.parse().map_err(|_| wrong("a share from 0 to 1 after max-deleted="))?;
            }
            Some(("emptied", "allow")) => self.emptied = Emptied::Allow,
            Some(("emptied", "keep")) => self.emptied = Emptied::Keep,
            Some(("emptied", _)) => return Err(wrong("emptied=allow or emptied=keep")),
            _ => return Err(wrong("max-refused=N, max-deleted=SHARE or emptied=allow|keep")),
        }
        Ok(())
    }
}

impl FromStr for Share {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let wrong = || PolicyError(format!("expected a share from 0 to 1, but found {text}"));
        let share: f64 = text.parse().map_err(|_| wrong())?;
        if !(0.0..=1.0).contains(&share) {
            return Err(wrong());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1")]
        Ok(Self((share * 1000.0).round() as u16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::Reason;
    use crate::span::Span;

    #[test]
    fn edits_in_the_context_never_void_a_program() {
        let policy = Policy { max_refused: 0, ..Policy::default() };
        let refusal = |reason| Refusal::new(1, "", reason);
        assert!(!policy.voids(&[refusal(Reason::NotOwned), refusal(Reason::NotOwned)]));
        assert!(policy.voids(&[refusal(Reason::NotACall)]));
    }

    #[test]
    fn a_policy_is_read_and_refused_with_what_was_found() {
        assert_eq!("max-refused=1".parse(), Ok(Policy::default()));
        let policy: Policy = "max-deleted=0.25, emptied=keep,max-refused=7".parse().unwrap();
        let max_deleted = Share::from_thousandths(250);
        assert_eq!(policy, Policy { max_refused: 7, max_deleted, emptied: Emptied::Keep });
        for wrong in [
            "",
            "max-refused",
            "max-refused=-1",
            "max-deleted=2",
            "max-deleted=NaN",
            "emptied=no",
            "x=1",
        ] {
            let error = wrong.parse::<Policy>().unwrap_err().to_string();
            let ends = format!("but found {wrong}");
            assert!(error.starts_with("expected ") && error.ends_with(&ends), "{error}");
        }
    }

    #[test]
    fn a_document_that_would_lose_too_much_stays() {
        let gone = |end| Deletions::from_spans("abcd", [Span::new(0, end)]).unwrap();
        let half: Policy = "max-deleted=0.5".parse().unwrap();
        assert_eq!(half.withholds("abcd", &gone(2)), None);
        assert_eq!(half.withholds("abcd", &gone(3)), Some(Withheld::MaxDeleted));
        assert_eq!(Policy::default().withholds("abcd", &gone(4)), None);
        let nothing: Policy = "max-deleted=0".parse().unwrap();
        assert_eq!(nothing.withholds("abcd", &gone(1)), Some(Withheld::MaxDeleted));
        assert_eq!(nothing.withholds("", &Deletions::default()), None);
    }

    #[test]
    fn a_document_of_which_nothing_would_be_left_may_be_kept() {
        let gone = Deletions::from_spans("ab \n", [Span::new(0, 2)]).unwrap();
        let keep: Policy = "emptied=keep".parse().unwrap();
        assert_eq!(keep.withholds("ab \n", &gone), Some(Withheld::Emptied));
        assert_eq!(keep.withholds(" \n", &Deletions::default()), None);
        assert_eq!(Policy::default().withholds("ab \n", &gone), None);
    }
}
