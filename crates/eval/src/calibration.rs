//! Whether scores are probabilities: of what scores 0.7, seven tenths should be noise.

use crate::marks::Marks;
use crate::share::{as_float, share};
use refinex_core::Scores;
use serde::Serialize;

/// Bins of equal width from 0 to 1 (the usual number).
const BINS: usize = 10;

/// The reliability of a refiner's scores.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Of lines.
    pub lines: Reliability,
    /// Of pieces inside lines, if any were scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pieces: Option<Reliability>,
}

/// A reliability diagram. A unit is a line or a piece with at least one character that is not white
/// space; how much of it is noise is the share of these characters that gold deletes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reliability {
    /// Units.
    pub units: u64,
    /// Their characters.
    pub characters: u64,
    /// Mean over units of the distance between the mean score and the share of noise of their bin.
    pub expected_calibration_error: f64,
    /// The same, where a unit weighs as many times as it has characters.
    pub expected_calibration_error_by_characters: f64,
    /// Mean over units of the squared distance between score and share of noise.
    pub brier_score: f64,
    /// The bins, from the lowest scores up.
    pub bins: Vec<Bin>,
}

/// Units of about the same score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Scores from here.
    pub from: f64,
    /// To below here; the last bin holds 1 too.
    pub to: f64,
    /// Units.
    pub units: u64,
    /// Their characters.
    pub characters: u64,
    /// Mean score over units.
    pub mean_score: f64,
    /// Mean share of noise over units.
    pub noise_share: f64,
    /// Mean score over characters.
    pub mean_score_by_characters: f64,
    /// Share of the characters that is noise.
    pub noise_share_by_characters: f64,
}

/// Scores as documents come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calibrating {
    lines: Binned,
    pieces: Binned,
    scored: bool,
}

#[derive(Clone, Debug, Default)]
struct Binned {
    bins: [Sum; BINS],
    squares: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    units: u64,
    characters: u64,
    noise_characters: u64,
    thousandths: u64,
    thousandths_by_characters: u64,
    noise: f64,
}

impl Calibrating {
    /// Counts the scores of a document; they must be as many as it has lines.
    pub(crate) fn count(&mut self, marks: &Marks<'_>, scores: &Scores) {
        self.scored = true;
        for ((_, characters), score) in marks.lines().zip(&scores.lines) {
            self.lines.count(score.thousandths(), characters.all(), characters.gold_deleted());
        }
        for (span, score) in &scores.pieces {
            let characters = marks.within(span.start()..span.end());
            self.pieces.count(score.thousandths(), characters.all(), characters.gold_deleted());
        }
    }

    /// The diagrams, if anything was scored.
    pub(crate) fn calibration(&self) -> Option<Calibration> {
        let (lines, pieces) = (self.lines.reliability(), self.pieces.reliability());
        let pieces = (pieces.units > 0).then_some(pieces);
        self.scored.then_some(Calibration { lines, pieces })
    }
}

impl Binned {
    fn count(&mut self, thousandths: u16, characters: u64, noise: u64) {
        if characters == 0 {
            return;
        }
        let bin = &mut self.bins[(usize::from(thousandths) * BINS / 1000).min(BINS - 1)];
        let thousandths = u64::from(thousandths);
        bin.units += 1;
        bin.characters += characters;
        bin.noise_characters += noise;
        bin.thousandths += thousandths;
        bin.thousandths_by_characters += thousandths * characters;
        bin.noise += share(noise, characters);
        self.squares += (as_float(thousandths) / 1000.0 - share(noise, characters)).powi(2);
    }

    fn reliability(&self) -> Reliability {
        let units: u64 = self.bins.iter().map(|bin| bin.units).sum();
        let characters: u64 = self.bins.iter().map(|bin| bin.characters).sum();
        let bins: Vec<Bin> = (0..BINS).map(|at| self.bins[at].bin(at)).collect();
        let error = |bin: &Bin| (bin.mean_score - bin.noise_share).abs();
        let by_characters =
            |bin: &Bin| (bin.mean_score_by_characters - bin.noise_share_by_characters).abs();
        Reliability {
            units,
            characters,
            expected_calibration_error: bins
                .iter()
                .map(|bin| error(bin) * share(bin.units, units))
                .sum(),
            expected_calibration_error_by_characters: bins
                .iter()
                .map(|bin| by_characters(bin) * share(bin.characters, characters))
                .sum(),
            brier_score: self.squares / as_float(units.max(1)),
            bins,
        }
    }
}

impl Sum {
    fn bin(&self, at: usize) -> Bin {
        let edge = |at: usize| at as f64 / BINS as f64;
        Bin {
            from: edge(at),
            to: edge(at + 1),
            units: self.units,
            characters: self.characters,
            mean_score: share(self.thousandths, self.units) / 1000.0,
            noise_share: self.noise / as_float(self.units.max(1)),
            mean_score_by_characters: share(self.thousandths_by_characters, self.characters)
                / 1000.0,
            noise_share_by_characters: share(self.noise_characters, self.characters),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marks::tests::deletions;
    use refinex_core::{Deletions, Score, Span};

    fn calibration(text: &str, gold: &[(usize, usize)], thousandths: &[u16]) -> Calibration {
        let gold = deletions(text, gold);
        let marks = Marks::of(text, &gold, &Deletions::none()).unwrap();
        let lines = thousandths.iter().map(|&score| Score::from_thousandths(score)).collect();
        let pieces = vec![(Span::new(0, 2), Score::from_thousandths(1000))];
        let mut calibrating = Calibrating::default();
        calibrating.count(&marks, &Scores { lines, pieces });
        calibrating.calibration().unwrap()
    }

    #[test]
    fn scores_that_are_right_half_of_the_time_at_one_half_have_no_error() {
        let found = calibration("ab\ncd\n\nef", &[(0, 3)], &[500, 500, 900, 0]).lines;
        assert_eq!((found.units, found.characters), (3, 6));
        assert_eq!(found.expected_calibration_error, 0.0);
        assert!((found.brier_score - 0.5 / 3.0).abs() < 1e-12);
        assert_eq!((found.bins[5].units, found.bins[5].noise_share), (2, 0.5));
        assert_eq!((found.bins[0].units, found.bins[9].units), (1, 0));
    }

    #[test]
    fn a_sure_score_that_is_wrong_is_the_worst() {
        let found = calibration("ab\ncdef", &[(0, 3)], &[0, 1000]);
        assert_eq!(found.lines.expected_calibration_error, 1.0);
        assert_eq!(found.lines.bins[9].units, 1);
        let pieces = found.pieces.unwrap();
        assert_eq!((pieces.units, pieces.expected_calibration_error), (1, 0.0));
    }

    #[test]
    fn a_line_that_is_noise_in_part_counts_by_its_part() {
        let found = calibration("abcd\nefgh", &[(0, 1)], &[250, 0]).lines;
        assert_eq!(found.bins[2].noise_share, 0.25);
        assert_eq!(found.expected_calibration_error, 0.0);
        assert_eq!(found.expected_calibration_error_by_characters, 0.0);
    }
}
