//! What was deleted is put back, byte for byte, in every format.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing amiss")]

mod common;

use arrow_array::{RecordBatch, StringViewArray};
use common::{hashes, refine};
use parquet::arrow::ArrowWriter;
use refinex_core::{Deletions, Span};
use refinex_corpus::{
    DeletedTexts, InputShard, OutputFormat, OutputSettings, ReadSettings, Restoration, ShardReader,
    ShardWriter, Store, Target,
};
use std::sync::Arc;

/// What was deleted from each good row of the shard at `path`.
fn deleted(store: &Store, path: &str) -> Vec<(Vec<Span>, DeletedTexts)> {
    let shard = InputShard::at(store, path).unwrap();
    let mut reader = ShardReader::open(&shard, &ReadSettings::default()).unwrap();
    let mut found = Vec::new();
    while let Some(batch) = reader.next_batch().unwrap() {
        let decoded = batch.decode();
        for at in 0..decoded.len() {
            let Ok(document) = decoded.document(at) else { continue };
            let spans = hashes(document.text).into_iter().map(|(a, b)| Span::new(a, b));
            let deletions = Deletions::from_spans(document.text, spans).unwrap();
            let texts = decoded.deleted_texts(at, &deletions).unwrap();
            found.push((deletions.spans().to_vec(), texts));
        }
    }
    found
}

/// Restore the refined shard at `path` to `back/<name>`.
fn restore(store: &Store, path: &str, deleted: &[(Vec<Span>, DeletedTexts)]) -> String {
    let shard = InputShard::at(store, path).unwrap();
    let read = ReadSettings::default();
    let target = Target::plan(&shard, &read, &OutputSettings::default()).unwrap();
    let mut reader = ShardReader::open(&shard, &read).unwrap();
    let out = format!("back/{}", target.name());
    let mut writer = ShardWriter::create(store, &out, &target).unwrap();
    let mut deleted = deleted.iter();
    while let Some(batch) = reader.next_batch().unwrap() {
        let decoded = batch.decode();
        let rows = deleted.by_ref().take(decoded.len());
        let back: Vec<_> = rows
            .map(|(spans, pieces)| {
                let raw = pieces.raw.as_deref();
                (!spans.is_empty()).then_some(Restoration { spans, texts: &pieces.texts, raw })
            })
            .collect();
        writer.write(decoded.encode_restored(&back, &target).unwrap()).unwrap();
    }
    writer.finish().unwrap();
    out
}

fn rows() -> String {
    let row = |n: usize| match n % 3 {
        0 => format!("{{\"text\" : \"#a\\u00E9\\u0023\\n#{n}\",\"x\":[{n}]}} \n"),
        1 => format!("{{\"id\":{n},\"text\":\"untouched \\/ {n}\"}}\r\n"),
        _ => format!("{{\"text\":\"\\ud83d\\ude00##\\ud83d\\uDE00#\",\"n\":{n}}}\n"),
    };
    (0..3000).map(row).collect()
}

#[test]
fn json_lines_come_back_byte_for_byte() {
    let store = Store::memory();
    store.put("a.jsonl", rows()).unwrap();
    refine(&store, "a.jsonl", &OutputSettings::default(), hashes).unwrap();
    assert!(!String::from_utf8(store.get("out/a.jsonl").unwrap().to_vec()).unwrap().contains('#'));
    let out = restore(&store, "out/a.jsonl", &deleted(&store, "a.jsonl"));
    assert!(store.get(&out).unwrap() == rows().into_bytes());
}

#[test]
fn tables_come_back_value_for_value() {
    let texts: StringViewArray = (0..3000).map(|n| Some(format!("#é{n}\n##"))).collect();
    let batch = RecordBatch::try_from_iter([("text", Arc::new(texts) as _)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let store = Store::memory();
    store.put("a.parquet", writer.into_inner().unwrap()).unwrap();
    // Written twice by ourselves, since another writer may lay its pages out otherwise.
    refine(&store, "a.parquet", &OutputSettings::default(), common::nothing).unwrap();
    store.put("b.parquet", store.get("out/a.parquet").unwrap()).unwrap();
    refine(&store, "b.parquet", &OutputSettings::default(), hashes).unwrap();
    let out = restore(&store, "out/b.parquet", &deleted(&store, "b.parquet"));
    assert!(store.get(&out).unwrap() == store.get("b.parquet").unwrap());
}

#[test]
fn tables_refined_to_json_lines_come_back_as_unrefined_ones() {
    let store = Store::memory();
    let to_table = OutputSettings { format: OutputFormat::Parquet, ..Default::default() };
    let rows = "{\"id\":1,\"text\":\"a#\\né#\"}\n{\"id\":2,\"text\":\"#\"}\n";
    store.put("a.jsonl", rows).unwrap();
    refine(&store, "a.jsonl", &to_table, common::nothing).unwrap();
    store.put("t.parquet", store.get("out/a.parquet").unwrap()).unwrap();
    let compression = refinex_corpus::OutputCompression::None;
    let to_lines =
        OutputSettings { format: OutputFormat::Jsonl, compression, ..Default::default() };
    refine(&store, "t.parquet", &to_lines, hashes).unwrap();
    let out = restore(&store, "out/t.jsonl", &deleted(&store, "t.parquet"));
    assert_eq!(store.get(&out).unwrap(), rows);
}
