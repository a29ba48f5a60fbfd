//! The parameters of the network: one flat vector, and which part of it is which weight.

use std::ops::{Range, RangeInclusive};

use crate::encoder::Shape;
use crate::layout::DENSE;

/// Width of an embedding.
pub(crate) const EMBED: usize = 16;
/// Extra inputs that only training sets: a human label of the line, as yes and as no.
pub(crate) const HINTS: usize = 2;
/// Inputs of a line.
pub(crate) const INPUT: usize = EMBED + DENSE + HINTS;
/// Values by which an encoder tells a line's meaning: a mean and a last state of 384 each.
pub(crate) const MEANING: usize = 2 * 384;
/// Width of a head of attention. (MiniLM's)
pub(crate) const HEAD: usize = 32;
/// Widths that a network of attention may have: multiples of [`HEAD`]. (a bound for what files say)
pub(crate) const WIDTHS: RangeInclusive<usize> = HEAD..=4096;
/// Numbers of layers that it may have. (the same)
pub(crate) const LAYERS: RangeInclusive<usize> = 1..=64;
/// Lines that a convolution sees: two before, itself, two after.
pub(crate) const KERNEL: usize = 5;

/// How wide a network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// Values that a row is told by.
    pub(crate) width: usize,
    /// Width of the recurrence in each direction; 0 for a network with layers.
    pub(crate) state: usize,
    /// Layers of attention, in place of convolutions and a recurrence.
    pub(crate) layers: usize,
}

/// The networks that read lines.
pub(crate) const OF_LINES: Size = Size { width: 64, state: 32, layers: 0 };
/// A network that weighs every line of a page against all others.
#[cfg(test)]
pub(crate) const OF_CONTEXT: Size = Size { width: 128, state: 0, layers: 3 };
/// The network that reads units: there are many more of them. (measured: as wide as the others it
/// took more time than they.)
pub(crate) const OF_UNITS: Size = Size { width: 32, state: 16, layers: 0 };

/// Labellings that the network tells apart while it trains; the first is the expert's.
pub(crate) const SOURCES: usize = 12;
/// The labelling that inference asks for: the expert's.
pub(crate) const EXPERT: usize = 0;

macro_rules! parameters {
    (|$size:ident| $($(#[$doc:meta])* $name:ident: $rows:expr, $cols:expr;)*) => {
        /// The weights, in the order of the file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(non_camel_case_types, clippy::enum_variant_names)]
        pub(crate) enum Weight { $($(#[$doc])* $name,)* }

        /// Rows and columns of every weight.
        const fn shapes($size: Size) -> [(usize, usize); WEIGHTS] {
            [$(($rows, $cols),)*]
        }

        /// How many weights there are.
        const WEIGHTS: usize = [$(stringify!($name),)*].len();
    };
}

parameters! {
    |size|
    Input: INPUT, size.width;
    InputBias: 1, size.width;
    /// Added to the first layer for each labelling, then for each as a hint of the expert's.
    SourceIn: 2 * SOURCES, size.width;
    FirstConv: size.quick(KERNEL * size.width), size.width;
    FirstConvBias: size.quick(1), size.width;
    /// Forget gate and candidate forwards, then backwards.
    Gates: size.width, 4 * size.state;
    GatesBias: 1, 4 * size.state;
    Mix: 2 * size.state, size.width;
    MixBias: size.quick(1), size.width;
    Pool: size.quick(size.width), size.width;
    SecondConv: size.quick(KERNEL * size.width), size.width;
    SecondConvBias: size.quick(1), size.width;
    /// A convolution before each layer.
    LayerConvs: size.layers * KERNEL * size.width, size.width;
    LayerConvBiases: size.layers, size.width;
    /// Scale and shift of the norm before each convolution.
    LayerConvNorms: 2 * size.layers, size.width;
    /// The layers, as [`Shape`] lays them out.
    Layers: 1, size.layer_weights();
    /// The output weights of each labelling.
    Head: SOURCES, size.width;
    HeadBias: 1, SOURCES;
    /// What an encoder says of a line; only in networks that have one.
    Meaning: MEANING, size.width;
}

impl Weight {
    /// Rows and columns.
    pub(crate) const fn shape(self, size: Size) -> (usize, usize) {
        shapes(size)[self as usize]
    }

    /// Where the weight stands in the flat vector.
    pub(crate) const fn range(self, size: Size) -> Range<usize> {
        let shapes = shapes(size);
        let (mut start, mut at) = (0, 0);
        while at < self as usize {
            start += shapes[at].0 * shapes[at].1;
            at += 1;
        }
        start..start + shapes[at].0 * shapes[at].1
    }

    /// Where the part of a layer stands, of a weight that has as many rows for each layer.
    pub(crate) const fn of_layer(self, size: Size, layer: usize) -> Range<usize> {
        let whole = self.range(size);
        let part = (whole.end - whole.start) / size.layers;
        whole.start + layer * part..whole.start + (layer + 1) * part
    }
}

impl Size {
    /// `rows` in a network without layers, none in others.
    const fn quick(self, rows: usize) -> usize {
        if self.layers == 0 { rows } else { 0 }
    }

    /// The shape of its layers.
    pub(crate) const fn shape(self) -> Shape {
        let (width, layers) = (self.width, self.layers);
        Shape { vocabulary: 0, places: 0, layers, width, heads: width / HEAD, inner: 4 * width }
    }

    /// Weights of the norm behind the layers, and of the layers.
    const fn layer_weights(self) -> usize {
        if self.layers == 0 { 0 } else { self.shape().weights() }
    }

    /// All weights but the embedding table: with those for an encoder's meanings, if it `reads`.
    pub(crate) const fn parameters(self, reads: bool) -> usize {
        let last = if reads { Weight::Meaning } else { Weight::HeadBias };
        last.range(self).end
    }
}

/// The weights of one network, or their gradients.
#[derive(Clone, Debug)]
pub(crate) struct Parameters(pub(crate) Vec<f32>, pub(crate) Size);

impl Parameters {
    pub(crate) fn zeros(size: Size, reads: bool) -> Self {
        Self(vec![0.0; size.parameters(reads)], size)
    }

    /// Zeros in the shape of these.
    pub(crate) fn zeros_like(&self) -> Self {
        Self(vec![0.0; self.0.len()], self.1)
    }

    pub(crate) fn of(&self, weight: Weight) -> &[f32] {
        &self.0[weight.range(self.1)]
    }

    pub(crate) fn of_mut(&mut self, weight: Weight) -> &mut [f32] {
        &mut self.0[weight.range(self.1)]
    }

    /// Rows and columns of a weight.
    pub(crate) const fn shape(&self, weight: Weight) -> (usize, usize) {
        weight.shape(self.1)
    }

    /// One row of a weight.
    pub(crate) fn row(&self, weight: Weight, row: usize) -> &[f32] {
        let cols = self.shape(weight).1;
        &self.of(weight)[row * cols..][..cols]
    }

    pub(crate) fn row_mut(&mut self, weight: Weight, row: usize) -> &mut [f32] {
        let cols = self.shape(weight).1;
        &mut self.of_mut(weight)[row * cols..][..cols]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_follow_each_other_without_a_gap() {
        for size in [OF_LINES, OF_UNITS, OF_CONTEXT] {
            assert_eq!(Weight::Input.range(size).end, Weight::InputBias.range(size).start);
            assert_eq!(Weight::Head.range(size).end, Weight::HeadBias.range(size).start);
            let zeros = Parameters::zeros(size, false);
            assert_eq!(zeros.of(Weight::HeadBias).len(), SOURCES);
        }
    }

    #[test]
    fn the_parts_of_layers_fill_their_weight() {
        let parts = |at| Weight::LayerConvs.of_layer(OF_CONTEXT, at);
        assert_eq!(parts(0).start, Weight::LayerConvs.range(OF_CONTEXT).start);
        assert_eq!(parts(0).end, parts(1).start);
        let last = parts(OF_CONTEXT.layers - 1);
        assert_eq!(last.end, Weight::LayerConvBiases.range(OF_CONTEXT).start);
        assert_eq!(last.len(), KERNEL * OF_CONTEXT.width * OF_CONTEXT.width);
    }

    #[test]
    fn every_product_has_whole_tiles_of_columns() {
        for size in [OF_LINES, OF_UNITS, OF_CONTEXT] {
            for cols in [size.width, 4 * size.state, 2 * size.state] {
                assert_eq!(cols % crate::kernel::LANES, 0);
            }
        }
    }
}
