//! The rival: a bare loop that decompresses, parses and compresses, with nothing beside it.

use crate::data::LEVEL;
use serde::Deserialize;
use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What every rival parses: text and id, borrowed where that can be.
#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
}

/// A parser of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parser {
    SerdeJson,
    SimdJson,
    SonicRs,
}

impl Parser {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SerdeJson, Self::SimdJson, Self::SonicRs];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SerdeJson => "serde_json",
            Self::SimdJson => "simd-json",
            Self::SonicRs => "sonic-rs",
        }
    }

    /// Bytes of text and id of a line. simd-json changes the line that it reads.
    fn parse(self, line: &mut [u8]) -> usize {
        let of = |row: Row<'_>| row.text.len() + row.id.len();
        match self {
            Self::SerdeJson => of(serde_json::from_slice(line).expect("a row")),
            Self::SimdJson => of(simd_json::serde::from_slice(line).expect("a row")),
            Self::SonicRs => of(sonic_rs::from_slice(line).expect("a row")),
        }
    }
}

/// Decompresses, parses and compresses every shard of a folder; the answer is the bytes of texts
/// and ids.
pub fn copy(folder: &Path, out: &Path, parser: Parser, threads: usize) -> u64 {
    std::fs::create_dir_all(out).expect("a folder");
    let shards: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("shards")
        .map(|entry| entry.expect("a shard").path())
        .collect();
    let (queue, sum) = (Mutex::new(shards.into_iter()), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("no thread has panicked").next();
                    let Some(shard) = next else { break };
                    let to = out.join(shard.file_name().expect("a name"));
                    sum.fetch_add(copy_shard(&shard, &to, parser), Ordering::Relaxed);
                }
            });
        }
    });
    sum.into_inner()
}

fn copy_shard(from: &Path, to: &Path, parser: Parser) -> u64 {
    let from = zstd::stream::read::Decoder::new(File::open(from).expect("a shard")).expect("zstd");
    let mut from = BufReader::with_capacity(1 << 20, from);
    let mut to =
        zstd::stream::write::Encoder::new(File::create(to).expect("a shard"), LEVEL).expect("zstd");
    let (mut line, mut sum) = (Vec::new(), 0);
    let mut copy = Vec::new();
    while from.read_until(b'\n', &mut line).expect("a line") > 0 {
        if parser == Parser::SimdJson {
            copy.clear();
            copy.extend_from_slice(&line);
            sum += parser.parse(&mut copy) as u64;
        } else {
            sum += parser.parse(&mut line) as u64;
        }
        to.write_all(&line).expect("a line");
        line.clear();
    }
    to.finish().expect("a shard").flush().expect("a shard");
    sum
}
