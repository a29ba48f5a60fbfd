//! The two threads that compute gradients.

use super::{Gradient, LabelledDocument, Reads, Set, Settings, add_gradient, document_loss};
use crate::encoder::Products;
use crate::random::Random;
use crate::weights::Weights;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Two threads, each with its half of a batch: the order of all sums is fixed. Matrix products run
/// on the thread that asks for them.
pub(crate) struct Workers([Option<ThreadPool>; 2]);

impl Workers {
    pub(crate) fn new() -> Self {
        Self([(); 2].map(|()| ThreadPoolBuilder::new().num_threads(1).build().ok()))
    }

    /// The gradient of a batch of (set, document).
    pub(crate) fn gradients(
        &self,
        weights: &Weights,
        sets: &[Set],
        batch: &[(usize, usize)],
        settings: &Settings,
        step: usize,
    ) -> Gradient {
        let half = |which: usize| {
            let mut sum = Gradient::zeros(weights);
            let products = Products::new();
            for (at, &(set, document)) in batch.iter().enumerate().skip(which).step_by(2) {
                let mut random = Random::of(&[settings.seed, 2, step as u64, at as u64]);
                let set = &sets[set];
                let mut sample = set.documents[document].crop(set.most_lines, &mut random);
                // Pieces inside lines would move.
                if settings.reads == Reads::Lines {
                    sample = sample.thinned(&mut random).worn(&mut random);
                }
                if !random.chance(settings.hint_share) {
                    sample.hint = None;
                }
                add_gradient(
                    &mut sum,
                    &products,
                    weights,
                    (&sample, set, settings.reads),
                    &mut random,
                );
            }
            sum
        };
        let (mut even, odd) = self.both(half);
        even.add(odd);
        even
    }

    /// The mean loss a row of documents with the expert's labels; none if there is no document.
    pub(crate) fn loss(
        &self,
        weights: &Weights,
        held: &[LabelledDocument],
        reads: Reads,
    ) -> Option<f32> {
        let half = |which: usize| {
            let mut sum = (0.0, 0.0);
            for document in held.iter().skip(which).step_by(2) {
                let (loss, weight) = document_loss(weights, document, reads);
                sum = (sum.0 + loss, sum.1 + weight);
            }
            sum
        };
        let (even, odd) = self.both(half);
        (even.1 + odd.1 > 0.0).then(|| (even.0 + odd.0) / (even.1 + odd.1))
    }

    /// Both halves of some work, each on its thread.
    fn both<T: Send>(&self, half: impl Fn(usize) -> T + Sync) -> (T, T) {
        let run = |which: usize| match &self.0[which] {
            Some(pool) => pool.install(|| half(which)),
            None => half(which),
        };
        let (even, odd) = std::thread::scope(|scope| {
            let odd = scope.spawn(|| run(1));
            (run(0), odd.join())
        });
        match odd {
            Ok(odd) => (even, odd),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}
