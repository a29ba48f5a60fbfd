//! The mean of a network's weights over its last thousand steps or so: steadier than the last of them,
//! which swing from batch to batch. (Polyak and Juditsky, 1992; measured: lab/LOG.md)

use crate::weights::Weights;

/// Steps from one look to the next: the embeddings are many, and a step changes few.
const EVERY: usize = 4;
/// Share of the mean that stays at a look. (measured: about a thousand steps)
const STAYS: f32 = 0.996;

/// A running mean of weights. The first looks count more, so that it forgets how training began.
pub(crate) struct RunningMean {
    pub(crate) embeddings: Vec<f32>,
    pub(crate) parameters: Vec<f32>,
}

impl RunningMean {
    pub(crate) fn of(weights: &Weights) -> Self {
        let embeddings = weights.embeddings.clone();
        Self { embeddings, parameters: weights.parameters.0.clone() }
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
        into(&mut self.embeddings, &weights.embeddings);
        into(&mut self.parameters, &weights.parameters.0);
    }

    /// The mean in the place of the weights it is of.
    pub(crate) fn weights(&self, of: &Weights) -> Weights {
        let mut mean = Weights { embeddings: self.embeddings.clone(), ..of.clone() };
        mean.parameters.0.clone_from(&self.parameters);
        mean
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
        let found = mean.weights(&weights(1.0));
        assert!((found.embeddings[0] - 1.0).abs() < 0.01, "{}", found.embeddings[0]);
        assert!((found.parameters.0[7] - 1.0).abs() < 0.01);
    }
}
