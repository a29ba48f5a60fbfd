//! A small model of clean text: characters after the four before them.
//!
//! Witten–Bell interpolation of orders 0 to 4 (Witten and Bell 1991), over counts in hashed tables of
//! fixed size, so that a model is 8 MiB whatever it has read. Two sequences in one slot share their
//! counts; that blurs rare ones.

use std::fmt;

/// Characters of the longest context (guess: fewer do not know words, more need more text).
const ORDER: usize = 4;
/// Slots for counts of characters behind contexts, as a power of two.
const SEEN_BITS: u32 = 20;
/// Slots for contexts, as a power of two.
const CONTEXT_BITS: u32 = 19;
/// What is left for a character that was never seen: one of this many (guess: about the scripts in
/// use; it is the same for every text).
const ALPHABET: f64 = 4096.0;
/// How a file begins.
const MAGIC: &[u8] = b"refinex-ngram-1\n";

/// Counts of clean text.
#[derive(Clone, PartialEq, Eq)]
pub struct NgramModel {
    /// How often a character followed a context, by the hash of both.
    seen: Vec<u32>,
    /// How often a context stood there, by its hash.
    contexts: Vec<u32>,
    /// How many different characters followed it.
    followers: Vec<u32>,
}

impl fmt::Debug for NgramModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NgramModel({:016x})", self.fingerprint())
    }
}

/// Counts clean text, until half of the slots for characters behind contexts are taken: a fuller
/// table takes what it has never seen for known (measured: of random letters, 2.8 where it should be
/// hundreds).
pub struct NgramCounter {
    model: NgramModel,
    taken: usize,
}

/// Bytes that are no model of this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NgramError(String);

impl fmt::Display for NgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected an n-gram model of this version, but found {}", self.0)
    }
}

impl std::error::Error for NgramError {}

impl Default for NgramCounter {
    fn default() -> Self {
        let table = |bits: u32| vec![0; 1 << bits];
        let (contexts, followers) = (table(CONTEXT_BITS), table(CONTEXT_BITS));
        Self { model: NgramModel { seen: table(SEEN_BITS), contexts, followers }, taken: 0 }
    }
}

impl NgramCounter {
    /// Whether no more is counted.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.taken >= 1 << (SEEN_BITS - 1)
    }

    /// Counts a text, unless it is full.
    pub fn count(&mut self, text: &str) {
        if self.is_full() {
            return;
        }
        let Self { model, taken } = self;
        each_window(text, |window| {
            for slots in slots(window) {
                let seen = &mut model.seen[slots.seen];
                *taken += usize::from(*seen == 0);
                model.followers[slots.context] += u32::from(*seen == 0);
                *seen = seen.saturating_add(1);
                let context = &mut model.contexts[slots.context];
                *context = context.saturating_add(1);
            }
        });
    }

    /// The model of what was counted.
    #[must_use]
    pub fn finish(self) -> NgramModel {
        self.model
    }
}

impl NgramModel {
    /// The perplexity of a text by character; white space counts as one blank, case does not count.
    #[must_use]
    pub fn perplexity(&self, text: &str) -> f64 {
        let (mut bits, mut characters) = (0.0, 0u32);
        each_window(text, |window| {
            bits -= self.probability(window).log2();
            characters += 1;
        });
        (bits / f64::from(characters.max(1))).exp2()
    }

    /// The probability of the last character of the window after those before it. Slots are shared,
    /// so a context can seem to have no followers, or fewer than a character after it: neither may
    /// make a text impossible, or more than certain.
    fn probability(&self, window: &[char]) -> f64 {
        slots(window).fold(1.0 / ALPHABET, |shorter, slots| {
            let context = f64::from(self.contexts[slots.context]);
            let seen = f64::from(self.seen[slots.seen]).min(context);
            let followers = f64::from(self.followers[slots.context].max(1));
            if context == 0.0 {
                shorter
            } else {
                (seen + followers * shorter) / (context + followers)
            }
        })
    }

    /// A hash of its counts.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let counts = self.seen.iter().chain(&self.contexts).chain(&self.followers);
        counts.fold(1, |hash, &count| mixed(hash ^ u64::from(count)))
    }

    /// The model as a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let counts = self.seen.iter().chain(&self.contexts).chain(&self.followers);
        let mut bytes = MAGIC.to_vec();
        counts.for_each(|count| bytes.extend_from_slice(&count.to_le_bytes()));
        bytes
    }

    /// The model in a file.
    ///
    /// # Errors
    /// If it is none of this version, or cut off.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NgramError> {
        let wrong = |found: &str| NgramError(found.to_owned());
        let body = bytes.strip_prefix(MAGIC).ok_or_else(|| wrong("another kind of file"))?;
        let (seen, contexts) = (1usize << SEEN_BITS, 1usize << CONTEXT_BITS);
        let wanted = 4 * (seen + 2 * contexts);
        if body.len() != wanted {
            let found = body.len();
            return Err(NgramError(format!("{found} bytes of counts instead of {wanted}")));
        }
        let numbers = body.as_chunks().0.iter().map(|number| u32::from_le_bytes(*number));
        let numbers: Vec<u32> = numbers.collect();
        let (first, rest) = numbers.split_at(seen);
        let (second, third) = rest.split_at(contexts);
        Ok(Self { seen: first.to_vec(), contexts: second.to_vec(), followers: third.to_vec() })
    }
}

/// Hands each character with up to [`ORDER`] before it to `take`.
fn each_window(text: &str, mut take: impl FnMut(&[char])) {
    let mut window = Vec::with_capacity(2 * ORDER);
    let mut push = |c: char| {
        if c == ' ' && window.last().is_none_or(|last| *last == ' ') {
            return;
        }
        window.push(c);
        let from = window.len().saturating_sub(ORDER + 1);
        take(&window[from..]);
        if window.len() > 256 {
            window.drain(..window.len() - ORDER);
        }
    };
    for c in text.chars() {
        if c.is_whitespace() {
            push(' ');
        } else {
            c.to_lowercase().for_each(&mut push);
        }
    }
}

struct Slots {
    context: usize,
    seen: usize,
}

/// The places of the last character behind none, one, two and more of the characters before it.
fn slots(window: &[char]) -> impl Iterator<Item = Slots> {
    let (before, last) = match window.split_last() {
        Some((last, before)) => (before, *last),
        None => (window, ' '),
    };
    let mut hash = 0;
    let contexts = std::iter::once(None).chain(before.iter().rev().map(Some));
    contexts.map(move |further| {
        hash = mixed(hash ^ further.map_or(1, |c| u64::from(*c as u32) << 8 | 2));
        let seen = mixed(hash ^ (u64::from(last as u32) << 32));
        Slots {
            context: (hash >> (64 - CONTEXT_BITS)) as usize,
            seen: (seen >> (64 - SEEN_BITS)) as usize,
        }
    })
}

/// The mixing step of SplitMix64.
const fn mixed(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> NgramModel {
        let mut counter = NgramCounter::default();
        for times in 0..40 {
            counter.count("The ferry left the harbour at nine and the gulls went with it.");
            counter.count(&format!("There were {times} people on the ferry to the island."));
        }
        counter.finish()
    }

    #[test]
    fn text_like_that_which_was_read_is_expected_and_other_is_not() {
        let model = model();
        let [like, other] = ["the people left the island", "|| CART(0) >> qzx #wt"]
            .map(|text| model.perplexity(text));
        assert!(like < 6.0 && other > 20.0 * like, "{like} {other}");
        assert_eq!(model.perplexity("The  Ferry"), model.perplexity("the ferry"));
    }

    #[test]
    fn probabilities_of_what_can_follow_are_no_more_than_one() {
        let model = model();
        let after = |c: char| model.probability(&['t', 'h', 'e', ' ', c]);
        let sum: f64 = ('a'..='z').map(after).sum();
        assert!(sum > 0.9 && sum <= 1.0 + 1e-9, "{sum}");
    }

    #[test]
    fn no_text_is_impossible_where_slots_are_crowded() {
        let mut random = crate::random::Random::new(1);
        let mut noise = |count: usize| -> String {
            let character = |_| char::from_u32(97 + random.below(400) as u32).unwrap_or('x');
            (0..count).map(character).collect()
        };
        let mut counter = NgramCounter::default();
        (0..100).for_each(|_| counter.count(&noise(6_000)));
        assert!(counter.is_full());
        let (taken, perplexity) = (counter.taken, counter.finish().perplexity(&noise(5_000)));
        assert!(taken < 600_000, "{taken}");
        assert!(perplexity.is_finite() && perplexity > 5.0, "{perplexity}");
    }

    #[test]
    fn a_model_comes_back_from_its_file_and_nothing_else_does() {
        let model = model();
        let bytes = model.to_bytes();
        assert_eq!(NgramModel::from_bytes(&bytes).unwrap(), model);
        let error = |bytes: &[u8]| NgramModel::from_bytes(bytes).unwrap_err().to_string();
        assert!(error(&bytes[..99]).ends_with("83 bytes of counts instead of 8388608"));
        assert!(error(b"{}").ends_with("but found another kind of file"));
    }

    #[test]
    fn without_text_everything_is_equally_strange() {
        let model = NgramCounter::default().finish();
        assert!((model.perplexity("ab") - ALPHABET).abs() < 1e-6);
        assert_eq!(model.perplexity(" "), 1.0);
    }
}
