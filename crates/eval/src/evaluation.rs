//! The record of an evaluation: everything that was measured, and nothing of how it is shown.

use crate::bootstrap::{Comparison, Interval, Resampling};
use crate::breakdown::Breakdown;
use crate::calibration::Calibration;
use crate::deletion_scores::DeletionScores;
use crate::judged::Share;
use crate::rewriting::RewritingScores;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// Several refiners against one gold set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// The gold set.
    pub gold: String,
    /// Pages that its documents were cut from: the units that are resampled.
    pub pages: u64,
    /// How intervals and p-values were drawn.
    pub resampling: Resampling,
    /// Rows of the gold set that say nothing of what is right, and were left out.
    pub unjudged: u64,
    /// Documents of the gold set of which there is no prediction, and that were left out.
    pub absent: u64,
    /// The refiners.
    pub refiners: Vec<RefinerScores>,
    /// Each refiner beside each before it.
    pub comparisons: Vec<Comparison>,
}

/// One refiner against gold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RefinerScores {
    /// Its name.
    pub name: String,
    /// Its scores over all documents.
    #[serde(flatten)]
    pub scores: DeletionScores,
    /// Intervals of 95 %, by the key of the figure.
    pub intervals: BTreeMap<&'static str, Interval>,
    /// Documents by what gold and the refiner make of them.
    pub outcomes: Outcomes,
    /// Scores by what a document is, and by place in it.
    pub breakdowns: Vec<Breakdown>,
    /// Whether its scores are probabilities, if it gives scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// What it added, if it is a rewriter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewriting: Option<RewritingScores>,
}

/// Documents by how much of them goes: by gold, and by the refiner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes([[u64; 3]; 3]);

impl Outcomes {
    /// How much of a document can go.
    pub const SHARES: [Share; 3] = [Share::None, Share::Part, Share::All];

    /// Counts a document.
    pub const fn count(&mut self, gold: Share, predicted: Share) {
        self.0[gold as usize][predicted as usize] += 1;
    }

    /// Documents of which so much goes.
    #[must_use]
    pub const fn documents(&self, gold: Share, predicted: Share) -> u64 {
        self.0[gold as usize][predicted as usize]
    }
}

/// In JSON: by what gold does, then by what the refiner does.
impl Serialize for Outcomes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of_gold = |gold: Share| {
            let of = Self::SHARES.map(|share| (share.name(), self.documents(gold, share)));
            (gold.name(), BTreeMap::from(of))
        };
        BTreeMap::from(Self::SHARES.map(of_gold)).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_in_json_are_by_gold_and_then_by_the_refiner() {
        let mut outcomes = Outcomes::default();
        outcomes.count(Share::Part, Share::All);
        let json = serde_json::to_value(outcomes).unwrap();
        assert_eq!(json["partly"]["emptied"], 1);
        assert_eq!(json["emptied"]["partly"], 0);
    }
}
