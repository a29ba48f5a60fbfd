//! The weights file: a header, the embedding table in bytes, the other weights in f32, a checksum.

use crate::error::ModelError;
use crate::page::BUCKETS;
use crate::parameters::{EMBED, PARAMETERS, Parameters};
use xxhash_rust::xxh3::xxh3_64;

/// How a weights file begins.
pub(crate) const MAGIC: &[u8] = b"rfxtagr\n";
/// The version of the form and of the features.
const VERSION: u32 = 2;
/// Magic, version, buckets, width of an embedding, other weights, threshold, scale.
const HEADER: usize = 8 + 6 * 4;

/// The weights of one tagger.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    /// One row of [`EMBED`] values a bucket.
    pub(crate) embeddings: Vec<f32>,
    pub(crate) parameters: Parameters,
    /// The threshold that was chosen by cross-validation.
    pub(crate) threshold: f32,
}

impl Weights {
    /// Size of the file of one network.
    pub(crate) const FILE_BYTES: usize = HEADER + BUCKETS * EMBED + 4 * PARAMETERS + 8;

    /// The weights as a file. Embeddings are rounded to bytes of one common scale; reading the
    /// file gives exactly the rounded weights.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let largest = self.embeddings.iter().fold(1e-6f32, |most, value| most.max(value.abs()));
        let scale = largest / 127.0;
        let mut bytes = MAGIC.to_vec();
        for number in [VERSION, BUCKETS as u32, EMBED as u32, PARAMETERS as u32] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(self.threshold.to_le_bytes());
        bytes.extend(scale.to_le_bytes());
        bytes.extend(self.embeddings.iter().map(|value| (value / scale).round() as i8 as u8));
        bytes.extend(self.parameters.0.iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend(xxh3_64(&bytes).to_le_bytes());
        bytes
    }

    /// Reads a weights file.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        if !bytes.starts_with(MAGIC) {
            let found = bytes[..bytes.len().min(MAGIC.len())].to_vec();
            return Err(ModelError::NotWeights { found });
        }
        let table = BUCKETS * EMBED;
        let expected = Self::FILE_BYTES;
        if bytes.len() < HEADER {
            return Err(ModelError::Length { expected, found: bytes.len() });
        }
        check_shape(bytes)?;
        if bytes.len() != expected {
            return Err(ModelError::Length { expected, found: bytes.len() });
        }
        let (body, sum) = bytes.split_at(expected - 8);
        let expected = sum.try_into().map_or(0, u64::from_le_bytes);
        if expected != xxh3_64(body) {
            return Err(ModelError::Checksum { expected, found: xxh3_64(body) });
        }
        let scale = float(bytes, HEADER - 4);
        let embeddings: Vec<f32> =
            body[HEADER..][..table].iter().map(|&byte| f32::from(byte as i8) * scale).collect();
        let rest = body[HEADER + table..].chunks_exact(4);
        let parameters = Parameters(rest.map(|four| float(four, 0)).collect());
        let threshold = float(bytes, HEADER - 8);
        let sound = parameters.0.iter().all(|value| value.is_finite()) && scale.is_finite();
        if !sound || !(0.0..=1.0).contains(&threshold) {
            return Err(ModelError::Value { what: "a value that is not a number in range" });
        }
        Ok(Self { embeddings, parameters, threshold })
    }
}

fn check_shape(bytes: &[u8]) -> Result<(), ModelError> {
    let found = word(bytes, 8);
    if found != VERSION {
        return Err(ModelError::Version { expected: VERSION, found });
    }
    let shape = [
        ("buckets", BUCKETS as u32, word(bytes, 12)),
        ("values an embedding", EMBED as u32, word(bytes, 16)),
        ("other weights", PARAMETERS as u32, word(bytes, 20)),
    ];
    match shape.into_iter().find(|(_, expected, found)| expected != found) {
        Some((what, expected, found)) => Err(ModelError::Shape { what, expected, found }),
        None => Ok(()),
    }
}

/// The word at `at`, 0 where the bytes end before.
fn word(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    four.map_or(0, u32::from_le_bytes)
}

fn float(bytes: &[u8], at: usize) -> f32 {
    f32::from_bits(word(bytes, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights() -> Weights {
        let embeddings = (0..BUCKETS * EMBED).map(|at| (at % 255) as f32 - 127.0).collect();
        Weights { embeddings, parameters: Parameters(vec![0.5; PARAMETERS]), threshold: 0.5 }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let read = Weights::from_bytes(&weights().to_bytes()).unwrap();
        assert_eq!(read.parameters.0, weights().parameters.0);
        assert_eq!(read.embeddings, weights().embeddings);
    }

    #[test]
    fn foreign_truncated_newer_and_changed_files_are_refused_in_words() {
        let good = weights().to_bytes();
        let error = |bytes: &[u8]| Weights::from_bytes(bytes).unwrap_err().to_string();
        assert!(error(b"GGUF....").contains("begin with"));
        assert!(error(&good[..good.len() - 1]).contains("cut short"));
        assert!(error(&good[..20]).contains("cut short"));
        let mut newer = good.clone();
        newer[8] = 9;
        assert!(error(&newer).contains("newer refinex"));
        let mut changed = good;
        changed[1000] ^= 1;
        assert!(error(&changed).contains("checksum"));
    }
}
