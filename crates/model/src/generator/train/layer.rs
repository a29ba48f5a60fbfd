//! One layer of the decoder, forwards and backwards.
//!
//! ```text
//! y   = x + out(attention(turn(query(norm(x))), turn(key(norm(x))), value(norm(x))))
//! out = y + down(silu(gate(norm(y))) · up(norm(y)))
//! ```
//!
//! What is cheap to compute again (norms, silu, what tokens look at) is not kept for the way back.

use super::attention::{self, Looks};
use super::decoder::Decoder;
use super::norm;
use super::pack::Pack;
use super::rope::Rotations;
use crate::encoder::Products;
use crate::generator::{LayerPart, Tensor};
use multiversion::multiversion;

/// What backward needs of a layer, a row a token.
pub(crate) struct Tape {
    /// width
    input: Vec<f32>,
    /// Queries and keys before their norms, where they have any: heads·head, answering·head.
    bare: Option<[Vec<f32>; 2]>,
    /// Queries and keys turned, and values.
    looks: Looks,
    /// heads·head
    mixed: Vec<f32>,
    /// width
    between: Vec<f32>,
    /// inner
    gate: Vec<f32>,
    /// inner
    up: Vec<f32>,
}

/// Runs layer `at` on the rows of `input`.
pub(crate) fn forward(
    decoder: &Decoder<'_>,
    products: &Products,
    at: usize,
    input: Vec<f32>,
    pack: &Pack,
    rotations: &Rotations,
) -> (Vec<f32>, Tape) {
    let linear = |part: LayerPart, x: &[f32]| decoder.linear(products, at, part, x);
    let normed = decoder.norm(at, LayerPart::AttentionNorm, &input);
    let (query, key) = (linear(LayerPart::Query, &normed), linear(LayerPart::Key, &normed));
    let value = linear(LayerPart::Value, &normed);
    let mut looks = Looks { query, key, value };
    let bare = decoder.layout.config.architecture.norms_heads().then(|| {
        let query = decoder.norm(at, LayerPart::QueryNorm, &looks.query);
        let key = decoder.norm(at, LayerPart::KeyNorm, &looks.key);
        [std::mem::replace(&mut looks.query, query), std::mem::replace(&mut looks.key, key)]
    });
    rotations.turn(&mut looks.query, &pack.places);
    rotations.turn(&mut looks.key, &pack.places);
    let mixed = attention::forward(products, &decoder.layout.config, &pack.segments, &looks);
    let mut between = linear(LayerPart::Out, &mixed);
    crate::kernel::add(&mut between, &input);

    let normed = decoder.norm(at, LayerPart::FeedNorm, &between);
    let (gate, up) = (linear(LayerPart::Gate, &normed), linear(LayerPart::Up, &normed));
    let mut out = linear(LayerPart::Down, &gated(&gate, &up));
    crate::kernel::add(&mut out, &between);
    (out, Tape { input, bare, looks, mixed, between, gate, up })
}

/// Turns the gradient of a layer's output into that of its input; adds to `g` that of what learns.
pub(crate) fn backward(
    decoder: &Decoder<'_>,
    products: &Products,
    at: usize,
    (tape, d): (&Tape, Vec<f32>),
    pack: &Pack,
    rotations: &Rotations,
    g: &mut [f32],
) -> Vec<f32> {
    let d = second_half_back(decoder, products, at, tape, d, g);
    let mut d_mixed = vec![0.0; tape.mixed.len()];
    decoder.linear_back(products, (at, LayerPart::Out), (&tape.mixed, &d), &mut d_mixed, g);
    let segments = &pack.segments;
    let mut d_looks =
        attention::backward(products, &decoder.layout.config, segments, &tape.looks, &d_mixed);
    rotations.turn_back(&mut d_looks.query, &pack.places);
    rotations.turn_back(&mut d_looks.key, &pack.places);
    if let Some([query, key]) = &tape.bare {
        d_looks.query = decoder.norm_back(at, LayerPart::QueryNorm, query, d_looks.query, g);
        d_looks.key = decoder.norm_back(at, LayerPart::KeyNorm, key, d_looks.key, g);
    }
    let normed = decoder.norm(at, LayerPart::AttentionNorm, &tape.input);
    let mut d_normed = vec![0.0; normed.len()];
    let Looks { query, key, value } = d_looks;
    for (part, d) in [(LayerPart::Query, query), (LayerPart::Key, key), (LayerPart::Value, value)] {
        decoder.linear_back(products, (at, part), (&normed, &d), &mut d_normed, g);
    }
    let mut d_input = decoder.norm_back(at, LayerPart::AttentionNorm, &tape.input, d_normed, g);
    crate::kernel::add(&mut d_input, &d);
    d_input
}

/// The gradient of what stands between the halves of a layer.
fn second_half_back(
    decoder: &Decoder<'_>,
    products: &Products,
    at: usize,
    tape: &Tape,
    d: Vec<f32>,
    g: &mut [f32],
) -> Vec<f32> {
    let mut d_active = vec![0.0; tape.gate.len()];
    let active = gated(&tape.gate, &tape.up);
    decoder.linear_back(products, (at, LayerPart::Down), (&active, &d), &mut d_active, g);
    let (d_gate, d_up) = gated_back(&tape.gate, &tape.up, d_active);
    let normed = decoder.norm(at, LayerPart::FeedNorm, &tape.between);
    let mut d_normed = vec![0.0; normed.len()];
    for (part, d) in [(LayerPart::Gate, d_gate), (LayerPart::Up, d_up)] {
        decoder.linear_back(products, (at, part), (&normed, &d), &mut d_normed, g);
    }
    let mut d_between = decoder.norm_back(at, LayerPart::FeedNorm, &tape.between, d_normed, g);
    crate::kernel::add(&mut d_between, &d);
    d_between
}

impl Decoder<'_> {
    fn norm(&self, at: usize, part: LayerPart, x: &[f32]) -> Vec<f32> {
        norm::forward(x, self.weight(Tensor::Layer(at, part)), self.layout.config.epsilon)
    }

    fn norm_back(
        &self,
        at: usize,
        part: LayerPart,
        x: &[f32],
        d: Vec<f32>,
        g: &mut [f32],
    ) -> Vec<f32> {
        let place = Tensor::Layer(at, part);
        let d_scale = self.gradient_of(place, g);
        norm::backward(x, self.weight(place), self.layout.config.epsilon, d, d_scale)
    }
}

/// `silu(gate) · up`, where silu(x) = x / (1 + e⁻ˣ).
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn gated(gate: &[f32], up: &[f32]) -> Vec<f32> {
    let one = |(&gate, &up): (&f32, &f32)| gate * crate::kernel::sigmoid(gate) * up;
    gate.iter().zip(up).map(one).collect()
}

/// The gradients of gate and up from that of their product.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn gated_back(gate: &[f32], up: &[f32], mut d: Vec<f32>) -> (Vec<f32>, Vec<f32>) {
    let mut d_gate = vec![0.0; d.len()];
    for ((d, d_gate), (&gate, &up)) in d.iter_mut().zip(&mut d_gate).zip(gate.iter().zip(up)) {
        let share = crate::kernel::sigmoid(gate);
        *d_gate = *d * up * share * (1.0 + gate * (1.0 - share));
        *d *= gate * share;
    }
    (d_gate, d)
}
