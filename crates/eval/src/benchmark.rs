//! The record of a benchmark: several refiners over one corpus, their speed, cost and quality.

use crate::evaluation::Evaluation;
use crate::share::as_float;
use serde::Serialize;
use std::collections::BTreeMap;

/// Several refiners over one corpus, in one run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Benchmark {
    /// The machine.
    pub machine: Machine,
    /// The corpus.
    pub corpus: CorpusFacts,
    /// Rounds: shares of the documents, each of which every refiner reads in turn.
    pub rounds: usize,
    /// Dollars for one core for one hour.
    pub usd_per_core_hour: f64,
    /// The refiners.
    pub refiners: Vec<Benched>,
    /// Their quality, where documents have gold deletions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
}

/// The machine of a benchmark.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// Its processor, as it calls itself.
    pub processor: String,
    /// Its logical cores.
    pub cores: usize,
    /// Its system.
    pub system: String,
}

/// The corpus of a benchmark.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CorpusFacts {
    /// Where it is.
    pub location: String,
    /// Documents that were read.
    pub documents: u64,
    /// Of these, documents with gold deletions.
    pub with_gold: u64,
    /// Bytes of their text.
    pub bytes: u64,
    /// Tokens of their text.
    pub tokens: u64,
    /// How tokens were counted.
    pub tokens_are: String,
}

/// What a refiner did with one share of the documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Timed {
    /// Bytes of text.
    pub bytes: u64,
    /// Tokens of text.
    pub tokens: u64,
    /// Seconds from the first document sent to the last answer read.
    pub wall_seconds: f64,
    /// Seconds of processor time of the refiner and what it started, if that can be measured.
    pub cpu_seconds: Option<f64>,
}

/// One refiner in a benchmark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Benched {
    /// Its name.
    pub name: String,
    /// What it is, as it was named on the command line.
    pub refiner: String,
    /// Why it did not get to the end, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Seconds from its start to its first answer.
    pub seconds_to_first_answer: f64,
    /// The shares that it read.
    pub shares: Vec<Timed>,
    /// Over all its shares.
    pub speed: Speed,
    /// Most memory that it and what it started held at once, in bytes, if that can be measured.
    pub peak_memory_bytes: Option<u64>,
    /// Documents that it answered.
    pub documents: u64,
    /// Documents that it has no answer for, by reason; they stay as they are.
    pub failed: BTreeMap<String, u64>,
    /// Share of the bytes of text that it deletes.
    pub deleted_share: f64,
    /// Documents of which it leaves nothing.
    pub emptied: u64,
}

/// How fast a refiner is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Speed {
    /// Seconds of processor time, or of the clock where that is not known.
    pub seconds: f64,
    /// Whether the seconds are processor time.
    pub of_processor: bool,
    /// Megabytes (10^6 bytes) of text a second of a core.
    pub megabytes_per_core_second: f64,
    /// The slowest and the fastest share.
    pub megabytes_per_core_second_range: (f64, f64),
    /// Tokens of text a second of a core.
    pub tokens_per_core_second: f64,
    /// Megabytes of text a second of the clock.
    pub megabytes_per_second: f64,
    /// Times as fast as the first refiner: the median over rounds of the ratio on the same share.
    pub times_the_first: f64,
    /// Dollars for 10^12 tokens of text.
    pub usd_per_trillion_tokens: f64,
}

impl Timed {
    fn seconds(&self) -> f64 {
        self.cpu_seconds.unwrap_or(self.wall_seconds)
    }

    fn megabytes_per_core_second(&self) -> f64 {
        by(as_float(self.bytes) / 1e6, self.seconds())
    }
}

impl Speed {
    /// The speed over shares; `first` are the same shares of the first refiner.
    #[must_use]
    pub fn of(shares: &[Timed], first: &[Timed], usd_per_core_hour: f64) -> Self {
        let seconds: f64 = shares.iter().map(Timed::seconds).sum();
        let wall: f64 = shares.iter().map(|share| share.wall_seconds).sum();
        let megabytes = shares.iter().map(|share| as_float(share.bytes)).sum::<f64>() / 1e6;
        let tokens: f64 = shares.iter().map(|share| as_float(share.tokens)).sum();
        let speeds = || shares.iter().map(Timed::megabytes_per_core_second);
        let ratios = shares.iter().zip(first).map(|(of, first)| by(first.seconds(), of.seconds()));
        let tokens_per_core_second = by(tokens, seconds);
        Self {
            seconds,
            of_processor: shares.iter().all(|share| share.cpu_seconds.is_some()),
            megabytes_per_core_second: by(megabytes, seconds),
            megabytes_per_core_second_range: (
                speeds().reduce(f64::min).unwrap_or_default(),
                speeds().reduce(f64::max).unwrap_or_default(),
            ),
            tokens_per_core_second,
            megabytes_per_second: by(megabytes, wall),
            times_the_first: median(ratios.collect()),
            usd_per_trillion_tokens: usd_per_trillion(tokens_per_core_second, usd_per_core_hour),
        }
    }
}

/// Dollars for 10^12 tokens: price of a core hour × 10^12 / (tokens a second of a core × 3600).
#[must_use]
pub fn usd_per_trillion(tokens_per_core_second: f64, usd_per_core_hour: f64) -> f64 {
    by(usd_per_core_hour * 1e12, tokens_per_core_second * 3600.0)
}

/// A quotient; 0 where there is nothing to divide by.
fn by(whole: f64, part: f64) -> f64 {
    if part > 0.0 { whole / part } else { 0.0 }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => 0.0,
        even if even % 2 == 0 => f64::midpoint(values[half - 1], values[half]),
        _ => values[half],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed(bytes: u64, wall_seconds: f64, cpu_seconds: Option<f64>) -> Timed {
        Timed { bytes, tokens: bytes / 4, wall_seconds, cpu_seconds }
    }

    #[test]
    fn speed_is_by_processor_time_and_cost_by_the_formula() {
        let shares = [timed(4_000_000, 3.0, Some(1.0)), timed(4_000_000, 5.0, Some(3.0))];
        let speed = Speed::of(&shares, &shares, 0.036);
        assert_eq!(speed.megabytes_per_core_second, 2.0);
        assert_eq!(speed.megabytes_per_core_second_range, (4.0 / 3.0, 4.0));
        assert_eq!((speed.tokens_per_core_second, speed.megabytes_per_second), (500_000.0, 1.0));
        assert_eq!(speed.times_the_first, 1.0);
        // 2,000,000 seconds are 555.6 hours of 3.6 cents.
        assert!((speed.usd_per_trillion_tokens - 20.0).abs() < 1e-9, "{speed:?}");
        assert!(speed.of_processor);
    }

    #[test]
    fn without_processor_time_the_clock_counts_and_is_called_so() {
        let speed = Speed::of(&[timed(8, 2.0, None)], &[timed(8, 1.0, Some(1.0))], 1.0);
        assert_eq!((speed.seconds, speed.of_processor, speed.times_the_first), (2.0, false, 0.5));
        assert_eq!(Speed::of(&[], &[], 1.0).usd_per_trillion_tokens, 0.0);
    }

    #[test]
    fn the_middle_of_an_even_number_is_between_two() {
        assert_eq!((median(vec![3.0, 1.0]), median(vec![5.0, 1.0, 2.0])), (2.0, 2.0));
    }
}
