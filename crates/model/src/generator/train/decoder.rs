//! A whole decoder, forwards and backwards, over a pack of examples.

use super::adapters::Adapters;
use super::layer::{self, Tape};
use super::layout::Layout;
use super::loss::{Loss, output_loss};
use super::norm;
use super::pack::Pack;
use super::rope::Rotations;
use crate::encoder::{Products, View};
use crate::generator::{LayerPart, Tensor};

/// Adapters and their values.
#[derive(Clone, Copy)]
pub(crate) struct Adapted<'a> {
    pub(crate) adapters: &'a Adapters,
    pub(crate) values: &'a [f32],
}

/// A decoder's weights, and the adapters that learn in their stead, if there are any.
#[derive(Clone, Copy)]
pub(crate) struct Decoder<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) weights: &'a [f32],
    pub(crate) adapted: Option<Adapted<'a>>,
}

impl<'a> Decoder<'a> {
    /// Values that learn: all weights, or those of the adapters.
    pub(crate) fn learning(&self) -> usize {
        self.adapted.map_or(self.weights.len(), |adapted| adapted.values.len())
    }

    pub(crate) fn weight(&self, tensor: Tensor) -> &'a [f32] {
        &self.weights[self.layout.range(tensor)]
    }

    /// A weight as a matrix: outputs × inputs.
    pub(crate) fn matrix(&self, tensor: Tensor) -> View<'a> {
        let [rows, cols] = tensor.shape(&self.layout.config);
        View::of(self.weight(tensor), rows, cols)
    }

    /// Where the gradient of a weight goes; nowhere where adapters learn in its stead.
    pub(crate) fn gradient_of<'g>(
        &self,
        tensor: Tensor,
        g: &'g mut [f32],
    ) -> Option<&'g mut [f32]> {
        self.adapted.is_none().then(|| &mut g[self.layout.range(tensor)])
    }

    /// `x · Wᵀ` for the rows of `x`, with what the adapter adds.
    pub(crate) fn linear(
        &self,
        p: &Products,
        layer: usize,
        part: LayerPart,
        x: &[f32],
    ) -> Vec<f32> {
        let (outputs, inputs) = self.layout.part(part);
        let rows = x.len() / inputs;
        let x = View::of(x, rows, inputs);
        let mut out = vec![0.0; rows * outputs];
        p.set(&mut out, x, self.matrix(Tensor::Layer(layer, part)).turned());
        if let Some(Low { between, b, .. }) = self.low(p, layer, part, x) {
            p.add(&mut out, View::of(&between, rows, b.cols()), b.turned());
        }
        out
    }

    /// Adds to `d_x` the gradient of the input of a product, and to `g` that of what learns in it.
    pub(crate) fn linear_back(
        &self,
        p: &Products,
        (layer, part): (usize, LayerPart),
        (x, d_out): (&[f32], &[f32]),
        d_x: &mut [f32],
        g: &mut [f32],
    ) {
        let (outputs, inputs) = self.layout.part(part);
        let rows = x.len() / inputs;
        let (x, d_out) = (View::of(x, rows, inputs), View::of(d_out, rows, outputs));
        p.add(d_x, d_out, self.matrix(Tensor::Layer(layer, part)));
        if let Some(g) = self.gradient_of(Tensor::Layer(layer, part), g) {
            p.add(g, d_out.turned(), x);
        }
        if let Some(Low { between, a, b, scale, ranges: [of_a, of_b] }) =
            self.low(p, layer, part, x)
        {
            let rank = b.cols();
            p.add(&mut g[of_b], d_out.turned(), View::of(&between, rows, rank));
            let mut d_between = vec![0.0; rows * rank];
            p.set(&mut d_between, d_out, b);
            d_between.iter_mut().for_each(|value| *value *= scale);
            let d_between = View::of(&d_between, rows, rank);
            p.add(&mut g[of_a], d_between.turned(), x);
            p.add(d_x, d_between, a);
        }
    }

    /// What an adapter makes of `x` on its way.
    fn low(&self, p: &Products, layer: usize, part: LayerPart, x: View<'_>) -> Option<Low<'a>> {
        let Adapted { adapters, values } = self.adapted?;
        let ranges = adapters.ranges(layer, part)?;
        let (outputs, inputs) = self.layout.part(part);
        let a = View::of(&values[ranges[0].clone()], adapters.rank, inputs);
        let b = View::of(&values[ranges[1].clone()], outputs, adapters.rank);
        let mut between = vec![0.0; x.rows() * adapters.rank];
        p.set(&mut between, x, a.turned());
        between.iter_mut().for_each(|value| *value *= adapters.scale);
        Some(Low { between, a, b, scale: adapters.scale, ranges })
    }

    /// The loss of a pack.
    pub(crate) fn loss(&self, products: &Products, pack: &Pack) -> Loss {
        output_loss(self, products, &self.told(products, pack), pack, None).0
    }

    /// What the logits of the told rows of a pack are made of.
    pub(crate) fn told(&self, products: &Products, pack: &Pack) -> Vec<f32> {
        let rotations = self.rotations(pack);
        let mut state = self.embed(&pack.tokens);
        for at in 0..self.layout.config.layers {
            state = layer::forward(self, products, at, state, pack, &rotations).0;
        }
        self.normed(&rows(&state, &pack.told, self.layout.config.width))
    }

    /// The loss of a pack, whose gradient (of its sum over tokens) is added to `g`.
    pub(crate) fn learn(&self, products: &Products, pack: &Pack, g: &mut [f32]) -> Loss {
        let rotations = self.rotations(pack);
        let mut state = self.embed(&pack.tokens);
        let mut tapes: Vec<Tape> = Vec::with_capacity(self.layout.config.layers);
        for at in 0..self.layout.config.layers {
            let (out, tape) = layer::forward(self, products, at, state, pack, &rotations);
            state = out;
            tapes.push(tape);
        }
        let (loss, mut d) = self.learn_output(products, pack, &state, g);
        for (at, tape) in tapes.iter().enumerate().rev() {
            d = layer::backward(self, products, at, (tape, d), pack, &rotations, g);
        }
        self.embed_back(&pack.tokens, &d, g);
        loss
    }

    /// The loss, and the gradient of the last layer's states: only rows that are told have one.
    fn learn_output(
        &self,
        products: &Products,
        pack: &Pack,
        state: &[f32],
        g: &mut [f32],
    ) -> (Loss, Vec<f32>) {
        let width = self.layout.config.width;
        let told = rows(state, &pack.told, width);
        let (loss, d_told) = output_loss(self, products, &self.normed(&told), pack, Some(&mut *g));
        let d_scale = self.gradient_of(Tensor::Norm, g);
        let scale = self.weight(Tensor::Norm);
        let d_told = norm::backward(&told, scale, self.layout.config.epsilon, d_told, d_scale);
        let mut d = vec![0.0; state.len()];
        for (&row, of_row) in pack.told.iter().zip(d_told.chunks_exact(width)) {
            crate::kernel::add(&mut d[row * width..][..width], of_row);
        }
        (loss, d)
    }

    fn normed(&self, told: &[f32]) -> Vec<f32> {
        norm::forward(told, self.weight(Tensor::Norm), self.layout.config.epsilon)
    }

    fn rotations(&self, pack: &Pack) -> Rotations {
        let places = pack.places.iter().max().map_or(0, |last| last + 1);
        Rotations::new(places, &self.layout.config)
    }

    fn embed(&self, tokens: &[u32]) -> Vec<f32> {
        let at: Vec<usize> = tokens.iter().map(|&token| token as usize).collect();
        rows(self.weight(Tensor::Embedding), &at, self.layout.config.width)
    }

    fn embed_back(&self, tokens: &[u32], d: &[f32], g: &mut [f32]) {
        let width = self.layout.config.width;
        let Some(g) = self.gradient_of(Tensor::Embedding, g) else { return };
        for (&token, d) in tokens.iter().zip(d.chunks_exact(width)) {
            crate::kernel::add(&mut g[token as usize * width..][..width], d);
        }
    }
}

/// An adapter on its way from input to output.
struct Low<'a> {
    /// `scale · x · Aᵀ`: rows × rank.
    between: Vec<f32>,
    a: View<'a>,
    b: View<'a>,
    scale: f32,
    ranges: [std::ops::Range<usize>; 2],
}

/// Some rows of a matrix `width` wide.
fn rows(matrix: &[f32], at: &[usize], width: usize) -> Vec<f32> {
    at.iter().flat_map(|row| &matrix[row * width..][..width]).copied().collect()
}
