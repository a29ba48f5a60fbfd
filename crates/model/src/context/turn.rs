//! Rotary places: queries and keys turn with their row, so that their products know how far apart
//! two rows are. (Su et al., 2021)

use crate::parameters::HEAD;

/// The slowest pair of values turns by about one over this a row. (measured with 1,000 alone: pages
/// have some hundred lines)
const BASE: f64 = 1000.0;

/// Cosine and sine of each row and pair. No libm, so every platform gives the same bits.
pub(crate) struct Turns {
    pairs: usize,
    angles: Vec<(f32, f32)>,
}

/// Pairs of values in a head.
const PAIRS: usize = HEAD / 2;

impl Turns {
    pub(crate) fn of(rows: usize) -> Self {
        let a_row: [(f64, f64); PAIRS] = speeds().map(|speed| (cosine(speed), sine(speed)));
        let mut now = [(1.0, 0.0); PAIRS];
        let mut angles = Vec::with_capacity(rows * PAIRS);
        for _ in 0..rows {
            #[expect(clippy::cast_possible_truncation, reason = "single precision is enough")]
            angles.extend(now.map(|(cos, sin)| (cos as f32, sin as f32)));
            for ((cos, sin), (by_cos, by_sin)) in now.iter_mut().zip(a_row) {
                (*cos, *sin) = (*cos * by_cos - *sin * by_sin, *sin * by_cos + *cos * by_sin);
            }
        }
        Self { pairs: PAIRS, angles }
    }

    /// Turns the queries and keys of all rows: forwards by 1, back by −1.
    pub(crate) fn turn(&self, qkv: &mut [f32], width: usize, direction: f32) {
        let rows = qkv.chunks_exact_mut(3 * width).zip(self.angles.chunks_exact(self.pairs));
        for (row, angles) in rows {
            for head in row[..2 * width].chunks_exact_mut(2 * self.pairs) {
                let (left, right) = head.split_at_mut(self.pairs);
                for ((x, y), (cos, sin)) in left.iter_mut().zip(right).zip(angles) {
                    let sin = direction * sin;
                    (*x, *y) = (*x * cos - *y * sin, *x * sin + *y * cos);
                }
            }
        }
    }
}

/// By how much each pair turns a row: powers of the sixteenth root of [`BASE`].
fn speeds() -> [f64; PAIRS] {
    // A root of the pairs' number, which is a power of two, is so many square roots.
    let root = (0..PAIRS.trailing_zeros()).fold(BASE, |root, _| root.sqrt());
    let mut speed = root;
    [(); PAIRS].map(|()| {
        speed /= root;
        speed
    })
}

/// The sine of an angle up to 1, by its series.
fn sine(x: f64) -> f64 {
    series(x, 1)
}

/// The cosine of an angle up to 1, by its series.
fn cosine(x: f64) -> f64 {
    series(x, 0)
}

/// `xᵏ/k! − xᵏ⁺²/(k+2)! + …` from k on.
fn series(x: f64, from: u32) -> f64 {
    let mut term = if from == 1 { x } else { 1.0 };
    let (mut sum, mut at) = (term, f64::from(from));
    for _ in 0..10 {
        term *= -x * x / ((at + 1.0) * (at + 2.0));
        sum += term;
        at += 2.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::OF_CONTEXT;

    #[test]
    fn a_turn_back_undoes_a_turn_and_values_never_turn() {
        let width = OF_CONTEXT.width;
        let before: Vec<f32> = (0..9 * width).map(|at| (at % 17) as f32 - 8.0).collect();
        let turns = Turns::of(3);
        let mut after = before.clone();
        turns.turn(&mut after, width, 1.0);
        assert_eq!(after[2 * width..3 * width], before[2 * width..3 * width]);
        assert_eq!(after[..width], before[..width], "the first row stands at the start");
        assert!((after[3 * width] - before[3 * width]).abs() > 0.5);
        turns.turn(&mut after, width, -1.0);
        assert!(after.iter().zip(&before).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn cosines_and_sines_are_those_of_the_library() {
        let turns = Turns::of(1000);
        for (row, angles) in turns.angles.chunks_exact(PAIRS).enumerate() {
            for (pair, (cos, sin)) in angles.iter().enumerate() {
                let angle = row as f64 * BASE.powf(-(pair as f64) / PAIRS as f64);
                assert!((f64::from(*cos) - angle.cos()).abs() < 1e-6, "{row} {pair}");
                assert!((f64::from(*sin) - angle.sin()).abs() < 1e-6, "{row} {pair}");
            }
        }
    }
}
