//! The two threads that compute gradients.

use super::{
    Blocks, Gradient, HeldRows, LabelledDocument, Reads, Set, Settings, add_gradient, judge,
};
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

    /// The gradient of a batch of (set, document), some with `blocks` of other pages.
    pub(crate) fn gradients(
        &self,
        weights: &Weights,
        (sets, blocks): (&[Set], &Blocks),
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
                if !random.chance(settings.hint_share) {
                    sample.hint = None;
                }
                // Pieces inside lines would move.
                if settings.reads == Reads::Lines {
                    sample =
                        sample.spliced(blocks, &mut random).thinned(&mut random).worn(&mut random);
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

    /// What a network says of the rows of documents with the expert's labels.
    pub(crate) fn judged(
        &self,
        weights: &Weights,
        held: &[LabelledDocument],
        reads: Reads,
    ) -> HeldRows {
        let half = |which: usize| {
            let documents = held.iter().skip(which).step_by(2);
            documents.flat_map(|document| judge(weights, document, reads)).collect::<Vec<_>>()
        };
        let (mut even, odd) = self.both(half);
        even.extend(odd);
        HeldRows(even)
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
