//! The product with AVX2.

use super::inputs::Fours;
use super::{Form, GROUP, Inputs, Line, Matrix};
use std::arch::x86_64::{
    __m256, __m256i, _mm_loadu_si128, _mm256_abs_epi8, _mm256_add_epi32, _mm256_and_si256,
    _mm256_cvtepi32_ps, _mm256_cvtph_ps, _mm256_fmadd_ps, _mm256_load_si256, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_mul_ps, _mm256_set1_epi8, _mm256_set1_epi16, _mm256_set1_epi32,
    _mm256_set1_ps, _mm256_setzero_ps, _mm256_sign_epi8, _mm256_srli_epi16, _mm256_storeu_ps,
    _mm256_xor_si256,
};
use std::ops::Range;

/// Rows of inputs that are multiplied at once: sums of blocks and of rows fill 8 of 16 registers.
const ROWS: usize = 4;

pub(super) fn is_here() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("f16c")
}

#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn product(
    matrix: &Matrix,
    groups: Range<usize>,
    x: Inputs<'_>,
    y: &mut [f32],
    stride: usize,
) {
    for (at, group) in groups.enumerate() {
        let mut row = 0;
        while row < x.rows() {
            let some = (x.rows() - row).min(ROWS);
            let y = &mut y[row * stride + at * GROUP..];
            for half in 0..2 {
                match some {
                    1 => tile::<1>(matrix, (group, half), x.some(row, 1), y, stride),
                    2 => tile::<2>(matrix, (group, half), x.some(row, 2), y, stride),
                    3 => tile::<3>(matrix, (group, half), x.some(row, 3), y, stride),
                    _ => tile::<ROWS>(matrix, (group, half), x.some(row, ROWS), y, stride),
                }
            }
            row += some;
        }
    }
}

/// Half of a group's outputs, for `N` rows.
#[target_feature(enable = "avx2,fma,f16c")]
fn tile<const N: usize>(
    matrix: &Matrix,
    (group, half): (usize, usize),
    x: Inputs<'_>,
    y: &mut [f32],
    stride: usize,
) {
    let mut out = [_mm256_setzero_ps(); N];
    for at in 0..matrix.blocks {
        let place = group * matrix.blocks + at;
        let lines = &matrix.lines[place * matrix.form.lines()..][..matrix.form.lines()];
        let totals = match matrix.form {
            Form::Eight => eight::<N>(lines, half, x, at),
            Form::Four | Form::FourAbove => nibbles::<N>(lines, half, x, at, matrix.form.zero()),
        };
        let scale = wide(&matrix.scales[place * GROUP + 8 * half..][..8]);
        for (row, out) in out.iter_mut().enumerate() {
            let x = x.row(row);
            let factors = _mm256_mul_ps(scale, _mm256_set1_ps(x.scales[at]));
            *out = _mm256_fmadd_ps(_mm256_cvtepi32_ps(totals[row]), factors, *out);
            if matrix.form == Form::FourAbove {
                let least = wide(&matrix.leasts[place * GROUP + 8 * half..][..8]);
                *out = _mm256_fmadd_ps(least, _mm256_set1_ps(x.scaled_sums[at]), *out);
            }
        }
    }
    for (row, sum) in out.into_iter().enumerate() {
        let out: &mut [f32] = &mut y[row * stride + 8 * half..][..8];
        // SAFETY: there are 8 values at `out`.
        unsafe { _mm256_storeu_ps(out.as_mut_ptr(), sum) };
    }
}

/// Sums of a block of eight bits. Pairs of products are added in 16 bits: at most 2 · 128 · 127.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn eight<const N: usize>(lines: &[Line], half: usize, x: Inputs<'_>, at: usize) -> [__m256i; N] {
    let mut totals = [_mm256_set1_epi32(0); N];
    for (line, bytes) in lines.iter().enumerate() {
        let weights = _mm256_xor_si256(loaded(bytes, half), _mm256_set1_epi8(-128));
        let sizes = _mm256_abs_epi8(weights);
        for (row, total) in totals.iter_mut().enumerate() {
            let signed = _mm256_sign_epi8(four(&x.row(row).values[at], line), weights);
            *total = added(*total, sizes, signed);
        }
    }
    totals
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn nibbles<const N: usize>(
    lines: &[Line],
    half: usize,
    x: Inputs<'_>,
    at: usize,
    zero: i32,
) -> [__m256i; N] {
    let low = _mm256_set1_epi8(15);
    let mut totals = [_mm256_set1_epi32(0); N];
    for (row, total) in totals.iter_mut().enumerate() {
        *total = _mm256_set1_epi32(-zero * x.row(row).sums[at]);
    }
    for (line, bytes) in lines.iter().enumerate() {
        let bytes = loaded(bytes, half);
        let lows = _mm256_and_si256(bytes, low);
        let highs = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), low);
        for (row, total) in totals.iter_mut().enumerate() {
            let values = &x.row(row).values[at];
            *total = added(*total, lows, four(values, line));
            *total = added(*total, highs, four(values, line + 4));
        }
    }
    totals
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn added(total: __m256i, sizes: __m256i, values: __m256i) -> __m256i {
    let pairs = _mm256_maddubs_epi16(sizes, values);
    _mm256_add_epi32(total, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
}

/// Four inputs, eight times.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn four(values: &Fours, line: usize) -> __m256i {
    let [a, b, c, d] = values[line];
    let (a, b, c, d) = (a.cast_unsigned(), b.cast_unsigned(), c.cast_unsigned(), d.cast_unsigned());
    _mm256_set1_epi32(i32::from_le_bytes([a, b, c, d]))
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn loaded(line: &Line, half: usize) -> __m256i {
    let bytes: &[u8] = &line.0[32 * half..][..32];
    // SAFETY: there are 32 bytes, which begin at a multiple of 32, since a line does of 64.
    unsafe { _mm256_load_si256(bytes.as_ptr().cast()) }
}

/// Eight half-precision numbers in single precision.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn wide(halves: &[u16]) -> __m256 {
    let halves: &[u16] = &halves[..8];
    // SAFETY: there are 16 bytes at `halves`.
    _mm256_cvtph_ps(unsafe { _mm_loadu_si128(halves.as_ptr().cast()) })
}
