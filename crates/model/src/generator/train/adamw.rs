//! AdamW (Loshchilov and Hutter, 2019) over a flat vector of values.

use multiversion::multiversion;
use std::ops::Range;

/// What the steps remember: means and squares of the gradients so far.
pub(crate) struct AdamW {
    pub(crate) mean: Vec<f32>,
    pub(crate) square: Vec<f32>,
    /// Values that are matrices: they decay, norms do not.
    decaying: Vec<Range<usize>>,
}

/// How large a step is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stride {
    pub(crate) rate: f32,
    /// Share of a matrix, times the rate, that goes each step.
    pub(crate) decay: f32,
    /// What gradients are multiplied with first.
    pub(crate) scale: f32,
    /// Which step it is, from 1.
    pub(crate) step: usize,
}

impl AdamW {
    pub(crate) fn new(values: usize, decaying: impl IntoIterator<Item = Range<usize>>) -> Self {
        let decaying = decaying.into_iter().collect();
        Self { mean: vec![0.0; values], square: vec![0.0; values], decaying }
    }

    /// Moves all values against their gradients.
    pub(crate) fn step(&mut self, values: &mut [f32], g: &[f32], stride: Stride) {
        for range in &self.decaying {
            let kept = 1.0 - stride.rate * stride.decay;
            values[range.clone()].iter_mut().for_each(|value| *value *= kept);
        }
        move_all(values, g, &mut self.mean, &mut self.square, stride);
    }
}

/// Adam's step with its usual constants: 0.9, 0.999, 1e-8.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn move_all(values: &mut [f32], g: &[f32], mean: &mut [f32], square: &mut [f32], stride: Stride) {
    let steps = i32::try_from(stride.step).unwrap_or(i32::MAX);
    let biases = (1.0 - 0.9f32.powi(steps), 1.0 - 0.999f32.powi(steps));
    let moments = mean.iter_mut().zip(square);
    for ((value, g), (mean, square)) in values.iter_mut().zip(g).zip(moments) {
        let g = g * stride.scale;
        *mean += 0.1 * (g - *mean);
        *square += 0.001 * (g * g - *square);
        let step = (*mean / biases.0) / ((*square / biases.1).sqrt() + 1e-8);
        *value -= stride.rate * step;
    }
}

/// The length of a vector.
pub(crate) fn length(values: &[f32]) -> f64 {
    let part = |part: &[f32]| f64::from(super::norm::sum_of_products(part, part));
    values.chunks(1 << 12).map(part).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_goes_by_the_rate_against_the_gradient_and_matrices_decay() {
        let mut values = vec![1.0, 1.0, 1.0];
        let stride = Stride { rate: 0.1, decay: 0.5, scale: 2.0, step: 1 };
        AdamW::new(3, Some(0..2)).step(&mut values, &[3.0, -1e-3, 0.0], stride);
        let wanted = [0.95 - 0.1, 0.95 + 0.1, 1.0];
        assert!(values.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-4), "{values:?}");
        assert!((length(&[3.0, 4.0]) - 5.0).abs() < 1e-9);
    }
}
