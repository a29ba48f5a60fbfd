//! The keys and values of what a generator has read, for later tokens to look at.
//!
//! Beside weights in small numbers they are rounded to 16 bits with a scale for each place and head:
//! half of the memory that single precision reads for each token, and an error below 1e-4 of the
//! largest value. Beside weights in single precision they stay as they are.

use super::config::Config;
use super::linear::Precision;

/// Places of a block of keys.
pub(super) const PLACES: usize = 16;
/// The largest rounded value.
const MOST: f32 = 32_767.0;

/// In what keys and values are kept.
pub(super) trait Number: Copy + Default + Sync {
    /// What values are multiplied by when they are kept, and when they are read again.
    fn scales(values: &[f32]) -> (f32, f32);
    /// What is kept of a value that was multiplied.
    fn kept(value: f32) -> Self;
    /// What is read again.
    fn read(self) -> f32;
}

impl Number for i16 {
    fn scales(values: &[f32]) -> (f32, f32) {
        let most = values.iter().fold(1e-30f32, |most, value| most.max(value.abs()));
        (MOST / most, most / MOST)
    }

    #[inline(always)]
    fn kept(value: f32) -> Self {
        value.round() as Self
    }

    #[inline(always)]
    fn read(self) -> f32 {
        f32::from(self)
    }
}

impl Number for f32 {
    fn scales(_: &[f32]) -> (f32, f32) {
        (1.0, 1.0)
    }

    #[inline(always)]
    fn kept(value: f32) -> Self {
        value
    }

    #[inline(always)]
    fn read(self) -> f32 {
        self
    }
}

/// What a generator has read.
pub struct Cache {
    length: usize,
    capacity: usize,
    pub(super) layers: Vec<Kept>,
}

/// Keys and values of a layer.
pub(super) enum Kept {
    Small(Rows<i16>),
    Single(Rows<f32>),
}

/// Keys and values of a layer, in one kind of numbers.
pub(super) struct Rows<T> {
    heads: usize,
    head_width: usize,
    capacity: usize,
    /// For each head, blocks of [`PLACES`] places: their first values, their second values, ….
    keys: Vec<T>,
    /// For each head, a row a place.
    values: Vec<T>,
    key_scales: Vec<f32>,
    value_scales: Vec<f32>,
}

/// What one head has kept.
#[derive(Clone, Copy)]
pub(super) struct Head<'a, T> {
    pub(super) keys: &'a [T],
    pub(super) values: &'a [T],
    pub(super) key_scales: &'a [f32],
    pub(super) value_scales: &'a [f32],
}

impl Cache {
    /// Room for so many tokens; `Network::cache` makes one for a network.
    pub(super) fn new(config: &Config, precision: Precision, tokens: usize) -> Self {
        let capacity = tokens.next_multiple_of(PLACES);
        let kept = |_| match precision {
            Precision::Small => Kept::Small(Rows::new(config, capacity)),
            Precision::Single => Kept::Single(Rows::new(config, capacity)),
        };
        Self { length: 0, capacity, layers: (0..config.layers).map(kept).collect() }
    }

    /// Takes over what another cache of the same network has kept.
    ///
    /// # Panics
    /// If there is no room for it.
    pub(super) fn take_over(&mut self, from: &Self) {
        let length = from.length;
        assert!(length <= self.capacity, "there is room for what was read");
        for pair in self.layers.iter_mut().zip(&from.layers) {
            match pair {
                (Kept::Small(layer), Kept::Small(from)) => layer.take_over(from, length),
                (Kept::Single(layer), Kept::Single(from)) => layer.take_over(from, length),
                _ => unreachable!("caches of one network keep one kind of numbers"),
            }
        }
        self.length = length;
    }

    /// Tokens that were read.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing was read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Tokens that there is room for.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Forgets all but the first `length` tokens.
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    pub(super) const fn grow(&mut self, count: usize) {
        self.length += count;
    }
}

impl Kept {
    /// Keeps the keys and values of a place.
    pub(super) fn put(&mut self, place: usize, keys: &[f32], values: &[f32]) {
        match self {
            Self::Small(rows) => rows.put(place, keys, values),
            Self::Single(rows) => rows.put(place, keys, values),
        }
    }
}

impl<T: Number> Rows<T> {
    fn new(config: &Config, capacity: usize) -> Self {
        let (heads, head_width) = (config.kv_heads, config.head_width);
        let numbers = || vec![T::default(); heads * capacity * head_width];
        let scales = || vec![0.0; heads * capacity];
        Self {
            heads,
            head_width,
            capacity,
            keys: numbers(),
            values: numbers(),
            key_scales: scales(),
            value_scales: scales(),
        }
    }

    pub(super) fn head(&self, head: usize) -> Head<'_, T> {
        let (all, capacity) = (self.capacity * self.head_width, self.capacity);
        Head {
            keys: &self.keys[head * all..][..all],
            values: &self.values[head * all..][..all],
            key_scales: &self.key_scales[head * capacity..][..capacity],
            value_scales: &self.value_scales[head * capacity..][..capacity],
        }
    }

    /// Takes over the first `places` of another.
    fn take_over(&mut self, from: &Self, places: usize) {
        let (to, width) = (self.capacity, self.head_width);
        let blocks = places.next_multiple_of(PLACES) * width;
        for head in 0..self.heads {
            let (a, b) = (head * to, head * from.capacity);
            self.keys[a * width..][..blocks].copy_from_slice(&from.keys[b * width..][..blocks]);
            let rows = places * width;
            self.values[a * width..][..rows].copy_from_slice(&from.values[b * width..][..rows]);
            self.key_scales[a..][..places].copy_from_slice(&from.key_scales[b..][..places]);
            self.value_scales[a..][..places].copy_from_slice(&from.value_scales[b..][..places]);
        }
    }

    fn put(&mut self, place: usize, keys: &[f32], values: &[f32]) {
        let width = self.head_width;
        for head in 0..self.heads {
            let at = head * self.capacity + place;
            let first = head * self.capacity * width;
            let (inverse, scale) = T::scales(&keys[head * width..][..width]);
            self.key_scales[at] = scale;
            let block = &mut self.keys[first + place / PLACES * PLACES * width..];
            for (within, key) in keys[head * width..][..width].iter().enumerate() {
                block[within * PLACES + place % PLACES] = T::kept(key * inverse);
            }
            let (inverse, scale) = T::scales(&values[head * width..][..width]);
            self.value_scales[at] = scale;
            let row = &mut self.values[first + place * width..][..width];
            for (kept, value) in row.iter_mut().zip(&values[head * width..]) {
                *kept = T::kept(value * inverse);
            }
        }
    }
}
