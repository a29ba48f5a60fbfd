//! Scores by what a document is, and by where in it the text stands.

use crate::character_scores::CharacterScores;
use crate::counts::Counts;
use crate::judged::{Judged, Share};
use serde::Serialize;
use std::collections::BTreeMap;

/// Scores of groups of documents, or of parts of documents.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Breakdown {
    /// What the groups differ in.
    pub by: String,
    /// The groups, in order.
    pub groups: Vec<GroupScores>,
}

/// The scores of one group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupScores {
    /// Its name.
    pub name: String,
    /// Documents.
    pub documents: u64,
    /// Of characters.
    #[serde(flatten)]
    pub text: CharacterScores,
}

/// Groups as documents come. A group has a rank, so that names need not sort.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    by: Vec<(String, ByName)>,
}

/// Groups by rank and name.
type ByName = BTreeMap<(usize, String), Group>;

#[derive(Clone, Copy, Debug, Default)]
struct Group {
    documents: u64,
    characters: Counts,
}

/// Characters of a document, from which on it is in the next group (guess: a snippet, a short page, a
/// page, a long page, a book chapter).
const LENGTHS: [(u64, &str); 5] = [
    (500, "under 500"),
    (2_000, "500 to 2,000"),
    (8_000, "2,000 to 8,000"),
    (32_000, "8,000 to 32,000"),
    (u64::MAX, "32,000 and more"),
];
const FIFTHS: [&str; 5] = ["first fifth", "second", "third", "fourth", "last fifth"];

impl Groups {
    /// Counts a document, of which the caller knows `facts`: pairs of what groups differ in and the
    /// name of the group.
    pub(crate) fn count(&mut self, judged: &Judged, facts: &[(String, String)]) {
        let characters = &judged.characters;
        let (rank, name) = emptied(judged);
        self.add("emptied documents", (rank, name), characters);
        for (by, name) in facts {
            self.add(by, (0, name), characters);
        }
        let length = LENGTHS.iter().position(|(end, _)| characters.all() < *end).unwrap_or(0);
        self.add("characters of the document", (length, LENGTHS[length].1), characters);
        for (fifth, part) in judged.fifths.iter().enumerate() {
            self.add("place in the document", (fifth, FIFTHS[fifth]), part);
        }
    }

    fn add(&mut self, by: &str, (rank, name): (usize, &str), characters: &Counts) {
        let at = self.by.iter().position(|(known, _)| known == by).unwrap_or_else(|| {
            self.by.push((by.to_owned(), BTreeMap::new()));
            self.by.len() - 1
        });
        let group = self.by[at].1.entry((rank, name.to_owned())).or_default();
        group.documents += 1;
        group.characters.add(characters);
    }

    pub(crate) fn breakdowns(self) -> Vec<Breakdown> {
        let scored = |((_, name), group): ((usize, String), Group)| scores(name, &group);
        let breakdown = |(by, groups): (String, ByName)| Breakdown {
            by,
            groups: groups.into_iter().map(scored).collect(),
        };
        self.by.into_iter().map(breakdown).collect()
    }
}

/// Emptied documents apart from the others: their many characters hide what happens to the rest.
fn emptied(judged: &Judged) -> (usize, &'static str) {
    match (judged.gold_share(), judged.share()) {
        (Share::All, Share::All) => (1, "emptied by both"),
        (Share::All, _) => (2, "emptied by gold alone"),
        (_, Share::All) => (3, "emptied by the refiner alone"),
        _ => (0, "emptied by neither"),
    }
}

fn scores(name: String, group: &Group) -> GroupScores {
    let text = CharacterScores::from(&group.characters);
    GroupScores { name, documents: group.documents, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marks::tests::deletions;

    #[test]
    fn every_breakdown_holds_every_character_once() {
        let mut groups = Groups::default();
        let (long, short) = ("word ".repeat(900), "ad\ntext".to_owned());
        for (text, source) in [(&long, "web"), (&short, "books"), (&short, "web")] {
            let predicted = deletions(text, &[(0, 3)]);
            let judged = Judged::of(text, &deletions(text, &[(0, 2)]), Some(&predicted)).unwrap();
            groups.count(&judged, &[("source".to_owned(), source.to_owned())]);
        }
        let found = groups.breakdowns();
        let by: Vec<&str> = found.iter().map(|breakdown| breakdown.by.as_str()).collect();
        let wanted =
            ["emptied documents", "source", "characters of the document", "place in the document"];
        assert_eq!(by, wanted);
        for breakdown in &found {
            let sum: u64 = breakdown.groups.iter().map(|group| group.text.characters).sum();
            assert_eq!(sum, 3600 + 6 + 6, "{}", breakdown.by);
        }
        let names: Vec<&str> = found[2].groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["under 500", "2,000 to 8,000"]);
        assert_eq!(found[1].groups[0].documents, 1);
    }

    #[test]
    fn emptied_documents_stand_apart() {
        let mut groups = Groups::default();
        let text = "ad\ntext";
        for (gold, gone) in [(7, 7), (7, 3), (3, 7), (3, 3)] {
            let predicted = deletions(text, &[(0, gone)]);
            let gold = deletions(text, &[(0, gold)]);
            groups.count(&Judged::of(text, &gold, Some(&predicted)).unwrap(), &[]);
        }
        let found = groups.breakdowns().remove(0);
        let recalls: Vec<f64> = found.groups.iter().map(|group| group.text.kept_recall).collect();
        assert_eq!(recalls, [1.0, 0.0, 0.0, 0.0]);
        let recalls: Vec<f64> =
            found.groups.iter().map(|group| group.text.deletion_recall).collect();
        assert_eq!(recalls, [1.0, 1.0, 2.0 / 6.0, 1.0]);
    }
}
