//! The encoder in bytes, for inference: rows are rounded to eight bits with a scale each before they
//! meet the rounded weights; sums are exact in 32 bits.

use super::layer::{self, LayerWeights};
use super::norm;
use super::product::{Packed, Products};
use super::rounded::{Rounded, RoundedEncoder, StoredPart};
use super::shape::{Part, Shape};
use super::wordpiece::Token;

/// An encoder for inference.
pub(crate) struct ByteEncoder {
    pub(crate) shape: Shape,
    pieces: Rounded,
    /// Scale and shift of the input's norm, then the places.
    input: Vec<f32>,
    layers: Vec<ByteLayer>,
}

/// A layer; its parts in the order of [`PARTS`](super::shape::PARTS).
struct ByteLayer {
    shape: Shape,
    parts: Vec<PackedPart>,
}

enum PackedPart {
    Matrix(Packed),
    Row(Vec<f32>),
}

impl ByteEncoder {
    /// Packs a rounded encoder for the kernels of this processor.
    pub(crate) fn of(encoder: RoundedEncoder) -> Self {
        let RoundedEncoder { shape, pieces, input, layers } = encoder;
        let products = Products::new();
        let pack = |stored| match stored {
            StoredPart::Row(row) => PackedPart::Row(row),
            StoredPart::Matrix(Rounded { values, scales }) => {
                PackedPart::Matrix(products.pack(&values, scales))
            }
        };
        let layer = |parts: Vec<StoredPart>| ByteLayer {
            shape,
            parts: parts.into_iter().map(pack).collect(),
        };
        Self { shape, pieces, input, layers: layers.into_iter().map(layer).collect() }
    }

    /// The states of a window's tokens, a row each.
    pub(crate) fn forward(&self, products: &Products, tokens: &[Token]) -> Vec<f32> {
        let width = self.shape.width;
        let (norms, places) = self.input.split_at(2 * width);
        let mut state = Vec::with_capacity(tokens.len() * width);
        for (token, place) in tokens.iter().zip(places.chunks_exact(width)) {
            let token = usize::from(*token);
            let scale = self.pieces.scales[token];
            let piece = &self.pieces.values[token * width..][..width];
            state.extend(piece.iter().zip(place).map(|(p, place)| f32::from(*p) * scale + place));
        }
        norm::forward(&mut state, &norms[..width], &norms[width..]);
        for layer in &self.layers {
            state = layer::forward(products, layer, state, None).0;
        }
        state
    }
}

impl LayerWeights for ByteLayer {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn affine(&self, products: &Products, x: &[f32], weight: Part, bias: Part) -> Vec<f32> {
        match &self.parts[weight as usize] {
            PackedPart::Matrix(packed) => products.affine_bytes(x, packed, self.row(bias)),
            PackedPart::Row(_) => unreachable!("only matrices are multiplied"),
        }
    }

    fn row(&self, part: Part) -> &[f32] {
        match &self.parts[part as usize] {
            PackedPart::Row(row) => row,
            PackedPart::Matrix(_) => unreachable!("a matrix is no row"),
        }
    }
}
