//! The loss of what is to be written: cross entropy of the tokens of programs.

use super::decoder::Decoder;
use super::pack::Pack;
use crate::encoder::{Products, View};
use multiversion::multiversion;

/// Rows whose logits are held at once: with the 151,936 pieces of Qwen3's vocabulary 39 MB.
const BLOCK: usize = 64;

/// A sum over tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Loss {
    /// In nats.
    pub(crate) sum: f64,
    pub(crate) tokens: usize,
    /// Tokens that the decoder holds for the likeliest.
    pub(crate) right: usize,
}

impl Loss {
    /// The sum of two.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self {
            sum: self.sum + other.sum,
            tokens: self.tokens + other.tokens,
            right: self.right + other.right,
        }
    }

    /// The mean a token.
    pub(crate) fn mean(&self) -> f32 {
        (self.sum / self.tokens.max(1) as f64) as f32
    }

    /// The share of tokens that are right.
    pub(crate) fn accuracy(&self) -> f32 {
        self.right as f32 / self.tokens.max(1) as f32
    }
}

/// The loss of the states of a pack's told rows; with `g` the gradient of these states too, and
/// that of the output's weights is added to `g`.
pub(crate) fn output_loss(
    decoder: &Decoder<'_>,
    products: &Products,
    states: &[f32],
    pack: &Pack,
    mut g: Option<&mut [f32]>,
) -> (Loss, Vec<f32>) {
    let (tensor, width) = (decoder.layout.output(), decoder.layout.config.width);
    let (mut loss, mut d_states) = (Loss::default(), vec![0.0; states.len()]);
    let blocks = states.chunks(BLOCK * width).zip(d_states.chunks_mut(BLOCK * width));
    for ((states, d_states), targets) in blocks.zip(pack.targets.chunks(BLOCK)) {
        let (rows, cols) = (targets.len(), decoder.layout.config.vocabulary);
        let states = View::of(states, rows, width);
        let mut logits = vec![0.0; rows * cols];
        products.set(&mut logits, states, decoder.matrix(tensor).turned());
        for (row, &target) in logits.chunks_exact_mut(cols).zip(targets) {
            loss = loss.and(row_loss(row, target as usize));
        }
        let Some(g) = g.as_deref_mut() else { continue };
        let d = View::of(&logits, rows, cols);
        products.set(d_states, d, decoder.matrix(tensor));
        if let Some(g) = decoder.gradient_of(tensor, g) {
            products.add(g, d.turned(), states);
        }
    }
    (loss, d_states)
}

/// The loss of a row of logits, which become its gradient.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn row_loss(row: &mut [f32], target: usize) -> Loss {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (of_target, right) = (row[target] - most, row[target] >= most);
    row.iter_mut().for_each(|value| *value = crate::kernel::exp(*value - most));
    let sum: f64 = row.chunks(64).map(|part| f64::from(part.iter().sum::<f32>())).sum();
    let inverse = (1.0 / sum) as f32;
    row.iter_mut().for_each(|value| *value *= inverse);
    row[target] -= 1.0;
    Loss { sum: sum.ln() - f64::from(of_target), tokens: 1, right: usize::from(right) }
}
