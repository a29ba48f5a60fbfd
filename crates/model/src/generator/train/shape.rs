//! The shape of a decoder, and where each of its weights stands in one flat vector.

use std::ops::Range;

/// Sizes of a Llama- or Qwen3-type decoder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shape {
    /// Pieces of the vocabulary.
    pub(crate) vocabulary: usize,
    pub(crate) layers: usize,
    /// Values of a token's state.
    pub(crate) width: usize,
    /// Heads that ask.
    pub(crate) heads: usize,
    /// Heads that answer, each for `heads / answering` of those that ask.
    pub(crate) answering: usize,
    /// Values of a head.
    pub(crate) head: usize,
    /// Width between the products of a layer's second half.
    pub(crate) inner: usize,
    /// Whether the embeddings are the output's weights too.
    pub(crate) tied: bool,
    /// Whether queries and keys are normalised by head, as in Qwen3.
    pub(crate) head_norms: bool,
    /// Added to mean squares.
    pub(crate) epsilon: f32,
    /// The base of the rotations' wave lengths.
    pub(crate) theta: f32,
}

/// A weight of a layer. Products are stored as their files have them: a row an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    FirstNorm,
    Query,
    Key,
    Value,
    QueryNorm,
    KeyNorm,
    Out,
    SecondNorm,
    Gate,
    Up,
    Down,
}

/// All parts of a layer, in their order.
pub(crate) const PARTS: [Part; 11] = [
    Part::FirstNorm,
    Part::Query,
    Part::Key,
    Part::Value,
    Part::QueryNorm,
    Part::KeyNorm,
    Part::Out,
    Part::SecondNorm,
    Part::Gate,
    Part::Up,
    Part::Down,
];

impl Part {
    /// Its name in a file, as `transformers` calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::FirstNorm => "input_layernorm",
            Self::Query => "self_attn.q_proj",
            Self::Key => "self_attn.k_proj",
            Self::Value => "self_attn.v_proj",
            Self::QueryNorm => "self_attn.q_norm",
            Self::KeyNorm => "self_attn.k_norm",
            Self::Out => "self_attn.o_proj",
            Self::SecondNorm => "post_attention_layernorm",
            Self::Gate => "mlp.gate_proj",
            Self::Up => "mlp.up_proj",
            Self::Down => "mlp.down_proj",
        }
    }

    pub(crate) const fn is_norm(self) -> bool {
        matches!(self, Self::FirstNorm | Self::QueryNorm | Self::KeyNorm | Self::SecondNorm)
    }
}

/// A weight of a decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Embeddings,
    Layer(usize, Part),
    LastNorm,
    /// The output's weights, where they are not the embeddings.
    Head,
}

impl Place {
    /// Its name in a file.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Embeddings => "model.embed_tokens.weight".to_owned(),
            Self::Layer(at, part) => format!("model.layers.{at}.{}.weight", part.name()),
            Self::LastNorm => "model.norm.weight".to_owned(),
            Self::Head => "lm_head.weight".to_owned(),
        }
    }

    pub(crate) const fn is_norm(self) -> bool {
        matches!(self, Self::LastNorm) || matches!(self, Self::Layer(_, part) if part.is_norm())
    }
}

impl Shape {
    /// Rows (outputs) and columns (inputs) of a part of a layer; a norm is one row.
    pub(crate) const fn part(&self, part: Part) -> (usize, usize) {
        let (asked, answered) = (self.heads * self.head, self.answering * self.head);
        match part {
            Part::FirstNorm | Part::SecondNorm => (1, self.width),
            Part::Query => (asked, self.width),
            Part::Key | Part::Value => (answered, self.width),
            Part::QueryNorm | Part::KeyNorm => (self.head_norms as usize, self.head),
            Part::Out => (self.width, asked),
            Part::Gate | Part::Up => (self.inner, self.width),
            Part::Down => (self.width, self.inner),
        }
    }

    /// Rows and columns of a weight; no rows where the decoder has none.
    pub(crate) const fn size(&self, place: Place) -> (usize, usize) {
        match place {
            Place::Embeddings => (self.vocabulary, self.width),
            Place::Layer(_, part) => self.part(part),
            Place::LastNorm => (1, self.width),
            Place::Head => (if self.tied { 0 } else { self.vocabulary }, self.width),
        }
    }

    /// Values of a weight.
    const fn values(&self, place: Place) -> usize {
        let (rows, cols) = self.size(place);
        rows * cols
    }

    /// All weights that a decoder of this shape has, in their order.
    pub(crate) fn places(&self) -> Vec<Place> {
        let mut all = vec![Place::Embeddings];
        let layers = (0..self.layers).flat_map(|at| PARTS.map(|part| Place::Layer(at, part)));
        all.extend(layers);
        all.extend([Place::LastNorm, Place::Head]);
        all.retain(|&place| self.values(place) > 0);
        all
    }

    /// Where a weight stands.
    pub(crate) fn range(&self, place: Place) -> Range<usize> {
        let in_layer = |until: Option<Part>| -> usize {
            let before = PARTS.into_iter().filter(|&part| until.is_none_or(|until| part < until));
            before.map(|part| self.values(Place::Layer(0, part))).sum()
        };
        let embeddings = self.values(Place::Embeddings);
        let layers = |count: usize| embeddings + count * in_layer(None);
        let start = match place {
            Place::Embeddings => 0,
            Place::Layer(at, part) => layers(at) + in_layer(Some(part)),
            Place::LastNorm => layers(self.layers),
            Place::Head => layers(self.layers) + self.width,
        };
        start..start + self.values(place)
    }

    /// Values of all weights.
    pub(crate) fn weights(&self) -> usize {
        self.range(Place::Head).end
    }

    /// The weight that turns states into logits.
    pub(crate) const fn output(&self) -> Place {
        if self.tied { Place::Embeddings } else { Place::Head }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A Qwen3-type decoder small enough for finite differences.
    pub(crate) const TINY: Shape = Shape {
        vocabulary: 23,
        layers: 2,
        width: 16,
        heads: 4,
        answering: 2,
        head: 6,
        inner: 20,
        tied: false,
        head_norms: true,
        epsilon: 1e-6,
        theta: 100.0,
    };

    #[test]
    fn the_weights_of_a_decoder_stand_one_after_the_other() {
        for shape in [TINY, Shape { tied: true, head_norms: false, ..TINY }] {
            let mut end = 0;
            for place in shape.places() {
                let range = shape.range(place);
                assert_eq!(range.start, end, "{}", place.name());
                end = range.end;
            }
            assert_eq!(end, shape.weights());
        }
    }

    #[test]
    fn weights_are_called_as_their_files_call_them() {
        let names: Vec<String> = TINY.places().into_iter().map(Place::name).collect();
        assert_eq!(names.len(), 1 + 2 * 11 + 2);
        assert_eq!(names[5], "model.layers.0.self_attn.q_norm.weight");
        assert_eq!(names.last().unwrap(), "lm_head.weight");
    }
}
