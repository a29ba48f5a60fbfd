//! How a network labels the documents that were held back: what chooses the epoch that ships, and how
//! its logits become probabilities.

use super::Reads;
use crate::tagger::sigmoid;

/// What a network says of a row, and what it should say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged {
    pub(crate) logit: f32,
    /// The probability to be noise.
    pub(crate) noise: f32,
    /// How much it counts in the loss.
    pub(crate) weight: f32,
}

/// All rows of what is held back.
pub(crate) struct HeldRows(pub(crate) Vec<Judged>);

/// Thresholds that are tried for the best F1.
const THRESHOLDS: std::ops::Range<u8> = 1..20;
/// How far apart they are.
const STEP: f32 = 0.05;
/// Most steps of Newton's method; five are enough as a rule.
const NEWTON: usize = 20;
/// How often a step is halved before it is given up.
const HALVINGS: i32 = 12;

/// How logits become those of probabilities that are right as often as they say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Calibration {
    pub(crate) scale: f32,
    pub(crate) shift: f32,
}

impl Judged {
    /// The weighted loss of the row, in nats.
    pub(crate) fn loss(self) -> f32 {
        let score = sigmoid(self.logit);
        let (yes, no) = (score.max(1e-7).ln(), (1.0 - score).max(1e-7).ln());
        -self.weight * (self.noise * yes + (1.0 - self.noise) * no)
    }
}

impl HeldRows {
    /// The mean weighted loss a row, in nats; none if there is no row.
    pub(crate) fn loss(&self) -> Option<f32> {
        let (mut loss, mut weight) = (0.0, 0.0);
        for row in &self.0 {
            loss += row.loss();
            weight += row.weight;
        }
        (weight > 0.0).then(|| loss / weight)
    }

    /// The deletion F1 of the characters of rows, at whichever threshold gives most; a long row counts
    /// as one of 900.
    pub(crate) fn f1(&self) -> f32 {
        THRESHOLDS.map(|at| self.f1_at(f32::from(at) * STEP)).fold(0.0, f32::max)
    }

    fn f1_at(&self, threshold: f32) -> f32 {
        let (mut both, mut either) = (0.0, 0.0);
        for row in &self.0 {
            // The weight is the root of the characters.
            let size = row.weight * row.weight;
            let (gone, should) = (sigmoid(row.logit) >= threshold, row.noise > 0.5);
            both += if gone && should { 2.0 * size } else { 0.0 };
            either += size * (f32::from(u8::from(gone)) + f32::from(u8::from(should)));
        }
        if either > 0.0 { both / either } else { 0.0 }
    }

    /// How good an epoch is. Lines: by what the tagger is for, since networks go on to decide better
    /// after their loss has begun to rise, being too sure of themselves (measured: lab/LOG.md). Units: by the
    /// loss, since too few of them go to count.
    pub(crate) fn merit(&self, reads: Reads) -> Option<f32> {
        let loss = self.loss()?;
        Some(match reads {
            Reads::Lines => self.f1(),
            Reads::Units => -loss,
        })
    }

    /// The calibration of least loss, by Newton's method with steps that are halved until they help
    /// (Platt, 1999).
    pub(crate) fn calibration(&self) -> Calibration {
        let mut at = Calibration { scale: 1.0, shift: 0.0 };
        let mut least = self.loss_under(at);
        for _ in 0..NEWTON {
            let step = self.newton(at);
            let shorter = (0..HALVINGS).map(|times| at.moved(step, 0.5f64.powi(times)));
            let mut better = shorter.map(|next| (self.loss_under(next), next));
            let Some((loss, next)) = better.find(|(loss, _)| *loss < least) else {
                break;
            };
            (least, at) = (loss, next);
        }
        at
    }

    fn loss_under(&self, by: Calibration) -> f64 {
        let one = |row: &Judged| {
            let logit = f64::from(by.scale * row.logit + by.shift);
            // ln(1 + e^x), which does not overflow.
            let rest = logit.max(0.0) + (-logit.abs()).exp().ln_1p();
            f64::from(row.weight) * (rest - f64::from(row.noise) * logit)
        };
        self.0.iter().map(one).sum()
    }

    /// How far Newton's method moves scale and shift.
    fn newton(&self, at: Calibration) -> [f64; 2] {
        // The gradient, and the second derivatives by scale, by both and by shift.
        let (mut g, mut h) = ([0.0f64; 2], [1e-9f64, 0.0, 1e-9]);
        for row in &self.0 {
            let x = f64::from(row.logit);
            let p = 1.0 / (1.0 + (-(f64::from(at.scale) * x + f64::from(at.shift))).exp());
            let d = f64::from(row.weight) * (p - f64::from(row.noise));
            let c = f64::from(row.weight) * p * (1.0 - p);
            g = [g[0] + d * x, g[1] + d];
            h = [h[0] + c * x * x, h[1] + c * x, h[2] + c];
        }
        let det = h[0] * h[2] - h[1] * h[1];
        [(h[1] * g[1] - h[2] * g[0]) / det, (h[1] * g[0] - h[0] * g[1]) / det]
    }
}

impl Calibration {
    #[expect(clippy::cast_possible_truncation, reason = "single precision is enough")]
    fn moved(self, step: [f64; 2], share: f64) -> Self {
        let [scale, shift] = step.map(|value| (value * share) as f32);
        Self { scale: self.scale + scale, shift: self.shift + shift }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn rows(of: impl IntoIterator<Item = (f32, f32, f32)>) -> HeldRows {
        HeldRows(
            of.into_iter().map(|(logit, noise, weight)| Judged { logit, noise, weight }).collect(),
        )
    }

    #[test]
    fn nothing_held_back_has_no_merit() {
        assert_eq!(rows([]).loss(), None);
        assert_eq!(rows([]).merit(Reads::Lines), None);
        assert_eq!(rows([]).f1(), 0.0);
    }

    #[test]
    fn the_best_threshold_counts_by_characters() {
        // At 0.5 the long one goes and should not; at 0.75 only the two that should.
        let held = rows([(2.0, 1.0, 2.0), (0.5, 0.0, 5.0), (3.0, 1.0, 1.0), (-2.0, 1.0, 1.0)]);
        assert!((held.f1() - 10.0 / 11.0).abs() < 1e-6, "{}", held.f1());
        assert_eq!(held.merit(Reads::Lines), Some(held.f1()));
        assert_eq!(held.merit(Reads::Units), held.loss().map(|loss| -loss));
    }

    #[test]
    fn a_network_that_is_too_sure_is_calibrated() {
        let mut random = Random::of(&[7]);
        let mut drawn = Vec::new();
        for _ in 0..20_000 {
            let honest = 2.0 * random.normal();
            let noise = if random.chance(sigmoid(honest)) { 1.0 } else { 0.0 };
            drawn.push((3.0 * honest + 1.0, noise, 1.0));
        }
        let Calibration { scale, shift } = rows(drawn).calibration();
        assert!((scale - 1.0 / 3.0).abs() < 0.02, "{scale}");
        assert!((shift + 1.0 / 3.0).abs() < 0.06, "{shift}");
    }

    #[test]
    fn rows_of_one_kind_give_a_finite_calibration() {
        let found = rows([(1.0, 1.0, 1.0), (2.0, 1.0, 1.0)]).calibration();
        assert!(found.scale.is_finite() && found.shift.is_finite(), "{found:?}");
    }
}
