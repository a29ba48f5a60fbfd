//! The text: pages made of the lines of the project's own sample pages, always the same ones.

use crate::Options;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Shards that the text is dealt out to.
pub const SHARDS: u64 = 4;
/// The level of all compression that is compared.
pub const LEVEL: i32 = 3;

/// The same shards twice: plain and compressed.
pub struct Data {
    /// Folder of plain shards.
    pub plain: PathBuf,
    /// Folder of the same shards as `.jsonl.zst`.
    pub packed: PathBuf,
    /// Where outputs go.
    pub out: PathBuf,
    /// Bytes of text in all shards.
    pub text_bytes: u64,
    /// Bytes of text of the mean page.
    pub mean_page: u64,
}

impl Data {
    /// Makes the shards.
    pub fn make(options: &Options) -> Self {
        let folder = options.folder.clone();
        let (plain, packed, out) =
            (folder.join("plain"), folder.join("packed"), folder.join("out"));
        for made in [&plain, &packed, &out] {
            let _ = std::fs::remove_dir_all(made);
            std::fs::create_dir_all(made).expect("a folder for the data");
        }
        let text_bytes = match &options.input {
            Some(file) => deal_out(file, &plain, options.megabytes),
            None => (0..SHARDS)
                .map(|shard| {
                    write_shard(
                        &shard_path(&plain, shard),
                        shard,
                        options.megabytes * 1_000_000 / SHARDS,
                    )
                })
                .sum(),
        };
        for shard in 0..SHARDS {
            pack(&shard_path(&plain, shard), &packed.join(format!("part-{shard}.jsonl.zst")));
        }
        let rows: u64 = (0..SHARDS).map(|shard| rows_of(&shard_path(&plain, shard))).sum();
        let mean_page = text_bytes / rows.max(1);
        Self { plain, packed, out, text_bytes, mean_page }
    }
}

fn shard_path(folder: &Path, shard: u64) -> PathBuf {
    folder.join(format!("part-{shard}.jsonl"))
}

fn rows_of(path: &Path) -> u64 {
    let bytes = std::fs::read(path).expect("a shard");
    memchr::memchr_iter(b'\n', &bytes).count() as u64
}

fn pack(from: &Path, to: &Path) {
    let from = File::open(from).expect("a shard");
    zstd::stream::copy_encode(from, File::create(to).expect("a shard"), LEVEL).expect("packed");
}

/// Writes a shard of so many bytes of text; the answer is how many they are.
pub fn write_shard(path: &Path, seed: u64, bytes: u64) -> u64 {
    let pages = sample_pages();
    let mut random = Random(seed + 1);
    let mut file = BufWriter::new(File::create(path).expect("a shard"));
    let (mut row, mut written) = (0, 0);
    while written < bytes {
        let text = page(&pages, &mut random);
        let json = serde_json::json!({
            "id": format!("{seed}-{row}"),
            "text": text,
            "url": format!("https://example.org/{seed}/{row}?page={}", random.below(1000)),
            "dump": "CC-MAIN-2024-10",
            "date": "2024-02-21T12:31:09Z",
            "language": "en",
            "language_score": random.below(1000) as f64 / 1000.0,
            "token_count": text.len() / 4,
        });
        writeln!(file, "{json}").expect("a row");
        (row, written) = (row + 1, written + text.len() as u64);
    }
    file.flush().expect("a shard");
    written
}

/// A page: the lines of a sample page, of which every third one comes from another page; some
/// pages are made of several.
fn page(pages: &[Vec<String>], random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..1 + random.below(3) {
        for line in &pages[random.below(pages.len())] {
            let other = &pages[random.below(pages.len())];
            let line = if random.below(3) == 0 { &other[random.below(other.len())] } else { line };
            text.push_str(line);
            // Numbers make lines differ, so that they do not compress beyond all reality.
            if random.below(2) == 0 {
                text.push_str(&format!(" {:x}", random.next()));
            }
            text.push('\n');
        }
    }
    text
}

fn sample_pages() -> Vec<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/documents");
    let entries = std::fs::read_dir(&folder).expect("the sample pages of the project");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a page").path()).collect();
    paths.sort();
    let lines = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("a page in UTF-8");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    paths.iter().map(lines).filter(|lines| !lines.is_empty()).collect()
}

/// Deals the rows of a file out to shards.
fn deal_out(file: &Path, plain: &Path, megabytes: u64) -> u64 {
    let rows = std::fs::read(file).expect("the input");
    let mut files: Vec<_> = (0..SHARDS)
        .map(|shard| BufWriter::new(File::create(shard_path(plain, shard)).expect("a shard")))
        .collect();
    let mut text_bytes = 0;
    for (number, row) in rows.split_inclusive(|&byte| byte == b'\n').cycle().enumerate() {
        if text_bytes >= megabytes * 1_000_000 {
            break;
        }
        let value: serde_json::Value = serde_json::from_slice(row).expect("rows of JSON");
        text_bytes += value["text"].as_str().expect("a text").len() as u64;
        files[number % SHARDS as usize].write_all(row.trim_ascii_end()).expect("a row");
        files[number % SHARDS as usize].write_all(b"\n").expect("a row");
    }
    files.iter_mut().for_each(|file| file.flush().expect("a shard"));
    text_bytes
}

/// xorshift64*: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit
    }
}
