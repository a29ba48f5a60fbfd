//! Which documents an expert is asked about.

use crate::error::RunError;
use refinex_corpus::{Decoded, InputShard, ReadSettings, ShardReader};
use serde::{Deserialize, Serialize};
use std::collections::{BinaryHeap, HashMap, HashSet};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// How many times as many candidates are drawn as are wanted, where the sample follows a score (a
/// guess: the error of a share falls to a quarter of that of a plain sample).
const CANDIDATES: usize = 16;

/// A sample of documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// How many.
    pub count: usize,
    /// The column whose distribution it follows; without it, all documents are alike.
    pub by: Option<String>,
    /// The seed.
    pub seed: u64,
}

/// The documents of a sample, or all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seeds {
    /// Rows by shard; `None` if all documents are meant.
    rows: Option<HashMap<String, HashSet<u64>>>,
    /// Good documents that were looked at.
    pub seen: u64,
    /// Of these, documents without a number in the column.
    pub without_score: u64,
}

/// A document that may be chosen. The order is that of the seeded hash, so the least are a uniform
/// sample that depends neither on threads nor on the order of shards.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Candidate {
    hash: u64,
    shard: usize,
    row: u64,
    score: Option<f64>,
}

impl Eq for Candidate {}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.hash, self.shard, self.row).cmp(&(other.hash, other.shard, other.row))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Seeds {
    /// All documents.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Draws a sample: all shards are read once. Memory grows with the sample, not with the input.
    ///
    /// Uniformly, the documents with the least seeded hashes. Along a score, sixteen times as many
    /// are drawn in that way, sorted by their score, and every sixteenth is taken: so each range of
    /// the score, narrow as it may be, has its share of the sample to within one document. Where
    /// there are fewer candidates, all documents are, and the shares are those of the input.
    ///
    /// # Errors
    /// If a shard cannot be read, or no document has a number in the column.
    pub fn draw(
        sample: &Sample,
        shards: &[InputShard],
        read: &ReadSettings,
    ) -> Result<Self, RunError> {
        let factor = if sample.by.is_some() { CANDIDATES } else { 1 };
        let mut drawing = Drawing {
            sample,
            most: sample.count.saturating_mul(factor),
            least: BinaryHeap::new(),
            seeds: Self { rows: None, ..Self::default() },
        };
        for (number, shard) in shards.iter().enumerate() {
            let fail = |error: refinex_corpus::ShardError| RunError::new(error.to_string());
            let mut reader = ShardReader::open(shard, read).map_err(fail)?;
            while let Some(batch) = reader.next_batch().map_err(fail)? {
                drawing.take(number, &shard.name, &batch.decode());
            }
        }
        drawing.finish(shards)
    }

    /// Whether the document at `row` of a shard is asked about.
    #[must_use]
    pub fn holds(&self, shard: &str, row: u64) -> bool {
        match &self.rows {
            None => true,
            Some(rows) => rows.get(shard).is_some_and(|rows| rows.contains(&row)),
        }
    }

    /// How many documents are meant; `None` if all.
    #[must_use]
    pub fn count(&self) -> Option<usize> {
        self.rows.as_ref().map(|rows| rows.values().map(HashSet::len).sum())
    }
}

struct Drawing<'a> {
    sample: &'a Sample,
    most: usize,
    least: BinaryHeap<Candidate>,
    seeds: Seeds,
}

impl Drawing<'_> {
    fn take(&mut self, shard: usize, name: &str, decoded: &Decoded) {
        let scores = self.sample.by.as_ref().map(|column| decoded.numbers(column));
        for at in (0..decoded.len()).filter(|at| decoded.document(*at).is_ok()) {
            let score = scores.as_ref().and_then(|scores| scores[at]);
            self.seeds.seen += 1;
            self.seeds.without_score += u64::from(scores.is_some() && score.is_none());
            let row = decoded.row_number(at);
            let place = format!("{name}\0{row}");
            let hash = xxh3_64_with_seed(place.as_bytes(), self.sample.seed);
            self.least.push(Candidate { hash, shard, row, score });
            if self.least.len() > self.most {
                self.least.pop();
            }
        }
    }

    fn finish(self, shards: &[InputShard]) -> Result<Seeds, RunError> {
        if let Some(column) = &self.sample.by
            && self.seeds.without_score == self.seeds.seen
        {
            return Err(RunError::new(format!(
                "expected numbers in the column {column}, but found none in {} documents",
                self.seeds.seen
            )));
        }
        let mut candidates = self.least.into_sorted_vec();
        if self.sample.by.is_some() {
            candidates = along_the_score(candidates, self.sample.count);
        }
        let mut rows: HashMap<String, HashSet<u64>> = HashMap::new();
        for chosen in candidates {
            rows.entry(shards[chosen.shard].name.clone()).or_default().insert(chosen.row);
        }
        Ok(Seeds { rows: Some(rows), ..self.seeds })
    }
}

/// `count` of the candidates at even steps along their scores; those without one come first. The
/// steps are taken at their middles, so that neither end is favoured.
fn along_the_score(mut candidates: Vec<Candidate>, count: usize) -> Vec<Candidate> {
    let key = |candidate: &Candidate| candidate.score.unwrap_or(f64::NEG_INFINITY);
    candidates.sort_by(|a, b| key(a).total_cmp(&key(b)).then_with(|| a.cmp(b)));
    let total = candidates.len();
    if count >= total {
        return candidates;
    }
    let middle =
        |step: usize| ((2 * step + 1) as u128 * total as u128 / (2 * count) as u128) as usize;
    (0..count).map(|step| candidates[middle(step)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use refinex_corpus::Store;
    use std::fmt::Write;

    /// Two shards; the score of a document is 1 for half of them, 2 for a third, 3 for the rest.
    fn corpus(rows: usize) -> Vec<InputShard> {
        let store = Store::memory();
        ["a.jsonl", "b.jsonl"]
            .iter()
            .enumerate()
            .map(|(shard, name)| {
                let mut text = String::new();
                for row in 0..rows {
                    let score = [1, 1, 1, 2, 2, 3][row % 6];
                    let wrong = if row == 7 { "null" } else { "\"x\"" };
                    writeln!(text, "{{\"id\":\"{shard}-{row}\",\"text\":{wrong},\"q\":{score}}}")
                        .unwrap();
                }
                store.put(name, text).unwrap();
                InputShard::at(&store, name).unwrap()
            })
            .collect()
    }

    fn draw(shards: &[InputShard], count: usize, by: Option<&str>, seed: u64) -> Vec<(usize, u64)> {
        let sample = Sample { count, by: by.map(str::to_owned), seed };
        let seeds = Seeds::draw(&sample, shards, &ReadSettings::default()).unwrap();
        let mut rows = Vec::new();
        for (number, shard) in shards.iter().enumerate() {
            rows.extend(
                (1..20_000).filter(|row| seeds.holds(&shard.name, *row)).map(|row| (number, row)),
            );
        }
        assert_eq!(seeds.count(), Some(rows.len()));
        rows
    }

    #[test]
    fn a_uniform_sample_has_its_size_and_depends_on_its_seed_alone() {
        let shards = corpus(3000);
        let sample = draw(&shards, 600, None, 1);
        assert_eq!(sample.len(), 600);
        let first = sample.iter().filter(|(shard, _)| *shard == 0).count();
        assert!((240..360).contains(&first), "{first}");
        assert_eq!(sample, draw(&shards, 600, None, 1));
        assert_ne!(sample, draw(&shards, 600, None, 2));
        let smaller = draw(&shards, 100, None, 1);
        assert!(smaller.iter().all(|row| sample.contains(row)));
    }

    #[test]
    fn a_sample_along_a_score_has_the_shares_of_the_corpus() {
        let shards = corpus(3000);
        let sample = draw(&shards, 600, Some("q"), 5);
        let share = |score: u64| {
            let of = |row: &u64| [1, 1, 1, 2, 2, 3][(*row as usize - 1) % 6];
            sample.iter().filter(|(_, row)| of(row) == score).count()
        };
        // All 5,998 good documents are candidates, so the shares are right to within one.
        assert!(
            [share(1), share(2), share(3)]
                .iter()
                .zip([300, 200, 100])
                .all(|(a, b)| a.abs_diff(b) <= 1)
        );
        assert_eq!(sample.len(), 600);
    }

    #[test]
    fn a_sample_over_the_size_of_the_corpus_is_all_good_documents() {
        assert_eq!(draw(&corpus(50), 1000, None, 1).len(), 98);
        assert_eq!(draw(&corpus(50), 1000, Some("q"), 1).len(), 98);
    }

    #[test]
    fn a_column_without_numbers_is_refused() {
        let sample = Sample { count: 5, by: Some("none".to_owned()), seed: 0 };
        let error = Seeds::draw(&sample, &corpus(20), &ReadSettings::default()).unwrap_err();
        let wanted = "expected numbers in the column none, but found none in 38 documents";
        assert_eq!(error.to_string(), wanted);
    }
}
