//! Mixing labelled sets by weight.

use super::output::{LabelledOutput, Written};
use super::set::LabelledSet;
use super::split::name_hash;
use crate::error::RunError;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

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
    /// For each set: documents that it has, and documents that were taken.
    pub sets: BTreeMap<String, (u64, u64)>,
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

/// Mixes sets into the run directory `output`. Documents are drawn without putting back; a set that
/// is smaller than its share is taken whole as often as that goes, its further copies under ids
/// with `~2` and so on behind them. Without `documents`, as many as can be had without a copy. Sets
/// are read twice.
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
    let sum: f64 = ingredients.iter().map(|ingredient| ingredient.weight).sum();
    if ingredients.iter().any(|i| i.weight <= 0.0 || !i.weight.is_finite()) {
        return Err(RunError::new("expected weights over 0, but found another"));
    }
    let inputs: Vec<String> = ingredients.iter().map(|i| i.set.location.clone()).collect();
    let weights: Vec<f64> = ingredients.iter().map(|i| i.weight).collect();
    let choices = json!({"weights": weights, "documents": documents, "seed": seed});
    let mut writing = LabelledOutput::begin(output, "labels mix", &inputs, &choices)?;
    let mut hashes = Vec::new();
    for ingredient in ingredients {
        hashes.push(hashes_of(ingredient, seed)?);
    }
    let full = |(ingredient, hashes): (&Ingredient, &Vec<u64>)| {
        hashes.len() as f64 / (ingredient.weight / sum)
    };
    let most = ingredients.iter().zip(&hashes).map(full).fold(f64::INFINITY, f64::min);
    let total = documents.map_or(most, |documents| documents as f64);
    let mut report = MixReport::default();
    let several = ingredients.len() > 1;
    for (at, (ingredient, hashes)) in ingredients.iter().zip(hashes).enumerate() {
        let wanted = (total * ingredient.weight / sum).round() as u64;
        let has = hashes.len() as u64;
        let choice = Choice::new(hashes, wanted, seed_of(ingredient, seed));
        let mut taken = 0;
        let mut place = 0;
        ingredient.set.each(&mut |row| {
            let Ok(document) = &row else { return writing.take(&row) };
            let times = choice.times(&key(place, &document.id));
            place += 1;
            for copy in 1..=times {
                let mut document = document.clone();
                if copy > 1 {
                    document.id = format!("{}~{copy}", document.id);
                }
                if several {
                    document.columns.insert("mixed_from".to_owned(), json!(inputs[at]));
                }
                writing.write(&document)?;
            }
            taken += times;
            Ok(())
        })?;
        report.sets.insert(ingredient.set.location.clone(), (has, taken));
    }
    report.written = writing.finish(threads)?;
    Ok(report)
}

fn seed_of(ingredient: &Ingredient, seed: u64) -> u64 {
    seed ^ name_hash(&ingredient.set.location)
}

fn hashes_of(ingredient: &Ingredient, seed: u64) -> Result<Vec<u64>, RunError> {
    let seed = seed_of(ingredient, seed);
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
}
