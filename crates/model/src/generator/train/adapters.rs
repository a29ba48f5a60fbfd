//! LoRA (Hu et al., 2021): a frozen product `W` learns `scale · B · A` beside itself.

use crate::generator::{Config, LayerPart, Tensor};
use crate::random::Random;
use std::ops::Range;

/// Which products of a decoder have adapters, how wide, and where these stand in a flat vector.
#[derive(Clone, Debug)]
pub(crate) struct Adapters {
    config: Config,
    /// Values between `A` and `B`.
    pub(crate) rank: usize,
    /// What `B · A` is multiplied with: alpha / rank.
    pub(crate) scale: f32,
    /// The products of each layer that have adapters.
    pub(crate) parts: Vec<LayerPart>,
}

/// One half of an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// rank × inputs
    A,
    /// outputs × rank
    B,
}

impl Adapters {
    pub(crate) fn new(config: Config, rank: usize, alpha: f32, parts: &[LayerPart]) -> Self {
        let parts = LayerPart::ALL.into_iter().filter(|part| parts.contains(part)).collect();
        Self { config, rank, scale: alpha / rank as f32, parts }
    }

    /// Rows and columns of a half of an adapter.
    pub(crate) const fn size(&self, part: LayerPart, half: Half) -> [usize; 2] {
        let [outputs, inputs] = Tensor::Layer(0, part).shape(&self.config);
        match half {
            Half::A => [self.rank, inputs],
            Half::B => [outputs, self.rank],
        }
    }

    fn of_part(&self, part: LayerPart) -> usize {
        let [outputs, inputs] = Tensor::Layer(0, part).shape(&self.config);
        self.rank * (outputs + inputs)
    }

    fn of_layer(&self) -> usize {
        self.parts.iter().map(|&part| self.of_part(part)).sum()
    }

    /// Values of all adapters.
    pub(crate) fn weights(&self) -> usize {
        self.config.layers * self.of_layer()
    }

    /// Where the halves of an adapter stand, one after the other; none where there is no adapter.
    pub(crate) fn ranges(&self, layer: usize, part: LayerPart) -> Option<[Range<usize>; 2]> {
        let at = self.parts.iter().position(|&other| other == part)?;
        let before: usize = self.parts[..at].iter().map(|&part| self.of_part(part)).sum();
        let start = layer * self.of_layer() + before;
        let [rows, cols] = self.size(part, Half::A);
        let middle = start + rows * cols;
        Some([start..middle, middle..start + self.of_part(part)])
    }

    /// Every adapter's layer and part.
    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, LayerPart)> {
        (0..self.config.layers).flat_map(|at| self.parts.iter().map(move |&part| (at, part)))
    }

    /// `A` random, `B` zero: what is added begins as nothing. `A` is uniform up to the root of
    /// 1 / inputs, as PEFT begins.
    pub(crate) fn initial(&self, seed: u64) -> Vec<f32> {
        let mut random = Random::of(&[seed, 0]);
        let mut values = vec![0.0; self.weights()];
        for (layer, part) in self.all() {
            let most = 1.0 / (self.size(part, Half::A)[1] as f32).sqrt();
            if let Some([a, _]) = self.ranges(layer, part) {
                values[a].iter_mut().for_each(|x| *x = most * (2.0 * random.uniform() - 1.0));
            }
        }
        values
    }
}
