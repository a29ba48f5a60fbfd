//! Compressed streams: gzip of many members, Zstandard of many frames.

use crate::error::StoreError;
use crate::format::Compression;
use crate::meter::{FileSummary, Metered};
use crate::store::{AtomicWriter, Store};
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::io::{self, BufRead, BufReader, Read, Write};

/// The largest window a Zstandard frame may ask for (2 GiB), as `zstd --long=31` writes it.
const WINDOW_LOG_MAX: u32 = 31;
/// Bytes read from the store at once.
const READ_AT_ONCE: usize = 256 << 10;

type Stored = BufReader<Metered<Box<dyn Read + Send>>>;

/// The bytes of a stored object, decompressed.
pub(crate) enum Unpacked {
    Plain(Box<Stored>),
    Gz(Box<MultiGzDecoder<Stored>>),
    Zst(Box<zstd::stream::read::Decoder<'static, Stored>>),
}

impl Unpacked {
    pub(crate) fn open(stored: Box<dyn Read + Send>, compression: Compression) -> io::Result<Self> {
        let mut stored = BufReader::with_capacity(READ_AT_ONCE, Metered::new(stored));
        if compression != Compression::None && stored.fill_buf()?.is_empty() {
            // Not even an empty text compresses to nothing: a copy of this file broke off.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(match compression {
            Compression::None => Self::Plain(Box::new(stored)),
            Compression::Gz => Self::Gz(Box::new(MultiGzDecoder::new(stored))),
            Compression::Zst => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(stored)?;
                decoder.window_log_max(WINDOW_LOG_MAX)?;
                Self::Zst(Box::new(decoder))
            }
        })
    }

    /// The stored bytes that were read so far.
    pub(crate) fn stored(&self) -> &Metered<Box<dyn Read + Send>> {
        match self {
            Self::Plain(stored) => stored.get_ref(),
            Self::Gz(decoder) => decoder.get_ref().get_ref(),
            Self::Zst(decoder) => decoder.get_ref().get_ref(),
        }
    }
}

impl Read for Unpacked {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stored) => stored.read(into),
            Self::Gz(decoder) => decoder.read(into),
            Self::Zst(decoder) => decoder.read(into),
        }
    }
}

/// What a failure to read a compressed stream means, in prose.
pub(crate) fn broken_stream(compression: Compression, error: &io::Error) -> String {
    let cut_off = error.kind() == io::ErrorKind::UnexpectedEof;
    let kind = match compression {
        Compression::None if cut_off => {
            return "expected a whole record, but found its end missing (truncated file)"
                .to_string();
        }
        Compression::None => return format!("expected to read on, but found: {error}"),
        Compression::Gz => "gzip",
        Compression::Zst => "Zstandard",
    };
    if cut_off {
        return format!(
            "expected a whole {kind} stream, but found its end missing (truncated file)"
        );
    }
    format!("expected a sound {kind} stream, but found: {error}")
}

/// How text is packed on its way out.
enum Packer {
    Plain(Metered<AtomicWriter>),
    Gz(GzEncoder<Metered<AtomicWriter>>),
    Zst(zstd::stream::write::Encoder<'static, Metered<AtomicWriter>>),
}

/// A compressed file on its way into a store: one gzip member or one Zstandard frame, since many
/// readers stop in silence after the first.
pub(crate) struct PackedWriter {
    packer: Packer,
    path: String,
}

impl PackedWriter {
    /// `level` is that of the compression; out of its range it is moved to the nearest.
    pub(crate) fn create(
        store: &Store,
        path: &str,
        compression: Compression,
        level: i32,
    ) -> Result<Self, StoreError> {
        store.sweep(path)?;
        let file = Metered::new(store.writer(path)?);
        let packer = match compression {
            Compression::None => Packer::Plain(file),
            Compression::Gz => {
                let level = flate2::Compression::new(level.clamp(0, 9).unsigned_abs());
                Packer::Gz(GzEncoder::new(file, level))
            }
            Compression::Zst => Packer::Zst(
                zstd_encoder(file, level)
                    .map_err(|error| StoreError::from_io("compress", path, &error))?,
            ),
        };
        Ok(Self { packer, path: path.to_string() })
    }

    fn said(&self, error: &io::Error) -> StoreError {
        StoreError::from_io("write", &self.path, error)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let written = match &mut self.packer {
            Packer::Plain(file) => file.write_all(bytes),
            Packer::Gz(encoder) => encoder.write_all(bytes),
            Packer::Zst(encoder) => encoder.write_all(bytes),
        };
        written.map_err(|error| self.said(&error))
    }

    pub(crate) fn finish(self) -> Result<FileSummary, StoreError> {
        let path = self.path;
        let file = match self.packer {
            Packer::Plain(file) => Ok(file),
            Packer::Gz(encoder) => encoder.finish(),
            Packer::Zst(encoder) => encoder.finish(),
        };
        finish_file(file.map_err(|error| StoreError::from_io("write", &path, &error))?, path)
    }
}

/// Make a metered file visible and say what it is.
pub(crate) fn finish_file(
    file: Metered<AtomicWriter>,
    path: String,
) -> Result<FileSummary, StoreError> {
    let summary = FileSummary { path, bytes: file.bytes(), xxh3: file.xxh3() };
    file.into_inner().finish()?;
    Ok(summary)
}

fn zstd_encoder<W: Write>(
    file: W,
    level: i32,
) -> io::Result<zstd::stream::write::Encoder<'static, W>> {
    let range = zstd::compression_level_range();
    // Level 0 means "the default" to Zstandard.
    let level = level.clamp(*range.start(), *range.end());
    let mut encoder = zstd::stream::write::Encoder::new(file, level)?;
    encoder.include_checksum(true)?;
    Ok(encoder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack(bytes: &[u8], compression: Compression) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        let stored: Box<dyn Read + Send> = Box::new(io::Cursor::new(bytes.to_vec()));
        Unpacked::open(stored, compression)?.read_to_end(&mut out)?;
        Ok(out)
    }

    fn packed(text: &[u8], compression: Compression) -> Vec<u8> {
        let store = Store::memory();
        let mut writer = PackedWriter::create(&store, "x", compression, 3).unwrap();
        writer.write(text).unwrap();
        let summary = writer.finish().unwrap();
        let bytes = store.get("x").unwrap().to_vec();
        assert_eq!(summary.bytes, bytes.len() as u64);
        bytes
    }

    #[test]
    fn many_members_and_frames_are_read_to_the_end() {
        for compression in [Compression::Gz, Compression::Zst] {
            let mut bytes = packed(b"one ", compression);
            bytes.extend(packed(b"", compression));
            bytes.extend(packed(b"two", compression));
            assert_eq!(unpack(&bytes, compression).unwrap(), b"one two");
        }
    }

    #[test]
    fn every_truncation_is_detected() {
        let text = b"some text that is long enough to compress, to compress, to compress".repeat(9);
        for compression in [Compression::Gz, Compression::Zst] {
            let bytes = packed(&text, compression);
            assert_eq!(unpack(&bytes, compression).unwrap(), text);
            let twice = [bytes.clone(), bytes.clone()].concat();
            for cut in (0..bytes.len()).chain(bytes.len() + 1..twice.len()) {
                let error = unpack(&twice[..cut], compression).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{compression:?} at {cut}");
            }
        }
    }

    #[test]
    fn a_flipped_byte_is_detected() {
        let text: Vec<u8> = (0..2000u32).flat_map(|n| n.to_string().into_bytes()).collect();
        for compression in [Compression::Gz, Compression::Zst] {
            let bytes = packed(&text, compression);
            let mut broken = bytes.clone();
            broken[bytes.len() / 2] ^= 0x10;
            assert!(unpack(&broken, compression).is_err());
        }
    }

    #[test]
    fn a_frame_with_a_very_large_window_is_read() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(28).unwrap();
        encoder.write_all(b"wide").unwrap();
        assert_eq!(unpack(&encoder.finish().unwrap(), Compression::Zst).unwrap(), b"wide");
    }

    #[test]
    fn one_frame_is_written() {
        let bytes = packed(&b"abc".repeat(1 << 20), Compression::Zst);
        let size = zstd::zstd_safe::find_frame_compressed_size(&bytes).unwrap();
        assert_eq!(size, bytes.len());
    }
}
