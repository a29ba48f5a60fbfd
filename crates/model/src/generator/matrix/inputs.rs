//! Inputs of a matrix, rounded to 8 bits in blocks.

use super::BLOCK;
use multiversion::multiversion;

/// The values of a block.
pub(super) type Fours = [[i8; 4]; BLOCK / 4];

/// Rows of inputs, rounded.
pub(in crate::generator) struct RoundedRows {
    blocks: usize,
    /// Four of a block at a time, as `vpdpbusd` reads them.
    values: Vec<[i8; 4]>,
    /// A scale for each block.
    scales: Vec<f32>,
    /// The sum of each block's rounded values.
    sums: Vec<i32>,
    /// The same times the block's scale.
    scaled_sums: Vec<f32>,
}

/// Some rows of rounded inputs.
#[derive(Clone, Copy)]
pub(in crate::generator) struct Inputs<'a> {
    blocks: usize,
    values: &'a [[i8; 4]],
    scales: &'a [f32],
    sums: &'a [i32],
    scaled_sums: &'a [f32],
}

/// One row of rounded inputs, each part as long as there are blocks.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) values: &'a [Fours],
    pub(super) scales: &'a [f32],
    pub(super) sums: &'a [i32],
    pub(super) scaled_sums: &'a [f32],
}

#[cfg(target_arch = "x86_64")]
impl Row<'_> {
    /// Whether all parts have at least so many blocks.
    pub(super) const fn is_long(&self, blocks: usize) -> bool {
        let Self { values, scales, sums, scaled_sums } = self;
        let (values, scales) = (values.len() >= blocks, scales.len() >= blocks);
        values && scales && sums.len() >= blocks && scaled_sums.len() >= blocks
    }
}

impl RoundedRows {
    /// Rounds rows of `cols` values, a multiple of [`BLOCK`].
    pub(in crate::generator) fn of(x: &[f32], cols: usize) -> Self {
        let count = x.len() / BLOCK;
        let (mut values, mut scales) = (vec![[0; 4]; x.len() / 4], vec![0.0; count]);
        let mut sums = vec![0; count];
        round(x, values.as_flattened_mut(), &mut scales, &mut sums);
        let scaled_sums =
            sums.iter().zip(&scales).map(|(sum, scale)| *sum as f32 * scale).collect();
        Self { blocks: cols / BLOCK, values, scales, sums, scaled_sums }
    }

    /// All rows.
    pub(in crate::generator) fn all(&self) -> Inputs<'_> {
        let Self { blocks, values, scales, sums, scaled_sums } = self;
        Inputs { blocks: *blocks, values, scales, sums, scaled_sums }
    }
}

impl<'a> Inputs<'a> {
    pub(in crate::generator) fn rows(self) -> usize {
        self.scales.len() / self.blocks
    }

    pub(super) const fn blocks(self) -> usize {
        self.blocks
    }

    /// `count` rows from `first`.
    pub(in crate::generator) fn some(self, first: usize, count: usize) -> Self {
        let blocks = self.blocks;
        Self {
            blocks,
            values: &self.values[first * blocks * (BLOCK / 4)..][..count * blocks * (BLOCK / 4)],
            scales: &self.scales[first * blocks..][..count * blocks],
            sums: &self.sums[first * blocks..][..count * blocks],
            scaled_sums: &self.scaled_sums[first * blocks..][..count * blocks],
        }
    }

    /// A row.
    #[inline(always)]
    pub(super) fn row(self, at: usize) -> Row<'a> {
        let (first, count) = (at * self.blocks, self.blocks);
        Row {
            values: &self.values.as_chunks().0[first..][..count],
            scales: &self.scales[first..][..count],
            sums: &self.sums[first..][..count],
            scaled_sums: &self.scaled_sums[first..][..count],
        }
    }
}

#[multiversion(targets("x86_64+avx2+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
fn round(x: &[f32], values: &mut [i8], scales: &mut [f32], sums: &mut [i32]) {
    /// 1.5 · 2²³: adding it rounds to the nearest whole number, which its low bits then hold.
    const ROUNDER: f32 = 12_582_912.0;
    let blocks = x.chunks_exact(BLOCK).zip(values.chunks_exact_mut(BLOCK));
    for ((x, values), (scale, sum)) in blocks.zip(scales.iter_mut().zip(sums)) {
        let mut most = [0f32; 16];
        for half in x.chunks_exact(16) {
            most.iter_mut().zip(half).for_each(|(most, value)| {
                let size = value.abs();
                *most = if size > *most { size } else { *most };
            });
        }
        let most = most.iter().fold(0f32, |a, b| if *b > a { *b } else { a });
        let inverse = if most > 1e-30 { 127.0 / most } else { 0.0 };
        *scale = most / 127.0;
        let mut total = 0i32;
        for (value, x) in values.iter_mut().zip(x) {
            let whole = (x * inverse + ROUNDER).to_bits() as i32 - ROUNDER.to_bits() as i32;
            *value = whole as i8;
            total += whole;
        }
        *sum = total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_rounded_with_scales_of_their_own() {
        let mut x = vec![0.0f32; 96];
        (x[0], x[1], x[31]) = (-2.54, 0.019, 1.27);
        x[64] = 1e-3;
        let rows = RoundedRows::of(&x, 96);
        let row = rows.all().row(0);
        let values = row.values[0].as_flattened();
        assert_eq!((values[0], values[1], values[31], row.sums[0]), (-127, 1, 64, -62));
        assert!((row.scales[0] - 0.02).abs() < 1e-6 && (row.scaled_sums[0] + 1.24).abs() < 1e-5);
        assert_eq!((row.values[1], row.scales[1], row.sums[1]), ([[0; 4]; 8], 0.0, 0));
        assert_eq!(row.values[2][0][0], 127);
    }
}
