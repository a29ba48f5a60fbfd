//! How sure the figures are, and whether two refiners differ: a paired bootstrap and a randomisation
//! test over pages, both from one seed.

use crate::deletion_scores::Sums;
use crate::figure::{FIGURES, values};
use crate::random::Random;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// How often is drawn, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Resampling {
    /// Rounds of the bootstrap, and of the randomisation test.
    pub rounds: usize,
    /// The seed.
    pub seed: u64,
}

impl Default for Resampling {
    /// A thousand rounds (the usual number for intervals of 95 %; p-values go down to 0.001).
    fn default() -> Self {
        Self { rounds: 1000, seed: 1 }
    }
}

/// An interval that holds 95 % of the resamples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// 2.5 % lie below.
    pub low: f64,
    /// 2.5 % lie above.
    pub high: f64,
}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.low, self.high).serialize(serializer)
    }
}

impl Interval {
    /// The percentile interval of these values; none of no values.
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        let at = |thousandths: usize| values[(last * thousandths + 500) / 1000];
        Some(Self { low: at(25), high: at(975) })
    }
}

/// One figure of two refiners.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The second less the first.
    pub difference: f64,
    /// Where it lies in 95 % of the resamples.
    pub interval: Interval,
    /// How likely a difference of this size or more is if pages fall to either refiner by chance
    /// alone (two-sided, not corrected for the number of comparisons).
    pub p_value: f64,
}

/// Two refiners on the same documents.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Name of the first.
    pub first: String,
    /// Name of the second.
    pub second: String,
    /// By the key of the figure.
    pub differences: BTreeMap<&'static str, Difference>,
}

/// Figures of each refiner in each round, of the same pages for all: that is what makes it paired.
pub(crate) struct Resamples(Vec<Vec<[f64; FIGURES.len()]>>);

impl Resamples {
    /// Draws pages with replacement. `pages` has for each refiner the sums of every page.
    pub(crate) fn draw(pages: &[Vec<Sums>], settings: Resampling) -> Self {
        let mut random = Random::new(settings.seed);
        let count = pages.first().map_or(0, Vec::len);
        let mut drawn = vec![0; count];
        let mut resamples = vec![Vec::with_capacity(settings.rounds); pages.len()];
        for _ in 0..settings.rounds {
            drawn.fill_with(|| random.below(count));
            for (of_refiner, into) in pages.iter().zip(&mut resamples) {
                into.push(values(&sum(drawn.iter().map(|&page| &of_refiner[page])).scores()));
            }
        }
        Self(resamples)
    }

    /// The intervals of one refiner, by the key of the figure.
    pub(crate) fn intervals(&self, refiner: usize) -> BTreeMap<&'static str, Interval> {
        let intervals = FIGURES.iter().enumerate().filter_map(|(at, figure)| {
            let values = self.0[refiner].iter().map(|round| round[at]).collect();
            Some((figure.key, Interval::of(values)?))
        });
        intervals.collect()
    }

    fn interval_between(&self, first: usize, second: usize, figure: usize) -> Option<Interval> {
        let rounds = self.0[first].iter().zip(&self.0[second]);
        Interval::of(rounds.map(|(first, second)| second[figure] - first[figure]).collect())
    }

    /// The second refiner beside the first.
    pub(crate) fn compare(
        &self,
        pages: &[Vec<Sums>],
        (first, second): (usize, usize),
        settings: Resampling,
    ) -> BTreeMap<&'static str, Difference> {
        let swaps = Swaps::of(&pages[first], &pages[second]);
        let differences = swaps.differences();
        let p_values = swaps.p_values(&differences, settings);
        let compared = FIGURES.iter().enumerate().filter_map(|(at, figure)| {
            let interval = self.interval_between(first, second, at)?;
            let (difference, p_value) = (differences[at], p_values[at]);
            Some((figure.key, Difference { difference, interval, p_value }))
        });
        compared.collect()
    }
}

fn sum<'a>(pages: impl Iterator<Item = &'a Sums>) -> Sums {
    let mut all = Sums::default();
    pages.for_each(|page| all.add(page));
    all
}

type Values = [f64; FIGURES.len()];

/// Two refiners whose pages can be exchanged.
struct Swaps {
    /// Pages on which they do not differ, summed up.
    same: Sums,
    /// The others.
    apart: Vec<(Sums, Sums)>,
}

impl Swaps {
    fn of(first: &[Sums], second: &[Sums]) -> Self {
        let pairs = || first.iter().zip(second);
        Self {
            same: sum(pairs().filter(|(first, second)| first == second).map(|(first, _)| first)),
            apart: pairs().filter(|(a, b)| a != b).map(|(a, b)| (*a, *b)).collect(),
        }
    }

    /// The second less the first, as it is.
    fn differences(&self) -> Values {
        self.with(|| false)
    }

    /// The second less the first, where pages are exchanged as `swap` says.
    fn with(&self, mut swap: impl FnMut() -> bool) -> Values {
        let (mut first, mut second) = (self.same, self.same);
        for (a, b) in &self.apart {
            let (a, b) = if swap() { (b, a) } else { (a, b) };
            first.add(a);
            second.add(b);
        }
        let (first, second) = (values(&first.scores()), values(&second.scores()));
        std::array::from_fn(|at| second[at] - first[at])
    }

    /// The share of exchanges that give a difference as large, the one that was found included.
    fn p_values(&self, found: &Values, settings: Resampling) -> Values {
        let mut random = Random::new(settings.seed ^ SWAP_SEED);
        let mut as_large = [1u32; FIGURES.len()];
        for _ in 0..settings.rounds {
            let by_chance = self.with(|| random.bits() >> 63 == 1);
            for (count, (chance, found)) in as_large.iter_mut().zip(by_chance.iter().zip(found)) {
                *count += u32::from(chance.abs() >= found.abs() - ROUNDING);
            }
        }
        let all = (settings.rounds + 1) as f64;
        as_large.map(|count| f64::from(count) / all)
    }
}

/// So that exchanges are not drawn from the numbers that pages were drawn from (any number will do).
const SWAP_SEED: u64 = 0x5741_5053;
/// Differences this much smaller are equal: sums in another order round differently.
const ROUNDING: f64 = 1e-12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judged::Judged;
    use crate::marks::tests::deletions;

    /// Pages of ten letters of which gold deletes five and the prediction `gone` in turn.
    fn pages(gone: &[usize], count: usize) -> Vec<Sums> {
        let text = "abcdefghij";
        let page = |at: usize| {
            let predicted = deletions(text, &[(0, gone[at % gone.len()])]);
            Sums::of(&Judged::of(text, &deletions(text, &[(0, 5)]), Some(&predicted)).unwrap())
        };
        (0..count).map(page).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_intervals_around_the_figure() {
        let pages = [pages(&[5, 2, 9], 60)];
        let of_seed = |seed| {
            Resamples::draw(&pages, Resampling { rounds: 400, seed }).intervals(0)["deletion_f1"]
        };
        let found = of_seed(1);
        assert_eq!(found, of_seed(1));
        assert_ne!(found, of_seed(2));
        let f1 = sum(pages[0].iter()).scores().text.deletion_f1;
        assert!(found.low < f1 && f1 < found.high && found.high - found.low < 0.2, "{found:?}");
    }

    #[test]
    fn more_pages_make_intervals_narrower_as_the_root_of_their_number() {
        let width = |count| {
            let pages = [pages(&[5, 2, 9], count)];
            let drawn = Resamples::draw(&pages, Resampling { rounds: 1000, seed: 3 });
            let interval = drawn.intervals(0)["deletion_f1"];
            interval.high - interval.low
        };
        let ratio = width(60) / width(240);
        assert!((1.6..2.5).contains(&ratio), "{ratio}");
    }

    #[test]
    fn a_refiner_does_not_differ_from_itself_and_does_from_a_worse_one() {
        let settings = Resampling { rounds: 500, seed: 1 };
        let pages = [pages(&[5, 4, 6], 40), pages(&[5, 4, 6], 40), pages(&[0, 9, 1], 40)];
        let drawn = Resamples::draw(&pages, settings);
        let same = drawn.compare(&pages, (0, 1), settings)["deletion_f1"];
        let none = Interval { low: 0.0, high: 0.0 };
        assert_eq!(same, Difference { difference: 0.0, interval: none, p_value: 1.0 });
        let worse = drawn.compare(&pages, (0, 2), settings)["deletion_f1"];
        assert!(worse.difference < -0.3 && worse.interval.high < -0.2, "{worse:?}");
        assert!(worse.p_value < 0.01, "{worse:?}");
    }

    #[test]
    fn a_difference_that_is_one_of_chance_is_called_so() {
        let settings = Resampling { rounds: 500, seed: 1 };
        let pages = [pages(&[5, 4, 6, 3], 40), pages(&[4, 5, 3, 6], 40)];
        let drawn = Resamples::draw(&pages, settings);
        let found = drawn.compare(&pages, (0, 1), settings)["deletion_f1"];
        assert!(found.interval.low < 0.0 && found.interval.high > 0.0, "{found:?}");
        assert!(found.p_value > 0.5, "{found:?}");
    }

    #[test]
    fn without_documents_there_are_no_intervals_and_no_panic() {
        let drawn = Resamples::draw(&[Vec::new()], Resampling::default());
        assert_eq!(drawn.intervals(0)["deletion_f1"], Interval { low: 0.0, high: 0.0 });
        let never = Resamples::draw(&[pages(&[5], 3)], Resampling { rounds: 0, seed: 1 });
        assert!(never.intervals(0).is_empty());
    }
}
