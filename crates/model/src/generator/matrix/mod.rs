//! Weights in blocks of small numbers, as they lie in memory for the kernels, and their product with
//! rows of rounded inputs.
//!
//! A block is 32 inputs of one output and has a scale. Outputs go in groups of 16, and of a group
//! four inputs of each output lie together, as the instruction `vpdpbusd` reads them. Sums inside a
//! block are whole numbers, and blocks are added in their order by fused multiplication and
//! addition, so that every kernel computes the same bits.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod half;
mod inputs;
mod portable;

use inputs::Inputs;
pub(super) use inputs::RoundedRows;

use super::blocks::Kind;
use half::{to_half, widened};
use std::ops::Range;

/// Inputs of a block.
pub(super) const BLOCK: usize = 32;
/// Outputs of a group.
pub(super) const GROUP: usize = 16;

/// Bytes that begin where a cache line does.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// How the numbers of a block are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Eight bits, 128 more than their value.
    Eight,
    /// Four bits, 8 more than their value.
    Four,
    /// Four bits; each block has a least value that all of it stands above.
    FourAbove,
}

impl Form {
    /// Lines of a block of a group: bytes of inputs 4j to 4j + 3 in line j; of four bits, those in
    /// the low halves of line j, and 16 further in the high halves.
    const fn lines(self) -> usize {
        match self {
            Self::Eight => 8,
            Self::Four | Self::FourAbove => 4,
        }
    }

    /// The number that stands for zero.
    const fn zero(self) -> i32 {
        match self {
            Self::Eight => 128,
            Self::Four => 8,
            Self::FourAbove => 0,
        }
    }
}

/// A matrix of weights: a row for each output.
pub(super) struct Matrix {
    form: Form,
    /// Outputs, without those that fill the last group.
    rows: usize,
    blocks: usize,
    lines: Vec<Line>,
    /// Half-precision scales, 16 for each block of a group.
    scales: Vec<u16>,
    /// The least values in the same order, if the form has them.
    leasts: Vec<u16>,
}

/// A block of one output: its numbers from 0, its scale and its least value in half precision.
#[derive(Clone, Copy)]
struct Block {
    numbers: [u8; BLOCK],
    scale: u16,
    least: u16,
}

impl Matrix {
    /// A matrix from what a file stores: `rows` of `cols` values, `cols` a multiple of [`BLOCK`].
    /// Blocks of 4 bits and of 8 stay what they are; all else is rounded to 8 bits a block.
    pub(super) fn of(kind: Kind, bytes: &[u8], rows: usize, cols: usize) -> Self {
        let form = match kind {
            Kind::Q4_0 => Form::Four,
            Kind::Q4_1 => Form::FourAbove,
            _ => Form::Eight,
        };
        let mut matrix = Self::zeros(form, rows, cols / BLOCK);
        for row in 0..rows {
            let stored = &bytes[row * kind.bytes_of(cols)..][..kind.bytes_of(cols)];
            match kind {
                Kind::Q4_0 | Kind::Q4_1 | Kind::Q8_0 => {
                    let parts = stored.chunks_exact(kind.block_bytes());
                    parts.enumerate().for_each(|(at, part)| matrix.put(row, at, taken(kind, part)));
                }
                _ => {
                    let values = kind.floats(stored);
                    let parts = values.chunks_exact(BLOCK);
                    parts.enumerate().for_each(|(at, part)| matrix.put(row, at, rounded(part)));
                }
            }
        }
        matrix
    }

    fn zeros(form: Form, rows: usize, blocks: usize) -> Self {
        let count = rows.div_ceil(GROUP) * blocks;
        let leasts = if form == Form::FourAbove { count * GROUP } else { 0 };
        Self {
            form,
            rows,
            blocks,
            lines: vec![Line([0; 64]); count * form.lines()],
            scales: vec![0; count * GROUP],
            leasts: vec![0; leasts],
        }
    }

    /// Whether no scale and no least value is infinite or no number.
    pub(super) fn is_finite(&self) -> bool {
        self.scales.iter().chain(&self.leasts).all(|half| half & 0x7C00 != 0x7C00)
    }

    /// Groups of outputs.
    pub(super) const fn groups(&self) -> usize {
        self.rows.div_ceil(GROUP)
    }

    /// Puts a block into its lines.
    fn put(&mut self, row: usize, at: usize, block: Block) {
        let place = (row / GROUP) * self.blocks + at;
        let within = row % GROUP;
        self.scales[place * GROUP + within] = block.scale;
        if let Some(least) = self.leasts.get_mut(place * GROUP + within) {
            *least = block.least;
        }
        let lines = &mut self.lines[place * self.form.lines()..][..self.form.lines()];
        for (input, number) in block.numbers.into_iter().enumerate() {
            let (line, byte) = (input / 4, 4 * within + input % 4);
            if self.form == Form::Eight {
                lines[line].0[byte] = number;
            } else {
                lines[line % 4].0[byte] |= number << (4 * (line / 4));
            }
        }
    }

    /// The number of an output's input, from 0.
    fn number(&self, row: usize, input: usize) -> u8 {
        let place = (row / GROUP) * self.blocks + input / BLOCK;
        let lines = &self.lines[place * self.form.lines()..][..self.form.lines()];
        let (line, byte) = (input % BLOCK / 4, 4 * (row % GROUP) + input % 4);
        if self.form == Form::Eight {
            lines[line].0[byte]
        } else {
            lines[line % 4].0[byte] >> (4 * (line / 4)) & 15
        }
    }

    /// Adds the weights of an output to `out`.
    pub(super) fn row_onto(&self, row: usize, out: &mut Vec<f32>) {
        for input in 0..self.blocks * BLOCK {
            let place = ((row / GROUP) * self.blocks + input / BLOCK) * GROUP + row % GROUP;
            let number = i32::from(self.number(row, input)) - self.form.zero();
            let least = self.leasts.get(place).map_or(0.0, |least| widened(*least));
            out.push((number as f32).mul_add(widened(self.scales[place]), least));
        }
    }

    /// The outputs of some groups for each row of inputs, by the best kernel of this processor:
    /// `y[t · stride + c]` for output `c`, counted from the first group's first.
    pub(super) fn product(
        &self,
        groups: Range<usize>,
        x: Inputs<'_>,
        y: &mut [f32],
        stride: usize,
    ) {
        let fits = x.rows() == 0 || y.len() >= (x.rows() - 1) * stride + groups.len() * GROUP;
        assert!(fits && groups.end <= self.groups(), "shapes are those of one network");
        assert_eq!(x.blocks(), self.blocks, "shapes are those of one network");
        #[cfg(target_arch = "x86_64")]
        {
            if avx512::is_here() {
                // SAFETY: the processor has the instructions.
                return unsafe { avx512::product(self, groups, x, y, stride) };
            }
            if avx2::is_here() {
                // SAFETY: the processor has the instructions.
                return unsafe { avx2::product(self, groups, x, y, stride) };
            }
        }
        portable::product(self, groups, x, y, stride);
    }
}

/// A block as a file stores it in 4 or 8 bits.
fn taken(kind: Kind, part: &[u8]) -> Block {
    let pair = |at: usize| u16::from_le_bytes([part[at], part[at + 1]]);
    let (least, data) = if kind == Kind::Q4_1 { (pair(2), &part[4..]) } else { (0, &part[2..]) };
    let number = |at: usize| match kind {
        Kind::Q8_0 => data[at] ^ 128,
        _ if at < 16 => data[at] & 15,
        _ => data[at - 16] >> 4,
    };
    Block { numbers: std::array::from_fn(number), scale: pair(0), least }
}

/// A block rounded to 8 bits.
fn rounded(values: &[f32]) -> Block {
    let most = values.iter().fold(0f32, |most, value| most.max(value.abs()));
    let scale = to_half(most / 127.0);
    let inverse = if scale == 0 { 0.0 } else { 1.0 / widened(scale) };
    let number = |at: usize| (values[at] * inverse).round().clamp(-127.0, 127.0) + 128.0;
    Block { numbers: std::array::from_fn(|at| number(at) as u8), scale, least: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn random(n: usize, seed: u64) -> Vec<f32> {
        let mut random = Random::of(&[seed]);
        (0..n).map(|_| random.normal()).collect()
    }

    fn stored(kind: Kind, rows: usize, cols: usize) -> Vec<u8> {
        if kind == Kind::F32 {
            return random(rows * cols, 1).iter().flat_map(|value| value.to_le_bytes()).collect();
        }
        let mut random = Random::of(&[2]);
        let mut bytes: Vec<u8> =
            (0..rows * kind.bytes_of(cols)).map(|_| random.below(256) as u8).collect();
        for block in bytes.chunks_exact_mut(kind.block_bytes()) {
            // Scales of some hundredths.
            let byte = 0x20 + (block[0] & 3);
            block[1] = byte;
            if kind == Kind::Q4_1 {
                block[3] = byte | 0x80;
            }
        }
        bytes
    }

    const KINDS: [Kind; 4] = [Kind::Q4_0, Kind::Q4_1, Kind::Q8_0, Kind::F32];

    #[test]
    fn a_matrix_holds_what_the_file_says() {
        for kind in KINDS {
            let (rows, cols) = (37, 96);
            let bytes = stored(kind, rows, cols);
            let matrix = Matrix::of(kind, &bytes, rows, cols);
            let mut found = Vec::new();
            (0..rows).for_each(|row| matrix.row_onto(row, &mut found));
            let bound = if kind == Kind::F32 { 0.02 } else { 1e-5 };
            let close = |(a, b): (&f32, &f32)| (a - b).abs() <= bound;
            assert!(found.iter().zip(&kind.floats(&bytes)).all(close), "{kind:?}");
        }
    }

    #[test]
    fn the_product_is_close_to_the_schoolbook_product() {
        for kind in KINDS {
            let (rows, cols) = (37, 96);
            let matrix = Matrix::of(kind, &stored(kind, rows, cols), rows, cols);
            for count in 1..20 {
                let x = random(count * cols, 3);
                let inputs = RoundedRows::of(&x, cols);
                let mut y = vec![0.0; count * 48];
                matrix.product(0..3, inputs.all(), &mut y, 48);
                for (row, y) in x.chunks_exact(cols).zip(y.chunks_exact(48)) {
                    for (output, found) in y[..rows].iter().enumerate() {
                        let mut weights = Vec::new();
                        matrix.row_onto(output, &mut weights);
                        let want: f32 = row.iter().zip(&weights).map(|(x, w)| x * w).sum();
                        assert!((want - found).abs() < 0.25, "{kind:?} {want} {found}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_kernel_computes_the_same_bits() {
        for kind in KINDS {
            let (rows, cols, count) = (48, 160, 13);
            let matrix = Matrix::of(kind, &stored(kind, rows, cols), rows, cols);
            let inputs = RoundedRows::of(&random(count * cols, 3), cols);
            let mut want = vec![0.0; count * 32];
            portable::product(&matrix, 1..3, inputs.all(), &mut want, 32);
            assert!(want.iter().any(|value| value.abs() > 1.0));
            let mut found = vec![0.0; count * 32];
            matrix.product(1..3, inputs.all(), &mut found, 32);
            assert_eq!(want, found, "{kind:?}");
            #[cfg(target_arch = "x86_64")]
            if avx2::is_here() {
                found.fill(0.0);
                // SAFETY: the processor has the instructions.
                unsafe { avx2::product(&matrix, 1..3, inputs.all(), &mut found, 32) };
                assert_eq!(want, found, "{kind:?}");
            }
        }
    }
}
