//! Which words the prose of a view uses: a line that shares them belongs to the text.

use crate::facts::Facts;
use crate::stopwords::is_stop_word;
use crate::words::{Kind, Token};

/// Words of the first line that count as its title. (guess)
const TITLE_WORDS: usize = 24;

/// Words of every line, and how many of them the prose and the title use.
#[derive(Default)]
pub(crate) struct Topic {
    words: Vec<u32>,
    ends: Vec<usize>,
    shares: Vec<f32>,
    title_shares: Vec<f32>,
}

impl Topic {
    /// Adds the next line.
    pub(crate) fn push(&mut self, tokens: &[Token]) {
        let content = |t: &&Token| match t.kind {
            Kind::Word => t.chars >= 3 && !is_stop_word(t.hash),
            Kind::Ideograph => true,
            _ => false,
        };
        self.words.extend(tokens.iter().filter(content).map(|t| (t.hash >> 32) as u32));
        self.ends.push(self.words.len());
    }

    fn line(&self, at: usize) -> &[u32] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.words[start..self.ends[at]]
    }

    /// Compares every line with the prose and with the first line.
    pub(crate) fn finish(&mut self, facts: &[Facts]) {
        let mut prose = Counter::for_words(self.words.len());
        for (at, _) in facts.iter().enumerate().filter(|(_, f)| f.is_prose()) {
            self.line(at).iter().for_each(|&word| prose.add(word));
        }
        let mut title = Counter::for_words(TITLE_WORDS);
        if !facts.is_empty() {
            self.line(0).iter().take(TITLE_WORDS).for_each(|&word| title.add(word));
        }
        for (at, f) in facts.iter().enumerate() {
            // Prose has itself counted once.
            let own = u8::from(f.is_prose());
            let share = share_above(self.line(at), &prose, own);
            let title_share = if at == 0 { 0.0 } else { share_above(self.line(at), &title, 0) };
            self.shares.push(share);
            self.title_shares.push(title_share);
        }
    }

    /// Share of the words of line `at` that the prose uses (elsewhere too, if the line is prose).
    pub(crate) fn share(&self, at: usize) -> f32 {
        self.shares[at]
    }

    /// Share of the words of line `at` that the first line uses.
    pub(crate) fn title_share(&self, at: usize) -> f32 {
        self.title_shares[at]
    }
}

fn share_above(words: &[u32], counter: &Counter, own: u8) -> f32 {
    let known = words.iter().filter(|&&word| counter.count(word) > own).count();
    known as f32 / words.len().max(1) as f32
}

/// Counts up to 255 a slot; eight slots or more a word, so few words share one.
struct Counter {
    slots: Vec<u8>,
    shift: u32,
}

impl Counter {
    fn for_words(words: usize) -> Self {
        /// 2²² slots: beyond half a million words a view is judged by fewer distinct slots.
        const MOST_BITS: u32 = 22;
        let bits = (words.max(8) * 8).next_power_of_two().trailing_zeros().min(MOST_BITS);
        Self { slots: vec![0; 1 << bits], shift: 32 - bits }
    }

    fn add(&mut self, word: u32) {
        let slot = &mut self.slots[(word >> self.shift) as usize];
        *slot = slot.saturating_add(1);
    }

    fn count(&self, word: u32) -> u8 {
        self.slots[(word >> self.shift) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Reader;

    #[test]
    fn a_heading_about_the_prose_shares_its_words() {
        let prose = "the garden that we planted in the spring was full of tomatoes and the birds \
                     came to it in the morning";
        let (mut reader, mut topic) = (Reader::default(), Topic::default());
        let mut facts = Vec::new();
        for line in ["Garden tomatoes", prose, "Subscribe newsletter", "Spring birds garden"] {
            facts.push(reader.read(line, 0));
            topic.push(&reader.tokens);
        }
        topic.finish(&facts);
        assert_eq!(topic.share(3), 1.0);
        assert_eq!(topic.share(2), 0.0);
        assert!(topic.title_share(3) > 0.3);
    }
}
