//! An encoder with its vocabulary: from the lines of a page to their meanings.

use super::wordpiece::{Token, WordPiece};
use super::{
    ByteEncoder, Encoder, EncoderGradient, Products, RoundedEncoder, WindowTape, Windows,
    read_lines,
};
use crate::lines::lines;
use crate::network::Dropout;
use crate::page::Page;
use std::sync::Arc;

/// An encoder that reads lines.
#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) words: Arc<Words>,
    pub(crate) encoder: Encoder,
}

/// A vocabulary and its marks.
pub(crate) struct Words {
    /// A piece a line.
    pub(crate) vocabulary: String,
    pub(crate) pieces: WordPiece,
    /// `[CLS]`, which begins a window.
    start: Token,
    /// `[SEP]`, which ends a line.
    end: Token,
}

impl Words {
    /// The vocabulary, if it has the pieces that stand for themselves.
    pub(crate) fn new(vocabulary: String) -> Option<Self> {
        let pieces = WordPiece::new(&vocabulary)?;
        let (start, end) = (pieces.special("[CLS]")?, pieces.special("[SEP]")?);
        Some(Self { vocabulary, pieces, start, end })
    }

    /// The windows of the lines of a page that are not blank.
    pub(crate) fn windows(&self, text: &str, page: &Page) -> Windows {
        let all = lines(text);
        let read = page.rows.iter().map(|&row| &text[all[row].0..all[row].1]);
        Windows::lay(&read_lines(&self.pieces, self.end, read), self.start)
    }
}

/// What backward needs of a page.
pub(crate) struct PageTape {
    windows: Windows,
    tapes: Vec<WindowTape>,
}

impl Reader {
    /// The meanings of the lines of a page that are not blank.
    pub(crate) fn read(
        &self,
        products: &Products,
        text: &str,
        page: &Page,
        mut dropout: Option<&mut Dropout<'_>>,
    ) -> (Vec<f32>, PageTape) {
        let windows = self.words.windows(text, page);
        let (mut states, mut tapes) = (Vec::new(), Vec::new());
        for tokens in &windows.tokens {
            let (state, tape) = self.encoder.forward(products, tokens, dropout.as_deref_mut());
            states.push(state);
            tapes.push(tape);
        }
        (windows.meanings(&states, self.encoder.shape.width), PageTape { windows, tapes })
    }

    /// Adds the encoder's gradients to `g`, from that of the meanings.
    pub(crate) fn back(
        &self,
        products: &Products,
        tape: &PageTape,
        d_meanings: &[f32],
        g: &mut EncoderGradient,
    ) {
        let d_states = tape.windows.meanings_back(d_meanings, self.encoder.shape.width);
        for (tape, d) in tape.tapes.iter().zip(d_states) {
            if let Some(d) = d {
                self.encoder.backward(products, tape, d, g);
            }
        }
    }
}

/// An encoder in bytes that reads lines, for inference.
pub(crate) struct ByteReader {
    words: Words,
    encoder: ByteEncoder,
}

impl ByteReader {
    pub(crate) fn new(words: Words, encoder: RoundedEncoder) -> Self {
        Self { words, encoder: ByteEncoder::of(encoder) }
    }

    /// The meanings of the lines of a page that are not blank.
    pub(crate) fn read(&self, text: &str, page: &Page) -> Vec<f32> {
        let products = Products::alone();
        let windows = self.words.windows(text, page);
        let states: Vec<_> =
            windows.tokens.iter().map(|window| self.encoder.forward(&products, window)).collect();
        windows.meanings(&states, self.encoder.shape.width)
    }
}
