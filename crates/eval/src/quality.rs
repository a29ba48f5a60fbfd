//! Quality before and after refining, by a scorer: what improved, and what did not.

use crate::table::Table;
use serde::Serialize;
use std::collections::BTreeMap;

/// One document by one scorer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The number of the original.
    pub before: f64,
    /// What became of it.
    pub after: After,
}

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum After {
    /// Nothing was deleted.
    Untouched,
    /// Nothing is left.
    Emptied,
    /// A part was deleted; the number of the rest.
    Edited(f64),
}

/// Quality before and after, by one scorer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// The scorer.
    pub scorer: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// Whether a larger number is better.
    pub larger_is_better: bool,
    /// Documents that it has no number for, before or after.
    pub failed: u64,
    /// The same by the reason, such as an answer without a number.
    pub failed_by_reason: BTreeMap<String, u64>,
    /// All documents.
    pub all: Level,
    /// Documents by the number of the original, the worst first.
    pub levels: Vec<Level>,
    /// Spearman's rank correlation of its number with the true share of noise, over gold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validity: Option<Validity>,
}

/// How well a scorer ranks documents by their noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Validity {
    /// Documents of gold that it has a number for.
    pub documents: u64,
    /// The rank correlation; a perfect scorer has -1 if larger is better, else 1.
    pub rank_correlation: Option<f64>,
}

/// Documents of about the same quality at first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Level {
    /// The least and the largest number of an original.
    pub range: (f64, f64),
    /// Documents.
    pub documents: u64,
    /// Edited documents with a better number than before.
    pub improved: u64,
    /// Edited documents with a worse one.
    pub worsened: u64,
    /// Edited documents with the same one.
    pub unchanged: u64,
    /// Documents of which nothing was deleted.
    pub untouched: u64,
    /// Documents of which nothing is left.
    pub emptied: u64,
    /// Mean number of the originals.
    pub mean_before: f64,
    /// Mean number before, of the documents of which something is left.
    pub mean_before_of_the_rest: f64,
    /// Mean number after, of the same documents.
    pub mean_after: f64,
}

/// Levels where numbers are not a scale of a few (guess: fifths, as a scale from 1 to 5).
const LEVELS: usize = 5;

impl Level {
    /// The level of these documents.
    #[must_use]
    pub fn of(documents: &[Scored], larger_is_better: bool) -> Self {
        let mut level = Self::default();
        let (mut before, mut before_of_the_rest, mut after) = (0.0, 0.0, 0.0);
        for scored in documents {
            before += scored.before;
            level.documents += 1;
            if let Some(left) = level.count(scored, larger_is_better) {
                before_of_the_rest += scored.before;
                after += left;
            }
        }
        let numbers = || documents.iter().map(|scored| scored.before);
        let rest = (level.documents - level.emptied) as f64;
        level.range = (
            numbers().reduce(f64::min).unwrap_or_default(),
            numbers().reduce(f64::max).unwrap_or_default(),
        );
        level.mean_before = before / (level.documents as f64).max(1.0);
        level.mean_before_of_the_rest = before_of_the_rest / rest.max(1.0);
        level.mean_after = after / rest.max(1.0);
        level
    }

    /// Counts a document, and says its number after, if something is left.
    fn count(&mut self, scored: &Scored, larger_is_better: bool) -> Option<f64> {
        match scored.after {
            After::Untouched => {
                self.untouched += 1;
                Some(scored.before)
            }
            After::Emptied => {
                self.emptied += 1;
                None
            }
            After::Edited(after) => {
                let gain =
                    if larger_is_better { after - scored.before } else { scored.before - after };
                let count = if gain > 0.0 {
                    &mut self.improved
                } else if gain < 0.0 {
                    &mut self.worsened
                } else {
                    &mut self.unchanged
                };
                *count += 1;
                Some(after)
            }
        }
    }
}

/// Documents by the number of the original, the worst first: one level for each number where there
/// are few, else fifths of the documents.
#[must_use]
pub fn levels(documents: &[Scored], larger_is_better: bool) -> Vec<Level> {
    let mut sorted = documents.to_vec();
    sorted.sort_by(|a, b| a.before.total_cmp(&b.before));
    if !larger_is_better {
        sorted.reverse();
    }
    let same = || sorted.chunk_by(|a, b| a.before == b.before);
    let level = |documents: &[Scored]| Level::of(documents, larger_is_better);
    if same().count() <= LEVELS {
        return same().map(level).collect();
    }
    fifths(&sorted).map(level).collect()
}

/// About a fifth of the documents each; equal numbers stay together.
fn fifths(sorted: &[Scored]) -> impl Iterator<Item = &[Scored]> {
    let size = sorted.len().div_ceil(LEVELS).max(1);
    let mut rest = sorted;
    std::iter::from_fn(move || {
        let last = rest.get(size.min(rest.len()).checked_sub(1)?)?.before;
        let same = rest[size.min(rest.len())..].iter().take_while(|of| of.before == last).count();
        let (fifth, more) = rest.split_at(size.min(rest.len()) + same);
        rest = more;
        Some(fifth)
    })
}

impl Quality {
    /// Improved, worsened and the rest by the number of the original.
    #[must_use]
    pub fn table(&self) -> Table {
        let better = if self.larger_is_better { "larger" } else { "smaller" };
        let heads = [
            "before",
            "documents",
            "improved",
            "worsened",
            "unchanged",
            "untouched",
            "emptied",
            "mean before",
            "of the rest",
            "mean after",
        ];
        let mut table = Table::new(&format!("{} ({better} is better)", self.scorer), &heads);
        for level in self.levels.iter().chain([&self.all]) {
            let mut row = vec![format!("{:.3} to {:.3}", level.range.0, level.range.1)];
            let counts = [
                level.documents,
                level.improved,
                level.worsened,
                level.unchanged,
                level.untouched,
                level.emptied,
            ];
            row.extend(counts.map(|count| count.to_string()));
            let means = [level.mean_before, level.mean_before_of_the_rest, level.mean_after];
            row.extend(means.map(|mean| format!("{mean:.4}")));
            table.push(row);
        }
        table.note("By the number of the original, the worst first; the last row is all of them. Of the rest: \
                    of the documents of which something is left, as is the mean after.");
        if self.failed > 0 {
            let reasons = self.failed_by_reason.iter();
            let reasons: Vec<String> =
                reasons.map(|(reason, count)| format!("{reason} {count}")).collect();
            table.note(format!(
                "{} documents have no number, before or after: {}.",
                self.failed,
                reasons.join(", ")
            ));
        }
        if let Some(Validity { documents, rank_correlation }) = self.validity {
            let found = rank_correlation.map_or("none".to_owned(), |found| format!("{found:+.3}"));
            table.note(format!(
                "Rank correlation with the true share of noise over {documents} documents: {found}."
            ));
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(before: f64, after: After) -> Scored {
        Scored { before, after }
    }

    #[test]
    fn documents_are_counted_by_what_became_of_their_number() {
        let documents = [
            scored(2.0, After::Edited(4.0)),
            scored(2.0, After::Edited(1.0)),
            scored(2.0, After::Edited(2.0)),
            scored(5.0, After::Untouched),
            scored(1.0, After::Emptied),
        ];
        let level = Level::of(&documents, true);
        assert_eq!((level.improved, level.worsened, level.unchanged), (1, 1, 1));
        assert_eq!((level.untouched, level.emptied, level.range), (1, 1, (1.0, 5.0)));
        assert_eq!(
            (level.mean_before, level.mean_before_of_the_rest, level.mean_after),
            (2.4, 2.75, 3.0)
        );
        assert_eq!(Level::of(&documents[..1], false).worsened, 1);
    }

    #[test]
    fn a_scale_has_its_steps_and_anything_else_fifths() {
        let few: Vec<_> = [3.0, 1.0, 3.0].map(|n| scored(n, After::Untouched)).to_vec();
        let counts = |levels: Vec<Level>| levels.iter().map(|l| l.documents).collect::<Vec<_>>();
        assert_eq!(counts(levels(&few, true)), [1, 2]);
        assert_eq!(counts(levels(&few, false)), [2, 1]);
        let many: Vec<_> = (0..13).map(|n| scored(f64::from(n), After::Untouched)).collect();
        assert_eq!(counts(levels(&many, true)), [3, 3, 3, 3, 1]);
        let tied: Vec<_> = (0..13).map(|n| scored(f64::from(n.max(6)), After::Untouched)).collect();
        assert_eq!(counts(levels(&tied, true)), [7, 3, 3]);
        assert!(levels(&[], true).is_empty());
    }
}
