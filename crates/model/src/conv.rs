//! A convolution over neighbouring rows: `relu(conv5(x))`.

use crate::kernel::{add_to_rows, matmul_add, outer_add, relu, sum_rows, transpose};
use crate::parameters::KERNEL;
use std::ops::Range;

/// Rows of zeros before and after a convolution's input.
const MARGIN: usize = KERNEL / 2;

/// Where a convolution's weights stand in a flat vector.
#[derive(Clone)]
pub(crate) struct Conv {
    pub(crate) width: usize,
    /// `KERNEL · width` rows of `width`.
    pub(crate) weight: Range<usize>,
    pub(crate) bias: Range<usize>,
}

/// What backward needs of a convolution.
pub(crate) struct Tape {
    padded: Vec<f32>,
    /// The output.
    pub(crate) out: Vec<f32>,
}

impl Conv {
    /// `relu(conv(x) + bias)`. Neighbouring rows are contiguous, so a row of the product's left side
    /// is simply [`KERNEL`] rows of the padded input.
    pub(crate) fn forward(&self, p: &[f32], x: &[f32]) -> Tape {
        let width = self.width;
        let mut padded = vec![0.0; x.len() + 2 * MARGIN * width];
        padded[MARGIN * width..][..x.len()].copy_from_slice(x);
        let mut out = vec![0.0; x.len()];
        add_to_rows(&mut out, &p[self.bias.clone()]);
        matmul_add(&mut out, &padded, width, &p[self.weight.clone()], KERNEL * width, width);
        relu(&mut out);
        Tape { padded, out }
    }

    /// The gradient of `x` from that of the output; those of weight and bias are added to `g`.
    pub(crate) fn backward(
        &self,
        p: &[f32],
        tape: &Tape,
        mut d: Vec<f32>,
        g: &mut [f32],
    ) -> Vec<f32> {
        let width = self.width;
        gate_by(&mut d, &tape.out);
        sum_rows(&mut g[self.bias.clone()], &d);
        outer_add(&mut g[self.weight.clone()], &tape.padded, width, &d, KERNEL * width, width);
        let mut d_padded = vec![0.0; tape.padded.len()];
        for (tap, weight) in p[self.weight.clone()].chunks_exact(width * width).enumerate() {
            let part = &mut d_padded[tap * width..][..d.len()];
            matmul_add(part, &d, width, &transpose(weight, width, width), width, width);
        }
        d_padded.truncate(d.len() + MARGIN * width);
        d_padded.drain(..MARGIN * width);
        d_padded
    }
}

/// The gradient through a relu whose output was `out`.
pub(crate) fn gate_by(d: &mut [f32], out: &[f32]) {
    d.iter_mut().zip(out).for_each(|(d, &out)| *d = if out > 0.0 { *d } else { 0.0 });
}
