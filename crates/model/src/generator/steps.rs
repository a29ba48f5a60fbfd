//! The elementwise steps of a layer.

use super::config::Config;
use crate::kernel::exp;
use multiversion::multiversion;

/// Values whose sums run side by side.
const LANES: usize = 16;

/// Each row of `x`, as wide as `scale`, divided by the root of its mean square.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
pub(super) fn norm(x: &mut [f32], scale: &[f32], epsilon: f32) {
    let width = scale.len();
    for row in x.chunks_exact_mut(width) {
        let mut sums = [0f32; LANES];
        for part in row.chunks_exact(LANES) {
            sums.iter_mut().zip(part).for_each(|(sum, x)| *sum = x.mul_add(*x, *sum));
        }
        let mean = sums.iter().sum::<f32>() / width as f32;
        let inverse = 1.0 / (mean + epsilon).sqrt();
        row.iter_mut().zip(scale).for_each(|(x, scale)| *x = *x * inverse * scale);
    }
}

/// `y += x`.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
pub(super) fn add(y: &mut [f32], x: &[f32]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
}

/// Of rows with `inner` gates and `inner` values: the values times SiLU of their gates.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
pub(super) fn gated(rows: &[f32], inner: usize) -> Vec<f32> {
    let mut out = vec![0.0; rows.len() / 2];
    for (row, out) in rows.chunks_exact(2 * inner).zip(out.chunks_exact_mut(inner)) {
        let (gates, values) = row.split_at(inner);
        for ((out, gate), value) in out.iter_mut().zip(gates).zip(values) {
            *out = gate / (1.0 + exp(-gate)) * value;
        }
    }
    out
}

/// The rotations of some places in a text.
pub(super) struct Turns {
    /// For each place, the cosines and then the sines of a head's pairs.
    values: Vec<f32>,
    half: usize,
}

impl Turns {
    /// Those of `count` places from `first`.
    pub(super) fn of(config: &Config, first: usize, count: usize) -> Self {
        let half = config.head_width / 2;
        let frequency = |pair: usize| {
            let exponent = -2.0 * pair as f64 / config.head_width as f64;
            f64::from(config.theta).powf(exponent) / f64::from(config.rope_factors[pair])
        };
        let frequencies: Vec<f64> = (0..half).map(frequency).collect();
        let mut values = Vec::with_capacity(2 * half * count);
        for place in first..first + count {
            let angles = frequencies.iter().map(|frequency| frequency * place as f64);
            values.extend(angles.clone().map(|angle| angle.cos() as f32));
            values.extend(angles.map(|angle| angle.sin() as f32));
        }
        Self { values, half }
    }

    /// Turns the heads in the first `width` values of each row of `x`, rows `stride` wide, one a
    /// place.
    pub(super) fn turn(&self, x: &mut [f32], width: usize, stride: usize) {
        for (row, turns) in x.chunks_exact_mut(stride).zip(self.values.chunks_exact(2 * self.half))
        {
            turn_row(&mut row[..width], turns);
        }
    }
}

#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn turn_row(row: &mut [f32], turns: &[f32]) {
    let half = turns.len() / 2;
    let (cosines, sines) = turns.split_at(half);
    for head in row.chunks_exact_mut(2 * half) {
        let (firsts, seconds) = head.split_at_mut(half);
        let pairs = firsts.iter_mut().zip(seconds);
        for ((first, second), (cos, sin)) in pairs.zip(cosines.iter().zip(sines)) {
            let (a, b) = (*first, *second);
            *first = a * cos - b * sin;
            *second = b * cos + a * sin;
        }
    }
}
