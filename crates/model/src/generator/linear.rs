//! Products with weights, in small numbers or in single precision.

use super::blocks::Kind;
use super::config::{Config, Tensor};
use super::matrix::{BLOCK, GROUP, Matrix, RoundedRows};
use super::team::Team;
use super::weights::Weights;
use crate::error::ModelError;
use crate::kernel;
use std::ops::Range;

/// In what the weights are held and multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Blocks of 8 bits (of 4 where the file has them so), inputs rounded to 8 bits.
    Small,
    /// Single precision: the reference.
    Single,
}

/// One or more matrices that are multiplied with the same inputs, their outputs side by side.
pub(super) struct Linear {
    cols: usize,
    outputs: usize,
    parts: Vec<Part>,
}

enum Part {
    Small(Matrix),
    Single(Single),
}

/// A row for each input, filled up to whole groups of outputs.
struct Single {
    values: Vec<f32>,
    rows: usize,
}

impl Linear {
    /// The tensors that share inputs.
    pub(super) fn of(
        weights: &Weights,
        tensors: &[Tensor],
        precision: Precision,
    ) -> Result<Self, ModelError> {
        let config = weights.config();
        let mut linear = Self { cols: tensors[0].shape(config)[1], outputs: 0, parts: Vec::new() };
        for tensor in tensors {
            linear.add(weights, *tensor, precision)?;
        }
        Ok(linear)
    }

    fn add(
        &mut self,
        weights: &Weights,
        tensor: Tensor,
        precision: Precision,
    ) -> Result<(), ModelError> {
        let [rows, cols] = tensor.shape(weights.config());
        let (kind, bytes) = weights.stored(tensor)?;
        let part = match precision {
            Precision::Single => Part::Single(Single::of(&weights.floats(tensor)?, rows, cols)),
            Precision::Small if kind.block() == BLOCK => {
                let matrix = Matrix::of(kind, &bytes, rows, cols);
                if !matrix.is_finite() {
                    // Says so, with the tensor's name.
                    weights.floats(tensor)?;
                }
                Part::Small(matrix)
            }
            Precision::Small => {
                let values = weights.floats(tensor)?;
                let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                Part::Small(Matrix::of(Kind::F32, &bytes, rows, cols))
            }
        };
        self.outputs += rows.next_multiple_of(GROUP);
        self.parts.push(part);
        Ok(())
    }

    /// Outputs of a row of inputs, those that fill the last group of each part included.
    pub(super) const fn outputs(&self) -> usize {
        self.outputs
    }

    /// The outputs of each row of inputs.
    pub(super) fn of_rows(&self, team: &Team, x: &[f32]) -> Vec<f32> {
        self.some(team, x, 0..self.outputs / GROUP)
    }

    /// The outputs of some groups, for each row of inputs.
    pub(super) fn some(&self, team: &Team, x: &[f32], groups: Range<usize>) -> Vec<f32> {
        let rows = x.len() / self.cols;
        let rounded = self.rounded(x);
        let inputs = Rows { x, rounded: rounded.as_ref(), cols: self.cols };
        let width = groups.len() * GROUP;
        if team.threads() == 1 {
            let mut y = vec![0.0; rows * width];
            self.run(groups, inputs.some(0, rows), &mut y);
            return y;
        }
        if rows >= 16 * team.threads() {
            return self.split_rows(team, inputs, groups);
        }
        let ranges = team.ranges(groups);
        let parts = team.map(ranges.len(), |at| {
            let mut y = vec![0.0; rows * ranges[at].len() * GROUP];
            self.run(ranges[at].clone(), inputs.some(0, rows), &mut y);
            y
        });
        beside(&parts, rows, width)
    }

    fn split_rows(&self, team: &Team, inputs: Rows<'_>, groups: Range<usize>) -> Vec<f32> {
        let rows = inputs.x.len() / self.cols;
        let ranges = team.ranges(0..rows);
        let parts = team.map(ranges.len(), |at| {
            let (first, count) = (ranges[at].start, ranges[at].len());
            let mut y = vec![0.0; count * groups.len() * GROUP];
            self.run(groups.clone(), inputs.some(first, count), &mut y);
            y
        });
        parts.concat()
    }

    fn rounded(&self, x: &[f32]) -> Option<RoundedRows> {
        let small = self.parts.iter().any(|part| matches!(part, Part::Small(_)));
        small.then(|| RoundedRows::of(x, self.cols))
    }

    fn run(&self, groups: Range<usize>, inputs: SomeRows<'_>, y: &mut [f32]) {
        let stride = groups.len() * GROUP;
        let mut first = 0;
        for part in &self.parts {
            let count = part.groups();
            let (from, to) = (groups.start.max(first), groups.end.min(first + count));
            if from < to {
                let y = &mut y[(from - groups.start) * GROUP..];
                part.run(from - first..to - first, inputs, y, stride);
            }
            first += count;
        }
    }

    /// Adds the weights of an output of the first part to `out`.
    pub(super) fn row_onto(&self, row: usize, out: &mut Vec<f32>) {
        match &self.parts[0] {
            Part::Small(matrix) => matrix.row_onto(row, out),
            Part::Single(Single { values, rows }) => {
                let stride = rows.next_multiple_of(GROUP);
                out.extend(values.chunks_exact(stride).map(|input| input[row]));
            }
        }
    }
}

/// Rows of inputs, rounded if small numbers are multiplied.
#[derive(Clone, Copy)]
struct Rows<'a> {
    x: &'a [f32],
    rounded: Option<&'a RoundedRows>,
    cols: usize,
}

/// Some of them: the first, and how many.
#[derive(Clone, Copy)]
struct SomeRows<'a> {
    rows: Rows<'a>,
    first: usize,
    count: usize,
}

impl<'a> Rows<'a> {
    const fn some(self, first: usize, count: usize) -> SomeRows<'a> {
        SomeRows { rows: self, first, count }
    }
}

impl Part {
    const fn groups(&self) -> usize {
        match self {
            Self::Small(matrix) => matrix.groups(),
            Self::Single(single) => single.rows.div_ceil(GROUP),
        }
    }

    fn run(&self, groups: Range<usize>, inputs: SomeRows<'_>, y: &mut [f32], stride: usize) {
        let SomeRows { rows, first, count } = inputs;
        match (self, rows.rounded) {
            (Self::Small(matrix), Some(rounded)) => {
                matrix.product(groups, rounded.all().some(first, count), y, stride);
            }
            (Self::Single(single), _) => {
                let x = &rows.x[first * rows.cols..][..count * rows.cols];
                single.run(groups, x, rows.cols, y, stride);
            }
            (Self::Small(_), None) => unreachable!("inputs are rounded for small numbers"),
        }
    }
}

impl Single {
    fn of(values: &[f32], rows: usize, cols: usize) -> Self {
        let stride = rows.next_multiple_of(GROUP);
        let mut turned = vec![0.0; cols * stride];
        for (output, row) in values.chunks_exact(cols).enumerate() {
            row.iter().enumerate().for_each(|(input, w)| turned[input * stride + output] = *w);
        }
        Self { values: turned, rows }
    }

    fn run(&self, groups: Range<usize>, x: &[f32], cols: usize, y: &mut [f32], stride: usize) {
        let all = self.rows.next_multiple_of(GROUP);
        let mut whole = vec![0.0; x.len() / cols * all];
        kernel::matmul_add(&mut whole, x, cols, &self.values, cols, all);
        for (row, out) in whole.chunks_exact(all).zip(y.chunks_mut(stride)) {
            let part = &row[groups.start * GROUP..groups.end * GROUP];
            out[..part.len()].copy_from_slice(part);
        }
    }
}

/// Parts of outputs beside each other.
fn beside(parts: &[Vec<f32>], rows: usize, width: usize) -> Vec<f32> {
    let mut y = Vec::with_capacity(rows * width);
    for row in 0..rows {
        for part in parts {
            let width = part.len() / rows;
            y.extend_from_slice(&part[row * width..][..width]);
        }
    }
    y
}

/// What the kernels need of a shape.
pub(super) fn check(config: &Config) -> Result<(), ModelError> {
    let sizes = [config.width, config.queries(), config.inner];
    if sizes.iter().any(|size| !size.is_multiple_of(BLOCK)) {
        let found = format!("{}, {} and {}", sizes[0], sizes[1], sizes[2]);
        return Err(super::unfit("a model whose widths are multiples of 32", found));
    }
    if !config.head_width.is_multiple_of(GROUP) {
        let found = config.head_width;
        return Err(super::unfit("a model whose heads' widths are multiples of 16", found));
    }
    Ok(())
}
