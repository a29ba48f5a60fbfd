//! An encoder with its vocabulary: from the lines of a page to their meanings.

use super::wordpiece::{Token, WordPiece};
use super::{
    ByteEncoder, Encoder, EncoderGradient, Products, RoundedEncoder, WindowTape, Windows,
    read_lines,
};
use crate::lines::lines;
use crate::network::Dropout;
use crate::page::Page;
use crate::random::Random;
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

    /// The windows of the rows of a page that are wanted: all for none.
    pub(crate) fn windows(&self, text: &str, page: &Page, wanted: Option<&[bool]>) -> Windows {
        let all = lines(text);
        let count = page.rows.len();
        let rows: Vec<usize> =
            (0..count).filter(|&row| wanted.is_none_or(|wanted| wanted[row])).collect();
        let read = rows.iter().map(|&row| &text[all[page.rows[row]].0..all[page.rows[row]].1]);
        let read = read_lines(&self.pieces, self.end, read);
        Windows::lay(&read, self.start, rows, count)
    }
}

/// What backward needs of a page.
pub(crate) struct PageTape {
    windows: Windows,
    tapes: Vec<WindowTape>,
}

impl Reader {
    /// The meanings of the rows of a page; under dropout, of some of them.
    pub(crate) fn read(
        &self,
        products: &Products,
        text: &str,
        page: &Page,
        mut dropout: Option<&mut Dropout<'_>>,
    ) -> (Vec<f32>, PageTape) {
        let wanted = dropout.as_mut().map(|dropout| gaps(page.rows.len(), dropout.random));
        let windows = self.words.windows(text, page, wanted.as_deref());
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

/// Share of the samples that are read without a gap. (guess)
const WHOLE: f32 = 0.4;
/// The chance that a run of rows that are read, or are not, ends behind a row. (guess)
const ENDS: f32 = 0.12;

/// Which of `rows` a sample reads: as in use, where only what the quick networks are unsure of is
/// read, runs of rows are left out.
fn gaps(rows: usize, random: &mut Random) -> Vec<bool> {
    if random.chance(WHOLE) {
        return vec![true; rows];
    }
    let mut reads = random.chance(0.6);
    let one = |_| {
        if random.chance(ENDS) {
            reads = !reads;
        }
        reads
    };
    (0..rows).map(one).collect()
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

    /// The meanings of the rows of a page that are wanted: all for none; zeros for the others.
    pub(crate) fn read(&self, text: &str, page: &Page, wanted: Option<&[bool]>) -> Vec<f32> {
        let products = Products::alone();
        let windows = self.words.windows(text, page, wanted);
        let states: Vec<_> =
            windows.tokens.iter().map(|window| self.encoder.forward(&products, window)).collect();
        windows.meanings(&states, self.encoder.shape.width)
    }
}
