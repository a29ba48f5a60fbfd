//! What a policy says of a pair.

use super::Distilled;
use super::policy::{DistillPolicy, Limits};
use super::residue::ResidueItem;
use crate::deletions::Deletions;
use crate::line::Lines;
use crate::span::Span;
use serde::{Deserialize, Serialize};

/// Why a pair, or a part of it, is no example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// The raw text is blank.
    RawEmpty,
    /// The row has no refined text.
    RefinedMissing,
    /// The refined text is null.
    RefinedNull,
    /// The refined text is of another type.
    RefinedNotAString,
    /// The row has more than one refined text.
    RefinedTwice,
    /// The refined text has half of a surrogate pair, which no text in Unicode can have.
    RefinedLoneSurrogate,
    /// The refined text has more characters, white space aside, than the raw one.
    RefinedLonger,
    /// So much was inserted, replaced and moved that this is another text.
    Rewritten,
    /// A span of the limit's size or more was inserted, replaced or moved.
    LargeResidue,
    /// A span was, and nothing that is left is long enough to be salvaged.
    NoCleanPart,
    /// Less was deleted than the paper's filter asks for.
    FewDeleted,
}

impl DropReason {
    /// Its stable name, as it stands in sidecars and counts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RawEmpty => "raw_empty",
            Self::RefinedMissing => "refined_missing",
            Self::RefinedNull => "refined_null",
            Self::RefinedNotAString => "refined_not_a_string",
            Self::RefinedTwice => "refined_twice",
            Self::RefinedLoneSurrogate => "refined_lone_surrogate",
            Self::RefinedLonger => "refined_longer",
            Self::Rewritten => "rewritten",
            Self::LargeResidue => "large_residue",
            Self::NoCleanPart => "no_clean_part",
            Self::FewDeleted => "few_deleted",
        }
    }
}

/// What of a pair is an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of it.
    Whole,
    /// These spans of the raw text, each of whole lines; the rest has residue.
    Salvaged(Vec<Span>),
    /// Nothing of it.
    Dropped(DropReason),
}

impl Verdict {
    /// Judges a pair.
    #[must_use]
    pub fn of(policy: DistillPolicy, raw: &str, refined: &str, distilled: &Distilled) -> Self {
        if raw.trim().is_empty() {
            return Self::Dropped(DropReason::RawEmpty);
        }
        match policy {
            DistillPolicy::Default => ours(raw, refined, distilled),
            DistillPolicy::RefinexPaper => the_papers(raw, refined, distilled),
        }
    }

    /// Its stable name, as it stands in sidecars and counts.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Salvaged(_) => "salvaged",
            Self::Dropped(_) => "dropped",
        }
    }

    /// Of `deletions`, those that an example may learn from.
    #[must_use]
    pub fn trusted(&self, deletions: Deletions) -> Deletions {
        match self {
            Self::Whole => deletions,
            Self::Salvaged(parts) => {
                Deletions::union(parts.iter().flat_map(|part| deletions.within(*part)).collect())
            }
            Self::Dropped(_) => Deletions::none(),
        }
    }
}

fn ours(raw: &str, refined: &str, distilled: &Distilled) -> Verdict {
    let sizes = |item: &ResidueItem| item.sizes(raw, refined);
    let written: usize = distilled.residue.of_substance().map(|item| sizes(item).1).sum();
    if black(refined) > black(raw) {
        return Verdict::Dropped(DropReason::RefinedLonger);
    }
    if written >= Limits::SPOILS && written * Limits::REWRITTEN_ONE_IN > black(refined) {
        return Verdict::Dropped(DropReason::Rewritten);
    }
    let bad = distilled.residue.of_substance().filter(|item| {
        let (raw, refined) = sizes(item);
        raw.max(refined) >= Limits::SPOILS
    });
    let bad: Vec<&ResidueItem> = bad.collect();
    if bad.is_empty() {
        return Verdict::Whole;
    }
    match clean_parts(raw, &bad) {
        parts if parts.is_empty() => Verdict::Dropped(DropReason::NoCleanPart),
        parts => Verdict::Salvaged(parts),
    }
}

/// Characters that are not white space.
fn black(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// Runs of whole lines that no bad item touches, if they are long enough.
fn clean_parts(raw: &str, bad: &[&ResidueItem]) -> Vec<Span> {
    let lines = Lines::of(raw);
    let around = |span: Span| {
        // An empty span stands between two characters: the lines of both are touched.
        let (first, last) = if span.is_empty() {
            (span.start().saturating_sub(1), span.end())
        } else {
            (span.start(), span.end() - 1)
        };
        let first = lines.at(first).map_or(raw.len(), |line| line.full().start());
        let last = lines.at(last).map_or(raw.len(), |line| line.full().end());
        Span::new(first, last)
    };
    let touched = bad.iter().flat_map(|item| [Some(item.raw), item.from]).flatten().map(around);
    let touched = Deletions::union(touched.collect());
    let starts = std::iter::once(0).chain(touched.spans().iter().map(|span| span.end()));
    let ends = touched.spans().iter().map(|span| span.start()).chain([raw.len()]);
    let parts = starts.zip(ends).map(|(start, end)| Span::new(start, end));
    parts.filter(|part| part.of(raw).trim().len() >= Limits::SHORTEST_PART).collect()
}

/// The paper's filter counts all that was inserted or replaced, white space and moved text too.
fn the_papers(raw: &str, refined: &str, distilled: &Distilled) -> Verdict {
    let size = |text: &str, span: Span| span.of(text).chars().count();
    let large =
        |item: &ResidueItem| size(raw, item.raw).max(size(refined, item.refined)) >= Limits::SPOILS;
    if distilled.residue.items().iter().any(large) {
        return Verdict::Dropped(DropReason::LargeResidue);
    }
    let deleted: usize = distilled.deletions.spans().iter().map(|span| size(raw, *span)).sum();
    if deleted < Limits::FEWEST_DELETED {
        return Verdict::Dropped(DropReason::FewDeleted);
    }
    Verdict::Whole
}

#[cfg(test)]
mod tests {
    use super::super::distill;
    use super::*;

    fn verdict(policy: DistillPolicy, raw: &str, refined: &str) -> Verdict {
        Verdict::of(policy, raw, refined, &distill(raw, refined))
    }

    #[test]
    fn a_clean_document_is_an_example_for_us_and_none_for_the_paper() {
        let text = "A page without any noise.\n";
        assert_eq!(verdict(DistillPolicy::Default, text, text), Verdict::Whole);
        let paper = verdict(DistillPolicy::RefinexPaper, text, text);
        assert_eq!(paper, Verdict::Dropped(DropReason::FewDeleted));
    }

    #[test]
    fn white_space_never_spoils_a_pair() {
        let raw = "One line of text.\nAnother one.\nMenu\nThe last.\n";
        let refined = format!("One line of text.{}Another one.\n\n\nThe last.", "\n".repeat(30));
        assert_eq!(verdict(DistillPolicy::Default, raw, &refined), Verdict::Whole);
    }

    #[test]
    fn the_clean_parts_of_a_pair_are_salvaged() {
        let good = "This sentence stays as it is. ".repeat(10);
        let raw = format!("Menu\n{good}\nA sentence that the expert did not like.\n{good}\n");
        let refined = format!("{good}\nWholly new words were written instead!\n{good}\n");
        let distilled = distill(&raw, &refined);
        let verdict = Verdict::of(DistillPolicy::Default, &raw, &refined, &distilled);
        let Verdict::Salvaged(parts) = &verdict else { panic!("{verdict:?}") };
        let texts: Vec<&str> = parts.iter().map(|part| part.of(&raw)).collect();
        assert!(texts[0].starts_with("Menu\nThis") && texts[1].ends_with("it is. \n"), "{texts:?}");
        let trusted = verdict.trusted(distilled.deletions);
        assert_eq!(trusted.spans(), [Span::new(0, 5)]);
    }

    #[test]
    fn another_text_is_dropped_with_its_reason() {
        let drop = |raw: &str, refined: &str| verdict(DistillPolicy::Default, raw, refined);
        let raw = "Die Katze sass auf der Matte und schlief den ganzen Tag.\n";
        let refined = "The cat sat on the mat, sleeping all day.\n";
        assert_eq!(drop(raw, refined), Verdict::Dropped(DropReason::Rewritten));
        assert_eq!(drop(" \n", ""), Verdict::Dropped(DropReason::RawEmpty));
        assert_eq!(drop("ab", "ab and more"), Verdict::Dropped(DropReason::RefinedLonger));
        assert_eq!(drop("ab", ""), Verdict::Whole);
    }
}
