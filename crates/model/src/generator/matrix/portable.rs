//! The product on any processor: what the other kernels must equal.

use super::half::widened;
use super::{Form, GROUP, Inputs, Matrix};
use std::ops::Range;

pub(super) fn product(
    matrix: &Matrix,
    groups: Range<usize>,
    x: Inputs<'_>,
    y: &mut [f32],
    stride: usize,
) {
    for row in 0..x.rows() {
        for (at, group) in groups.clone().enumerate() {
            y[row * stride + at * GROUP..][..GROUP]
                .copy_from_slice(&outputs(matrix, group, x, row));
        }
    }
}

fn outputs(matrix: &Matrix, group: usize, x: Inputs<'_>, row: usize) -> [f32; GROUP] {
    let mut out = [0f32; GROUP];
    for at in 0..matrix.blocks {
        let place = group * matrix.blocks + at;
        let x = x.row(row);
        let (values, scale, sum) = (&x.values[at], x.scales[at], x.sums[at]);
        let lines = &matrix.lines[place * matrix.form.lines()..][..matrix.form.lines()];
        let mut sums = [-matrix.form.zero() * sum; GROUP];
        for (line, four) in values.iter().enumerate() {
            for (output, sum) in sums.iter_mut().enumerate() {
                for (input, value) in four.iter().enumerate() {
                    let byte = 4 * output + input;
                    let number = match matrix.form {
                        Form::Eight => lines[line].0[byte],
                        _ => lines[line % 4].0[byte] >> (4 * (line / 4)) & 15,
                    };
                    *sum += i32::from(number) * i32::from(*value);
                }
            }
        }
        for (output, out) in out.iter_mut().enumerate() {
            let factor = widened(matrix.scales[place * GROUP + output]) * scale;
            *out = (sums[output] as f32).mul_add(factor, *out);
            if matrix.form == Form::FourAbove {
                let least = widened(matrix.leasts[place * GROUP + output]);
                *out = least.mul_add(x.scaled_sums[at], *out);
            }
        }
    }
    out
}
