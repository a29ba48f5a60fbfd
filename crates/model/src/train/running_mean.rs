//! The mean of a network's weights over its last thousand steps or so: steadier than the last of them,
//! which swing from batch to batch. (Polyak and Juditsky, 1992; measured: lab/LOG.md)

use crate::weights::Weights;

/// Steps from one look to the next: the embeddings are many, and a step changes few.
const EVERY: usize = 4;
/// Share of the mean that stays at a look. (measured: about a thousand steps)
const STAYS: f32 = 0.996;

/// A running mean of the weights of a network without an encoder. The first looks count more, so that it
/// forgets how training began.
pub(crate) struct RunningMean(pub(crate) Weights);

impl RunningMean {
    pub(crate) fn of(weights: &Weights) -> Self {
        Self(weights.clone())
    }

    /// Takes in the weights after a step, from 1.
    pub(crate) fn take(&mut self, weights: &Weights, step: usize) {
        if !step.is_multiple_of(EVERY) {
            return;
        }
        let looks = (step / EVERY) as f32;
        let goes = 1.0 - STAYS.min(looks / (looks + 9.0));
        let into = |mean: &mut [f32], now: &[f32]| {
            mean.iter_mut().zip(now).for_each(|(mean, now)| *mean += goes * (now - *mean));
        };
        into(&mut self.0.embeddings, &weights.embeddings);
        into(&mut self.0.parameters.0, &weights.parameters.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::{OF_LINES, Parameters};

    #[test]
    fn the_mean_follows_weights_that_stand_still() {
        let weights = |value: f32| {
            let mut parameters = Parameters::zeros(OF_LINES, false);
            parameters.0.fill(value);
            Weights { embeddings: vec![value; 3], parameters, reader: None }
        };
        let mut mean = RunningMean::of(&weights(5.0));
        (1..=8000).for_each(|step| mean.take(&weights(1.0), step));
        let found = mean.0;
        assert!((found.embeddings[0] - 1.0).abs() < 0.01, "{}", found.embeddings[0]);
        assert!((found.parameters.0[7] - 1.0).abs() < 0.01);
    }
}
