//! The encoder: a small BERT that reads the words of a page, for taggers that read them.
//!
//! A page's lines, each cut to its first and last tokens, are laid one after the other into windows
//! of some hundred tokens that overlap. A line's meaning is the mean of its tokens' states beside
//! the state of the `[SEP]` that ends it, from the window in which it stands farthest from an edge.

pub(crate) mod attention;
mod bert;
mod bytes;
pub(crate) mod layer;
pub(crate) mod norm;
mod product;
mod reader;
mod rounded;
mod shape;
mod window;
mod wordpiece;

use crate::network::Dropout;
use bytes::ByteEncoder;
pub(crate) use layer::{Layer, Tape};
pub(crate) use norm::Normed;
pub(crate) use product::{Products, View};
pub(crate) use reader::{ByteReader, Reader, Words};
pub(crate) use rounded::RoundedEncoder;
pub(crate) use shape::{PARTS, Part, Shape};
use window::{Windows, read_lines};
use wordpiece::Token;

/// An encoder's weights in f32.
#[derive(Clone)]
pub(crate) struct Encoder {
    pub(crate) shape: Shape,
    /// A row a piece of the vocabulary.
    pub(crate) pieces: Vec<f32>,
    /// All others, as [`Shape`] lays them out.
    pub(crate) weights: Vec<f32>,
}

/// What backward needs of a window.
pub(crate) struct WindowTape {
    tokens: Vec<Token>,
    input: Normed,
    mask: Option<Vec<f32>>,
    layers: Vec<Tape>,
}

/// Gradients of an encoder.
pub(crate) struct EncoderGradient {
    pub(crate) weights: Vec<f32>,
    /// Rows of the vocabulary's vectors, by piece.
    pub(crate) pieces: std::collections::BTreeMap<Token, Vec<f32>>,
}

impl Encoder {
    fn layer<'a>(&'a self, at: usize) -> Layer<'a> {
        Layer { shape: &self.shape, at, weights: &self.weights }
    }

    fn norm(&self) -> (&[f32], &[f32]) {
        self.weights[..2 * self.shape.width].split_at(self.shape.width)
    }

    /// The states of a window's tokens, a row each.
    pub(crate) fn forward(
        &self,
        products: &Products,
        tokens: &[Token],
        mut dropout: Option<&mut Dropout<'_>>,
    ) -> (Vec<f32>, WindowTape) {
        let width = self.shape.width;
        let places = &self.weights[self.shape.places_range()];
        let mut state = Vec::with_capacity(tokens.len() * width);
        for (token, place) in tokens.iter().zip(places.chunks_exact(width)) {
            let piece = &self.pieces[usize::from(*token) * width..][..width];
            state.extend(piece.iter().zip(place).map(|(piece, place)| piece + place));
        }
        let (scale, shift) = self.norm();
        let input = norm::forward(&mut state, scale, shift);
        let mask = dropout.as_mut().map(|dropout| dropout.mask(state.len()));
        if let Some(mask) = &mask {
            state.iter_mut().zip(mask).for_each(|(state, mask)| *state *= mask);
        }
        let mut layers = Vec::with_capacity(self.shape.layers);
        for at in 0..self.shape.layers {
            let (out, tape) =
                layer::forward(products, &self.layer(at), state, dropout.as_deref_mut());
            state = out;
            layers.push(tape);
        }
        (state, WindowTape { tokens: tokens.to_vec(), input, mask, layers })
    }

    /// Adds the gradients of all weights to `g`, from that of the states.
    pub(crate) fn backward(
        &self,
        products: &Products,
        tape: &WindowTape,
        mut d: Vec<f32>,
        g: &mut EncoderGradient,
    ) {
        let width = self.shape.width;
        for (at, tape) in tape.layers.iter().enumerate().rev() {
            d = layer::backward(products, self.layer(at), tape, d, &mut g.weights);
        }
        if let Some(mask) = &tape.mask {
            d.iter_mut().zip(mask).for_each(|(d, mask)| *d *= mask);
        }
        let (d_scale, rest) = g.weights.split_at_mut(width);
        norm::backward(&mut d, &tape.input, self.norm().0, d_scale, &mut rest[..width]);
        let d_places = &mut g.weights[self.shape.places_range()];
        crate::kernel::add(&mut d_places[..d.len()], &d);
        for (&token, d) in tape.tokens.iter().zip(d.chunks_exact(width)) {
            let row = g.pieces.entry(token).or_insert_with(|| vec![0.0; width]);
            crate::kernel::add(row, d);
        }
    }
}

impl EncoderGradient {
    pub(crate) fn zeros(shape: &Shape) -> Self {
        Self { weights: vec![0.0; shape.weights()], pieces: std::collections::BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, other: Self) {
        crate::kernel::add(&mut self.weights, &other.weights);
        for (token, row) in other.pieces {
            match self.pieces.entry(token) {
                std::collections::btree_map::Entry::Vacant(vacant) => {
                    vacant.insert(row);
                }
                std::collections::btree_map::Entry::Occupied(mut mine) => {
                    crate::kernel::add(mine.get_mut(), &row);
                }
            }
        }
    }
}

#[cfg(test)]
pub(crate) use tests::small_reader;
#[cfg(test)]
mod tests;
