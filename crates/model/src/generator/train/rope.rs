//! Rotary places: pairs of a head's values turn by angles that grow with the token's place.

use crate::generator::Config;

/// Cosines and sines of places from 0.
pub(crate) struct Rotations {
    /// Pairs of a head.
    half: usize,
    /// A row a place: cosines of all pairs, then sines.
    turns: Vec<f32>,
}

impl Rotations {
    /// For places from 0 to `places`.
    pub(crate) fn new(places: usize, config: &Config) -> Self {
        let (head, theta) = (config.head_width, f64::from(config.theta));
        let half = head / 2;
        let rate = |pair: usize| {
            let rate = theta.powf(-2.0 * pair as f64 / head as f64);
            rate / f64::from(config.rope_factors[pair])
        };
        let rates: Vec<f64> = (0..half).map(rate).collect();
        let mut turns = Vec::with_capacity(places * head);
        for place in 0..places {
            turns.extend(rates.iter().map(|rate| (place as f64 * rate).cos() as f32));
            turns.extend(rates.iter().map(|rate| (place as f64 * rate).sin() as f32));
        }
        Self { half, turns }
    }

    /// Turns all heads of all rows; value `i` of a head pairs with value `i + head / 2`.
    pub(crate) fn turn(&self, rows: &mut [f32], places: &[usize]) {
        self.by(rows, places, 1.0);
    }

    /// Turns them back; so do gradients.
    pub(crate) fn turn_back(&self, rows: &mut [f32], places: &[usize]) {
        self.by(rows, places, -1.0);
    }

    fn by(&self, rows: &mut [f32], places: &[usize], sign: f32) {
        let (half, width) = (self.half, rows.len() / places.len().max(1));
        for (row, place) in rows.chunks_exact_mut(width.max(1)).zip(places) {
            let (cosines, sines) = self.turns[2 * half * place..][..2 * half].split_at(half);
            for head in row.chunks_exact_mut(2 * half) {
                let (low, high) = head.split_at_mut(half);
                let pairs = low.iter_mut().zip(high).zip(cosines.iter().zip(sines));
                for ((low, high), (cosine, sine)) in pairs {
                    let (x, y) = (*low, *high);
                    *low = x * cosine - sign * y * sine;
                    *high = y * cosine + sign * x * sine;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::Architecture;
    use crate::generator::train::layout::tests::tiny;

    #[test]
    fn a_turn_back_undoes_a_turn_and_place_0_does_not_turn() {
        let config = Config { head_width: 4, ..tiny(Architecture::Llama, true).config };
        let rotations = Rotations::new(9, &config);
        let rows: Vec<f32> = (0..16u8).map(f32::from).collect();
        let mut turned = rows.clone();
        rotations.turn(&mut turned, &[0, 8]);
        assert_eq!(turned[..8], rows[..8]);
        assert!((turned[8] - (8.0 * 8f32.cos() - 10.0 * 8f32.sin())).abs() < 1e-5);
        rotations.turn_back(&mut turned, &[0, 8]);
        assert!(turned.iter().zip(&rows).all(|(a, b)| (a - b).abs() < 1e-5));
    }
}
