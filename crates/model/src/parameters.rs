//! The parameters of the network: one flat vector, and which part of it is which weight.

use std::ops::Range;

use crate::layout::DENSE;

/// Width of an embedding.
pub(crate) const EMBED: usize = 16;
/// Extra inputs that only training sets: a human label of the line, as yes and as no.
pub(crate) const HINTS: usize = 2;
/// Inputs of a line.
pub(crate) const INPUT: usize = EMBED + DENSE + HINTS;
/// Values by which an encoder tells a line's meaning: a mean and a last state of 384 each.
pub(crate) const MEANING: usize = 2 * 384;
/// Width of the network.
pub(crate) const WIDTH: usize = 64;
/// Lines that a convolution sees: two before, itself, two after.
pub(crate) const KERNEL: usize = 5;
/// Width of the recurrence in each direction.
pub(crate) const STATE: usize = 32;
/// Labellings that the network tells apart while it trains; the first is the expert's.
pub(crate) const SOURCES: usize = 12;
/// The labelling that inference asks for: the expert's.
pub(crate) const EXPERT: usize = 0;

macro_rules! parameters {
    ($($(#[$doc:meta])* $name:ident: $rows:expr, $cols:expr;)*) => {
        /// The weights, in the order of the file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(non_camel_case_types, clippy::enum_variant_names)]
        pub(crate) enum Weight { $($(#[$doc])* $name,)* }

        /// Rows and columns of every weight.
        const SHAPES: &[(usize, usize)] = &[$(($rows, $cols),)*];
    };
}

parameters! {
    Input: INPUT, WIDTH;
    InputBias: 1, WIDTH;
    /// Added to the first layer for each labelling, then for each as a hint of the expert's.
    SourceIn: 2 * SOURCES, WIDTH;
    FirstConv: KERNEL * WIDTH, WIDTH;
    FirstConvBias: 1, WIDTH;
    /// Forget gate and candidate forwards, then backwards.
    Gates: WIDTH, 4 * STATE;
    GatesBias: 1, 4 * STATE;
    Mix: 2 * STATE, WIDTH;
    MixBias: 1, WIDTH;
    Pool: WIDTH, WIDTH;
    SecondConv: KERNEL * WIDTH, WIDTH;
    SecondConvBias: 1, WIDTH;
    /// The output weights of each labelling.
    Head: SOURCES, WIDTH;
    HeadBias: 1, SOURCES;
    /// What an encoder says of a line; only in networks that have one.
    Meaning: MEANING, WIDTH;
}

impl Weight {
    /// Rows and columns.
    pub(crate) const fn shape(self) -> (usize, usize) {
        SHAPES[self as usize]
    }

    /// Where the weight stands in the flat vector.
    pub(crate) const fn range(self) -> Range<usize> {
        let (mut start, mut at) = (0, 0);
        while at < self as usize {
            start += SHAPES[at].0 * SHAPES[at].1;
            at += 1;
        }
        start..start + SHAPES[at].0 * SHAPES[at].1
    }
}

/// All weights but the embedding table, of a network without an encoder.
pub(crate) const PARAMETERS: usize = Weight::HeadBias.range().end;
/// The same of a network with one.
pub(crate) const PARAMETERS_READING: usize = Weight::Meaning.range().end;

/// The weights of one network, or their gradients.
#[derive(Clone, Debug)]
pub(crate) struct Parameters(pub(crate) Vec<f32>);

impl Parameters {
    pub(crate) fn zeros() -> Self {
        Self(vec![0.0; PARAMETERS])
    }

    /// Zeros in the shape of these.
    pub(crate) fn zeros_like(&self) -> Self {
        Self(vec![0.0; self.0.len()])
    }

    pub(crate) fn of(&self, weight: Weight) -> &[f32] {
        &self.0[weight.range()]
    }

    pub(crate) fn of_mut(&mut self, weight: Weight) -> &mut [f32] {
        &mut self.0[weight.range()]
    }

    /// One row of a weight.
    pub(crate) fn row(&self, weight: Weight, row: usize) -> &[f32] {
        let cols = weight.shape().1;
        &self.of(weight)[row * cols..][..cols]
    }

    pub(crate) fn row_mut(&mut self, weight: Weight, row: usize) -> &mut [f32] {
        let cols = weight.shape().1;
        &mut self.of_mut(weight)[row * cols..][..cols]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_follow_each_other_without_a_gap() {
        assert_eq!(Weight::Input.range().end, Weight::InputBias.range().start);
        assert_eq!(Weight::Head.range().end, Weight::HeadBias.range().start);
        assert_eq!(Parameters::zeros().of(Weight::HeadBias).len(), SOURCES);
    }

    #[test]
    fn every_product_has_whole_tiles_of_columns() {
        for cols in [WIDTH, 4 * STATE, 2 * STATE] {
            assert_eq!(cols % crate::kernel::LANES, 0);
        }
    }
}
