//! Why a shard is not done.

use std::fmt;

/// Why a shard is not done. Nothing of it counts; the same command does it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotDone {
    /// It failed. The other shards go on.
    Failed(String),
    /// The model will answer no more, so no shard goes on.
    Stopped(String),
}

impl NotDone {
    /// The same, with the place at which it failed.
    pub(crate) fn at(self, place: impl fmt::Display) -> Self {
        match self {
            Self::Failed(why) => Self::Failed(format!("{place}: {why}")),
            Self::Stopped(why) => Self::Stopped(why),
        }
    }
}

impl From<String> for NotDone {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

impl fmt::Display for NotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) => f.write_str(why),
            Self::Stopped(why) => write!(f, "stopped: {why}"),
        }
    }
}

impl std::error::Error for NotDone {}
