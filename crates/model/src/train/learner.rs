//! A network while it learns: its weights, what the steps remember, and how far it has come.

use super::adam::{Adam, Pace, Rows};
use super::encoder_steps::EncoderSteps;
use super::running_mean::RunningMean;
use super::{Base, Gradient, Settings, initial};
use crate::error::ModelError;
use crate::page::BUCKETS;
use crate::tensors::{Tensors, TensorsToWrite};
use crate::weights::Weights;

/// A network while it learns.
pub(crate) struct Learner {
    pub(crate) weights: Weights,
    adam: Adam,
    rows: Rows,
    /// Adam for the embeddings; without, Adagrad by row.
    table: Option<Adam>,
    /// The mean of the weights of late, by which they are judged and which ships. A network with an encoder
    /// has none: an encoder is not averaged, and what reads it must fit it.
    mean: Option<RunningMean>,
    encoder: Option<EncoderSteps>,
    /// Epochs that are done.
    pub(crate) epochs: usize,
    /// Steps that are done.
    pub(crate) step: usize,
    /// The most merit with held-back documents after an epoch, and which one.
    pub(crate) best: Option<(f32, usize)>,
}

impl Learner {
    pub(crate) fn new(settings: &Settings, base: Option<&Base>) -> Self {
        let weights = initial(settings, base);
        let encoder = weights.reader.as_ref().map(|reader| EncoderSteps::of(&reader.encoder));
        let whole = settings.sight.is_whole();
        let pace = if whole { Pace::QUICK } else { Pace::USUAL };
        let len = weights.embeddings.len();
        Self {
            adam: Adam::with_pace(weights.parameters.0.len(), pace),
            rows: Rows::new(BUCKETS),
            table: whole.then(|| Adam::with_pace(len, Pace::OF_EMBEDDINGS)),
            mean: encoder.is_none().then(|| RunningMean::of(&weights)),
            encoder,
            weights,
            epochs: 0,
            step: 0,
            best: None,
        }
    }

    /// Moves all weights against the gradient of a batch; `rate` scales the settings' rates.
    pub(crate) fn learn(&mut self, sum: &Gradient, settings: &Settings, rate: f32) {
        let mut scale = 1.0 / sum.weight.max(1e-6);
        sum.embeddings.iter().for_each(|(at, of_row)| self.rows.add(at, of_row));
        let (parameters, embeddings) =
            (&mut self.weights.parameters.0, &mut self.weights.embeddings);
        let table_rate = settings.embedding_rate * rate;
        if let Some(adam) = &mut self.table {
            scale /= (scale * norm(&sum.parameters.0, &self.rows)).max(1.0);
            self.rows.step_all(embeddings, adam, table_rate, scale);
        } else {
            self.rows.step(embeddings, table_rate, scale);
        }
        self.adam.step(parameters, &sum.parameters.0, settings.rate * rate, scale);
        if let (Some(steps), Some(g)) = (&mut self.encoder, &sum.encoder)
            && let Some(reader) = &mut self.weights.reader
        {
            steps.step(&mut reader.encoder, g, settings.encoder_rate * rate, scale);
        }
        self.step += 1;
        if let Some(mean) = &mut self.mean {
            mean.take(&self.weights, self.step);
        }
    }

    /// The weights as their running mean has them; the last ones where there is none.
    pub(crate) fn averaged(&self) -> Weights {
        self.mean.as_ref().map_or(&self.weights, |mean| &mean.0).clone()
    }

    /// All that is needed to go on from here.
    pub(crate) fn state(&mut self) -> Result<Vec<u8>, ModelError> {
        let mut file = TensorsToWrite::default();
        file.fact("epochs", self.epochs);
        file.fact("step", self.step);
        file.fact("steps", self.adam.steps);
        if let Some((merit, epoch)) = self.best {
            file.fact("best", epoch);
            file.fact("merit", merit);
        }
        for (name, values) in self.tensors() {
            file.floats(name, values);
        }
        file.to_bytes()
    }

    /// Goes back to a state that [`state`](Self::state) gave.
    pub(crate) fn restore(&mut self, bytes: &[u8]) -> Result<(), ModelError> {
        let file = Tensors::open(bytes)?;
        file.check()?;
        for (name, values) in self.tensors() {
            let count = values.len();
            values.copy_from_slice(&file.floats_of(name, count)?);
        }
        self.epochs = file.number("epochs")?;
        self.step = file.number("step")?;
        self.best = match file.fact("best") {
            Some(_) => Some((file.number("merit")?, file.number("best")?)),
            None => None,
        };
        let steps = file.number("steps")?;
        self.adam.steps = steps;
        if let Some(table) = &mut self.table {
            table.steps = steps;
        }
        if let Some(encoder) = &mut self.encoder {
            encoder.weights.steps = steps;
        }
        Ok(())
    }

    /// Every vector that learning changes, by name.
    fn tensors(&mut self) -> Vec<(&'static str, &mut Vec<f32>)> {
        let mut all = vec![
            ("embeddings", &mut self.weights.embeddings),
            ("embeddings.squares", &mut self.rows.squares),
            ("parameters", &mut self.weights.parameters.0),
            ("parameters.mean", &mut self.adam.mean),
            ("parameters.square", &mut self.adam.square),
        ];
        if let Some(RunningMean(mean)) = &mut self.mean {
            all.push(("embeddings.average", &mut mean.embeddings));
            all.push(("parameters.average", &mut mean.parameters.0));
        }
        if let Some(table) = &mut self.table {
            all.push(("embeddings.mean", &mut table.mean));
            all.push(("embeddings.square", &mut table.square));
        }
        if let (Some(steps), Some(reader)) = (&mut self.encoder, &mut self.weights.reader) {
            all.extend([
                ("encoder", &mut reader.encoder.weights),
                ("encoder.mean", &mut steps.weights.mean),
                ("encoder.square", &mut steps.weights.square),
                ("pieces", &mut reader.encoder.pieces),
                ("pieces.mean", &mut steps.means),
                ("pieces.square", &mut steps.squares),
            ]);
        }
        all
    }
}

/// The length of a whole gradient.
fn norm(parameters: &[f32], rows: &Rows) -> f32 {
    (parameters.iter().map(|g| g * g).sum::<f32>() + rows.squared()).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_learner_goes_on_where_it_stopped() {
        let settings = Settings::default();
        let mut learner = Learner::new(&settings, None);
        let mut sum = Gradient::zeros(&learner.weights);
        sum.weight = 1.0;
        sum.parameters.0.fill(0.3);
        learner.learn(&sum, &settings, 1.0);
        learner.epochs = 2;
        learner.best = Some((0.25, 1));
        let state = learner.state().unwrap();
        let mut other = Learner::new(&Settings { seed: 9, ..settings.clone() }, None);
        other.restore(&state).unwrap();
        assert_eq!((other.epochs, other.step, other.best), (2, 1, Some((0.25, 1))));
        learner.learn(&sum, &settings, 0.5);
        other.learn(&sum, &settings, 0.5);
        assert_eq!(learner.weights.parameters.0, other.weights.parameters.0);
        assert_eq!(learner.averaged().parameters.0, other.averaged().parameters.0);
        assert!(other.restore(&state[..state.len() - 9]).is_err());
    }

    #[test]
    fn a_network_with_an_encoder_is_judged_by_its_last_weights() {
        let mut learner = Learner::new(&Settings::default(), None);
        learner.weights.parameters.0[0] = 9.0;
        assert_ne!(learner.averaged().parameters.0[0], 9.0);
        let base = Base(crate::encoder::small_reader());
        let mut learner = Learner::new(&Settings::default(), Some(&base));
        learner.weights.parameters.0[0] = 9.0;
        assert_eq!(learner.averaged().parameters.0[0], 9.0);
    }
}
