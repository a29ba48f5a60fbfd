//! Layer normalisation, forwards and backwards.

/// Added to the variance, as in BERT.
const EPSILON: f32 = 1e-12;

/// What backward needs of a normalisation.
#[derive(Default)]
pub(crate) struct Normed {
    /// The rows with mean 0 and variance 1.
    pub(crate) unit: Vec<f32>,
    /// One over the deviation of each row.
    inverse: Vec<f32>,
}

/// Normalises the rows of `x` in place to `unit · scale + shift`.
pub(crate) fn forward(x: &mut [f32], scale: &[f32], shift: &[f32]) -> Normed {
    let width = scale.len();
    let mut normed = Normed { unit: x.to_vec(), inverse: Vec::with_capacity(x.len() / width) };
    for (row, unit) in x.chunks_exact_mut(width).zip(normed.unit.chunks_exact_mut(width)) {
        normed.inverse.push(to_unit(unit));
        for i in 0..width {
            row[i] = unit[i] * scale[i] + shift[i];
        }
    }
    normed
}

/// The same where nothing goes back.
pub(crate) fn apply(x: &mut [f32], scale: &[f32], shift: &[f32]) {
    let width = scale.len();
    for row in x.chunks_exact_mut(width) {
        to_unit(row);
        for i in 0..width {
            row[i] = row[i] * scale[i] + shift[i];
        }
    }
}

/// Gives a row mean 0 and variance 1; returns one over its deviation.
fn to_unit(row: &mut [f32]) -> f32 {
    let width = row.len() as f32;
    let mean = sum(row) / width;
    row.iter_mut().for_each(|value| *value -= mean);
    let inverse = 1.0 / (sum_of_products(row, row) / width + EPSILON).sqrt();
    row.iter_mut().for_each(|value| *value *= inverse);
    inverse
}

/// Turns the gradient of the output into that of the input, and adds those of scale and shift.
pub(crate) fn backward(
    d: &mut [f32],
    normed: &Normed,
    scale: &[f32],
    d_scale: &mut [f32],
    d_shift: &mut [f32],
) {
    let width = scale.len();
    let rows = d.chunks_exact_mut(width).zip(normed.unit.chunks_exact(width));
    for ((d, unit), inverse) in rows.zip(&normed.inverse) {
        for i in 0..width {
            d_scale[i] += d[i] * unit[i];
            d_shift[i] += d[i];
            d[i] *= scale[i];
        }
        let mean = sum(d) / width as f32;
        let slope = sum_of_products(d, unit) / width as f32;
        for i in 0..width {
            d[i] = inverse * (d[i] - mean - unit[i] * slope);
        }
    }
}

/// A sum in sixteen interleaved sums, so that it vectorises in one stated order.
fn sum(values: &[f32]) -> f32 {
    let mut sums = [0f32; 16];
    let parts = values.chunks_exact(16);
    let rest: f32 = parts.remainder().iter().sum();
    for part in parts {
        sums.iter_mut().zip(part).for_each(|(sum, value)| *sum += value);
    }
    sums.iter().sum::<f32>() + rest
}

fn sum_of_products(x: &[f32], y: &[f32]) -> f32 {
    let mut sums = [0f32; 16];
    for (x, y) in x.chunks_exact(16).zip(y.chunks_exact(16)) {
        for lane in 0..16 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let whole = x.len() - x.len() % 16;
    let rest = x[whole..].iter().zip(&y[whole..]).map(|(x, y)| x * y).sum::<f32>();
    sums.iter().sum::<f32>() + rest
}
