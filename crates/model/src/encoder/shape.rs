//! The shape of an encoder, and where each of its weights stands in one flat vector.

use super::window::WINDOW;
use super::wordpiece::Token;
use crate::error::ModelError;
use crate::parameters::MEANING;
use std::ops::Range;

/// Sizes of a BERT-like encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Pieces of the vocabulary.
    pub(crate) vocabulary: usize,
    /// Places of a window.
    pub(crate) places: usize,
    pub(crate) layers: usize,
    pub(crate) width: usize,
    pub(crate) heads: usize,
    /// Width between the two products of a layer's second half.
    pub(crate) inner: usize,
}

/// One weight of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Queries, keys and values side by side: width × 3·width.
    Qkv,
    QkvBias,
    Out,
    OutBias,
    FirstScale,
    FirstShift,
    Up,
    UpBias,
    Down,
    DownBias,
    SecondScale,
    SecondShift,
}

/// All parts of a layer, in their order.
pub(crate) const PARTS: [Part; 12] = [
    Part::Qkv,
    Part::QkvBias,
    Part::Out,
    Part::OutBias,
    Part::FirstScale,
    Part::FirstShift,
    Part::Up,
    Part::UpBias,
    Part::Down,
    Part::DownBias,
    Part::SecondScale,
    Part::SecondShift,
];

impl Shape {
    /// Whether an encoder of this shape can be run: what a file says is not trusted.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let sane = [self.vocabulary, self.places, self.width, self.heads, self.inner]
            .iter()
            .all(|size| (1..=1 << 20).contains(size))
            && self.layers <= 64
            && self.width.is_multiple_of(self.heads)
            && 2 * self.width == MEANING
            && self.places >= WINDOW
            && self.vocabulary <= usize::from(Token::MAX) + 1;
        if sane {
            return Ok(());
        }
        Err(ModelError::Foreign {
            expected: format!("an encoder {} wide of {WINDOW} places or more", MEANING / 2),
            found: format!("{self:?}"),
        })
    }

    /// Width of a head.
    pub(crate) const fn head(&self) -> usize {
        self.width / self.heads
    }

    /// Rows and columns of a part; products take rows in and give columns.
    pub(crate) const fn part(&self, part: Part) -> (usize, usize) {
        let (width, inner) = (self.width, self.inner);
        match part {
            Part::Qkv => (width, 3 * width),
            Part::QkvBias => (1, 3 * width),
            Part::Out => (width, width),
            Part::Up => (width, inner),
            Part::UpBias => (1, inner),
            Part::Down => (inner, width),
            Part::OutBias
            | Part::DownBias
            | Part::FirstScale
            | Part::FirstShift
            | Part::SecondScale
            | Part::SecondShift => (1, width),
        }
    }

    /// Where the places' vectors stand; before them stand scale and shift of the input's norm.
    pub(crate) const fn places_range(&self) -> Range<usize> {
        2 * self.width..2 * self.width + self.places * self.width
    }

    /// Weights of a part.
    const fn size(&self, part: Part) -> usize {
        let (rows, cols) = self.part(part);
        rows * cols
    }

    /// Where a part of a layer stands.
    pub(crate) const fn range(&self, layer: usize, part: Part) -> Range<usize> {
        let (mut before, mut of_layer, mut at) = (0, 0, 0);
        while at < PARTS.len() {
            if at < part as usize {
                before += self.size(PARTS[at]);
            }
            of_layer += self.size(PARTS[at]);
            at += 1;
        }
        let start = self.places_range().end + layer * of_layer + before;
        start..start + self.size(part)
    }

    /// Weights beside the vocabulary's vectors.
    pub(crate) const fn weights(&self) -> usize {
        match self.layers {
            0 => self.places_range().end,
            layers => self.range(layers - 1, Part::SecondShift).end,
        }
    }
}
