//! Decoding that can only write programs that are valid for their chunk.
//!
//! [`Programs`] is an automaton over bytes, made for one chunk. It accepts `keep_all()`, and calls
//! as `refinex-core` prints them: in ascending order, with line numbers in range, strings that
//! occur in their line (and the number of the occurrence just where they occur more than once),
//! nothing deleted twice, and nothing that the chunk does not own. So parsing and resolving what
//! it accepts refuses no call. [`Cursor`] is a place in it; as an [`Allowed`](super::Allowed) it
//! tells a decoder, for each token of a [`Vocabulary`], whether it may come next.
//!
//! ```text
//! Vocabulary (tokens as bytes, in a trie)
//!      ╲
//!       Cursor: mask = the tokens of the trie along which the automaton has a way
//!      ╱
//! Programs (a Page of lines; a LineText for each line whose text is being written)
//! ```
//!
//! It is a little wider than what [`describe`](refinex_core::describe) prints: where the last line
//! has no line end there are two ways to say some deletions, and both are accepted.

mod alphabet;
mod automaton;
mod cursor;
mod line_text;
mod numbers;
mod page;
mod trie;
mod vocabulary;

pub use alphabet::byte_level;
pub use automaton::Programs;
pub use cursor::Cursor;
pub use vocabulary::Vocabulary;

#[cfg(test)]
mod tests;
