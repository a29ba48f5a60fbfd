//! The body as it is run in use: nothing is kept for a way back, and every sum runs in one stated order,
//! so that all processors give the same bits.

use super::layer::ContextLayer;
use super::turn::Turns;
use super::{Window, last_norm, windows};
use crate::encoder::{Part, norm};
use crate::kernel::{LANES, add, add_to_rows, gelu_all, matmul_add, softmax_rows, transpose};
use crate::parameters::{HEAD, Parameters};

/// From `h0` to the states behind the last layer.
pub(crate) fn infer(p: &Parameters, h0: &[f32]) -> Vec<f32> {
    let width = p.1.width;
    let mut out = Vec::with_capacity(h0.len());
    if h0.is_empty() {
        return out;
    }
    for Window { read, own } in windows(h0.len() / width) {
        let mut h = h0[read.start * width..read.end * width].to_vec();
        let turns = Turns::of(read.len());
        let shape = p.1.shape();
        for at in 0..shape.layers {
            run(p, &ContextLayer::of(p, &shape, at), &turns, &mut h);
        }
        let (scale, shift) = last_norm(p);
        norm::apply(&mut h, scale, shift);
        out.extend_from_slice(&h[(own.start - read.start) * width..][..own.len() * width]);
    }
    out
}

/// Runs a layer on the rows of `x`.
fn run(p: &Parameters, layer: &ContextLayer<'_>, turns: &Turns, x: &mut [f32]) {
    let width = p.1.width;
    let part = |part: Part| layer.part(part);
    let (scale, shift) = layer.conv_norm();
    let beside = layer.conv().forward(&p.0, &normed(x, &p.0[scale], &p.0[shift]));
    add(x, &beside.out);

    let seen = normed(x, part(Part::FirstScale), part(Part::FirstShift));
    let mut qkv = affine(&seen, part(Part::Qkv), part(Part::QkvBias));
    turns.turn(&mut qkv, width, 1.0);
    let mixed = attend(&qkv, width);
    add(x, &affine(&mixed, part(Part::Out), part(Part::OutBias)));

    let between = normed(x, part(Part::SecondScale), part(Part::SecondShift));
    let mut up = affine(&between, part(Part::Up), part(Part::UpBias));
    gelu_all(&mut up);
    add(x, &affine(&up, part(Part::Down), part(Part::DownBias)));
}

fn normed(x: &[f32], scale: &[f32], shift: &[f32]) -> Vec<f32> {
    let mut out = x.to_vec();
    norm::apply(&mut out, scale, shift);
    out
}

/// `x · weight + bias`.
fn affine(x: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
    let (cols, inner) = (bias.len(), weight.len() / bias.len());
    let mut out = vec![0.0; x.len() / inner * cols];
    add_to_rows(&mut out, bias);
    matmul_add(&mut out, x, inner, weight, inner, cols);
    out
}

/// The mixed values of all heads, from rows of queries, keys and values.
fn attend(qkv: &[f32], width: usize) -> Vec<f32> {
    let stride = 3 * width;
    let rows = qkv.len() / stride;
    // Columns of products are whole tiles: rows that are not there have a share of nothing.
    let cols = rows.next_multiple_of(LANES);
    let scale = 1.0 / (HEAD as f32).sqrt();
    let mut mixed = vec![0.0; rows * width];
    let (mut shares, mut keys) = (vec![0.0; rows * cols], vec![0.0; cols * HEAD]);
    let (mut values, mut of_head) = (vec![0.0; cols * HEAD], vec![0.0; rows * HEAD]);
    for head in (0..width).step_by(HEAD) {
        for (at, row) in qkv.chunks_exact(stride).enumerate() {
            let key = row[width + head..][..HEAD].iter().map(|key| key * scale);
            keys[at * HEAD..][..HEAD].iter_mut().zip(key).for_each(|(to, key)| *to = key);
            values[at * HEAD..][..HEAD].copy_from_slice(&row[2 * width + head..][..HEAD]);
        }
        shares.fill(0.0);
        matmul_add(&mut shares, &qkv[head..], stride, &transpose(&keys, cols, HEAD), HEAD, cols);
        softmax_rows(&mut shares, cols, rows);
        of_head.fill(0.0);
        matmul_add(&mut of_head, &shares, cols, &values, cols, HEAD);
        for (row, mixed) in of_head.chunks_exact(HEAD).zip(mixed.chunks_exact_mut(width)) {
            mixed[head..head + HEAD].copy_from_slice(row);
        }
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context;
    use crate::encoder::Products;
    use crate::parameters::Size;
    use crate::random::Random;

    #[test]
    fn what_is_run_in_use_is_what_was_trained() {
        let size = Size { width: 64, state: 0, layers: 2 };
        let mut random = Random::of(&[11]);
        let mut p = Parameters::zeros(size, false);
        context::initial(&mut p, || random.normal());
        for rows in [1, 7, 48, 400] {
            let h0: Vec<f32> = (0..rows * size.width).map(|_| random.normal()).collect();
            let (trained, _) = context::forward(&p, &Products::new(), &h0, None);
            let used = infer(&p, &h0);
            assert_eq!(used.len(), trained.len());
            let most = used.iter().zip(&trained).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(most < 2e-4, "{rows} rows: {most}");
        }
        assert!(infer(&p, &[]).is_empty());
    }
}
