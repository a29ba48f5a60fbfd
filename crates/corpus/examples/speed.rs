//! How fast one thread reads, decodes and encodes JSON lines, next to `serde_json`.
//!
//! `cargo run --release -p refinex-corpus --example speed [FILE.jsonl]`
#![allow(clippy::unwrap_used, reason = "a measurement stops at the first thing amiss")]

use refinex_core::{Deletions, Span};
use refinex_corpus::{
    InputShard, OutputCompression, OutputFormat, OutputSettings, ProgramRow, ReadSettings,
    ScoredSpan, ShardReader, ShardWriter, Store, Target,
};
use serde::Deserialize;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The rival: the places of text and id by `serde_json`, then the text decoded.
#[derive(Deserialize)]
struct Rival<'a> {
    #[serde(borrow)]
    text: &'a serde_json::value::RawValue,
    #[serde(borrow)]
    id: Option<&'a serde_json::value::RawValue>,
}

fn made() -> Vec<u8> {
    let mut out = Vec::new();
    let words = ["lorem", "ipsum", "dolor", "\u{e9}t\u{e9}", "amet,", "\"quoted\"", "tempor"];
    let mut state = 1u64;
    for row in 0..100_000 {
        let mut text = String::new();
        for word in 0..400 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(words[(state >> 33) as usize % words.len()]);
            text.push(if word % 14 == 13 { '\n' } else { ' ' });
        }
        let text = serde_json::to_string(&text).unwrap();
        let meta = "\"url\":\"https://example.com/a\",\"language\":\"en\",\"language_score\":0.97";
        out.extend(format!("{{\"id\":\"doc-{row}\",\"text\":{text},{meta}}}\n").bytes());
    }
    out
}

fn say(what: &str, bytes: usize, took: Duration) {
    let rate = bytes as f64 / took.as_secs_f64() / 1e6;
    println!("{what:<44} {rate:>8.0} MB/s");
}

/// The batches decoded, each timed on its own so that holding them all does not count.
fn decode_all(shard: &InputShard, read: &ReadSettings, bytes: usize) {
    let mut reader = ShardReader::open(shard, read).unwrap();
    let (mut splitting, mut decoding) = (Duration::ZERO, Duration::ZERO);
    loop {
        let start = Instant::now();
        let Some(batch) = reader.next_batch().unwrap() else { break };
        splitting += start.elapsed();
        let start = Instant::now();
        black_box(batch.decode());
        decoding += start.elapsed();
    }
    say("split into batches", bytes, splitting);
    say("decode", bytes, decoding);
}

fn rival(input: &[u8]) {
    let start = Instant::now();
    for row in input.split(|&byte| byte == b'\n').filter(|row| !row.is_empty()) {
        let row: Rival = serde_json::from_str(std::str::from_utf8(row).unwrap()).unwrap();
        let text: String = serde_json::from_str(row.text.get()).unwrap();
        black_box((text, row.id.map(|id| id.get().len())));
    }
    say("decode by serde_json (RawValue, then String)", input.len(), start.elapsed());
}

/// Delete one line of eight.
fn edit(text: &str) -> Deletions {
    let ends: Vec<_> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    let spans = ends.windows(2).step_by(8).map(|ends| Span::new(ends[0], ends[1]));
    Deletions::from_spans(text, spans).unwrap()
}

fn encode_all(
    shard: &InputShard,
    read: &ReadSettings,
    target: &Target,
    store: &Store,
    edited: bool,
) {
    let mut reader = ShardReader::open(shard, read).unwrap();
    let mut writer = ShardWriter::create(store, target.name(), target).unwrap();
    let (mut encoding, mut writing, mut bytes) = (Duration::ZERO, Duration::ZERO, 0);
    while let Some(batch) = reader.next_batch().unwrap() {
        let decoded = batch.decode();
        let texts = (0..decoded.len()).map(|at| decoded.document(at).unwrap().text);
        let edits: Vec<_> = texts.map(|text| edited.then(|| edit(text))).collect();
        let start = Instant::now();
        let encoded = decoded.encode(&edits, target).unwrap();
        encoding += start.elapsed();
        let start = Instant::now();
        writer.write(encoded).unwrap();
        writing += start.elapsed();
    }
    bytes += reader.finish().unwrap().bytes as usize;
    writer.finish().unwrap();
    say(if edited { "encode, every row edited" } else { "encode, no row edited" }, bytes, encoding);
    say(&format!("write {}", target.name()), bytes, writing);
}

fn sidecar() {
    let row: ProgramRow = ProgramRow {
        id: "part-000.jsonl.zst/17".into(),
        outcome: "edited".into(),
        deletions: vec![ScoredSpan { span: Span::new(100, 200), score: Some(0.875) }; 3],
        program: "remove_lines(3, 4)\nremove_str(7, \"Share this\")\nremove_lines(30, 31)\n".into(),
        refused: vec![],
        withheld: None,
        unrefined: None,
        scores: Some(vec![7; 30]),
        pieces: vec![],
        deleted: None,
        deleted_raw: None,
        rules: None,
        distilled: None,
    };
    let (mut out, count) = (Vec::new(), 500_000);
    let start = Instant::now();
    for _ in 0..count {
        out.clear();
        black_box(&row).encode_onto(&mut out);
    }
    let rate = f64::from(count) / start.elapsed().as_secs_f64();
    println!("{:<44} {rate:>8.0} rows/s", "programs encoded");
    let (store, start) = (Store::memory(), Instant::now());
    let mut writer = refinex_corpus::ProgramWriter::create(&store, "p.jsonl.zst").unwrap();
    for _ in 0..count {
        writer.write(&row).unwrap();
    }
    writer.finish().unwrap();
    let rate = f64::from(count) / start.elapsed().as_secs_f64();
    println!("{:<44} {rate:>8.0} rows/s", "programs encoded and compressed");
}

fn main() {
    let input = std::env::args().nth(1).map_or_else(made, |path| std::fs::read(path).unwrap());
    let (store, bytes) = (Store::memory(), input.len());
    println!("{:.0} MB", bytes as f64 / 1e6);
    store.put("x.jsonl", input.clone()).unwrap();
    let (read, plain) = (ReadSettings::default(), OutputSettings::default());
    let shard = InputShard::at(&store, "x.jsonl").unwrap();
    decode_all(&shard, &read, bytes);
    rival(&input);
    drop(input);
    let folder = std::env::temp_dir().join("refinex-speed");
    let out = Store::open(folder.to_str().unwrap()).unwrap();
    for (compression, edited) in [(OutputCompression::Same, false), (OutputCompression::Zst, true)]
    {
        let target = Target::plan(&shard, &read, &OutputSettings { compression, ..plain }).unwrap();
        encode_all(&shard, &read, &target, &out, edited);
    }
    let settings = OutputSettings { format: OutputFormat::Parquet, ..plain };
    let start = Instant::now();
    let target = Target::plan(&shard, &read, &settings).unwrap();
    say("find the columns of a table", bytes, start.elapsed());
    encode_all(&shard, &read, &target, &out, false);
    let table = InputShard::at(&out, target.name()).unwrap();
    println!("Parquet, by the size of the same rows in JSON:");
    decode_all(&table, &read, bytes);
    let target = Target::plan(&table, &read, &plain).unwrap();
    let again = Store::open(&format!("{}/again", folder.display())).unwrap();
    encode_all(&table, &read, &target, &again, true);
    std::fs::remove_dir_all(folder).unwrap();
    sidecar();
}
