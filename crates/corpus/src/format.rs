//! What a shard is by its name: format and compression.

use serde::{Deserialize, Serialize};

/// How documents are laid out in a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// Apache Parquet.
    Parquet,
    /// WARC records of extracted text, as Common Crawl gives them.
    Wet,
}

/// How a shard as a whole is compressed. Parquet compresses inside, so it counts as `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all.
    None,
    /// Gzip, of any number of members.
    Gz,
    /// Zstandard, of any number of frames.
    Zst,
}

/// A shard's name, taken apart: `crawl/part-0.jsonl.zst` is `crawl/part-0`, JSONL, Zstandard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardName<'a> {
    /// The name without the suffixes that say format and compression.
    pub stem: &'a str,
    /// Its format.
    pub format: Format,
    /// Its compression.
    pub compression: Compression,
}

/// All suffixes known, for messages.
pub(crate) const SUFFIXES: &str =
    ".jsonl, .json, .ndjson (plain, .gz, .zst, .zstd), .parquet, .warc.wet (plain, .gz)";

impl<'a> ShardName<'a> {
    /// Take a name apart; `None` if its suffix is not one that can be read.
    #[must_use]
    pub fn parse(name: &'a str) -> Option<Self> {
        let (inner, compression) = match name.rsplit_once('.') {
            Some((inner, "gz")) => (inner, Compression::Gz),
            Some((inner, "zst" | "zstd")) => (inner, Compression::Zst),
            _ => (name, Compression::None),
        };
        let (stem, format) = match inner.rsplit_once('.')? {
            (stem, "jsonl" | "json" | "ndjson") => (stem, Format::Jsonl),
            (stem, "parquet") if compression == Compression::None => (stem, Format::Parquet),
            (stem, "wet") if compression != Compression::Zst => {
                (stem.strip_suffix(".warc").unwrap_or(stem), Format::Wet)
            }
            _ => return None,
        };
        let named = !stem.is_empty() && !stem.ends_with('/');
        named.then_some(Self { stem, format, compression })
    }
}

impl Compression {
    /// The suffix that says it, with its dot.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gz => ".gz",
            Self::Zst => ".zst",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_apart_by_its_suffixes() {
        let cases = [
            ("a/b.jsonl.zst", "a/b", Format::Jsonl, Compression::Zst),
            ("b.x.json.gz", "b.x", Format::Jsonl, Compression::Gz),
            ("b.ndjson", "b", Format::Jsonl, Compression::None),
            ("b.jsonl.zstd", "b", Format::Jsonl, Compression::Zst),
            ("b.parquet", "b", Format::Parquet, Compression::None),
            ("CC-0.warc.wet.gz", "CC-0", Format::Wet, Compression::Gz),
        ];
        for (name, stem, format, compression) in cases {
            assert_eq!(ShardName::parse(name), Some(ShardName { stem, format, compression }));
        }
    }

    #[test]
    fn other_names_are_no_shards() {
        for name in ["b.txt", "jsonl", ".jsonl", "a/.jsonl", "b.parquet.gz", "b.gz", "b.warc.gz"] {
            assert_eq!(ShardName::parse(name), None, "{name}");
        }
    }
}
