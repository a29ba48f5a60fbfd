//! The weights of a network, and the file of a tagger: safetensors with a checksum.

use crate::encoder::{ByteReader, Reader, RoundedEncoder, Words};
use crate::error::ModelError;
use crate::page::BUCKETS;
use crate::parameters::{EMBED, HEAD, LAYERS, OF_LINES, OF_UNITS, Parameters, Size, WIDTHS};
use crate::tensors::{Tensors, TensorsToWrite};

/// What a weights file says that it is.
const FORMAT: &str = "refinex-tagger";
/// The version of the file's form and of the features.
const VERSION: u32 = 5;
/// The oldest version that is read: before 4 there was no network for pieces, before 5 none with
/// layers.
const OLDEST: u32 = 3;

/// What the names of the tensors begin with that belong to the network for pieces.
const PIECES: &str = "pieces.";

/// The weights of one network in training.
#[derive(Clone)]
pub(crate) struct Weights {
    /// One row of [`EMBED`] values a bucket.
    pub(crate) embeddings: Vec<f32>,
    pub(crate) parameters: Parameters,
    /// An encoder that reads the lines for it, if there is one.
    pub(crate) reader: Option<Reader>,
}

/// One network for inference.
pub(crate) struct Member {
    /// One row of [`EMBED`] values a bucket.
    pub(crate) embeddings: Vec<f32>,
    pub(crate) parameters: Parameters,
    pub(crate) reader: Option<ByteReader>,
}

/// The thresholds that were chosen when a tagger was trained, by the name of their use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Points {
    /// Where precision and recall are about as good: the default.
    pub balanced: f32,
    /// Where next to nothing goes that should stay.
    pub careful: f32,
}

impl Default for Points {
    fn default() -> Self {
        // Measured on documents that were held back: see lab/LOG.md.
        Self { balanced: 0.55, careful: 0.85 }
    }
}

/// What a weights file holds.
pub(crate) struct TaggerFile {
    pub(crate) members: Vec<Member>,
    /// The network that reads the units inside lines, if there is one.
    pub(crate) pieces: Option<Member>,
    pub(crate) points: Points,
}

/// A file of networks, whose mean is the score of lines, and of one for pieces inside them.
pub(crate) fn to_bytes(
    members: &[&Weights],
    pieces: Option<&Weights>,
    points: Points,
) -> Result<Vec<u8>, ModelError> {
    let mut file = head(members.len(), points);
    for (at, member) in members.iter().enumerate() {
        write(&format!("{at}."), member, &mut file);
    }
    if let Some(pieces) = pieces {
        write(PIECES, pieces, &mut file);
    }
    file.to_bytes()
}

/// A file of all networks for lines in `files`, and of one for pieces inside them.
pub(crate) fn joined(
    files: &[&[u8]],
    pieces: Option<&Weights>,
    points: Points,
) -> Result<Vec<u8>, ModelError> {
    let counts: Vec<usize> =
        files.iter().map(|bytes| Ok(from_bytes(bytes)?.members.len())).collect::<Result<_, _>>()?;
    let mut file = head(counts.iter().sum(), points);
    let mut first = 0;
    for (bytes, count) in files.iter().zip(counts) {
        let of_file = Tensors::open(bytes)?;
        let moved = |name: &str| {
            let (member, rest) = name.split_once('.')?;
            Some(format!("{}.{rest}", first + member.parse::<usize>().ok()?))
        };
        for name in of_file.names() {
            if let Some(moved) = moved(name) {
                file.copy(moved, name, &of_file)?;
            }
        }
        for (name, fact) in of_file.facts() {
            if let Some(moved) = moved(name) {
                file.fact(&moved, fact);
            }
        }
        first += count;
    }
    if let Some(pieces) = pieces {
        write(PIECES, pieces, &mut file);
    }
    file.to_bytes()
}

fn head(members: usize, points: Points) -> TensorsToWrite {
    let mut file = TensorsToWrite::default();
    file.fact("format", FORMAT);
    file.fact("version", VERSION);
    file.fact("members", members);
    file.fact("threshold", points.balanced);
    file.fact("careful", points.careful);
    file
}

fn write(prefix: &str, weights: &Weights, file: &mut TensorsToWrite) {
    let Size { width, layers, .. } = weights.parameters.1;
    if layers > 0 {
        file.fact(&format!("{prefix}width"), width);
        file.fact(&format!("{prefix}layers"), layers);
    }
    let scale = byte_scale(&weights.embeddings);
    let bytes: Vec<i8> =
        weights.embeddings.iter().map(|value| (value / scale).round() as i8).collect();
    file.rounded(&format!("{prefix}embeddings"), &bytes, EMBED);
    file.floats(&format!("{prefix}embeddings.scale"), &[scale]);
    file.floats(&format!("{prefix}parameters"), &weights.parameters.0);
    if let Some(reader) = &weights.reader {
        let prefix = format!("{prefix}encoder.");
        file.text(&format!("{prefix}vocabulary"), &reader.words.vocabulary);
        RoundedEncoder::of(&reader.encoder).write(&prefix, file);
    }
}

/// Reads a weights file.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<TaggerFile, ModelError> {
    let file = Tensors::open(bytes)?;
    if file.fact("format") != Some(FORMAT) {
        let found = file.fact("format").unwrap_or("no format of refinex").to_owned();
        return Err(ModelError::NotWeights { found });
    }
    let found = file.number("version")?;
    if !(OLDEST..=VERSION).contains(&found) {
        return Err(ModelError::Version { expected: VERSION, found });
    }
    file.check()?;
    let careful = file.fact("careful").map(|_| file.number("careful")).transpose()?;
    let points = Points {
        balanced: file.number("threshold")?,
        careful: careful.unwrap_or(Points::default().careful),
    };
    let count: usize = file.number("members")?;
    let fits = |point| (0.0..=1.0).contains(&point);
    if !fits(points.balanced) || !fits(points.careful) || count == 0 {
        return Err(ModelError::Value { what: "a threshold or a number of networks out of range" });
    }
    let member = |at: usize| {
        let prefix = format!("{at}.");
        read(&prefix, &file, size(&prefix, &file)?)
    };
    let members = (0..count).map(member);
    let members = members.collect::<Result<_, _>>()?;
    let pieces = file
        .has(&format!("{PIECES}embeddings"))
        .then(|| read(PIECES, &file, OF_UNITS))
        .transpose()?;
    Ok(TaggerFile { members, pieces, points })
}

/// The size of a network for lines.
fn size(prefix: &str, file: &Tensors<'_>) -> Result<Size, ModelError> {
    let layers = format!("{prefix}layers");
    if file.fact(&layers).is_none() {
        return Ok(OF_LINES);
    }
    let (width, layers) = (file.number(&format!("{prefix}width"))?, file.number(&layers)?);
    // What a file says is not trusted.
    if !LAYERS.contains(&layers) || !WIDTHS.contains(&width) || width % HEAD != 0 {
        return Err(ModelError::Value { what: "a width or a number of layers out of range" });
    }
    Ok(Size { width, state: 0, layers })
}

fn read(prefix: &str, file: &Tensors<'_>, size: Size) -> Result<Member, ModelError> {
    let scale = file.floats_of(&format!("{prefix}embeddings.scale"), 1)?[0];
    let bytes = file.rounded(&format!("{prefix}embeddings"), BUCKETS * EMBED)?;
    let embeddings = bytes.iter().map(|&byte| f32::from(byte) * scale).collect();
    let encoder = format!("{prefix}encoder.");
    let reads = file.has(&format!("{encoder}vocabulary"));
    let count = size.parameters(reads);
    let parameters = Parameters(file.floats_of(&format!("{prefix}parameters"), count)?, size);
    let reader = reads.then(|| read_encoder(&encoder, file)).transpose()?;
    Ok(Member { embeddings, parameters, reader })
}

fn read_encoder(prefix: &str, file: &Tensors<'_>) -> Result<ByteReader, ModelError> {
    let words = Words::new(file.text(&format!("{prefix}vocabulary"))?);
    let words =
        words.ok_or(ModelError::Value { what: "a vocabulary without [UNK], [CLS], [SEP]" })?;
    let encoder = RoundedEncoder::read(prefix, file)?;
    if words.vocabulary.lines().count() != encoder.shape.vocabulary {
        return Err(ModelError::Value { what: "a vocabulary of another size than its vectors" });
    }
    Ok(ByteReader::new(words, encoder))
}

/// The scale by which values are rounded to bytes.
fn byte_scale(values: &[f32]) -> f32 {
    values.iter().fold(1e-6f32, |most, value| most.max(value.abs())) / 127.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights() -> Weights {
        of_size(OF_LINES)
    }

    fn of_size(size: Size) -> Weights {
        let embeddings = (0..BUCKETS * EMBED).map(|at| (at % 255) as f32 - 127.0).collect();
        let parameters = Parameters(vec![0.5; size.parameters(false)], size);
        Weights { embeddings, parameters, reader: None }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let read = from_bytes(
            &to_bytes(&[&weights(), &weights()], Some(&of_size(OF_UNITS)), Points::default())
                .unwrap(),
        )
        .unwrap();
        assert_eq!((read.members.len(), read.pieces.is_some()), (2, true));
        assert_eq!(read.members[1].parameters.0, weights().parameters.0);
        assert_eq!(read.members[1].embeddings, weights().embeddings);
    }

    #[test]
    fn a_network_with_layers_is_read_again_in_its_size() {
        let small = Size { width: 32, state: 0, layers: 1 };
        let bytes = to_bytes(&[&weights(), &of_size(small)], None, Points::default()).unwrap();
        let sizes: Vec<Size> =
            from_bytes(&bytes).unwrap().members.iter().map(|m| m.parameters.1).collect();
        assert_eq!(sizes, [OF_LINES, small]);
    }

    #[test]
    fn a_network_with_an_encoder_is_joined_with_all_that_says_its_shape() {
        let mut reading = weights();
        reading.reader = Some(crate::encoder::small_reader());
        reading.parameters = Parameters(vec![0.5; OF_LINES.parameters(true)], OF_LINES);
        let one = to_bytes(&[&weights()], None, Points::default()).unwrap();
        let two = to_bytes(&[&reading], None, Points::default()).unwrap();
        let both = from_bytes(&joined(&[&one, &two], None, Points::default()).unwrap()).unwrap();
        let reads: Vec<bool> = both.members.iter().map(|m| m.reader.is_some()).collect();
        assert_eq!(reads, [false, true]);
    }

    #[test]
    fn files_are_joined_network_by_network() {
        let mut other = weights();
        other.parameters.0[0] = 0.25;
        let one = to_bytes(&[&weights()], None, Points::default()).unwrap();
        let two =
            to_bytes(&[&other, &weights()], Some(&of_size(OF_UNITS)), Points::default()).unwrap();
        let both = from_bytes(
            &joined(
                &[&one, &two],
                Some(&of_size(OF_UNITS)),
                Points { balanced: 0.6, careful: 0.9 },
            )
            .unwrap(),
        )
        .unwrap();
        let firsts: Vec<f32> = both.members.iter().map(|m| m.parameters.0[0]).collect();
        assert_eq!((firsts, both.points.balanced), (vec![0.5, 0.25, 0.5], 0.6));
        assert_eq!(both.pieces.unwrap().parameters.0[0], 0.5);
    }

    #[test]
    fn foreign_truncated_newer_and_changed_files_are_refused_in_words() {
        let good = to_bytes(&[&weights()], None, Points::default()).unwrap();
        let error = |bytes: &[u8]| from_bytes(bytes).err().unwrap().to_string();
        assert!(error(b"GGUF....").contains("safetensors"), "{}", error(b"GGUF...."));
        assert!(error(&good[..good.len() - 1]).contains("safetensors"));
        assert!(error(&good[..20]).contains("safetensors"));
        let mut other = TensorsToWrite::default();
        other.floats("embeddings.word_embeddings.weight", &[1.0]);
        assert!(error(&other.to_bytes().unwrap()).contains("no format of refinex"));
        other.fact("format", FORMAT);
        other.fact("version", 9);
        assert!(error(&other.to_bytes().unwrap()).contains("newer refinex"));
        let mut changed = good;
        let last = changed.len() - 1;
        changed[last] ^= 1;
        assert!(error(&changed).contains("checksum"));
    }
}
