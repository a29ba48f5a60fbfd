//! Where each of a generator's weights stands in one flat vector.

use crate::error::ModelError;
use crate::generator::{Config, LayerPart, Tensor, Weights};
use std::collections::HashMap;
use std::ops::Range;

/// The shape of a generator, and the place of each of its tensors.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) config: Config,
    places: HashMap<Tensor, Range<usize>>,
}

impl Layout {
    pub(crate) fn of(config: Config) -> Self {
        let (mut places, mut end) = (HashMap::new(), 0);
        for tensor in config.tensors() {
            let [rows, cols] = tensor.shape(&config);
            places.insert(tensor, end..end + rows * cols);
            end += rows * cols;
        }
        Self { config, places }
    }

    /// Where a tensor stands; nowhere if this generator has none.
    pub(crate) fn range(&self, tensor: Tensor) -> Range<usize> {
        self.places.get(&tensor).cloned().unwrap_or_default()
    }

    /// Values of all weights.
    pub(crate) fn weights(&self) -> usize {
        self.places.values().map(Range::len).sum()
    }

    /// Outputs and inputs of a part of a layer.
    pub(crate) const fn part(&self, part: LayerPart) -> (usize, usize) {
        let [rows, cols] = Tensor::Layer(0, part).shape(&self.config);
        (rows, cols)
    }

    /// The tensor that turns states into logits.
    pub(crate) const fn output(&self) -> Tensor {
        if self.config.tied { Tensor::Embedding } else { Tensor::Head }
    }

    /// Reads all tensors into one vector.
    pub(crate) fn read(&self, weights: &Weights) -> Result<Vec<f32>, ModelError> {
        let mut values = Vec::with_capacity(self.weights());
        for tensor in self.config.tensors() {
            values.extend(weights.floats(tensor)?);
        }
        Ok(values)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::generator::Architecture;

    /// A decoder small enough for finite differences.
    pub(crate) fn tiny(architecture: Architecture, tied: bool) -> Layout {
        Layout::of(Config {
            architecture,
            vocabulary: 23,
            width: 16,
            layers: 2,
            heads: 4,
            kv_heads: 2,
            head_width: 6,
            inner: 20,
            theta: 100.0,
            rope_factors: vec![1.0, 1.0, 2.0],
            epsilon: 1e-6,
            context: 512,
            tied,
        })
    }

    #[test]
    fn the_weights_of_a_generator_stand_one_after_the_other() {
        for architecture in [Architecture::Llama, Architecture::Qwen3] {
            for tied in [false, true] {
                let layout = tiny(architecture, tied);
                let mut end = 0;
                for tensor in layout.config.tensors() {
                    let range = layout.range(tensor);
                    assert_eq!(range.start, end, "{}", tensor.name());
                    end = range.end;
                }
                assert_eq!(end, layout.weights());
                assert!(!layout.range(layout.output()).is_empty());
            }
        }
    }
}
