//! Steps: Adam for the network, Adagrad by row for the embeddings.

use crate::parameters::EMBED;

/// Adam (Kingma and Ba, 2015) with its usual constants and a little weight decay.
pub(crate) struct Adam {
    pub(crate) mean: Vec<f32>,
    pub(crate) square: Vec<f32>,
    pub(crate) steps: i32,
}

impl Adam {
    pub(crate) fn new(len: usize) -> Self {
        Self { mean: vec![0.0; len], square: vec![0.0; len], steps: 0 }
    }

    /// One over the share of the moments that has been seen.
    pub(crate) fn biases(&self) -> (f32, f32) {
        (1.0 - 0.9f32.powi(self.steps), 1.0 - 0.999f32.powi(self.steps))
    }

    pub(crate) fn step(&mut self, weights: &mut [f32], gradients: &[f32], rate: f32, scale: f32) {
        self.steps += 1;
        let biases = self.biases();
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((weight, gradient), (mean, square)) in weights.iter_mut().zip(gradients).zip(moments) {
            move_one(weight, gradient * scale, mean, square, biases, rate);
        }
    }
}

/// Moves one weight.
#[inline(always)]
pub(crate) fn move_one(
    weight: &mut f32,
    gradient: f32,
    mean: &mut f32,
    square: &mut f32,
    (bias1, bias2): (f32, f32),
    rate: f32,
) {
    let gradient = gradient.clamp(-1.0, 1.0);
    *mean += 0.1 * (gradient - *mean);
    *square += 0.001 * (gradient * gradient - *square);
    let step = (*mean / bias1) / ((*square / bias2).sqrt() + 1e-8);
    *weight -= rate * (step + 0.01 * *weight);
}

/// Gradients of the embedding rows that a batch touched, and Adagrad's sums.
pub(crate) struct Rows {
    pub(crate) squares: Vec<f32>,
    gradients: Vec<f32>,
    touched: Vec<u32>,
    is_touched: Vec<bool>,
}

impl Rows {
    pub(crate) fn new(buckets: usize) -> Self {
        Self {
            squares: vec![1e-6; buckets],
            gradients: vec![0.0; buckets * EMBED],
            touched: Vec::new(),
            is_touched: vec![false; buckets],
        }
    }

    /// Adds one gradient to each of `rows`.
    pub(crate) fn add(&mut self, rows: &[u32], gradient: &[f32; EMBED]) {
        for &row in rows {
            if !std::mem::replace(&mut self.is_touched[row as usize], true) {
                self.touched.push(row);
            }
            let sum = &mut self.gradients[row as usize * EMBED..][..EMBED];
            sum.iter_mut().zip(gradient).for_each(|(sum, value)| *sum += value);
        }
    }

    pub(crate) fn step(&mut self, table: &mut [f32], rate: f32, scale: f32) {
        for row in self.touched.drain(..).map(|row| row as usize) {
            self.is_touched[row] = false;
            let gradient = &mut self.gradients[row * EMBED..][..EMBED];
            let square = &mut self.squares[row];
            let norm: f32 = gradient.iter().map(|g| g * g).sum::<f32>() * scale * scale;
            *square += norm / EMBED as f32;
            let step = rate * scale / square.sqrt();
            let weights = &mut table[row * EMBED..][..EMBED];
            weights.iter_mut().zip(gradient).for_each(|(weight, g)| {
                *weight -= step * *g;
                *g = 0.0;
            });
        }
    }
}
