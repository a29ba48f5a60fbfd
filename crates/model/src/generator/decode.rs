//! Decoding: the most likely permitted token, again and again, with drafts that save steps.
//!
//! A program repeats what it deletes, and its own calls. So behind each token the text that
//! followed the same tokens before is tried as a draft, and what a constraint leaves no choice of;
//! the network reads the draft together with the token, which costs little more than the token
//! alone, and what it would not have written itself is taken back. The result is that of plain
//! decoding, since the network computes the same bits for a token whatever it reads beside it.

use super::allowed::Allowed;
use super::cache::Cache;
use super::network::Network;
use std::collections::HashMap;

/// Tokens that must be the same as before for a draft.
const SAME: usize = 2;

/// How to decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoding {
    /// Most tokens of an answer; one that has not ended behind them is cut off.
    pub most_tokens: usize,
    /// Most tokens of a draft; 0 for plain decoding.
    pub draft: usize,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The tokens, without the one that ends the answer.
    pub tokens: Vec<u32>,
    /// Whether the answer came to its end; if not, it was cut off.
    pub ended: bool,
    /// Times that the network was run, without the question.
    pub steps: usize,
}

/// Writes the answer to a question, up to `end`. Where nothing is permitted any more the answer is
/// cut off there.
///
/// `begun` has read the question's first tokens, or none, but not all. `writable[token]` says which
/// tokens can be written at all.
#[must_use]
pub fn write(
    network: &Network,
    begun: &Cache,
    question: &[u32],
    allowed: Box<dyn Allowed>,
    writable: &[bool],
    end: u32,
    how: Decoding,
) -> Written {
    let room = question.len() + how.most_tokens + how.draft + 1;
    let mut cache = network.cache_from(begun, room);
    let state = network.read(&mut cache, &question[begun.len()..], 1);
    let mut writing = Writing {
        network,
        allowed,
        writable,
        end,
        how,
        text: Text::of(question),
        written: Written { tokens: Vec::new(), ended: false, steps: 0 },
    };
    let mut next = writing.choose(&state);
    while let Some(token) = next {
        if writing.take(token) {
            break;
        }
        next = writing.step(&mut cache, token);
    }
    writing.written
}

struct Writing<'a> {
    network: &'a Network,
    allowed: Box<dyn Allowed>,
    writable: &'a [bool],
    end: u32,
    how: Decoding,
    text: Text,
    written: Written,
}

impl Writing<'_> {
    /// The token that comes next behind the last state.
    fn choose(&self, state: &[f32]) -> Option<u32> {
        self.network.best(state, &[self.mask(self.allowed.as_ref())])[0]
    }

    fn mask(&self, allowed: &dyn Allowed) -> Vec<bool> {
        let mut mask = vec![false; self.writable.len()];
        allowed.fill(&mut mask);
        mask.iter_mut().zip(self.writable).for_each(|(mask, can)| *mask &= can);
        mask
    }

    /// Takes a token as written; whether writing is over.
    fn take(&mut self, token: u32) -> bool {
        if token == self.end {
            self.written.ended = true;
            return true;
        }
        self.allowed.advance(token);
        self.text.push(token);
        self.written.tokens.push(token);
        self.written.tokens.len() >= self.how.most_tokens
    }

    /// Reads the token that was taken last and a draft behind it, takes of the draft what the
    /// network would have written, and gives the token that comes next; none if writing is over.
    fn step(&mut self, cache: &mut Cache, token: u32) -> Option<u32> {
        let (draft, masks) = self.draft();
        let read = cache.len() + 1;
        let tokens: Vec<u32> = std::iter::once(token).chain(draft.iter().copied()).collect();
        let states = self.network.read(cache, &tokens, tokens.len());
        self.written.steps += 1;
        let best = self.network.best(&states, &masks);
        for (at, best) in best.into_iter().enumerate() {
            let right = best.is_some() && best == draft.get(at).copied();
            if !right {
                cache.truncate(read + at);
                return best;
            }
            if self.take(draft[at]) {
                return None;
            }
        }
        None
    }

    /// A draft, and the masks of what may come before each of its tokens and behind the last.
    fn draft(&self) -> (Vec<u32>, Vec<Vec<bool>>) {
        let mut masks = vec![self.mask(self.allowed.as_ref())];
        let room = self.how.draft.min(self.how.most_tokens - self.written.tokens.len());
        if room == 0 {
            return (Vec::new(), masks);
        }
        let forced = self.allowed.forced();
        let likely = if forced.is_empty() { self.text.draft(room) } else { &forced[..] };
        let mut ahead = self.allowed.fork();
        let mut draft = Vec::new();
        for token in likely.iter().take(room).copied() {
            let can = self.writable.get(token as usize) == Some(&true);
            if !can || token == self.end || !ahead.permits(token) {
                break;
            }
            ahead.advance(token);
            draft.push(token);
            masks.push(self.mask(ahead.as_ref()));
        }
        (draft, masks)
    }
}

/// Question and answer so far, and where each pair of tokens stood last.
struct Text {
    tokens: Vec<u32>,
    last: HashMap<[u32; SAME], usize>,
}

impl Text {
    fn of(question: &[u32]) -> Self {
        let mut text = Self { tokens: Vec::new(), last: HashMap::new() };
        question.iter().for_each(|token| text.push(*token));
        text
    }

    fn push(&mut self, token: u32) {
        // The last tokens themselves are not remembered before something follows them.
        if let Some(key) = self.tokens.last_chunk::<SAME>() {
            self.last.insert(*key, self.tokens.len());
        }
        self.tokens.push(token);
    }

    /// What followed the last tokens when they stood in the text before.
    fn draft(&self, most: usize) -> &[u32] {
        let place = self.tokens.last_chunk::<SAME>().and_then(|key| self.last.get(key));
        let Some(&place) = place else { return &[] };
        &self.tokens[place..self.tokens.len().min(place + most)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_what_followed_the_same_tokens_last() {
        let mut text = Text::of(&[1, 2, 3, 4, 1, 2, 5, 9]);
        assert_eq!(text.draft(8), [0u32; 0]);
        text.push(1);
        text.push(2);
        assert_eq!(text.draft(3), [5, 9, 1]);
        assert_eq!(text.draft(1), [5]);
    }
}
