//! Which shards a run has, and which of them this process does.

use crate::error::RunError;
use crate::settings::Settings;
use refinex_corpus::{InputShard, Store, check_collisions, expand};
use std::fmt;
use std::str::FromStr;

/// All shards of a run, sorted by name.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The shards.
    pub shards: Vec<InputShard>,
}

impl Plan {
    /// Expands files, folders and patterns. What lies in `output` is not taken for input, so that
    /// `refine . -o out` can be continued.
    ///
    /// # Errors
    /// If an input leads to nothing, or two shards would be written under one name.
    pub fn of(inputs: &[String], settings: &Settings, output: &str) -> Result<Self, RunError> {
        let written = Store::open(output)?;
        let mut shards = expand(inputs)?;
        shards.retain(|shard| !shard.lies_in(&written));
        if shards.is_empty() {
            return Err(RunError::new(format!(
                "expected inputs outside of the output {output}, but found none"
            )));
        }
        check_collisions(&shards, &settings.output)?;
        Ok(Self { shards })
    }

    /// The shards that `choice` gives to this process, the largest first so that the longest does
    /// not begin last.
    #[must_use]
    pub fn chosen(&self, choice: ShardChoice) -> Vec<&InputShard> {
        let mut order: Vec<usize> = (0..self.shards.len()).collect();
        order.sort_by_key(|&at| (std::cmp::Reverse(self.shards[at].size), at));
        let dealt = order.into_iter().skip(choice.index - 1).step_by(choice.of);
        dealt.map(|at| &self.shards[at]).collect()
    }
}

/// Part `index` of `of` of a plan, for Slurm arrays and indexed jobs: `--shard 3/16`.
///
/// Shards are dealt out by falling size, so every part gets about as much to do, and the same
/// part gets the same shards on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardChoice {
    /// Which part, from 1.
    pub index: usize,
    /// Of how many.
    pub of: usize,
}

impl ShardChoice {
    /// All shards.
    pub const ALL: Self = Self { index: 1, of: 1 };
}

impl fmt::Display for ShardChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for ShardChoice {
    type Err = RunError;

    fn from_str(text: &str) -> Result<Self, RunError> {
        let wrong = || RunError::new(format!("expected i/n with 1 <= i <= n, but found {text}"));
        let (index, of) = text.split_once('/').ok_or_else(wrong)?;
        let index: usize = index.trim().parse().map_err(|_| wrong())?;
        let of: usize = of.trim().parse().map_err(|_| wrong())?;
        if index == 0 || index > of { Err(wrong()) } else { Ok(Self { index, of }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_and_refused_with_what_was_found() {
        assert_eq!("3/16".parse(), Ok(ShardChoice { index: 3, of: 16 }));
        for wrong in ["0/4", "5/4", "3", "a/b", "1/0", ""] {
            let error = wrong.parse::<ShardChoice>().unwrap_err().to_string();
            assert!(error.ends_with(&format!("found {wrong}")), "{error}");
        }
    }
}
