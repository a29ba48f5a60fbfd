//! A generator while it learns: its weights, what the steps remember, and how far it has come.

use super::adamw::{AdamW, Stride, length};
use super::adapters::Adapters;
use super::decoder::{Adapted, Decoder};
use super::file::FloatsFile;
use super::layout::Layout;
use super::settings::Settings;
use super::tuned::Tuned;
use crate::error::ModelError;
use crate::tensors::Tensors;
use std::ops::Range;

/// A generator while it learns.
pub(crate) struct Learner {
    tuned: Tuned,
    adamw: AdamW,
    /// Steps that are done.
    pub(crate) step: usize,
    /// The least loss of what is held back, and after which step.
    pub(crate) best: Option<(f32, usize)>,
    /// Looks since then.
    pub(crate) stale: usize,
}

impl Learner {
    pub(crate) fn new(layout: Layout, weights: Vec<f32>, settings: &Settings) -> Self {
        let adapters = settings.lora.as_ref().map(|lora| {
            let adapters = Adapters::new(layout.config.clone(), lora.rank, lora.alpha, &lora.parts);
            let values = adapters.initial(settings.seed);
            (adapters, values)
        });
        let adamw = match &adapters {
            Some((_, values)) => AdamW::new(values.len(), Some(0..values.len())),
            None => AdamW::new(weights.len(), matrices(&layout)),
        };
        let tuned = Tuned { layout, weights, adapters };
        Self { tuned, adamw, step: 0, best: None, stale: 0 }
    }

    pub(crate) fn decoder(&self) -> Decoder<'_> {
        let Tuned { layout, weights, adapters } = &self.tuned;
        let adapted = adapters.as_ref().map(|(adapters, values)| Adapted { adapters, values });
        Decoder { layout, weights, adapted }
    }

    /// Moves what learns against the gradient of a sum over `tokens`; returns the length of the
    /// gradient of the mean, before it was cut.
    pub(crate) fn learn(
        &mut self,
        g: &[f32],
        tokens: usize,
        settings: &Settings,
        steps: usize,
    ) -> f32 {
        let mean = 1.0 / tokens.max(1) as f32;
        let length = length(g) as f32 * mean;
        let rate = settings.rate_at(self.step, steps);
        self.step += 1;
        let scale = mean * (settings.clip / length.max(1e-12)).min(1.0);
        let stride = Stride { rate, decay: settings.decay, scale, step: self.step };
        self.adamw.step(self.tuned.learning(), g, stride);
        length
    }

    /// Takes the loss of what is held back; whether it is the best so far.
    pub(crate) fn look(&mut self, held: f32) -> bool {
        let better = self.best.is_none_or(|(least, _)| held < least);
        if better {
            (self.best, self.stale) = (Some((held, self.step)), 0);
        } else {
            self.stale += 1;
        }
        better
    }

    /// What is needed to go on from here.
    pub(crate) fn state(&mut self) -> FloatsFile<'_> {
        let mut file = FloatsFile::default();
        file.fact("step", self.step);
        file.fact("stale", self.stale);
        if let Some((loss, step)) = self.best {
            file.fact("best", step);
            file.fact("loss", loss);
        }
        for (name, values) in [("mean", &self.adamw.mean), ("square", &self.adamw.square)] {
            file.add(name, &[values.len()], values);
        }
        let values = &*self.tuned.learning();
        file.add("values", &[values.len()], values);
        file.checksum();
        file
    }

    /// Goes back to a state that [`state`](Self::state) gave.
    pub(crate) fn restore(&mut self, bytes: &[u8]) -> Result<(), ModelError> {
        let file = self.restore_values(bytes)?;
        for (name, values) in [("mean", &mut self.adamw.mean), ("square", &mut self.adamw.square)] {
            let count = values.len();
            values.copy_from_slice(&file.floats_of(name, count)?);
        }
        self.step = file.number("step")?;
        self.stale = file.number("stale")?;
        self.best = match file.fact("best") {
            Some(_) => Some((file.number("loss")?, file.number("best")?)),
            None => None,
        };
        Ok(())
    }

    /// What learns, to be taken back by [`restore_values`](Self::restore_values).
    pub(crate) fn values(&mut self) -> FloatsFile<'_> {
        let mut file = FloatsFile::default();
        let values = &*self.tuned.learning();
        file.add("values", &[values.len()], values);
        file.checksum();
        file
    }

    pub(crate) fn restore_values<'a>(
        &mut self,
        bytes: &'a [u8],
    ) -> Result<Tensors<'a>, ModelError> {
        let file = Tensors::open(bytes)?;
        file.check()?;
        let values = self.tuned.learning();
        let count = values.len();
        values.copy_from_slice(&file.floats_of("values", count)?);
        Ok(file)
    }

    pub(crate) fn done(self) -> Tuned {
        self.tuned
    }
}

/// Where the matrices of a generator stand.
fn matrices(layout: &Layout) -> Vec<Range<usize>> {
    let all = layout.config.tensors().into_iter().filter(|tensor| !tensor.is_norm());
    all.map(|tensor| layout.range(tensor)).collect()
}
