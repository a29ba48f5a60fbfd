//! What training made: weights, or adapters beside the weights that they were made for.

use super::adapters::{Adapters, Half};
use super::file::FloatsFile;
use super::layout::Layout;
use super::settings::PRODUCTS;
use crate::encoder::{Products, View};
use crate::generator::{Config, LayerPart, Tensor};
use serde_json::{Value, json};

/// A generator that was trained.
pub struct Tuned {
    pub(crate) layout: Layout,
    pub(crate) weights: Vec<f32>,
    pub(crate) adapters: Option<(Adapters, Vec<f32>)>,
}

impl Tuned {
    /// What learns.
    pub(crate) const fn learning(&mut self) -> &mut Vec<f32> {
        match &mut self.adapters {
            Some((_, values)) => values,
            None => &mut self.weights,
        }
    }

    /// The shape of the generator.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.layout.config
    }

    /// The `model.safetensors`, adapters left out.
    #[must_use]
    pub fn model(&self) -> FloatsFile<'_> {
        let mut file = FloatsFile::default();
        file.fact("format", "pt");
        for tensor in self.layout.config.tensors() {
            let [rows, cols] = tensor.shape(&self.layout.config);
            let shape = if tensor.is_norm() { &[cols][..] } else { &[rows, cols] };
            file.add(tensor.name(), shape, &self.weights[self.layout.range(tensor)]);
        }
        file
    }

    /// The `adapter_model.safetensors` and `adapter_config.json` of adapters as PEFT reads them,
    /// for a base at `base`; none if all weights were trained.
    #[must_use]
    pub fn adapter(&self, base: &str) -> Option<(FloatsFile<'_>, Value)> {
        let (adapters, values) = self.adapters.as_ref()?;
        let mut file = FloatsFile::default();
        file.fact("format", "pt");
        for (layer, part) in adapters.all() {
            let Some([a, b]) = adapters.ranges(layer, part) else { continue };
            for (range, half) in [(a, Half::A), (b, Half::B)] {
                let tensor = Tensor::Layer(layer, part).name();
                let name = tensor.trim_end_matches("weight");
                let [rows, cols] = adapters.size(part, half);
                let name = format!("base_model.model.{name}lora_{half:?}.weight");
                file.add(name, &[rows, cols], &values[range]);
            }
        }
        Some((file, adapter_config(adapters, base)))
    }

    /// Adds the adapters to the weights.
    #[must_use]
    pub fn merged(mut self) -> Self {
        let Some((adapters, values)) = self.adapters.take() else { return self };
        let products = Products::new();
        for (layer, part) in adapters.all() {
            let Some([a, b]) = adapters.ranges(layer, part) else { continue };
            let weight = &mut self.weights[self.layout.range(Tensor::Layer(layer, part))];
            let (outputs, inputs) = self.layout.part(part);
            let a: Vec<f32> = values[a].iter().map(|value| value * adapters.scale).collect();
            let a = View::of(&a, adapters.rank, inputs);
            products.add(weight, View::of(&values[b], outputs, adapters.rank), a);
        }
        self
    }
}

fn adapter_config(adapters: &Adapters, base: &str) -> Value {
    let name = |part: &LayerPart| PRODUCTS.iter().find(|(_, other)| other == part).map(|p| p.0);
    json!({
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": adapters.rank,
        "lora_alpha": adapters.scale * adapters.rank as f32,
        "lora_dropout": 0.0,
        "target_modules": adapters.parts.iter().filter_map(name).collect::<Vec<_>>(),
        "bias": "none",
        "fan_in_fan_out": false,
        "inference_mode": true,
        "init_lora_weights": true,
        "modules_to_save": null,
    })
}
