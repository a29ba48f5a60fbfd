//! Which version of datatrove decides.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A version of datatrove, with the tokenisers that it uses for English.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Profile {
    /// 0.3.0 with NLTK 3.9.1: what ProX pins. It needs the feature `punkt`.
    #[cfg(feature = "punkt")]
    #[serde(rename = "datatrove-0.3.0")]
    V0_3,
    /// 0.10.0 with spaCy 3.8: what FineWeb-2 came with, and later.
    #[default]
    #[serde(rename = "datatrove-0.10.0")]
    V0_10,
}

#[cfg(feature = "punkt")]
const KNOWN: &str = "datatrove-0.3.0 or datatrove-0.10.0";
#[cfg(not(feature = "punkt"))]
const KNOWN: &str =
    "datatrove-0.10.0 (datatrove-0.3.0 needs a refinex that was built with the feature punkt)";

impl Profile {
    /// Those of this build.
    pub const ALL: &[Self] = &[
        #[cfg(feature = "punkt")]
        Self::V0_3,
        Self::V0_10,
    ];

    /// Whether lines that are blank count as lines.
    pub(crate) const fn counts_blank_lines(self) -> bool {
        match self {
            #[cfg(feature = "punkt")]
            Self::V0_3 => true,
            Self::V0_10 => false,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "punkt")]
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
        let known = Self::ALL.iter().find(|profile| profile.name() == name);
        known.copied().ok_or_else(|| format!("expected {KNOWN}, but found {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_that_is_not_in_the_build_is_refused_with_the_name_of_its_feature() {
        let error = "datatrove-1.0.0".parse::<Profile>().unwrap_err();
        assert_eq!(error, format!("expected {KNOWN}, but found datatrove-1.0.0"));
        match "datatrove-0.3.0".parse::<Profile>() {
            Ok(profile) => assert_eq!(profile.name(), "datatrove-0.3.0"),
            Err(error) => assert!(
                !cfg!(feature = "punkt") && error.contains("built with the feature punkt"),
                "{error}"
            ),
        }
        assert_eq!(Profile::ALL.len(), 1 + usize::from(cfg!(feature = "punkt")));
    }
}
