//! Which version of datatrove decides.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A version of datatrove, with the tokenisers that it uses for English.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Profile {
    /// 0.3.0 with NLTK 3.9.1: what ProX pins.
    #[serde(rename = "datatrove-0.3.0")]
    V0_3,
    /// 0.10.0 with spaCy 3.8: what FineWeb-2 came with, and later.
    #[default]
    #[serde(rename = "datatrove-0.10.0")]
    V0_10,
}

impl Profile {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V0_3 => "datatrove-0.3.0",
            Self::V0_10 => "datatrove-0.10.0",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = [Self::V0_3, Self::V0_10].into_iter().find(|profile| profile.name() == name);
        known.ok_or_else(|| {
            format!("expected datatrove-0.3.0 or datatrove-0.10.0, but found {name}")
        })
    }
}
