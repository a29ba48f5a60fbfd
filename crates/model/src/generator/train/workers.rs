//! The threads that compute gradients.

use super::decoder::Decoder;
use super::loss::Loss;
use super::pack::{Example, Pack};
use crate::encoder::Products;
use crate::error::ModelError;
use crate::gpu::Device;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Threads, each with its share of a batch: the order of all sums is fixed. Matrix products run on
/// the thread that asks for them.
pub(crate) struct Workers {
    pools: Vec<Option<ThreadPool>>,
    pack_tokens: usize,
    /// A thread's way to make products.
    products: Vec<Products>,
    /// A gradient a thread, kept from step to step.
    gradients: Vec<Vec<f32>>,
}

impl Workers {
    /// # Errors
    /// If there is no such device.
    pub(crate) fn new(
        threads: usize,
        pack_tokens: usize,
        device: Device,
    ) -> Result<Self, ModelError> {
        let pool = |_| ThreadPoolBuilder::new().num_threads(1).build().ok();
        let pools: Vec<_> = (0..threads.max(1)).map(pool).collect();
        let products = pools.iter().map(|_| Products::on(device)).collect::<Result<_, _>>()?;
        Ok(Self { gradients: vec![Vec::new(); pools.len()], products, pools, pack_tokens })
    }

    /// # Errors
    /// If the device could not do what was asked of it.
    pub(crate) fn trouble(&self) -> Result<(), ModelError> {
        self.products.iter().try_for_each(Products::trouble)
    }

    /// The loss of a batch, its gradient (of the sum over tokens), and how many rows were read.
    pub(crate) fn learn(
        &mut self,
        decoder: Decoder<'_>,
        batch: &[&Example],
    ) -> (Loss, &[f32], usize) {
        let shares = self.shares(batch);
        let work = |packs: &Vec<Pack>, products: &Products, g: &mut Vec<f32>| {
            g.clear();
            g.resize(decoder.learning(), 0.0);
            let losses = packs.iter().map(|pack| decoder.learn(products, pack, g));
            losses.fold(Loss::default(), Loss::and)
        };
        let parts = shares.iter().zip(&self.products).zip(&mut self.gradients);
        let loss = each(&self.pools, parts, |((packs, products), g)| work(packs, products, g));
        if let Some((first, others)) = self.gradients.split_first_mut() {
            others.iter().for_each(|other| crate::kernel::add(first, other));
        }
        let rows = shares.iter().flatten().map(|pack| pack.tokens.len()).sum();
        (loss, &self.gradients[0], rows)
    }

    /// The loss of examples.
    pub(crate) fn loss(&self, decoder: Decoder<'_>, examples: &[Example]) -> Loss {
        let shares = self.shares(&examples.iter().collect::<Vec<_>>());
        each(&self.pools, shares.iter().zip(&self.products), |(packs, products)| {
            packs.iter().map(|pack| decoder.loss(products, pack)).fold(Loss::default(), Loss::and)
        })
    }

    /// Packs of about as many tokens for every thread: the longest examples first, each to whom has
    /// least.
    fn shares(&self, batch: &[&Example]) -> Vec<Vec<Pack>> {
        let mut order = batch.to_vec();
        order.sort_by_key(|example| std::cmp::Reverse(example.tokens()));
        let mut shares: Vec<(usize, Vec<&Example>)> = vec![(0, Vec::new()); self.pools.len()];
        for example in order {
            if let Some((tokens, share)) = shares.iter_mut().min_by_key(|(tokens, _)| *tokens) {
                *tokens += example.tokens();
                share.push(example);
            }
        }
        shares.iter().map(|(_, share)| self.packs(share)).collect()
    }

    /// Packs of at most so many tokens, or one example.
    fn packs(&self, share: &[&Example]) -> Vec<Pack> {
        let (mut packs, mut start) = (Vec::new(), 0);
        for end in 1..=share.len() {
            let with_next = share.get(start..=end).map(|some| Pack::of(some).tokens.len());
            if with_next.is_none_or(|tokens| tokens > self.pack_tokens) {
                packs.push(Pack::of(&share[start..end]));
                start = end;
            }
        }
        packs
    }
}

/// Some work on every thread; the sum of the losses in their order.
fn each<T: Send>(
    pools: &[Option<ThreadPool>],
    work: impl Iterator<Item = T>,
    run: impl Fn(T) -> Loss + Sync,
) -> Loss {
    let run = &run;
    std::thread::scope(|scope| {
        let mut running = Vec::with_capacity(pools.len());
        for (pool, part) in pools.iter().zip(work) {
            running.push(scope.spawn(move || match pool {
                Some(pool) => pool.install(|| run(part)),
                None => run(part),
            }));
        }
        let done = running.into_iter().map(|thread| match thread.join() {
            Ok(loss) => loss,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        done.fold(Loss::default(), Loss::and)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_hold_every_example_and_no_more_tokens_than_they_may() {
        let example = |length: u32| Example { prompt: (0..length).collect(), program: vec![1, 2] };
        let all: Vec<Example> = [5, 30, 7, 9, 30, 12].map(example).to_vec();
        let workers = Workers::new(2, 24, Device::Cpu).unwrap();
        let shares = workers.shares(&all.iter().collect::<Vec<_>>());
        let told: usize = shares.iter().flatten().map(|pack| pack.targets.len()).sum();
        assert_eq!((shares.len(), told), (2, 12));
        for pack in shares.iter().flatten() {
            assert!(pack.tokens.len() <= 24 || pack.segments.len() <= 2, "{pack:?}");
        }
        assert!(workers.shares(&[]).iter().all(Vec::is_empty));
    }
}
