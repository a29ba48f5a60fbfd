//! The arithmetic of the network: the matrix product, the one with a transpose, and the
//! elementwise functions.
//!
//! Every sum runs in one stated order and every product of the matrices is fused with its addition
//! (rounded once), so the result does not depend on which instruction set is picked at run time. On
//! a processor without fused multiply-add (x86-64 before 2013) it is emulated: right, but slow.

use multiversion::{multiversion, target::selected_target};

/// Columns of the smallest tile. Column counts must be multiples of it.
pub(crate) const LANES: usize = 16;
/// Rows of one tile: with [`LANES`] columns its sums fill 12 of the 16 AVX2 registers, with twice
/// as many 12 of the 32 AVX-512 registers.
const ROWS: usize = 6;

/// `y[rows × cols] += x[rows × inner] · w[inner × cols]`, the rows of `x` beginning `stride` apart.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
pub(crate) fn matmul_add(
    y: &mut [f32],
    x: &[f32],
    stride: usize,
    w: &[f32],
    inner: usize,
    cols: usize,
) {
    let wide = selected_target!().supports_feature_str("avx512f");
    let wide_cols = if wide { cols - cols % (2 * LANES) } else { 0 };
    let rows = y.len() / cols;
    let whole = rows - rows % ROWS;
    for column in (0..wide_cols).step_by(2 * LANES) {
        add_column::<{ 2 * LANES }>(y, x, stride, w, (inner, cols), column, whole);
    }
    for column in (wide_cols..cols).step_by(LANES) {
        add_column::<LANES>(y, x, stride, w, (inner, cols), column, whole);
    }
}

/// Rows from which it pays to copy a tile's columns of `w` side by side: where they lie far apart they
/// push each other out of the first cache. (measured)
const PACKED_FROM: usize = 24;

/// Adds `L` columns of the product: the first `whole` rows in tiles, the others one by one.
#[inline(always)]
fn add_column<const L: usize>(
    y: &mut [f32],
    x: &[f32],
    stride: usize,
    w: &[f32],
    (inner, cols): (usize, usize),
    column: usize,
    whole: usize,
) {
    if whole >= PACKED_FROM && cols > L {
        let mut packed = vec![0.0; inner * L];
        for i in 0..inner {
            packed[i * L..][..L].copy_from_slice(&w[i * cols + column..][..L]);
        }
        for row in (0..whole).step_by(ROWS) {
            add_tile::<ROWS, L>(y, x, stride, (&packed, L, 0), (inner, cols), (row, column));
        }
    } else {
        for row in (0..whole).step_by(ROWS) {
            add_tile::<ROWS, L>(y, x, stride, (w, cols, column), (inner, cols), (row, column));
        }
    }
    for row in whole..y.len() / cols {
        add_tile::<1, L>(y, x, stride, (w, cols, column), (inner, cols), (row, column));
    }
}

/// Adds a tile of `N` rows and `L` columns; of `w` are told its values, how far apart its rows are, and
/// where the tile's columns begin. (Taking `x` apart into rows first, and not turning it
/// into a packed panel, is what lets the compiler keep the sums in registers: measured, 6 times.)
#[inline(always)]
fn add_tile<const N: usize, const L: usize>(
    y: &mut [f32],
    x: &[f32],
    stride: usize,
    (w, apart, from): (&[f32], usize, usize),
    (inner, cols): (usize, usize),
    (row, column): (usize, usize),
) {
    let xs: [&[f32]; N] = std::array::from_fn(|r| &x[(row + r) * stride..][..inner]);
    let mut sums = [[0f32; L]; N];
    for (r, sum) in sums.iter_mut().enumerate() {
        sum.copy_from_slice(&y[(row + r) * cols + column..][..L]);
    }
    for (i, weights) in w[..inner * apart].chunks_exact(apart).enumerate() {
        let weights: &[f32; L] = lanes(&weights[from..]);
        for r in 0..N {
            let value = xs[r][i];
            for lane in 0..L {
                sums[r][lane] = value.mul_add(weights[lane], sums[r][lane]);
            }
        }
    }
    for (r, sum) in sums.iter().enumerate() {
        y[(row + r) * cols + column..][..L].copy_from_slice(sum);
    }
}

/// `w[inner × cols] += xᵀ · y`: the gradient of a weight from its input and its output's gradient,
/// the rows of `x` beginning `stride` apart.
pub(crate) fn outer_add(
    w: &mut [f32],
    x: &[f32],
    stride: usize,
    y: &[f32],
    inner: usize,
    cols: usize,
) {
    let rows = y.len() / cols;
    let mut turned = vec![0.0; inner * rows];
    for row in 0..rows {
        let values = &x[row * stride..][..inner];
        values.iter().enumerate().for_each(|(i, &value)| turned[i * rows + row] = value);
    }
    matmul_add(w, &turned, rows, y, rows, cols);
}

#[inline(always)]
fn lanes<const L: usize>(values: &[f32]) -> &[f32; L] {
    values.first_chunk().expect("kernel shapes are checked by their callers")
}

/// `wᵀ` for `w[rows × cols]`.
pub(crate) fn transpose(w: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    let mut out = vec![0.0; rows * cols];
    for (r, row) in w.chunks_exact(cols).enumerate() {
        for (c, &value) in row.iter().enumerate() {
            out[c * rows + r] = value;
        }
    }
    out
}

/// `y[row] += bias` for every row.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
pub(crate) fn add_to_rows(y: &mut [f32], bias: &[f32]) {
    for row in y.chunks_exact_mut(bias.len()) {
        row.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
    }
}

/// `sum += ` every row of `y`.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
pub(crate) fn sum_rows(sum: &mut [f32], y: &[f32]) {
    for row in y.chunks_exact(sum.len()) {
        sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
}

/// Negative values become 0.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
pub(crate) fn relu(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = if *value > 0.0 { *value } else { 0.0 });
}

/// `y += x`.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
pub(crate) fn add(y: &mut [f32], x: &[f32]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
}

/// The logistic function of every value.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
pub(crate) fn sigmoid_all(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = sigmoid(*value));
}

/// The logistic function.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// eˣ by range reduction and a polynomial (relative error below 1e-6); no libm, so every platform
/// gives the same bits. The exponent is taken from the bits of the sum that rounds it: the compiler
/// does not turn conversions that saturate into vector instructions (measured: half of the time of
/// the generator's attention).
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    /// 1.5 · 2²³: adding it rounds to the nearest whole number, which its low bits then hold.
    const ROUNDER: f32 = 12_582_912.0;
    let x = if x < -80.0 { -80.0 } else { x };
    let x = if x > 80.0 { 80.0 } else { x };
    let rounded = x * std::f32::consts::LOG2_E + ROUNDER;
    let n = rounded - ROUNDER;
    let f = (x - n * 0.693_359_4) - n * -2.121_944_4e-4;
    let mut p = 1.0 / 720.0;
    for c in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        p = p * f + c;
    }
    let exponent = rounded.to_bits().wrapping_sub(ROUNDER.to_bits()).wrapping_add(127);
    p * f32::from_bits(exponent << 23)
}

/// The softmax of the first `count` values of every row of `cols`; those behind them become 0.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
pub(crate) fn softmax_rows(values: &mut [f32], cols: usize, count: usize) {
    /// Less than every product of queries and keys.
    const LEAST: f32 = -1e30;
    for row in values.chunks_exact_mut(cols) {
        row[count..].fill(LEAST);
        let mut most = [LEAST; LANES];
        for part in row.chunks_exact(LANES) {
            for lane in 0..LANES {
                most[lane] = if part[lane] > most[lane] { part[lane] } else { most[lane] };
            }
        }
        let most = most.iter().fold(LEAST, |most, &value| if value > most { value } else { most });
        let mut sums = [0f32; LANES];
        for part in row.chunks_exact_mut(LANES) {
            for lane in 0..LANES {
                part[lane] = exp(part[lane] - most);
                sums[lane] += part[lane];
            }
        }
        let inverse = 1.0 / sums.iter().sum::<f32>();
        row.iter_mut().for_each(|value| *value *= inverse);
        row[count..].fill(0.0);
    }
}

/// The GELU of every value.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
pub(crate) fn gelu_all(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = gelu(*value));
}

/// x · Φ(x), with the error function of Abramowitz and Stegun, 7.1.26 (off by 1.5e-7 at most).
#[inline(always)]
fn gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let mut p = 1.061_405_4;
    for c in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        p = p * t + c;
    }
    let erf = 1.0 - p * t * exp(-z * z);
    0.5 * x * (1.0 + erf.copysign(x))
}

/// About log₂(1 + x): the exponent and a straight line in the mantissa. Exact bits everywhere.
pub(crate) fn log(x: f32) -> f32 {
    let bits = (1.0 + x.max(0.0)).to_bits();
    ((bits >> 23) as f32 - 127.0) + (bits & 0x7F_FFFF) as f32 / 8_388_608.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn random(n: usize, seed: u64) -> Vec<f32> {
        let mut random = Random::of(&[seed]);
        (0..n).map(|_| random.normal()).collect()
    }

    #[test]
    fn the_product_is_the_schoolbook_product() {
        let (rows, inner, cols) = (13, 7, 32);
        let (x, w) = (random(rows * inner, 1), random(inner * cols, 2));
        let mut y = vec![0.0; rows * cols];
        matmul_add(&mut y, &x, inner, &w, inner, cols);
        for r in 0..rows {
            for c in 0..cols {
                let want: f32 = (0..inner).map(|i| x[r * inner + i] * w[i * cols + c]).sum();
                assert!((y[r * cols + c] - want).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn the_outer_product_is_the_product_with_the_transpose() {
        let (rows, inner, cols) = (11, 9, 16);
        let (x, y) = (random(rows * inner, 3), random(rows * cols, 4));
        let mut w = vec![0.0; inner * cols];
        outer_add(&mut w, &x, inner, &y, inner, cols);
        let mut want = vec![0.0; inner * cols];
        matmul_add(&mut want, &transpose(&x, rows, inner), rows, &y, rows, cols);
        assert!(w.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-4));
    }

    #[test]
    fn exp_is_close_to_the_true_one() {
        for x in [-20.0, -3.3, -0.1, 0.0, 0.7, 5.5, 30.0f32] {
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-5, "{x}");
        }
        assert!(sigmoid(1e9) <= 1.0 && sigmoid(-1e9) >= 0.0);
    }

    #[test]
    fn a_softmax_leaves_out_what_lies_behind_the_row() {
        let values = random(3 * 32, 8);
        let mut soft = values.clone();
        softmax_rows(&mut soft, 32, 19);
        for (soft, row) in soft.chunks_exact(32).zip(values.chunks_exact(32)) {
            let sum: f64 = row[..19].iter().map(|&x| f64::from(x).exp()).sum();
            for (at, &share) in soft.iter().enumerate() {
                let want = if at < 19 { f64::from(row[at]).exp() / sum } else { 0.0 };
                assert!((f64::from(share) - want).abs() < 1e-6, "{at}");
            }
        }
    }

    #[test]
    fn gelu_is_that_of_its_definition() {
        // Φ(1) and Φ(2), to eight places.
        for (x, phi) in [(0.0f32, 0.5), (1.0, 0.841_344_7), (2.0, 0.977_249_9), (-1.0, 0.158_655_3)]
        {
            assert!((gelu(x) - x * phi).abs() < 1e-6, "{x}");
        }
        assert_eq!((gelu(90.0), gelu(-90.0)), (90.0, 0.0));
    }

    /// The same with the exponent of a conversion.
    fn converted(x: f32) -> f32 {
        const ROUNDER: f32 = 12_582_912.0;
        let x = x.clamp(-80.0, 80.0);
        let n = (x * std::f32::consts::LOG2_E + ROUNDER) - ROUNDER;
        let f = (x - n * 0.693_359_4) - n * -2.121_944_4e-4;
        let mut p = 1.0 / 720.0;
        for c in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
            p = p * f + c;
        }
        p * f32::from_bits((((n as i32) + 127) << 23) as u32)
    }

    #[test]
    fn exp_has_the_bits_of_a_conversion() {
        for x in (-9000..9000).map(|x| x as f32 / 97.0) {
            assert_eq!(exp(x), converted(x), "{x}");
        }
        assert!(exp(f32::NAN).is_nan() && converted(f32::NAN).is_nan());
    }

    #[test]
    fn log_is_monotonic_and_right_at_powers_of_two() {
        assert_eq!(log(0.0), 0.0);
        assert_eq!(log(7.0), 3.0);
        assert!(log(5.0) < log(6.0));
    }
}
