//! RMS normalisation, forwards and backwards.

use multiversion::multiversion;

/// The rows of `x`, as wide as `scale`, each divided by the root of its mean square, times `scale`.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
pub(crate) fn forward(x: &[f32], scale: &[f32], epsilon: f32) -> Vec<f32> {
    let mut out = x.to_vec();
    for row in out.chunks_exact_mut(scale.len()) {
        let inverse = inverse(row, epsilon);
        row.iter_mut().zip(scale).for_each(|(value, scale)| *value *= inverse * scale);
    }
    out
}

/// The gradient of `x` from that of the output; that of the scale is added to `d_scale`, if wanted.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
pub(crate) fn backward(
    x: &[f32],
    scale: &[f32],
    epsilon: f32,
    mut d: Vec<f32>,
    mut d_scale: Option<&mut [f32]>,
) -> Vec<f32> {
    let width = scale.len();
    for (d, x) in d.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
        let inverse = inverse(x, epsilon);
        if let Some(d_scale) = d_scale.as_deref_mut() {
            let pairs = d.iter().zip(x);
            d_scale.iter_mut().zip(pairs).for_each(|(sum, (d, x))| *sum += d * x * inverse);
        }
        d.iter_mut().zip(scale).for_each(|(d, scale)| *d *= scale);
        let slope = sum_of_products(d, x) * inverse * inverse * inverse / width as f32;
        d.iter_mut().zip(x).for_each(|(d, x)| *d = *d * inverse - x * slope);
    }
    d
}

#[inline(always)]
fn inverse(row: &[f32], epsilon: f32) -> f32 {
    1.0 / (sum_of_products(row, row) / row.len() as f32 + epsilon).sqrt()
}

/// In sixteen interleaved sums, so that it vectorises in one stated order.
#[inline(always)]
pub(crate) fn sum_of_products(x: &[f32], y: &[f32]) -> f32 {
    let mut sums = [0f32; 16];
    let (xs, ys) = (x.chunks_exact(16), y.chunks_exact(16));
    let rest: f32 = xs.remainder().iter().zip(ys.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in xs.zip(ys) {
        for lane in 0..16 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}
