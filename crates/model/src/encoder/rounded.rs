//! An encoder rounded to bytes, as it is stored: weights to seven bits with a scale a column, the
//! vocabulary's vectors to eight with a scale each. Seven bits, since AVX2 without VNNI adds pairs
//! of products in sixteen bits: so every processor computes the same sums.

use super::Encoder;
use super::shape::{PARTS, Part, Shape};
use crate::error::ModelError;
use crate::tensors::{Tensors, TensorsToWrite};

/// The largest rounded weight.
const MOST: f32 = 63.0;

/// A matrix of rounded weights.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rounded {
    pub(crate) values: Vec<i8>,
    /// One a column.
    pub(crate) scales: Vec<f32>,
}

impl Rounded {
    /// Rounds a matrix by columns.
    fn columns(matrix: &[f32], cols: usize) -> Self {
        let mut scales = vec![1e-12f32; cols];
        for row in matrix.chunks_exact(cols) {
            scales.iter_mut().zip(row).for_each(|(most, value)| *most = most.max(value.abs()));
        }
        scales.iter_mut().for_each(|most| *most /= MOST);
        let round = |row: &[f32]| -> Vec<i8> {
            row.iter().zip(&scales).map(|(value, scale)| (value / scale).round() as i8).collect()
        };
        Self { values: matrix.chunks_exact(cols).flat_map(round).collect(), scales }
    }

    /// Rounds rows, with a scale each.
    fn rows(matrix: &[f32], cols: usize) -> Self {
        let (mut values, mut scales) = (Vec::new(), Vec::new());
        for row in matrix.chunks_exact(cols) {
            let scale = row.iter().fold(1e-12f32, |most, value| most.max(value.abs())) / 127.0;
            values.extend(row.iter().map(|value| (value / scale).round() as i8));
            scales.push(scale);
        }
        Self { values, scales }
    }
}

/// A part of a layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StoredPart {
    Matrix(Rounded),
    Row(Vec<f32>),
}

/// An encoder rounded to bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RoundedEncoder {
    pub(crate) shape: Shape,
    /// Scales by row.
    pub(crate) pieces: Rounded,
    /// Scale and shift of the input's norm, then the places.
    pub(crate) input: Vec<f32>,
    /// The parts of each layer, in the order of [`PARTS`].
    pub(crate) layers: Vec<Vec<StoredPart>>,
}

const fn is_matrix(part: Part) -> bool {
    matches!(part, Part::Qkv | Part::Out | Part::Up | Part::Down)
}

impl RoundedEncoder {
    /// Rounds an encoder.
    pub(crate) fn of(encoder: &Encoder) -> Self {
        let shape = encoder.shape;
        let part = |at: usize, part: Part| {
            let values = &encoder.weights[shape.range(at, part)];
            if is_matrix(part) {
                StoredPart::Matrix(Rounded::columns(values, shape.part(part).1))
            } else {
                StoredPart::Row(values.to_vec())
            }
        };
        Self {
            shape,
            pieces: Rounded::rows(&encoder.pieces, shape.width),
            input: encoder.weights[..shape.places_range().end].to_vec(),
            layers: (0..shape.layers).map(|at| PARTS.map(|p| part(at, p)).to_vec()).collect(),
        }
    }

    /// Adds the encoder to a file, names under `prefix`.
    pub(crate) fn write(&self, prefix: &str, file: &mut TensorsToWrite) {
        let shape = &self.shape;
        for (name, value) in sizes(shape) {
            file.fact(&format!("{prefix}{name}"), value);
        }
        file.rounded(&format!("{prefix}pieces"), &self.pieces.values, shape.width);
        file.floats(&format!("{prefix}pieces.scales"), &self.pieces.scales);
        file.floats(&format!("{prefix}input"), &self.input);
        for (at, parts) in self.layers.iter().enumerate() {
            for (part, stored) in PARTS.iter().zip(parts) {
                let name = format!("{prefix}{at}.{part:?}");
                match stored {
                    StoredPart::Row(values) => file.floats(&name, values),
                    StoredPart::Matrix(matrix) => {
                        file.rounded(&name, &matrix.values, matrix.scales.len());
                        file.floats(&format!("{name}.scales"), &matrix.scales);
                    }
                }
            }
        }
    }

    /// Reads the encoder whose names stand under `prefix`.
    pub(crate) fn read(prefix: &str, file: &Tensors<'_>) -> Result<Self, ModelError> {
        let size = |name: &str| file.number::<usize>(&format!("{prefix}{name}"));
        let shape = Shape {
            vocabulary: size("vocabulary")?,
            places: size("places")?,
            layers: size("layers")?,
            width: size("width")?,
            heads: size("heads")?,
            inner: size("inner")?,
        };
        shape.check()?;
        let named = |name: &str| format!("{prefix}{name}");
        let pieces = Rounded {
            values: file.rounded(&named("pieces"), shape.vocabulary * shape.width)?,
            scales: file.floats_of(&named("pieces.scales"), shape.vocabulary)?,
        };
        let input = file.floats_of(&named("input"), shape.places_range().end)?;
        let layer = |at: usize| -> Result<Vec<StoredPart>, ModelError> {
            let part = |part: &Part| {
                let (name, (rows, cols)) = (format!("{prefix}{at}.{part:?}"), shape.part(*part));
                Ok(if is_matrix(*part) {
                    let values = file.rounded(&name, rows * cols)?;
                    let scales = file.floats_of(&format!("{name}.scales"), cols)?;
                    StoredPart::Matrix(Rounded { values, scales })
                } else {
                    StoredPart::Row(file.floats_of(&name, cols)?)
                })
            };
            PARTS.iter().map(part).collect()
        };
        let layers: Result<_, ModelError> = (0..shape.layers).map(layer).collect();
        Ok(Self { shape, pieces, input, layers: layers? })
    }
}

fn sizes(shape: &Shape) -> [(&'static str, usize); 6] {
    [
        ("vocabulary", shape.vocabulary),
        ("places", shape.places),
        ("layers", shape.layers),
        ("width", shape.width),
        ("heads", shape.heads),
        ("inner", shape.inner),
    ]
}
