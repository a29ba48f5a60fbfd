//! Rotary places: queries and keys turn with their row, so that their products know how far apart
//! two rows are. (Su et al., 2021)

use crate::encoder::Shape;

/// The slowest pair of values turns by one over this a row. (measured with 1,000 alone: pages have
/// some hundred lines)
const BASE: f32 = 1000.0;

/// Cosine and sine of each row and pair.
pub(crate) struct Turns {
    pairs: usize,
    angles: Vec<(f32, f32)>,
}

impl Turns {
    pub(crate) fn of(rows: usize, shape: &Shape) -> Self {
        let pairs = shape.head() / 2;
        let speed = |pair: usize| BASE.powf(-(pair as f32) / pairs as f32);
        let speeds: Vec<f32> = (0..pairs).map(speed).collect();
        let angle = |row: usize| speeds.iter().map(move |speed| row as f32 * speed);
        let angles = (0..rows).flat_map(angle).map(|angle| (angle.cos(), angle.sin())).collect();
        Self { pairs, angles }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::OF_CONTEXT;

    #[test]
    fn a_turn_back_undoes_a_turn_and_values_never_turn() {
        let (shape, width) = (OF_CONTEXT.shape(), OF_CONTEXT.width);
        let before: Vec<f32> = (0..9 * width).map(|at| (at % 17) as f32 - 8.0).collect();
        let turns = Turns::of(3, &shape);
        let mut after = before.clone();
        turns.turn(&mut after, width, 1.0);
        assert_eq!(after[2 * width..3 * width], before[2 * width..3 * width]);
        assert_eq!(after[..width], before[..width], "the first row stands at the start");
        assert!((after[3 * width] - before[3 * width]).abs() > 0.5);
        turns.turn(&mut after, width, -1.0);
        assert!(after.iter().zip(&before).all(|(a, b)| (a - b).abs() < 1e-5));
    }
}
