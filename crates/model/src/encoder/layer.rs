//! One layer of the encoder, forwards and backwards.
//!
//! ```text
//! y   = norm(x + out(attention(qkv(x))))
//! out = norm(y + down(gelu(up(y))))
//! ```

use super::attention;
use super::norm::{self, Normed};
use super::product::{Products, View};
use super::shape::{Part, Shape};
use crate::network::Dropout;
use rten_simd::SimdUnaryOp;
use rten_vecmath::Gelu;

/// The weights of a layer, whatever their numbers are stored as.
pub(crate) trait LayerWeights {
    fn shape(&self) -> &Shape;

    /// `x · weight + bias`, for the rows of `x`.
    fn affine(&self, products: &Products, x: &[f32], weight: Part, bias: Part) -> Vec<f32>;

    /// A part of one row.
    fn row(&self, part: Part) -> &[f32];
}

/// A layer in f32: its place in a flat vector of weights.
#[derive(Clone, Copy)]
pub(crate) struct Layer<'a> {
    pub(crate) shape: &'a Shape,
    pub(crate) at: usize,
    pub(crate) weights: &'a [f32],
}

impl<'a> Layer<'a> {
    pub(crate) fn of(&self, part: Part) -> &'a [f32] {
        &self.weights[self.shape.range(self.at, part)]
    }

    fn matrix(&self, part: Part) -> View<'a> {
        let (rows, cols) = self.shape.part(part);
        View::of(self.of(part), rows, cols)
    }

    /// The gradient of `x` from that of `x · weight + bias`; those of both are added to `g`.
    pub(crate) fn affine_back(
        &self,
        products: &Products,
        (d_out, x): (&[f32], &[f32]),
        (weight, bias): (Part, Part),
        g: &mut [f32],
    ) -> Vec<f32> {
        let (inner, cols) = self.shape.part(weight);
        let rows = d_out.len() / cols;
        let d_view = View::of(d_out, rows, cols);
        let d_weight = &mut g[self.shape.range(self.at, weight)];
        products.add(d_weight, View::of(x, rows, inner).turned(), d_view);
        crate::kernel::sum_rows(&mut g[self.shape.range(self.at, bias)], d_out);
        let mut d_x = vec![0.0; rows * inner];
        products.set(&mut d_x, d_view, self.matrix(weight).turned());
        d_x
    }

    /// Turns the gradient of normalised rows into that of the rows; those of scale and shift are
    /// added to `g`.
    pub(crate) fn norm_back(
        &self,
        d: &mut [f32],
        normed: &Normed,
        (scale, shift): (Part, Part),
        g: &mut [f32],
    ) {
        let width = self.shape.width;
        let (mut d_scale, mut d_shift) = (vec![0.0; width], vec![0.0; width]);
        norm::backward(d, normed, self.of(scale), &mut d_scale, &mut d_shift);
        crate::kernel::add(&mut g[self.shape.range(self.at, scale)], &d_scale);
        crate::kernel::add(&mut g[self.shape.range(self.at, shift)], &d_shift);
    }
}

impl LayerWeights for Layer<'_> {
    fn shape(&self) -> &Shape {
        self.shape
    }

    fn affine(&self, products: &Products, x: &[f32], weight: Part, bias: Part) -> Vec<f32> {
        let (inner, cols) = self.shape.part(weight);
        let rows = x.len() / inner;
        let mut out = vec![0.0; rows * cols];
        products.affine(&mut out, View::of(x, rows, inner), self.matrix(weight), self.of(bias));
        out
    }

    fn row(&self, part: Part) -> &[f32] {
        self.of(part)
    }
}

/// What backward needs of a layer.
pub(crate) struct Tape {
    input: Vec<f32>,
    qkv: Vec<f32>,
    shares: Vec<f32>,
    mixed: Vec<f32>,
    first: Normed,
    between: Vec<f32>,
    up: Vec<f32>,
    active: Vec<f32>,
    second: Normed,
    /// Scales of dropped-out values behind `out` and behind `down`.
    masks: Option<[Vec<f32>; 2]>,
}

/// Runs a layer on the rows of `input`.
pub(crate) fn forward(
    products: &Products,
    layer: &impl LayerWeights,
    input: Vec<f32>,
    dropout: Option<&mut Dropout<'_>>,
) -> (Vec<f32>, Tape) {
    let masks = dropout.map(|d| [d.mask(input.len()), d.mask(input.len())]);
    let qkv = layer.affine(products, &input, Part::Qkv, Part::QkvBias);
    let (mixed, shares) = attention::forward(products, layer.shape(), &qkv);
    let mut between = layer.affine(products, &mixed, Part::Out, Part::OutBias);
    add_masked(&mut between, masks.as_ref().map(|m| &m[0]), &input);
    let (scale, shift) = (layer.row(Part::FirstScale), layer.row(Part::FirstShift));
    let first = norm::forward(&mut between, scale, shift);

    let up = layer.affine(products, &between, Part::Up, Part::UpBias);
    let mut active = up.clone();
    Gelu {}.map_mut(&mut active);
    let mut out = layer.affine(products, &active, Part::Down, Part::DownBias);
    add_masked(&mut out, masks.as_ref().map(|m| &m[1]), &between);
    let (scale, shift) = (layer.row(Part::SecondScale), layer.row(Part::SecondShift));
    let second = norm::forward(&mut out, scale, shift);
    let tape = Tape { input, qkv, shares, mixed, first, between, up, active, second, masks };
    (out, tape)
}

/// Turns the gradient of a layer's output into that of its input, and adds the weights' to `g`.
pub(crate) fn backward(
    products: &Products,
    layer: Layer<'_>,
    tape: &Tape,
    mut d: Vec<f32>,
    g: &mut [f32],
) -> Vec<f32> {
    let shape = layer.shape;
    let back = |d_out: &[f32], x: &[f32], weight: Part, bias: Part, g: &mut [f32]| {
        layer.affine_back(products, (d_out, x), (weight, bias), g)
    };
    let masks = tape.masks.as_ref();
    layer.norm_back(&mut d, &tape.second, (Part::SecondScale, Part::SecondShift), g);
    let d_down = masked(&d, masks.map(|m| &m[1]));
    let mut d_up = back(&d_down, &tape.active, Part::Down, Part::DownBias, g);
    through_gelu(&mut d_up, &tape.up);
    let d_between = back(&d_up, &tape.between, Part::Up, Part::UpBias, g);
    crate::kernel::add(&mut d, &d_between);

    layer.norm_back(&mut d, &tape.first, (Part::FirstScale, Part::FirstShift), g);
    let d_out = masked(&d, masks.map(|m| &m[0]));
    let d_mixed = back(&d_out, &tape.mixed, Part::Out, Part::OutBias, g);
    let d_qkv = attention::backward(products, shape, &tape.qkv, &tape.shares, &d_mixed);
    let d_input = back(&d_qkv, &tape.input, Part::Qkv, Part::QkvBias, g);
    crate::kernel::add(&mut d, &d_input);
    d
}

/// `x = x · mask + y`.
pub(crate) fn add_masked(x: &mut [f32], mask: Option<&Vec<f32>>, y: &[f32]) {
    if let Some(mask) = mask {
        x.iter_mut().zip(mask).for_each(|(x, mask)| *x *= mask);
    }
    crate::kernel::add(x, y);
}

pub(crate) fn masked(d: &[f32], mask: Option<&Vec<f32>>) -> Vec<f32> {
    match mask {
        Some(mask) => d.iter().zip(mask).map(|(d, mask)| d * mask).collect(),
        None => d.to_vec(),
    }
}

/// The gradient through x·Φ(x): Φ(x) + x·φ(x).
pub(crate) fn through_gelu(d: &mut [f32], x: &[f32]) {
    let mut gelu = x.to_vec();
    Gelu {}.map_mut(&mut gelu);
    let mut density: Vec<f32> = x.iter().map(|x| -0.5 * x * x).collect();
    rten_vecmath::Exp {}.map_mut(&mut density);
    for ((d, &x), (gelu, density)) in d.iter_mut().zip(x).zip(gelu.iter().zip(&density)) {
        // Φ(x) = gelu(x) / x, and 1/2 at 0.
        let cumulative = if x.abs() < 1e-4 { 0.5 + 0.398_942_3 * x } else { gelu / x };
        *d *= cumulative + x * density * 0.398_942_3;
    }
}
