//! Examples side by side in one matrix: what they begin with in common is read once.
//!
//! All examples begin with the same instruction. In a causal decoder its states do not depend on
//! what follows, so they are computed once a pack, and the gradients of all examples add up in
//! them. With 214 tokens of instruction before some 250 of lines, that is a third of the work.

use std::ops::Range;

/// An example in tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What is read, with the marks of the chat around it.
    pub prompt: Vec<u32>,
    /// What is to be written, with the mark that ends it: only these tokens have a loss.
    pub program: Vec<u32>,
}

impl Example {
    /// Tokens of prompt and program.
    #[must_use]
    pub const fn tokens(&self) -> usize {
        self.prompt.len() + self.program.len()
    }
}

/// Rows of a pack that attend to each other, and to those of the prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The rows of the prefix are `0..prefix`.
    pub(crate) prefix: usize,
    pub(crate) rows: Range<usize>,
}

/// Examples side by side.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pack {
    /// A token a row.
    pub(crate) tokens: Vec<u32>,
    /// The place of each row's token in its example.
    pub(crate) places: Vec<usize>,
    pub(crate) segments: Vec<Segment>,
    /// Rows whose next token has a loss.
    pub(crate) told: Vec<usize>,
    /// The next tokens of these rows.
    pub(crate) targets: Vec<u32>,
}

impl Pack {
    pub(crate) fn of(examples: &[&Example]) -> Self {
        let mut pack = Self::default();
        let prefix = in_common(examples);
        if let Some(first) = examples.first().filter(|_| prefix > 0) {
            pack.segment(0, &first.prompt[..prefix]);
        }
        for example in examples {
            let written = &example.program;
            let read = written.split_last().map_or(&[][..], |(_, read)| read);
            let rest = [&example.prompt[prefix..], read].concat();
            pack.segment(prefix, &rest);
            // The last token of the prompt is told the first of the program.
            let end = pack.tokens.len();
            pack.told.extend(end - written.len()..end);
            pack.targets.extend(written);
        }
        pack
    }

    fn segment(&mut self, prefix: usize, tokens: &[u32]) {
        let start = self.tokens.len();
        self.tokens.extend(tokens);
        self.places.extend(prefix..prefix + tokens.len());
        self.segments.push(Segment { prefix, rows: start..self.tokens.len() });
    }
}

/// Tokens that all prompts begin with; each prompt has one more at least.
fn in_common(examples: &[&Example]) -> usize {
    let Some((first, others)) = examples.split_first() else { return 0 };
    let same = |other: &&Example| {
        let pairs = first.prompt.iter().zip(&other.prompt);
        pairs.take_while(|(a, b)| a == b).count().min(other.prompt.len().saturating_sub(1))
    };
    let own = first.prompt.len().saturating_sub(1);
    others.iter().map(same).fold(own, usize::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_examples_begin_with_stands_once_and_only_programs_have_a_loss() {
        let first = Example { prompt: vec![1, 2, 3, 4], program: vec![8, 9] };
        let other = Example { prompt: vec![1, 2, 5], program: vec![7] };
        let pack = Pack::of(&[&first, &other]);
        assert_eq!(pack.tokens, [1, 2, 3, 4, 8, 5]);
        assert_eq!(pack.places, [0, 1, 2, 3, 4, 2]);
        assert_eq!((pack.told, pack.targets), (vec![3, 4, 5], vec![8, 9, 7]));
        let rows: Vec<_> = pack.segments.iter().map(|s| (s.prefix, s.rows.clone())).collect();
        assert_eq!(rows, [(0, 0..2), (2, 2..5), (2, 5..6)]);
    }

    #[test]
    fn an_example_alone_and_one_that_is_all_prefix_are_whole() {
        let one = Example { prompt: vec![1, 2], program: vec![3, 4] };
        let pack = Pack::of(&[&one]);
        assert_eq!((pack.tokens, pack.told), (vec![1, 2, 3], vec![1, 2]));
        let short = Example { prompt: vec![1], program: vec![3] };
        let pack = Pack::of(&[&one, &short]);
        assert_eq!((pack.segments.len(), pack.tokens), (2, vec![1, 2, 3, 1]));
    }
}
