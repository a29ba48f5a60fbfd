//! What a decoder may write next.

/// What a decoder may write next. Token ids are those of the vocabulary that it was made with.
pub trait Allowed: Send {
    /// Sets `mask[token]` to whether `token` may come next (the end token included).
    fn fill(&self, mask: &mut [bool]);
    /// Whether one token may come next, without the whole mask.
    fn permits(&self, token: u32) -> bool;
    /// Goes on behind `token`, which must be permitted.
    fn advance(&mut self, token: u32);
    /// If only one continuation is possible: its tokens (a draft that needs no model), else empty.
    fn forced(&self) -> Vec<u32> {
        Vec::new()
    }
    /// A copy, for speculative drafts that may be taken back.
    fn fork(&self) -> Box<dyn Allowed>;
}

/// Everything may come next: decoding without a constraint.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anything;

impl Allowed for Anything {
    fn fill(&self, mask: &mut [bool]) {
        mask.fill(true);
    }

    fn permits(&self, _: u32) -> bool {
        true
    }

    fn advance(&mut self, _: u32) {}

    fn fork(&self) -> Box<dyn Allowed> {
        Box::new(*self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_constraint_every_token_may_come_next() {
        let mut mask = [false; 3];
        let mut anything = Anything.fork();
        anything.advance(2);
        anything.fill(&mut mask);
        assert_eq!((mask, anything.permits(9), anything.forced()), ([true; 3], true, vec![]));
    }
}
