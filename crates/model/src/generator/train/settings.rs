//! How a generator is trained.

use crate::generator::LayerPart;
use crate::gpu::Device;

/// How to train. The same settings and data give the same weights on one kind of machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Seed of the order of examples, and of the adapters' first values.
    pub seed: u64,
    /// Passes over the examples.
    pub epochs: usize,
    /// Examples whose gradients make one step.
    pub batch: usize,
    /// The largest step.
    pub rate: f32,
    /// Share of the steps over which the rate rises from nothing.
    pub warm_up: f32,
    /// Share of the matrices, times the rate, that goes each step.
    pub decay: f32,
    /// Gradients of a step that are longer are cut to this length.
    pub clip: f32,
    /// Threads, each with its share of every batch and a gradient of its own. The order of sums
    /// depends on it.
    pub threads: usize,
    /// Most tokens that a thread reads at once: what it keeps for the way back takes memory, with
    /// SmolLM2-135M 0.7 MB a token.
    pub pack_tokens: usize,
    /// Steps between two looks at the examples that are held back.
    pub evaluate_every: usize,
    /// Looks without a better loss of what is held back, after which training ends.
    pub patience: usize,
    /// Steps between two checkpoints.
    pub keep_every: usize,
    /// Where large products are made.
    pub device: Device,
    /// Adapters that learn in place of all weights.
    pub lora: Option<Lora>,
}

/// Which adapters learn.
#[derive(Clone, Debug, PartialEq)]
pub struct Lora {
    /// Values between the two halves of an adapter.
    pub rank: usize,
    /// What the adapters add is multiplied with `alpha / rank`.
    pub alpha: f32,
    /// The products that have one.
    pub parts: Vec<LayerPart>,
}

impl Default for Settings {
    /// Those of a full fine-tuning; the rate, decay and clip are usual ones, the others guesses.
    fn default() -> Self {
        Self {
            seed: 1,
            epochs: 2,
            batch: 16,
            rate: 1e-4,
            warm_up: 0.05,
            decay: 0.01,
            clip: 1.0,
            threads: 2,
            pack_tokens: 2048,
            evaluate_every: 50,
            patience: usize::MAX,
            keep_every: 50,
            device: Device::Cpu,
            lora: None,
        }
    }
}

impl Settings {
    /// The rate of a step from 0: up a line, then down a cosine to nothing.
    pub(crate) fn rate_at(&self, step: usize, steps: usize) -> f32 {
        let warm = (self.warm_up * steps as f32).max(1.0);
        let rise = ((step + 1) as f32 / warm).min(1.0);
        let left = (step as f32 + 1.0 - warm).max(0.0) / (steps as f32 - warm).max(1.0);
        self.rate * rise * 0.5 * (1.0 + (left * std::f32::consts::PI).cos())
    }
}

/// The products of a layer by the names that PEFT gives them.
pub const PRODUCTS: [(&str, LayerPart); 7] = [
    ("q_proj", LayerPart::Query),
    ("k_proj", LayerPart::Key),
    ("v_proj", LayerPart::Value),
    ("o_proj", LayerPart::Out),
    ("gate_proj", LayerPart::Gate),
    ("up_proj", LayerPart::Up),
    ("down_proj", LayerPart::Down),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_and_falls_to_nothing() {
        let settings = Settings { rate: 1.0, warm_up: 0.1, ..Settings::default() };
        let rates: Vec<f32> = (0..100).map(|step| settings.rate_at(step, 100)).collect();
        assert!((rates[0] - 0.1).abs() < 1e-6 && (rates[9] - 1.0).abs() < 1e-6);
        assert!(rates[9..].is_sorted_by(|a, b| a > b) && rates[99] < 1e-3);
        assert!(settings.rate_at(0, 1) > 0.0);
    }
}
