//! Counts over distilled pairs, for reports.

use super::residue::ResidueItem;
use super::{Distilled, Verdict};
use crate::deletions::Deletions;
use crate::line::Lines;
use crate::program::Program;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Sums over the pairs of a shard, or of many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistillTally {
    /// Pairs by verdict: whole, salvaged, dropped.
    pub verdicts: BTreeMap<String, u64>,
    /// Dropped pairs by reason.
    pub dropped_by_reason: BTreeMap<String, u64>,
    /// Pairs whose refined text is a subsequence of the raw one: pure deletion.
    pub pure_deletions: u64,
    /// Pairs whose refined text is blank. It is what an expert says of a page of noise, and also
    /// what a failed expert says.
    pub refined_empty: u64,
    /// Places of residue, by kind.
    pub residue: BTreeMap<String, u64>,
    /// Characters of the refined text in them, without white space around them, by kind.
    pub residue_characters: BTreeMap<String, u64>,
    /// Pairs for which a bound on time was reached, by the name of the fallback.
    pub fallbacks: BTreeMap<String, u64>,
    /// Of examples (whole and salvaged): calls of their programs.
    pub calls: u64,
    /// Bytes of their programs.
    pub program_bytes: u64,
    /// Bytes of their raw text.
    pub example_bytes: u64,
    /// Their lines.
    pub lines: u64,
    /// Their lines that go whole.
    pub deleted_lines: u64,
    /// Their characters.
    pub characters: u64,
    /// Their characters that go.
    pub deleted_characters: u64,
}

impl DistillTally {
    /// Counts what the aligner found in one pair.
    pub fn count_pair(&mut self, raw: &str, refined: &str, distilled: &Distilled) {
        self.pure_deletions += u64::from(distilled.residue.is_empty());
        self.refined_empty += u64::from(refined.trim().is_empty());
        for item in distilled.residue.items() {
            self.count_residue(raw, refined, item);
        }
        distilled.effort.fallbacks().for_each(|name| count(&mut self.fallbacks, name, 1));
    }

    /// Counts what was made of it.
    pub fn count_verdict(&mut self, verdict: &Verdict) {
        count(&mut self.verdicts, verdict.name(), 1);
        if let Verdict::Dropped(reason) = verdict {
            count(&mut self.dropped_by_reason, reason.name(), 1);
        }
    }

    /// Counts the program of an example.
    pub fn count_example(&mut self, raw: &str, deletions: &Deletions, program: &Program) {
        self.calls += program.calls().len() as u64;
        self.program_bytes += program.to_string().len() as u64;
        self.example_bytes += raw.len() as u64;
        let lines = Lines::of(raw);
        self.lines += lines.len() as u64;
        self.deleted_lines +=
            lines.iter().filter(|line| deletions.cover(line.full())).count() as u64;
        self.characters += raw.chars().count() as u64;
        let gone = deletions.spans().iter().map(|span| span.of(raw).chars().count() as u64);
        self.deleted_characters += gone.sum::<u64>();
    }

    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Self) {
        let maps = [
            (&mut self.verdicts, &other.verdicts),
            (&mut self.dropped_by_reason, &other.dropped_by_reason),
            (&mut self.residue, &other.residue),
            (&mut self.residue_characters, &other.residue_characters),
            (&mut self.fallbacks, &other.fallbacks),
        ];
        for (into, from) in maps {
            from.iter().for_each(|(name, times)| count(into, name, *times));
        }
        self.pure_deletions += other.pure_deletions;
        self.refined_empty += other.refined_empty;
        self.calls += other.calls;
        self.program_bytes += other.program_bytes;
        self.example_bytes += other.example_bytes;
        self.lines += other.lines;
        self.deleted_lines += other.deleted_lines;
        self.characters += other.characters;
        self.deleted_characters += other.deleted_characters;
    }

    /// Pairs with this verdict.
    #[must_use]
    pub fn verdict(&self, name: &str) -> u64 {
        self.verdicts.get(name).copied().unwrap_or_default()
    }

    /// Pairs of which at least a part is an example.
    #[must_use]
    pub fn examples(&self) -> u64 {
        self.verdict("whole") + self.verdict("salvaged")
    }

    fn count_residue(&mut self, raw: &str, refined: &str, item: &ResidueItem) {
        count(&mut self.residue, item.kind.name(), 1);
        let characters = item.sizes(raw, refined).1 as u64;
        count(&mut self.residue_characters, item.kind.name(), characters);
    }
}

/// What the programs of examples are like: shares, of 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ProgramStatistics {
    /// Examples, whole and salvaged.
    pub examples: u64,
    /// Calls of a program, on average.
    pub calls_per_document: f64,
    /// Share of the lines that go whole.
    pub deleted_line_share: f64,
    /// Share of the characters that go.
    pub deleted_character_share: f64,
    /// Bytes of the programs by bytes of the texts (the paper: 2.7 to 7 % of the tokens).
    pub program_share: f64,
}

impl DistillTally {
    /// What the programs are like.
    #[must_use]
    pub fn statistics(&self) -> ProgramStatistics {
        ProgramStatistics {
            examples: self.examples(),
            calls_per_document: share(self.calls, self.examples()),
            deleted_line_share: share(self.deleted_lines, self.lines),
            deleted_character_share: share(self.deleted_characters, self.characters),
            program_share: share(self.program_bytes, self.example_bytes),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str, times: u64) {
    *counts.entry(name.to_owned()).or_default() += times;
}
