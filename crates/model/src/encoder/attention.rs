//! Attention over the tokens of a window, forwards and backwards.

use super::product::{Products, View};
use super::shape::Shape;
use rten_simd::SimdOp;
use rten_vecmath::Softmax;

/// Which third of a row of queries, keys and values.
#[derive(Clone, Copy)]
enum Third {
    Query,
    Key,
    Value,
}

/// One head's columns of a third.
fn head<'a>(qkv: &'a [f32], shape: &Shape, third: Third, head: usize) -> View<'a> {
    let (row, from) = (3 * shape.width, third as usize * shape.width + head * shape.head());
    View::strided(&qkv[from..], qkv.len() / row, shape.head(), row)
}

/// One head's columns of a row of values.
fn columns<'a>(rows: &'a [f32], shape: &Shape, head: usize) -> View<'a> {
    View::strided(&rows[head * shape.head()..], rows.len() / shape.width, shape.head(), shape.width)
}

/// The mixed values of all heads, and what each token looked at: heads × tokens × tokens.
pub(crate) fn forward(products: &Products, shape: &Shape, qkv: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let tokens = qkv.len() / (3 * shape.width);
    let mut shares = vec![0.0; shape.heads * tokens * tokens];
    let mut mixed = vec![0.0; tokens * shape.width];
    let mut of_head = vec![0.0; tokens * shape.head()];
    let scale = 1.0 / (shape.head() as f32).sqrt();
    for (at, shares) in shares.chunks_exact_mut(tokens * tokens).enumerate() {
        let (query, key) = (head(qkv, shape, Third::Query, at), head(qkv, shape, Third::Key, at));
        products.set(shares, query, key.turned());
        for row in shares.chunks_exact_mut(tokens) {
            row.iter_mut().for_each(|value| *value *= scale);
            Softmax::new_mut(row).dispatch();
        }
        let value = head(qkv, shape, Third::Value, at);
        products.set(&mut of_head, View::of(shares, tokens, tokens), value);
        put(&of_head, &mut mixed, shape.head(), at * shape.head(), shape.width);
    }
    (mixed, shares)
}

/// The gradient of queries, keys and values from that of the mixed values.
pub(crate) fn backward(
    products: &Products,
    shape: &Shape,
    qkv: &[f32],
    shares: &[f32],
    d_mixed: &[f32],
) -> Vec<f32> {
    let row = 3 * shape.width;
    let tokens = qkv.len() / row;
    let scale = 1.0 / (shape.head() as f32).sqrt();
    let mut d_qkv = vec![0.0; qkv.len()];
    let mut d_shares = vec![0.0; tokens * tokens];
    let mut of_head = vec![0.0; tokens * shape.head()];
    for (at, shares) in shares.chunks_exact(tokens * tokens).enumerate() {
        let d_out = columns(d_mixed, shape, at);
        let looked = View::of(shares, tokens, tokens);
        products.set(&mut of_head, looked.turned(), d_out);
        let column = |third: Third| third as usize * shape.width + at * shape.head();
        put(&of_head, &mut d_qkv, shape.head(), column(Third::Value), row);
        products.set(&mut d_shares, d_out, head(qkv, shape, Third::Value, at).turned());
        through_softmax(&mut d_shares, shares, tokens, scale);
        let d_looked = View::of(&d_shares, tokens, tokens);
        products.set(&mut of_head, d_looked, head(qkv, shape, Third::Key, at));
        put(&of_head, &mut d_qkv, shape.head(), column(Third::Query), row);
        products.set(&mut of_head, d_looked.turned(), head(qkv, shape, Third::Query, at));
        put(&of_head, &mut d_qkv, shape.head(), column(Third::Key), row);
    }
    d_qkv
}

/// The gradient of the scaled products from that of the shares.
fn through_softmax(d: &mut [f32], shares: &[f32], tokens: usize, scale: f32) {
    for (d, shares) in d.chunks_exact_mut(tokens).zip(shares.chunks_exact(tokens)) {
        let slope: f32 = d.iter().zip(shares).map(|(d, share)| d * share).sum();
        d.iter_mut().zip(shares).for_each(|(d, share)| *d = scale * share * (*d - slope));
    }
}

/// Copies rows of `width` values to column `from` of rows of `stride` values.
fn put(rows: &[f32], out: &mut [f32], width: usize, from: usize, stride: usize) {
    for (row, out) in rows.chunks_exact(width).zip(out.chunks_exact_mut(stride)) {
        out[from..from + width].copy_from_slice(row);
    }
}
