//! Causal attention over the segments of a pack, forwards and backwards.
//!
//! What tokens look at is never kept: backwards computes it again, a block of queries at a time, so
//! the memory is that of one block by all keys whatever the length.

use super::norm::sum_of_products;
use super::pack::Segment;
use crate::encoder::{Products, View};
use crate::generator::Config;
use multiversion::multiversion;
use rten_simd::SimdOp;
use rten_vecmath::Softmax;
use std::ops::Range;

/// Queries of a block: their shares of a thousand keys stay in a core's cache (guess).
const BLOCK: usize = 128;

/// Queries, keys and values of all rows, turned; or the gradients of these.
pub(crate) struct Looks {
    /// rows × heads·head
    pub(crate) query: Vec<f32>,
    /// rows × answering·head
    pub(crate) key: Vec<f32>,
    /// rows × answering·head
    pub(crate) value: Vec<f32>,
}

impl Looks {
    fn zeros_like(&self) -> Self {
        let zeros = |of: &Vec<f32>| vec![0.0; of.len()];
        Self { query: zeros(&self.query), key: zeros(&self.key), value: zeros(&self.value) }
    }
}

/// The mixed values of all heads: rows × heads·head.
pub(crate) fn forward(
    products: &Products,
    config: &Config,
    segments: &[Segment],
    looks: &Looks,
) -> Vec<f32> {
    let mut mixed = vec![0.0; looks.query.len()];
    for segment in segments {
        for answering in 0..config.kv_heads {
            let seen = Seen::gather(config, segment, answering, looks);
            for head in config.asking(answering) {
                for block in blocks(segment) {
                    let query = config.columns(&looks.query, head, &block);
                    let (keys, shares) = seen.shares(products, query, &block, segment);
                    let mut out = vec![0.0; block.len() * config.head_width];
                    let looked = View::of(&shares, block.len(), keys);
                    products.set(&mut out, looked, seen.values(keys));
                    config.put(&out, &mut mixed, head, &block);
                }
            }
        }
    }
    mixed
}

/// The gradients of queries, keys and values from that of the mixed values.
pub(crate) fn backward(
    products: &Products,
    config: &Config,
    segments: &[Segment],
    looks: &Looks,
    d_mixed: &[f32],
) -> Looks {
    let mut d = looks.zeros_like();
    for segment in segments {
        for answering in 0..config.kv_heads {
            let seen = Seen::gather(config, segment, answering, looks);
            let mut d_seen = seen.zeros_like();
            for head in config.asking(answering) {
                for block in blocks(segment) {
                    let query = config.columns(&looks.query, head, &block);
                    let d_out = config.columns(d_mixed, head, &block);
                    let d_query = seen.back(products, query, d_out, (&block, segment), &mut d_seen);
                    config.put(&d_query, &mut d.query, head, &block);
                }
            }
            d_seen.scatter(config, segment, answering, &mut d);
        }
    }
    d
}

/// Rows of a segment, some at a time.
fn blocks(segment: &Segment) -> impl Iterator<Item = Range<usize>> {
    let end = segment.rows.end;
    segment.rows.clone().step_by(BLOCK).map(move |start| start..end.min(start + BLOCK))
}

impl Config {
    /// The heads that an answering one answers.
    fn asking(&self, answering: usize) -> Range<usize> {
        let group = self.heads / self.kv_heads;
        answering * group..(answering + 1) * group
    }

    /// One head's columns of some rows.
    fn columns<'a>(&self, rows: &'a [f32], head: usize, block: &Range<usize>) -> View<'a> {
        let stride = self.heads * self.head_width;
        let from = block.start * stride + head * self.head_width;
        View::strided(&rows[from..], block.len(), self.head_width, stride)
    }

    /// Writes one head's columns of some rows.
    fn put(&self, values: &[f32], rows: &mut [f32], head: usize, block: &Range<usize>) {
        let stride = self.heads * self.head_width;
        let rows = rows[block.start * stride..block.end * stride].chunks_exact_mut(stride);
        for (row, values) in rows.zip(values.chunks_exact(self.head_width)) {
            row[head * self.head_width..][..self.head_width].copy_from_slice(values);
        }
    }
}

/// Keys and values of one head that a segment's rows may look at: the prefix, then the segment.
struct Seen {
    head: usize,
    key: Vec<f32>,
    value: Vec<f32>,
}

impl Seen {
    fn gather(config: &Config, segment: &Segment, answering: usize, looks: &Looks) -> Self {
        let rows = || (0..segment.prefix).chain(segment.rows.clone());
        let stride = config.kv_heads * config.head_width;
        let columns = |of: &[f32]| -> Vec<f32> {
            let from = |row: usize| row * stride + answering * config.head_width;
            rows().flat_map(|row| of[from(row)..][..config.head_width].iter().copied()).collect()
        };
        Self { head: config.head_width, key: columns(&looks.key), value: columns(&looks.value) }
    }

    fn zeros_like(&self) -> Self {
        let zeros = vec![0.0; self.key.len()];
        Self { head: self.head, key: zeros.clone(), value: zeros }
    }

    /// Adds gradients to the rows that they were gathered from.
    fn scatter(&self, config: &Config, segment: &Segment, answering: usize, d: &mut Looks) {
        let stride = config.kv_heads * config.head_width;
        let rows = (0..segment.prefix).chain(segment.rows.clone());
        for (at, row) in rows.enumerate() {
            let here = at * self.head..(at + 1) * self.head;
            let there = row * stride + answering * self.head;
            crate::kernel::add(&mut d.key[there..][..self.head], &self.key[here.clone()]);
            crate::kernel::add(&mut d.value[there..][..self.head], &self.value[here]);
        }
    }

    fn keys(&self, count: usize) -> View<'_> {
        View::of(&self.key[..count * self.head], count, self.head)
    }

    fn values(&self, count: usize) -> View<'_> {
        View::of(&self.value[..count * self.head], count, self.head)
    }

    fn scale(&self) -> f32 {
        1.0 / (self.head as f32).sqrt()
    }

    /// How many keys a block sees, and what each of its rows looks at: block × keys.
    fn shares(
        &self,
        products: &Products,
        query: View<'_>,
        block: &Range<usize>,
        segment: &Segment,
    ) -> (usize, Vec<f32>) {
        let before = segment.prefix + (block.start - segment.rows.start);
        let keys = before + block.len();
        let mut shares = vec![0.0; block.len() * keys];
        products.set(&mut shares, query, self.keys(keys).turned());
        for (at, row) in shares.chunks_exact_mut(keys).enumerate() {
            let (seen, unseen) = row.split_at_mut(before + at + 1);
            seen.iter_mut().for_each(|value| *value *= self.scale());
            Softmax::new_mut(seen).dispatch();
            unseen.fill(0.0);
        }
        (keys, shares)
    }

    /// The gradient of a block's queries; those of keys and values are added to `d_seen`.
    fn back(
        &self,
        products: &Products,
        query: View<'_>,
        d_out: View<'_>,
        (block, segment): (&Range<usize>, &Segment),
        d_seen: &mut Self,
    ) -> Vec<f32> {
        let (keys, shares) = self.shares(products, query, block, segment);
        let used = keys * self.head;
        let looked = View::of(&shares, block.len(), keys);
        products.add(&mut d_seen.value[..used], looked.turned(), d_out);
        let mut d_shares = vec![0.0; shares.len()];
        products.set(&mut d_shares, d_out, self.values(keys).turned());
        through_softmax(&mut d_shares, &shares, keys, self.scale());
        let d_looked = View::of(&d_shares, block.len(), keys);
        products.add(&mut d_seen.key[..used], d_looked.turned(), query);
        let mut d_query = vec![0.0; block.len() * self.head];
        products.set(&mut d_query, d_looked, self.keys(keys));
        d_query
    }
}

/// The gradient of the scaled products from that of the shares.
#[multiversion(targets("x86_64+avx2+avx512f+avx512vl", "x86_64+avx2+fma"))]
fn through_softmax(d: &mut [f32], shares: &[f32], keys: usize, scale: f32) {
    for (d, shares) in d.chunks_exact_mut(keys).zip(shares.chunks_exact(keys)) {
        let slope = sum_of_products(d, shares);
        d.iter_mut().zip(shares).for_each(|(d, share)| *d = scale * share * (*d - slope));
    }
}
