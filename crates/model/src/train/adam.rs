//! Steps: Adam for the network, Adagrad by row or Adam for the embeddings.

use crate::parameters::EMBED;

/// Adam (Kingma and Ba, 2015) with a little weight decay.
pub(crate) struct Adam {
    pub(crate) mean: Vec<f32>,
    pub(crate) square: Vec<f32>,
    pub(crate) steps: i32,
    pace: Pace,
}

/// How soon squares are forgotten, and how much of a weight each step takes away.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    forgets: f32,
    decay: f32,
}

impl Pace {
    /// The usual one.
    pub(crate) const USUAL: Self = Self { forgets: 0.001, decay: 0.01 };
    /// For networks that see whole pages (measured in PyTorch: lab/LOG.md).
    pub(crate) const QUICK: Self = Self { forgets: 0.02, decay: 0.02 };
    /// The same for their embeddings, most of which a step does not touch.
    pub(crate) const OF_EMBEDDINGS: Self = Self { forgets: 0.02, decay: 0.0 };
}

impl Adam {
    pub(crate) fn new(len: usize) -> Self {
        Self::with_pace(len, Pace::USUAL)
    }

    pub(crate) fn with_pace(len: usize, pace: Pace) -> Self {
        Self { mean: vec![0.0; len], square: vec![0.0; len], steps: 0, pace }
    }

    /// What the next moves of single weights need.
    pub(crate) fn moving(&self, rate: f32) -> Moving {
        let Pace { forgets, decay } = self.pace;
        let biases = (1.0 - 0.9f32.powi(self.steps), 1.0 - (1.0 - forgets).powi(self.steps));
        Moving { biases, forgets, decay, rate }
    }

    pub(crate) fn step(&mut self, weights: &mut [f32], gradients: &[f32], rate: f32, scale: f32) {
        self.steps += 1;
        let moving = self.moving(rate);
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((weight, gradient), (mean, square)) in weights.iter_mut().zip(gradients).zip(moments) {
            moving.one(weight, gradient * scale, mean, square);
        }
    }
}

/// A step of Adam as each weight sees it.
#[derive(Clone, Copy)]
pub(crate) struct Moving {
    /// The shares of the moments that have been seen.
    biases: (f32, f32),
    forgets: f32,
    decay: f32,
    rate: f32,
}

impl Moving {
    /// Moves one weight.
    #[inline(always)]
    pub(crate) fn one(&self, weight: &mut f32, gradient: f32, mean: &mut f32, square: &mut f32) {
        let gradient = gradient.clamp(-1.0, 1.0);
        *mean += 0.1 * (gradient - *mean);
        *square += self.forgets * (gradient * gradient - *square);
        let step = (*mean / self.biases.0) / ((*square / self.biases.1).sqrt() + 1e-8);
        *weight -= self.rate * (step + self.decay * *weight);
    }
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

    /// The sum of the squares of all gradients.
    pub(crate) fn squared(&self) -> f32 {
        let of_row = |&row: &u32| &self.gradients[row as usize * EMBED..][..EMBED];
        self.touched.iter().flat_map(of_row).map(|g| g * g).sum()
    }

    /// One step of Adam over the whole table.
    pub(crate) fn step_all(&mut self, table: &mut [f32], adam: &mut Adam, rate: f32, scale: f32) {
        adam.step(table, &self.gradients, rate, scale);
        for row in self.touched.drain(..).map(|row| row as usize) {
            self.is_touched[row] = false;
            self.gradients[row * EMBED..][..EMBED].fill(0.0);
        }
    }

    /// One step of Adagrad over the rows that were touched.
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
