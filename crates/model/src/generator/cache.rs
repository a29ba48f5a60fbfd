//! The keys and values of what a generator has read, for later tokens to look at.
//!
//! They are rounded to 16 bits with a scale for each place and head: half of the memory that single
//! precision reads for each token, and an error below 1e-4 of the largest value.

use super::config::Config;

/// Places of a block of keys.
pub(super) const PLACES: usize = 16;
/// The largest rounded value.
const MOST: f32 = 32_767.0;

/// What a generator has read.
pub struct Cache {
    length: usize,
    capacity: usize,
    pub(super) layers: Vec<Kept>,
}

/// Keys and values of a layer.
pub(super) struct Kept {
    heads: usize,
    head_width: usize,
    capacity: usize,
    /// For each head, blocks of [`PLACES`] places: their first values, their second values, ….
    keys: Vec<i16>,
    /// For each head, a row a place.
    values: Vec<i16>,
    key_scales: Vec<f32>,
    value_scales: Vec<f32>,
}

/// What one head has kept.
#[derive(Clone, Copy)]
pub(super) struct Head<'a> {
    pub(super) keys: &'a [i16],
    pub(super) values: &'a [i16],
    pub(super) key_scales: &'a [f32],
    pub(super) value_scales: &'a [f32],
}

impl Cache {
    /// Room for so many tokens.
    #[must_use]
    pub fn new(config: &Config, tokens: usize) -> Self {
        let capacity = tokens.next_multiple_of(PLACES);
        let layers = (0..config.layers).map(|_| Kept::new(config, capacity)).collect();
        Self { length: 0, capacity, layers }
    }

    /// The same, with room for so many tokens in all.
    ///
    /// # Panics
    /// If there is no room for what was read.
    #[must_use]
    pub fn with_room(&self, config: &Config, tokens: usize) -> Self {
        let mut cache = Self::new(config, tokens);
        assert!(self.length <= cache.capacity, "there is room for what was read");
        let layers = cache.layers.iter_mut().zip(&self.layers);
        layers.for_each(|(layer, from)| layer.take_over(from, self.length));
        cache.length = self.length;
        cache
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
    fn new(config: &Config, capacity: usize) -> Self {
        let (heads, head_width) = (config.kv_heads, config.head_width);
        let numbers = || vec![0; heads * capacity * head_width];
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

    pub(super) fn head(&self, head: usize) -> Head<'_> {
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

    /// Keeps the keys and values of a place.
    pub(super) fn put(&mut self, place: usize, keys: &[f32], values: &[f32]) {
        let width = self.head_width;
        for head in 0..self.heads {
            let at = head * self.capacity + place;
            let first = head * self.capacity * width;
            let (inverse, scale) = scale_of(&keys[head * width..][..width]);
            self.key_scales[at] = scale;
            let block = &mut self.keys[first + place / PLACES * PLACES * width..];
            for (within, key) in keys[head * width..][..width].iter().enumerate() {
                block[within * PLACES + place % PLACES] = (key * inverse).round() as i16;
            }
            let (inverse, scale) = scale_of(&values[head * width..][..width]);
            self.value_scales[at] = scale;
            let row = &mut self.values[first + place * width..][..width];
            for (kept, value) in row.iter_mut().zip(&values[head * width..]) {
                *kept = (value * inverse).round() as i16;
            }
        }
    }
}

/// What values are multiplied by when they are rounded, and when they are read again.
fn scale_of(values: &[f32]) -> (f32, f32) {
    let most = values.iter().fold(1e-30f32, |most, value| most.max(value.abs()));
    (MOST / most, most / MOST)
}
