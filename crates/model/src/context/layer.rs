//! One layer of a context network, forwards and backwards; norms stand before what they serve.
//!
//! ```text
//! x = x + relu(conv5(norm(x)))
//! x = x + out(attention(turned(qkv(norm(x)))))
//! x = x + down(gelu(up(norm(x))))
//! ```

use super::turn::Turns;
use crate::conv::{self, Conv};
use crate::encoder::layer::{LayerWeights, add_masked, masked, through_gelu};
use crate::encoder::{Layer, Normed, Part, Products, attention, norm};
use crate::kernel::add;
use crate::network::Dropout;
use crate::parameters::{Parameters, Weight};
use rten_simd::SimdUnaryOp;
use rten_vecmath::Gelu;
use std::ops::Range;

/// What backward needs of a layer.
pub(crate) struct Tape {
    beside: Normed,
    conv: conv::Tape,
    first: Normed,
    /// Behind the norm.
    seen: Vec<f32>,
    /// Queries and keys turned.
    qkv: Vec<f32>,
    shares: Vec<f32>,
    mixed: Vec<f32>,
    second: Normed,
    between: Vec<f32>,
    up: Vec<f32>,
    active: Vec<f32>,
    /// Scales of dropped-out values of the three sums.
    masks: Option<[Vec<f32>; 3]>,
}

/// A layer of a context network.
pub(crate) struct ContextLayer<'a> {
    p: &'a Parameters,
    at: usize,
    layer: Layer<'a>,
}

impl<'a> ContextLayer<'a> {
    pub(crate) fn of(p: &'a Parameters, shape: &'a crate::encoder::Shape, at: usize) -> Self {
        Self { p, at, layer: Layer { shape, at, weights: p.of(Weight::Layers) } }
    }

    /// A part of the layer.
    pub(super) fn part(&self, part: Part) -> &'a [f32] {
        self.layer.of(part)
    }

    /// The convolution before the layer.
    pub(super) fn conv(&self) -> Conv {
        let of_layer = |weight: Weight| weight.of_layer(self.p.1, self.at);
        let (weight, bias) = (of_layer(Weight::LayerConvs), of_layer(Weight::LayerConvBiases));
        Conv { width: self.p.1.width, weight, bias }
    }

    /// Where scale and shift of the norm before the convolution stand.
    pub(super) fn conv_norm(&self) -> (Range<usize>, Range<usize>) {
        let both = Weight::LayerConvNorms.of_layer(self.p.1, self.at);
        let middle = both.start + self.p.1.width;
        (both.start..middle, middle..both.end)
    }

    /// Runs the layer on rows.
    pub(crate) fn forward(
        &self,
        products: &Products,
        turns: &Turns,
        x: Vec<f32>,
        dropout: Option<&mut Dropout<'_>>,
    ) -> (Vec<f32>, Tape) {
        let masks = dropout.map(|d| [(); 3].map(|()| d.mask(x.len())));
        let mask = |which: usize| masks.as_ref().map(|masks| &masks[which]);
        let layer = &self.layer;

        let (scale, shift) = self.conv_norm();
        let mut normed = x.clone();
        let beside = norm::forward(&mut normed, &self.p.0[scale], &self.p.0[shift]);
        let conv = self.conv().forward(&self.p.0, &normed);
        let mut y = conv.out.clone();
        add_masked(&mut y, mask(0), &x);

        let mut seen = y.clone();
        let first =
            norm::forward(&mut seen, layer.row(Part::FirstScale), layer.row(Part::FirstShift));
        let mut qkv = layer.affine(products, &seen, Part::Qkv, Part::QkvBias);
        turns.turn(&mut qkv, layer.shape.width, 1.0);
        let (mixed, shares) = attention::forward(products, layer.shape, &qkv);
        let mut z = layer.affine(products, &mixed, Part::Out, Part::OutBias);
        add_masked(&mut z, mask(1), &y);

        let mut between = z.clone();
        let second =
            norm::forward(&mut between, layer.row(Part::SecondScale), layer.row(Part::SecondShift));
        let up = layer.affine(products, &between, Part::Up, Part::UpBias);
        let mut active = up.clone();
        Gelu {}.map_mut(&mut active);
        let mut out = layer.affine(products, &active, Part::Down, Part::DownBias);
        add_masked(&mut out, mask(2), &z);
        let tape = Tape {
            beside,
            conv,
            first,
            seen,
            qkv,
            shares,
            mixed,
            second,
            between,
            up,
            active,
            masks,
        };
        (out, tape)
    }

    /// Turns the gradient of the output into that of the input, and adds the weights' to `g`.
    pub(crate) fn backward(
        &self,
        products: &Products,
        turns: &Turns,
        tape: &Tape,
        mut d: Vec<f32>,
        g: &mut Parameters,
    ) -> Vec<f32> {
        let mask = |which: usize| tape.masks.as_ref().map(|masks| &masks[which]);
        let layer = &self.layer;
        let of_layers = g.of_mut(Weight::Layers);

        let d_down = masked(&d, mask(2));
        let parts = (Part::Down, Part::DownBias);
        let mut d_up = layer.affine_back(products, (&d_down, &tape.active), parts, of_layers);
        through_gelu(&mut d_up, &tape.up);
        let parts = (Part::Up, Part::UpBias);
        let mut d_z = layer.affine_back(products, (&d_up, &tape.between), parts, of_layers);
        let parts = (Part::SecondScale, Part::SecondShift);
        layer.norm_back(&mut d_z, &tape.second, parts, of_layers);
        add(&mut d, &d_z);

        let d_out = masked(&d, mask(1));
        let parts = (Part::Out, Part::OutBias);
        let d_mixed = layer.affine_back(products, (&d_out, &tape.mixed), parts, of_layers);
        let mut d_qkv =
            attention::backward(products, layer.shape, &tape.qkv, &tape.shares, &d_mixed);
        turns.turn(&mut d_qkv, layer.shape.width, -1.0);
        let parts = (Part::Qkv, Part::QkvBias);
        let mut d_y = layer.affine_back(products, (&d_qkv, &tape.seen), parts, of_layers);
        layer.norm_back(&mut d_y, &tape.first, (Part::FirstScale, Part::FirstShift), of_layers);
        add(&mut d, &d_y);

        let d_conv = masked(&d, mask(0));
        let mut d_x = self.conv().backward(&self.p.0, &tape.conv, d_conv, &mut g.0);
        let (scale, shift) = self.conv_norm();
        let (left, right) = g.0.split_at_mut(shift.start);
        let (d_scale, d_shift) = (&mut left[scale.clone()], &mut right[..scale.len()]);
        norm::backward(&mut d_x, &tape.beside, &self.p.0[scale], d_scale, d_shift);
        add(&mut d, &d_x);
        d
    }
}
