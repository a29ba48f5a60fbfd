//! Splitting a labelled set into parts, so that what belongs together stays together.

use super::output::{LabelledOutput, Written};
use super::set::LabelledSet;
use crate::error::RunError;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A part, and its share of the groups.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name, which is that of its folder.
    pub name: String,
    /// Its share; shares are divided by their sum.
    pub share: f64,
}

/// How a set is split.
#[derive(Clone, Debug)]
pub struct Split {
    /// The parts.
    pub parts: Vec<Part>,
    /// The column that says what belongs together; the page, which is the id before `#`, if none.
    pub group: Option<String>,
    /// Another seed gives another split.
    pub seed: u64,
}

/// Groups of documents: those of a page, and those of the same text, are in one, however they are
/// connected.
#[derive(Debug, Default)]
pub struct Groups {
    parents: HashMap<u64, u64>,
}

impl Groups {
    /// Says that a document of this text is of this group.
    pub fn join(&mut self, group: &str, text_hash: u64) {
        // Two kinds of keys, kept apart.
        let group = xxh3_64_with_seed(group.as_bytes(), 1);
        let text = xxh3_64_with_seed(&text_hash.to_le_bytes(), 2);
        let (a, b) = (self.root(group), self.root(text));
        let (least, most) = (a.min(b), a.max(b));
        self.parents.insert(most, least);
        self.parents.insert(least, least);
    }

    /// Says that there is this group.
    pub fn add(&mut self, group: &str) {
        let _ = self.of(group);
    }

    /// The least key of all that a group is connected with: it does not depend on any order.
    pub fn of(&mut self, group: &str) -> u64 {
        self.root(xxh3_64_with_seed(group.as_bytes(), 1))
    }

    fn root(&mut self, key: u64) -> u64 {
        let mut at = key;
        while let Some(&parent) = self.parents.get(&at)
            && parent != at
        {
            at = parent;
        }
        let mut walk = key;
        while let Some(parent) = self.parents.insert(walk, at)
            && parent != at
            && walk != at
        {
            walk = parent;
        }
        at
    }
}

impl Split {
    /// The part of a group, by its root.
    #[must_use]
    pub fn part_of(&self, root: u64) -> usize {
        let sum: f64 = self.parts.iter().map(|part| part.share).sum();
        let hash = xxh3_64_with_seed(&root.to_le_bytes(), self.seed);
        let place = (hash >> 11) as f64 / (1u64 << 53) as f64 * sum;
        let mut before = 0.0;
        for (at, part) in self.parts.iter().enumerate() {
            before += part.share;
            if place < before {
                return at;
            }
        }
        self.parts.len().saturating_sub(1)
    }

    fn check(&self) -> Result<(), RunError> {
        let names: std::collections::HashSet<&str> =
            self.parts.iter().map(|part| part.name.as_str()).collect();
        let sound = self.parts.len() > 1
            && names.len() == self.parts.len()
            && self.parts.iter().all(|part| part.share > 0.0 && part.share.is_finite());
        if sound {
            return Ok(());
        }
        Err(RunError::new(format!(
            "expected two parts or more with names of their own and shares over 0, but found {}",
            self.parts
                .iter()
                .map(|p| format!("{}={}", p.name, p.share))
                .collect::<Vec<_>>()
                .join(",")
        )))
    }
}

/// What came of a split.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SplitReport {
    /// The parts, by name.
    pub parts: BTreeMap<String, Written>,
    /// Groups: pages, or pages that share a text.
    pub groups: usize,
    /// Documents of the largest group: a share of a part can be missed by about as many.
    pub largest_group: u64,
    /// Documents without the column that says what belongs together; their page says it.
    pub without_column: u64,
}

/// The groups of a set, and how many of its documents lack the column that was named. Blank texts
/// connect nothing.
fn connect(set: &LabelledSet, column: Option<&str>) -> Result<(Groups, u64), RunError> {
    let (mut groups, mut with, mut without) = (Groups::default(), 0, 0);
    set.each(&mut |row| {
        let Ok(document) = &row else { return Ok(()) };
        if let Some(column) = column {
            let has = document.columns.raw(column).is_some_and(|raw| raw != "null");
            *(if has { &mut with } else { &mut without }) += 1;
        }
        let group = document.group(column);
        if document.text.trim().is_empty() {
            groups.add(&group);
        } else {
            groups.join(&group, document.text_hash());
        }
        Ok(())
    })?;
    match column {
        Some(column) if with == 0 && without > 0 => Err(RunError::new(format!(
            "expected a column {column} in {}, but found it in no document",
            set.location
        ))),
        _ => Ok((groups, without)),
    }
}

/// Splits a set into run directories `OUT/PART`. The set is read twice.
///
/// # Errors
/// If it cannot be read, or a part cannot be written.
pub fn split(
    set: &LabelledSet,
    split: &Split,
    output: &str,
    threads: usize,
) -> Result<SplitReport, RunError> {
    split.check()?;
    let (mut groups, without_column) = connect(set, split.group.as_deref())?;
    let mut sizes: HashMap<u64, u64> = HashMap::new();
    let inputs = [set.location.clone()];
    let shares: Vec<_> = split.parts.iter().map(|part| json!([part.name, part.share])).collect();
    let folder = |part: &Part| format!("{}/{}", output.trim_end_matches('/'), part.name);
    let folders: Vec<String> = split.parts.iter().map(folder).collect();
    let mut outputs = Vec::new();
    for (part, folder) in split.parts.iter().zip(&folders) {
        let choices = json!({
            "part": part.name, "parts": shares, "group": split.group, "seed": split.seed,
        });
        outputs.push(LabelledOutput::begin(folder, "labels split", &inputs, &inputs, &choices)?);
    }
    set.each(&mut |row| match &row {
        Ok(document) => {
            let root = groups.of(&document.group(split.group.as_deref()));
            *sizes.entry(root).or_default() += 1;
            outputs[split.part_of(root)].write(document)
        }
        // Rows that are no document are written down once, with the first part.
        Err(bad) => outputs[0].fail(bad),
    })?;
    let mut report = SplitReport {
        groups: sizes.len(),
        largest_group: sizes.values().copied().max().unwrap_or_default(),
        without_column,
        ..SplitReport::default()
    };
    for (part, output) in split.parts.iter().zip(outputs) {
        report.parts.insert(part.name.clone(), output.finish(threads)?);
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn halves(seed: u64) -> Split {
        let part = |name: &str, share| Part { name: name.to_owned(), share };
        Split { parts: vec![part("train", 9.0), part("dev", 1.0)], group: None, seed }
    }

    proptest! {
        #[test]
        fn pages_and_equal_texts_never_stand_on_two_sides(
            documents in proptest::collection::vec((0u8..12, 0u64..12), 1..60),
            seed in any::<u64>(),
        ) {
            let split = halves(seed);
            let mut groups = Groups::default();
            for (page, text) in &documents {
                groups.join(&page.to_string(), *text);
            }
            let mut sides = HashMap::new();
            let mut texts = HashMap::new();
            for (page, text) in &documents {
                let side = split.part_of(groups.of(&page.to_string()));
                prop_assert_eq!(*sides.entry(*page).or_insert(side), side);
                prop_assert_eq!(*texts.entry(*text).or_insert(side), side);
            }
        }

        #[test]
        fn a_split_does_not_depend_on_the_order_of_the_documents(
            mut documents in proptest::collection::vec((0u8..12, 0u64..40), 1..60),
        ) {
            let sides = |documents: &[(u8, u64)]| {
                let mut groups = Groups::default();
                documents.iter().for_each(|(page, text)| groups.join(&page.to_string(), *text));
                (0..12).map(|page: u8| halves(7).part_of(groups.of(&page.to_string()))).collect::<Vec<_>>()
            };
            let before = sides(&documents);
            documents.reverse();
            prop_assert_eq!(before, sides(&documents));
        }
    }

    #[test]
    fn shares_are_about_what_was_asked_for() {
        let split = halves(3);
        let dev = (0..20_000u64).filter(|&root| split.part_of(root * 7919) == 1).count();
        assert!((1_800..2_200).contains(&dev), "{dev}");
    }
}
