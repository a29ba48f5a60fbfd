//! A decoder's place in the programs of a chunk.

use super::automaton::{Place, Programs};
use super::trie::Trie;
use crate::generator::allowed::Allowed;
use std::sync::Arc;

/// A place in a program of a chunk: what may come next, and what must.
#[derive(Clone)]
pub struct Cursor {
    programs: Arc<Programs>,
    place: Place,
    ended: bool,
}

impl Cursor {
    /// Before the first token.
    #[must_use]
    pub fn new(programs: Arc<Programs>) -> Self {
        let place = programs.begin();
        Self { programs, place, ended: false }
    }

    /// Whether the end token was written.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// The bytes that must come next, whatever the program says; empty where there is a choice.
    #[must_use]
    pub fn forced_bytes(&self) -> Vec<u8> {
        let (mut bytes, mut place) = (Vec::new(), self.place);
        while !Programs::may_end(place) {
            let (mut count, mut only) = (0, None);
            self.programs.each(place, |byte, next| {
                count += 1;
                only = Some((byte, next));
            });
            match only.filter(|_| count == 1) {
                Some((byte, next)) => {
                    bytes.push(byte);
                    place = next;
                }
                None => break,
            }
        }
        bytes
    }

    fn end(&self) -> u32 {
        self.programs.vocabulary().end()
    }

    /// Whether a program must end at `place`.
    fn must_end(&self, place: Place) -> bool {
        let mut goes_on = false;
        self.programs.each(place, |_, _| goes_on = true);
        Programs::may_end(place) && !goes_on
    }

    /// Whether a longer token than that of `bytes`, which begins with them, may come at `place`.
    fn may_be_longer(&self, place: Place, bytes: &[u8]) -> bool {
        let trie = self.programs.vocabulary().trie();
        let node = bytes.iter().try_fold(Trie::ROOT, |node, &byte| trie.child(node, byte));
        let (Some(node), Some(place)) = (node, self.programs.walk(place, bytes)) else {
            return false;
        };
        self.programs.any_token(node, place)
    }
}

impl Allowed for Cursor {
    fn fill(&self, mask: &mut [bool]) {
        mask.fill(false);
        if self.ended {
            return;
        }
        for &token in self.programs.tokens(self.place).iter() {
            mask[token as usize] = true;
        }
        if Programs::may_end(self.place) {
            mask[self.end() as usize] = true;
        }
    }

    fn permits(&self, token: u32) -> bool {
        if self.ended {
            return false;
        }
        if token == self.end() {
            return Programs::may_end(self.place);
        }
        let bytes = self.programs.vocabulary().bytes(token);
        !bytes.is_empty() && self.programs.walk(self.place, bytes).is_some()
    }

    /// # Panics
    /// If `token` is not permitted.
    fn advance(&mut self, token: u32) {
        assert!(self.permits(token), "expected a token that may come next, but found {token}");
        if token == self.end() {
            self.ended = true;
            return;
        }
        let bytes = self.programs.vocabulary().bytes(token);
        self.place = self.programs.walk(self.place, bytes).unwrap_or(self.place);
    }

    /// The last token is left out where a longer one may stand in its place.
    fn forced(&self) -> Vec<u32> {
        if self.ended {
            return Vec::new();
        }
        let bytes = self.forced_bytes();
        let vocabulary = self.programs.vocabulary();
        let mut tokens = vocabulary.split(&bytes);
        let split_whole = !tokens.is_empty() || bytes.is_empty();
        let behind = self.programs.walk(self.place, &bytes);
        if split_whole && behind.is_some_and(|place| self.must_end(place)) {
            tokens.push(self.end());
            return tokens;
        }
        if let Some(&last) = tokens.last() {
            let before = bytes.len() - vocabulary.bytes(last).len();
            let place = self.programs.walk(self.place, &bytes[..before]);
            if place.is_some_and(|place| self.may_be_longer(place, vocabulary.bytes(last))) {
                tokens.pop();
            }
        }
        tokens
    }

    fn fork(&self) -> Box<dyn Allowed> {
        Box::new(self.clone())
    }
}
