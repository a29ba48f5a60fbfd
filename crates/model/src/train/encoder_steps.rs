//! Steps of an encoder's weights.

use super::adam::Adam;
use crate::encoder::{Encoder, EncoderGradient};

/// Adam for the weights; for the vocabulary's vectors too, but only where a batch touched them.
pub(crate) struct EncoderSteps {
    pub(crate) weights: Adam,
    /// Means and squares of the gradients of the vocabulary's vectors.
    pub(crate) means: Vec<f32>,
    pub(crate) squares: Vec<f32>,
}

impl EncoderSteps {
    pub(crate) fn of(encoder: &Encoder) -> Self {
        let pieces = encoder.pieces.len();
        Self {
            weights: Adam::new(encoder.weights.len()),
            means: vec![0.0; pieces],
            squares: vec![0.0; pieces],
        }
    }

    pub(crate) fn step(
        &mut self,
        encoder: &mut Encoder,
        g: &EncoderGradient,
        rate: f32,
        scale: f32,
    ) {
        self.weights.step(&mut encoder.weights, &g.weights, rate, scale);
        let moving = self.weights.moving(rate);
        let width = encoder.shape.width;
        for (&token, gradient) in &g.pieces {
            let range = usize::from(token) * width..(usize::from(token) + 1) * width;
            let weights = encoder.pieces[range.clone()].iter_mut().zip(gradient);
            let moments = self.means[range.clone()].iter_mut().zip(&mut self.squares[range]);
            for ((weight, gradient), (mean, square)) in weights.zip(moments) {
                moving.one(weight, gradient * scale, mean, square);
            }
        }
    }
}
