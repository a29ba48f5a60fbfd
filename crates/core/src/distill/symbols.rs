//! Two texts as numbers: one a character, so that no deletion can cut a character.

use std::collections::HashMap;

/// Characters below this are their own number.
const ASCII: u32 = 128;

/// The characters of a raw and a refined text, numbered alike and densely.
#[derive(Debug)]
pub(super) struct Symbols {
    /// Those of the raw text.
    pub raw: Vec<u32>,
    /// Those of the refined text.
    pub refined: Vec<u32>,
    /// How many different ones there may be.
    pub count: usize,
}

impl Symbols {
    /// Numbers both texts; `None` if the refined text has a character that the raw one lacks, or
    /// a text has more characters than can be numbered in 32 bits.
    pub fn of(raw: &str, refined: &str) -> Option<Self> {
        if u32::try_from(raw.len()).is_err() || refined.len() > raw.len() {
            return None;
        }
        let mut numbers = HashMap::new();
        let raw: Vec<u32> = raw.chars().map(|c| number_new(c, &mut numbers)).collect();
        let refined: Option<Vec<u32>> = refined.chars().map(|c| number_of(c, &numbers)).collect();
        let count = ASCII as usize + numbers.len();
        Some(Self { raw, refined: refined?, count })
    }
}

fn number_new(c: char, numbers: &mut HashMap<char, u32>) -> u32 {
    if c.is_ascii() {
        return c as u32;
    }
    let next = ASCII + u32::try_from(numbers.len()).unwrap_or(u32::MAX - ASCII);
    *numbers.entry(c).or_insert(next)
}

fn number_of(c: char, numbers: &HashMap<char, u32>) -> Option<u32> {
    if c.is_ascii() { Some(c as u32) } else { numbers.get(&c).copied() }
}

/// Where in the raw text each character stands, by kind: all places of one character side by side.
///
/// Places are counted from 1, so that 0 can stand for the place before the text.
#[derive(Debug)]
pub(super) struct Places {
    /// The places, sorted by character and then by place.
    pub sorted: Vec<u32>,
    /// For each raw character, where its place stands in `sorted`.
    pub rank: Vec<u32>,
}

impl Places {
    pub fn of(symbols: &Symbols) -> Self {
        let mut next = vec![0u32; symbols.count + 1];
        for &symbol in &symbols.raw {
            next[symbol as usize + 1] += 1;
        }
        for at in 1..next.len() {
            next[at] += next[at - 1];
        }
        let mut places = Self {
            sorted: vec![0; symbols.raw.len()],
            rank: Vec::with_capacity(symbols.raw.len()),
        };
        for (place, &symbol) in (1..).zip(&symbols.raw) {
            let at = &mut next[symbol as usize];
            places.sorted[*at as usize] = place;
            places.rank.push(*at);
            *at += 1;
        }
        places
    }
}
