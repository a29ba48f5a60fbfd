//! Mixing labelled sets by weight.

use super::output::{LabelledOutput, Written};
use super::set::LabelledSet;
use crate::error::RunError;
use serde::Serialize;
use serde_json::json;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// A set, and its weight in the mixture.
#[derive(Clone, Debug)]
pub struct Ingredient {
    /// The set.
    pub set: LabelledSet,
    /// Its share of the documents; weights are divided by their sum.
    pub weight: f64,
}

/// What came of a mixture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MixReport {
    /// The whole.
    pub written: Written,
    /// The sets, as they were named.
    pub sets: Vec<Drawn>,
}

/// What was drawn from a set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Drawn {
    /// The set.
    pub set: String,
    /// Documents that it has.
    pub documents: u64,
    /// Documents that were taken, copies counted.
    pub taken: u64,
}

/// How often each document of a set is taken, so that `wanted` are in all: every one as often as
/// that goes in whole times, and of the rest those with the least hashes.
struct Choice {
    whole: u64,
    /// Documents with a hash up to this are taken once more; none if the rest is empty.
    up_to: Option<u64>,
    seed: u64,
}

impl Choice {
    fn new(mut hashes: Vec<u64>, wanted: u64, seed: u64) -> Self {
        let count = hashes.len() as u64;
        let (whole, rest) =
            wanted.checked_div(count).map_or((0, 0), |whole| (whole, wanted % count));
        hashes.sort_unstable();
        let up_to = rest.checked_sub(1).and_then(|at| hashes.get(at as usize)).copied();
        Self { whole, up_to, seed }
    }

    fn times(&self, key: &[u8]) -> u64 {
        let once_more = self.up_to.is_some_and(|most| hash(key, self.seed) <= most);
        self.whole + u64::from(once_more)
    }
}

fn hash(key: &[u8], seed: u64) -> u64 {
    xxh3_64_with_seed(key, seed)
}

/// The place of a document in its set and its id: no two have the same.
fn key(at: u64, id: &str) -> Vec<u8> {
    [&at.to_le_bytes(), id.as_bytes()].concat()
}

/// Mixes sets into the run directory `output`, one set after the other. Documents are drawn without
/// putting back; a set that is smaller than its share is taken whole as often as that goes. An id
/// that was written before gets `~2` and so on behind it. Without `documents`, as many as can be had
/// without a copy. What is drawn depends on the seed, the place of a set among the sets, and its
/// documents, not on where the sets lie. Sets are read twice.
///
/// # Errors
/// If a set cannot be read or is empty, or a weight is not over 0.
pub fn mix(
    ingredients: &[Ingredient],
    documents: Option<u64>,
    seed: u64,
    output: &str,
    threads: usize,
) -> Result<MixReport, RunError> {
    let weights: Vec<f64> = ingredients.iter().map(|ingredient| ingredient.weight).collect();
    if weights.iter().any(|weight| *weight <= 0.0 || !weight.is_finite()) {
        return Err(RunError::new("expected weights over 0, but found another"));
    }
    let inputs: Vec<String> = ingredients.iter().map(|i| i.set.location.clone()).collect();
    let choices = json!({"weights": weights, "documents": documents, "seed": seed});
    let mut writing = LabelledOutput::begin(output, "labels mix", &inputs, &inputs, &choices)?;
    let mut hashes = Vec::new();
    for (at, ingredient) in ingredients.iter().enumerate() {
        hashes.push(hashes_of(ingredient, seed_of(at, seed))?);
    }
    let counts: Vec<u64> = hashes.iter().map(|hashes| hashes.len() as u64).collect();
    let total = documents.unwrap_or_else(|| most_without_copies(&weights, &counts));
    let wanted = shares(&weights, total);
    let mut report = MixReport::default();
    let mut ids = Ids::default();
    for (at, (ingredient, hashes)) in ingredients.iter().zip(hashes).enumerate() {
        let choice = Choice::new(hashes, wanted[at], seed_of(at, seed));
        let from = (ingredients.len() > 1).then_some(inputs[at].as_str());
        let taken = draw(&ingredient.set, &choice, from, &mut ids, &mut writing)?;
        let (set, documents) = (inputs[at].clone(), counts[at]);
        report.sets.push(Drawn { set, documents, taken });
    }
    report.written = writing.finish(threads)?;
    Ok(report)
}

/// Writes the documents of a set that are chosen; how many there are.
fn draw(
    set: &LabelledSet,
    choice: &Choice,
    from: Option<&str>,
    ids: &mut Ids,
    writing: &mut LabelledOutput<'_>,
) -> Result<u64, RunError> {
    let (mut taken, mut place) = (0, 0);
    set.each(&mut |row| {
        let Ok(mut document) = row else { return writing.take(&row) };
        let times = choice.times(&key(place, &document.id));
        place += 1;
        taken += times;
        if let Some(from) = from {
            document.columns.remove("mixed_from");
            document.columns.push("mixed_from", from);
        }
        let id = document.id.clone();
        for _ in 0..times {
            document.id = ids.fresh(&id);
            writing.write(&document)?;
        }
        Ok(())
    })?;
    Ok(taken)
}

/// The ids that were written, by their hashes.
#[derive(Default)]
struct Ids(HashMap<u64, u64>);

impl Ids {
    /// The id, or with the first number behind it that makes it a new one.
    fn fresh(&mut self, id: &str) -> String {
        let first = xxh3_64(id.as_bytes());
        let Some(mut number) = self.0.get(&first).copied() else {
            self.0.insert(first, 1);
            return id.to_owned();
        };
        loop {
            number += 1;
            let numbered = format!("{id}~{number}");
            let hash = xxh3_64(numbered.as_bytes());
            if let Entry::Vacant(free) = self.0.entry(hash) {
                free.insert(1);
                self.0.insert(first, number);
                return numbered;
            }
        }
    }
}

/// As many documents as keep the weights and need no copy.
fn most_without_copies(weights: &[f64], counts: &[u64]) -> u64 {
    let sum: f64 = weights.iter().sum();
    let full = weights.iter().zip(counts).map(|(weight, count)| *count as f64 * sum / weight);
    full.fold(f64::INFINITY, f64::min) as u64
}

/// `total` divided by weights: whole numbers whose sum it is. What is left after rounding down goes
/// to the largest remainders, the first of equal ones before the others.
fn shares(weights: &[f64], total: u64) -> Vec<u64> {
    let sum: f64 = weights.iter().sum();
    let exact: Vec<f64> = weights.iter().map(|weight| total as f64 * weight / sum).collect();
    let mut shares: Vec<u64> = exact.iter().map(|share| share.floor() as u64).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| exact[b].fract().total_cmp(&exact[a].fract()));
    let left = total.saturating_sub(shares.iter().sum());
    for &at in order.iter().cycle().take(left as usize) {
        shares[at] += 1;
    }
    shares
}

fn seed_of(place: usize, seed: u64) -> u64 {
    xxh3_64_with_seed(&(place as u64).to_le_bytes(), seed)
}

fn hashes_of(ingredient: &Ingredient, seed: u64) -> Result<Vec<u64>, RunError> {
    let mut hashes = Vec::new();
    ingredient.set.each(&mut |row| {
        if let Ok(document) = &row {
            hashes.push(hash(&key(hashes.len() as u64, &document.id), seed));
        }
        Ok(())
    })?;
    if hashes.is_empty() {
        let place = &ingredient.set.location;
        return Err(RunError::new(format!("expected documents in {place}, but found none")));
    }
    Ok(hashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_as_many_are_taken_as_are_wanted() {
        let keys: Vec<Vec<u8>> = (0..100).map(|at| key(at, "x")).collect();
        for wanted in [0, 1, 37, 100, 101, 250] {
            let hashes = keys.iter().map(|key| hash(key, 5)).collect();
            let choice = Choice::new(hashes, wanted, 5);
            let times: Vec<u64> = keys.iter().map(|key| choice.times(key)).collect();
            assert_eq!(times.iter().sum::<u64>(), wanted);
            assert!(times.iter().max().unwrap() - times.iter().min().unwrap() <= 1);
        }
    }

    #[test]
    fn shares_are_whole_and_their_sum_is_what_was_asked_for() {
        assert_eq!(shares(&[1.0, 1.0, 1.0], 100), [34, 33, 33]);
        assert_eq!(shares(&[3.0, 1.0], 80), [60, 20]);
        assert_eq!(shares(&[0.1, 0.2, 0.7], 0), [0, 0, 0]);
        for total in 0..200 {
            assert_eq!(shares(&[0.1, 0.2, 0.7, 5.3], total).iter().sum::<u64>(), total);
        }
    }

    #[test]
    fn no_two_documents_get_one_id() {
        let mut ids = Ids::default();
        let got: Vec<String> = ["a", "a~2", "a", "a", "a~2"].map(|id| ids.fresh(id)).into();
        assert_eq!(got, ["a", "a~2", "a~3", "a~4", "a~2~2"]);
    }
}
