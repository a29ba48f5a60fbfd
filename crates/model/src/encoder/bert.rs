//! Reading a BERT encoder as Hugging Face's libraries store it: `model.safetensors`, `vocab.txt`.

use super::Encoder;
use super::reader::{Reader, Words};
use super::shape::{PARTS, Part, Shape};
use crate::error::ModelError;
use crate::parameters::MEANING;
use crate::tensors::Tensors;
use std::collections::HashSet;
use std::sync::Arc;

/// The width of a head in the encoders that are read: that of BERT's small ones, MiniLM's too.
const HEAD: usize = 32;

impl Reader {
    /// A reader of a BERT's weights and vocabulary, with the pieces of `kept` only, or all.
    ///
    /// # Errors
    /// If the file is not a safetensors file, lacks a tensor, or the shapes do not fit.
    pub(crate) fn from_bert(
        model: &[u8],
        vocabulary: &str,
        kept: Option<&HashSet<String>>,
    ) -> Result<Self, ModelError> {
        let file = Bert::open(model)?;
        let (table, shape) = file.get("embeddings.word_embeddings.weight")?;
        let width = shape.get(1).copied().unwrap_or(0);
        if 2 * width != MEANING {
            return Err(foreign(format!("an encoder {} wide", MEANING / 2), format!("{width}")));
        }
        let (mut pieces, mut known) = (Vec::new(), String::new());
        for (piece, row) in vocabulary.lines().zip(table.chunks_exact(width)) {
            if kept.is_none_or(|kept| stands_for_itself(piece) || kept.contains(piece)) {
                known.push_str(piece);
                known.push('\n');
                pieces.extend_from_slice(row);
            }
        }
        let shape = shape_of(&file, pieces.len() / width, width)?;
        let mut weights = vec![0.0; shape.weights()];
        read_input(&file, &shape, &mut weights)?;
        read_layers(&file, &shape, &mut weights)?;
        let words = Words::new(known)
            .ok_or_else(|| foreign("[CLS], [SEP] and [UNK] in the vocabulary", "none"))?;
        Ok(Self { words: Arc::new(words), encoder: Encoder { shape, pieces, weights } })
    }
}

fn shape_of(file: &Bert<'_>, vocabulary: usize, width: usize) -> Result<Shape, ModelError> {
    let (_, places) = file.get("embeddings.position_embeddings.weight")?;
    let (_, up) = file.get(&format!("{}.intermediate.dense.weight", layer(0)))?;
    let has = |at: &usize| file.has(&format!("{}.output.dense.weight", layer(*at)));
    let layers = (0..).take_while(has).count();
    Ok(Shape { vocabulary, places: places[0], layers, width, heads: width / HEAD, inner: up[0] })
}

/// The norm of the input, and the places.
fn read_input(file: &Bert<'_>, shape: &Shape, weights: &mut [f32]) -> Result<(), ModelError> {
    let width = shape.width;
    weights[..width].copy_from_slice(&file.get("embeddings.LayerNorm.weight")?.0);
    weights[width..2 * width].copy_from_slice(&file.get("embeddings.LayerNorm.bias")?.0);
    let (places, _) = file.get("embeddings.position_embeddings.weight")?;
    let kind = file.get("embeddings.token_type_embeddings.weight")?.0;
    let out = weights[shape.places_range()].chunks_exact_mut(width);
    for (out, place) in out.zip(places.chunks_exact(width)) {
        // Every token is of the first kind: its vector is part of the place's.
        out.iter_mut().zip(place).zip(&kind).for_each(|((out, a), b)| *out = a + b);
    }
    Ok(())
}

fn read_layers(file: &Bert<'_>, shape: &Shape, weights: &mut [f32]) -> Result<(), ModelError> {
    for at in 0..shape.layers {
        for part in PARTS {
            let values = part_of(file, at, part)?;
            let range = shape.range(at, part);
            if values.len() != range.len() {
                return Err(foreign(
                    format!("{} values in layer {at}'s {part:?}", range.len()),
                    values.len().to_string(),
                ));
            }
            weights[range].copy_from_slice(&values);
        }
    }
    Ok(())
}

/// Pieces that are always kept: marks, and single characters, of which every word can be made.
fn stands_for_itself(piece: &str) -> bool {
    matches!(piece, "[CLS]" | "[SEP]" | "[UNK]")
        || piece.strip_prefix("##").unwrap_or(piece).chars().nth(1).is_none()
}

fn layer(at: usize) -> String {
    format!("encoder.layer.{at}")
}

/// The values of a part, turned to rows in and columns out.
fn part_of(file: &Bert<'_>, at: usize, part: Part) -> Result<Vec<f32>, ModelError> {
    let name = |name: &str| format!("{}.{name}", layer(at));
    let vector = |of: &str| file.get(&name(of)).map(|(values, _)| values);
    let turned = |of: &str| file.get(&name(of)).map(|(values, shape)| turn(&values, &shape));
    let attention = ["query", "key", "value"].map(|of| format!("attention.self.{of}"));
    match part {
        Part::Qkv => {
            let [query, key, value] = attention.map(|of| turned(&format!("{of}.weight")));
            let (query, key, value) = (query?, key?, value?);
            let width = (query.len() as f64).sqrt() as usize;
            let rows = query.chunks(width).zip(key.chunks(width)).zip(value.chunks(width));
            Ok(rows.flat_map(|((q, k), v)| [q, k, v].concat()).collect())
        }
        Part::QkvBias => {
            let [query, key, value] = attention.map(|of| vector(&format!("{of}.bias")));
            Ok([query?, key?, value?].concat())
        }
        Part::Out => turned("attention.output.dense.weight"),
        Part::OutBias => vector("attention.output.dense.bias"),
        Part::FirstScale => vector("attention.output.LayerNorm.weight"),
        Part::FirstShift => vector("attention.output.LayerNorm.bias"),
        Part::Up => turned("intermediate.dense.weight"),
        Part::UpBias => vector("intermediate.dense.bias"),
        Part::Down => turned("output.dense.weight"),
        Part::DownBias => vector("output.dense.bias"),
        Part::SecondScale => vector("output.LayerNorm.weight"),
        Part::SecondShift => vector("output.LayerNorm.bias"),
    }
}

fn turn(values: &[f32], shape: &[usize]) -> Vec<f32> {
    match shape {
        [rows, cols] => crate::kernel::transpose(values, *rows, *cols),
        _ => values.to_vec(),
    }
}

/// The tensors of a BERT, whatever stands before their names.
struct Bert<'a> {
    file: Tensors<'a>,
    prefix: &'static str,
}

impl<'a> Bert<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let file = Tensors::open(bytes)?;
        let prefixed = file.has("bert.embeddings.word_embeddings.weight");
        Ok(Self { file, prefix: if prefixed { "bert." } else { "" } })
    }

    fn has(&self, name: &str) -> bool {
        self.file.has(&format!("{}{name}", self.prefix))
    }

    fn get(&self, name: &str) -> Result<(Vec<f32>, Vec<usize>), ModelError> {
        self.file.floats(&format!("{}{name}", self.prefix))
    }
}

fn foreign(expected: impl Into<String>, found: impl Into<String>) -> ModelError {
    ModelError::Foreign { expected: expected.into(), found: found.into() }
}
