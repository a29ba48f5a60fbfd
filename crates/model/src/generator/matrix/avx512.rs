//! The product with AVX-512 and its instruction for products of bytes (VNNI).

use super::inputs::{Fours, Row};
use super::{Form, GROUP, Inputs, Line, Matrix};
use std::arch::x86_64::{
    __m256i, __m512, __m512i, _mm256_loadu_si256, _mm512_and_si512, _mm512_cvtepi32_ps,
    _mm512_cvtph_ps, _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_load_si512, _mm512_mul_ps,
    _mm512_set1_epi8, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps, _mm512_srli_epi16,
    _mm512_storeu_ps,
};
use std::ops::Range;

/// Rows of inputs that are multiplied at once: with the 8 lines of a block they fill 24 of the 32
/// registers.
const ROWS: usize = 8;

pub(super) fn is_here() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vnni")
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
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
            match some {
                1 => tile::<1>(matrix, group, x.some(row, 1), y, stride),
                2 => tile::<2>(matrix, group, x.some(row, 2), y, stride),
                3 => tile::<3>(matrix, group, x.some(row, 3), y, stride),
                4 => tile::<4>(matrix, group, x.some(row, 4), y, stride),
                5 => tile::<5>(matrix, group, x.some(row, 5), y, stride),
                6 => tile::<6>(matrix, group, x.some(row, 6), y, stride),
                7 => tile::<7>(matrix, group, x.some(row, 7), y, stride),
                _ => tile::<ROWS>(matrix, group, x.some(row, ROWS), y, stride),
            }
            row += some;
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn tile<const N: usize>(
    matrix: &Matrix,
    group: usize,
    x: Inputs<'_>,
    y: &mut [f32],
    stride: usize,
) {
    let sums = match matrix.form {
        Form::Eight => sums::<N, 8, false>(matrix, group, x),
        Form::Four => sums::<N, 4, false>(matrix, group, x),
        Form::FourAbove => sums::<N, 4, true>(matrix, group, x),
    };
    for (row, sum) in sums.into_iter().enumerate() {
        let out: &mut [f32] = &mut y[row * stride..][..GROUP];
        // SAFETY: there are 16 values at `out`.
        unsafe { _mm512_storeu_ps(out.as_mut_ptr(), sum) };
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn sums<const N: usize, const LINES: usize, const ABOVE: bool>(
    matrix: &Matrix,
    group: usize,
    x: Inputs<'_>,
) -> [__m512; N] {
    let (blocks, zero) = (matrix.blocks, matrix.form.zero());
    let lines = &matrix.lines[group * blocks * LINES..][..blocks * LINES];
    let scales = &matrix.scales[group * blocks * GROUP..][..blocks * GROUP];
    let leasts =
        if ABOVE { &matrix.leasts[group * blocks * GROUP..][..blocks * GROUP] } else { &[] };
    let mut rows: [Row<'_>; N] = [x.row(0); N];
    for (at, row) in rows.iter_mut().enumerate() {
        *row = x.row(at);
    }
    assert!(rows.iter().all(|row| row.is_long(blocks)), "shapes are those of one network");
    let mut out = [_mm512_setzero_ps(); N];
    for at in 0..blocks {
        let weights = unpacked::<LINES>(&lines[at * LINES..][..LINES]);
        let scale = wide(&scales[at * GROUP..][..GROUP]);
        let mut sums = [_mm512_set1_epi32(0); N];
        if !ABOVE {
            for row in 0..N {
                // SAFETY: rows were found to be that long.
                let sum = unsafe { *rows[row].sums.get_unchecked(at) };
                sums[row] = _mm512_set1_epi32(-zero * sum);
            }
        }
        for (line, weights) in weights.into_iter().enumerate() {
            for row in 0..N {
                // SAFETY: rows were found to be that long.
                let values = unsafe { rows[row].values.get_unchecked(at) };
                sums[row] = _mm512_dpbusd_epi32(sums[row], weights, four(values, line));
            }
        }
        for row in 0..N {
            // SAFETY: rows were found to be that long.
            let factor = unsafe { *rows[row].scales.get_unchecked(at) };
            let factors = _mm512_mul_ps(scale, _mm512_set1_ps(factor));
            out[row] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[row]), factors, out[row]);
        }
        if ABOVE {
            let least = wide(&leasts[at * GROUP..][..GROUP]);
            for row in 0..N {
                // SAFETY: rows were found to be that long.
                let sum = unsafe { *rows[row].scaled_sums.get_unchecked(at) };
                out[row] = _mm512_fmadd_ps(least, _mm512_set1_ps(sum), out[row]);
            }
        }
    }
    out
}

/// Four inputs, sixteen times.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn four(values: &Fours, line: usize) -> __m512i {
    let [a, b, c, d] = values[line];
    let (a, b, c, d) = (a.cast_unsigned(), b.cast_unsigned(), c.cast_unsigned(), d.cast_unsigned());
    _mm512_set1_epi32(i32::from_le_bytes([a, b, c, d]))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn unpacked<const LINES: usize>(lines: &[Line]) -> [__m512i; 8] {
    let mut out = [_mm512_set1_epi8(0); 8];
    let low = _mm512_set1_epi8(15);
    for (at, line) in lines[..LINES].iter().enumerate() {
        // SAFETY: a line is 64 bytes and begins at a multiple of 64.
        let bytes = unsafe { _mm512_load_si512(line.0.as_ptr().cast()) };
        if LINES == 8 {
            out[at] = bytes;
        } else {
            out[at] = _mm512_and_si512(bytes, low);
            out[at + 4] = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), low);
        }
    }
    out
}

/// Sixteen half-precision numbers in single precision.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn wide(halves: &[u16]) -> __m512 {
    let halves: &[u16] = &halves[..GROUP];
    // SAFETY: there are 32 bytes at `halves`.
    let halves: __m256i = unsafe { _mm256_loadu_si256(halves.as_ptr().cast()) };
    _mm512_cvtph_ps(halves)
}
