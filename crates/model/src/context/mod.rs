//! The body of networks that weigh every line of a page against all others: layers of attention.
//!
//! ```text
//! h = layer(h)                           for each layer
//! h = norm(h)
//! ```
//!
//! Convolutions tell what stands beside what, attention finds the lines that are alike. A long page
//! is read in windows that overlap.

mod infer;
mod layer;
mod turn;

use crate::encoder::{Normed, PARTS, Part, Products, norm};
use crate::kernel::add;
use crate::network::Dropout;
use crate::parameters::{KERNEL, Parameters, Weight};
pub(crate) use infer::infer;
use layer::ContextLayer;
use std::ops::Range;
use turn::Turns;

/// Rows that a window of a long page decides. (guess: most pages are one window)
const OWN: usize = 192;
/// Rows before and behind them that the window reads too. (guess)
const AROUND: usize = 64;

/// What backward needs of the body.
pub(crate) struct Tape(Vec<WindowTape>);

struct WindowTape {
    window: Window,
    turns: Turns,
    layers: Vec<layer::Tape>,
    last: Normed,
}

/// Rows that are read together, and those among them that are decided.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Window {
    read: Range<usize>,
    own: Range<usize>,
}

/// The windows of a page of `rows`: each row is decided by one.
fn windows(rows: usize) -> Vec<Window> {
    if rows <= OWN + 2 * AROUND {
        return vec![Window { read: 0..rows, own: 0..rows }];
    }
    let window = |start: usize| {
        let end = (start + OWN).min(rows);
        let read = start.saturating_sub(AROUND)..(end + AROUND).min(rows);
        Window { read, own: start..end }
    };
    (0..rows).step_by(OWN).map(window).collect()
}

/// Scale and shift of the norm behind the layers.
fn last_norm(p: &Parameters) -> (&[f32], &[f32]) {
    p.of(Weight::Layers)[..2 * p.1.width].split_at(p.1.width)
}

/// From `h0` to the states behind the last layer.
pub(crate) fn forward(
    p: &Parameters,
    products: &Products,
    h0: &[f32],
    mut dropout: Option<&mut Dropout<'_>>,
) -> (Vec<f32>, Tape) {
    let width = p.1.width;
    let mut out = vec![0.0; h0.len()];
    let mut tapes = Vec::new();
    for window in windows(h0.len() / width) {
        let rows = h0[window.read.start * width..window.read.end * width].to_vec();
        let (states, tape) = read(p, products, rows, window, dropout.as_deref_mut());
        let Window { read, own } = &tape.window;
        let from = (own.start - read.start) * width;
        let own = own.start * width..own.end * width;
        out[own.clone()].copy_from_slice(&states[from..][..own.len()]);
        tapes.push(tape);
    }
    (out, Tape(tapes))
}

/// The states of the rows of a window.
fn read(
    p: &Parameters,
    products: &Products,
    mut h: Vec<f32>,
    window: Window,
    mut dropout: Option<&mut Dropout<'_>>,
) -> (Vec<f32>, WindowTape) {
    let shape = p.1.shape();
    let turns = Turns::of(window.read.len());
    let mut layers = Vec::with_capacity(shape.layers);
    for at in 0..shape.layers {
        let layer = ContextLayer::of(p, &shape, at);
        let (out, tape) = layer.forward(products, &turns, h, dropout.as_deref_mut());
        h = out;
        layers.push(tape);
    }
    let (scale, shift) = last_norm(p);
    let last = norm::forward(&mut h, scale, shift);
    (h, WindowTape { window, turns, layers, last })
}

/// The gradient of `h0` from that of the states; those of the weights are added to `g`.
pub(crate) fn backward(
    p: &Parameters,
    products: &Products,
    tape: &Tape,
    d_out: &[f32],
    g: &mut Parameters,
) -> Vec<f32> {
    let width = p.1.width;
    let mut d_in = vec![0.0; d_out.len()];
    for tape in &tape.0 {
        let Window { read, own } = &tape.window;
        let mut d = vec![0.0; read.len() * width];
        let from = (own.start - read.start) * width;
        let own = own.start * width..own.end * width;
        d[from..][..own.len()].copy_from_slice(&d_out[own]);
        let d = read_back(p, products, tape, d, g);
        add(&mut d_in[read.start * width..read.end * width], &d);
    }
    d_in
}

fn read_back(
    p: &Parameters,
    products: &Products,
    tape: &WindowTape,
    mut d: Vec<f32>,
    g: &mut Parameters,
) -> Vec<f32> {
    let (shape, width) = (p.1.shape(), p.1.width);
    let (d_scale, rest) = g.of_mut(Weight::Layers).split_at_mut(width);
    norm::backward(&mut d, &tape.last, last_norm(p).0, d_scale, &mut rest[..width]);
    for (at, of_layer) in tape.layers.iter().enumerate().rev() {
        let layer = ContextLayer::of(p, &shape, at);
        d = layer.backward(products, &tape.turns, of_layer, d, g);
    }
    d
}

/// Sets the weights of a network that begins to learn: norms change nothing, products keep the size
/// of what they read.
pub(crate) fn initial(p: &mut Parameters, mut normal: impl FnMut() -> f32) {
    let (shape, width) = (p.1.shape(), p.1.width);
    let deviation = (1.0 / (KERNEL * width) as f32).sqrt();
    p.of_mut(Weight::LayerConvs).iter_mut().for_each(|value| *value = deviation * normal());
    for norm in p.of_mut(Weight::LayerConvNorms).chunks_exact_mut(2 * width) {
        norm[..width].fill(1.0);
    }
    let layers = p.of_mut(Weight::Layers);
    layers[..width].fill(1.0);
    for at in 0..shape.layers {
        for part in PARTS {
            let (rows, cols) = shape.part(part);
            let values = &mut layers[shape.range(at, part)];
            match part {
                Part::FirstScale | Part::SecondScale => values.fill(1.0),
                _ if rows > 1 => {
                    let deviation = (2.0 / (rows + cols) as f32).sqrt();
                    values.iter_mut().for_each(|value| *value = deviation * normal());
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_a_long_page_is_decided_by_one_window_and_stands_away_from_its_edges() {
        for rows in [0, 1, 320, 321, 1000] {
            let windows = windows(rows);
            let decided: Vec<usize> = windows.iter().flat_map(|w| w.own.clone()).collect();
            assert_eq!(decided, (0..rows).collect::<Vec<_>>());
            for Window { read, own } in windows {
                assert!(read.start == 0 || own.start - read.start == AROUND);
                assert!(read.end == rows || read.end - own.end == AROUND);
            }
        }
    }
}
