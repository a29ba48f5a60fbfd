//! Whole shards of JSON lines.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing amiss")]

mod common;

use common::{hashes, nothing, refine};
use refinex_corpus::{
    InputShard, OutputCompression, OutputSettings, ReadSettings, RowProblem, ShardReader, Store,
};
use std::io::{Read, Write};

fn packed(name: &str, bytes: &[u8]) -> Vec<u8> {
    if name.ends_with(".gz") {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        gz.write_all(bytes).unwrap();
        return gz.finish().unwrap();
    }
    if name.ends_with("zst") || name.ends_with("zstd") {
        return zstd::encode_all(bytes, 3).unwrap();
    }
    bytes.to_vec()
}

fn unpacked(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    if name.ends_with(".gz") {
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    } else if name.ends_with("zst") || name.ends_with("zstd") {
        let mut decoder = zstd::stream::read::Decoder::new(bytes).unwrap().single_frame();
        decoder.read_to_end(&mut out).unwrap();
    } else {
        out = bytes.to_vec();
    }
    out
}

const ROWS: &str = "\u{feff}{\"id\":\"a\",\"text\":\"x#\\ny\\u0023\",\"é\":1.0}\r\n\n{\"text\":\"\u{2028}\\u0000#\",\"id\":12} \n  \n{\"text\":\"no id\"}";

#[test]
fn untouched_rows_come_out_as_they_are_in_every_packing() {
    for name in ["a.jsonl", "a.json.gz", "a.jsonl.zst", "a.ndjson.zstd"] {
        let store = Store::memory();
        store.put(name, packed(name, ROWS.as_bytes())).unwrap();
        let outcome = refine(&store, name, &OutputSettings::default(), nothing).unwrap();
        assert_eq!(outcome.target.name(), name);
        let out = unpacked(name, &store.get(&format!("out/{name}")).unwrap());
        let wanted = ROWS.replace("\n\n", "\n").replace("\n  \n", "\n") + "\n";
        assert_eq!(String::from_utf8(out).unwrap(), wanted);
        assert_eq!((outcome.input.rows, outcome.input.blank_rows), (3, 2));
        let ids: Vec<_> = outcome.documents.iter().map(|d| d.0.clone()).collect();
        assert_eq!(ids, ["a".to_string(), "12".to_string(), format!("{name}/3")]);
    }
}

#[test]
fn edited_rows_lose_only_the_deleted_bytes() {
    let store = Store::memory();
    store.put("a.jsonl", ROWS).unwrap();
    let compression = OutputCompression::Gz;
    let settings = OutputSettings { compression, ..OutputSettings::default() };
    let outcome = refine(&store, "a.jsonl", &settings, hashes).unwrap();
    assert_eq!(outcome.target.name(), "a.jsonl.gz");
    let out = unpacked("a.gz", &store.get("out/a.jsonl.gz").unwrap());
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "\u{feff}{\"id\":\"a\",\"text\":\"x\\ny\",\"é\":1.0}\r\n{\"text\":\"\u{2028}\\u0000\",\"id\":12} \n{\"text\":\"no id\"}\n"
    );
    let stored = store.get("out/a.jsonl.gz").unwrap();
    assert_eq!(outcome.output.bytes, stored.len() as u64);
}

#[test]
fn bad_rows_are_told_apart_and_the_others_go_on() {
    let mut bytes =
        b"{\"text\":\"1\"}\n{\"text\":\"\xff\"}\n{\"text\":\"\\ud800\"}\nnull\n".to_vec();
    bytes
        .extend(b"{\"text\":\"2\"}\n{\"text\":null}\n{\"text\":\"a\xc3\n\xa9\"}\n{\"text\":\"3\"}");
    let store = Store::memory();
    store.put("a.jsonl", bytes.clone()).unwrap();
    let outcome = refine(&store, "a.jsonl", &OutputSettings::default(), nothing).unwrap();
    let seen: Vec<_> = outcome.bad.iter().map(|bad| (bad.row, bad.problem)).collect();
    assert_eq!(
        seen,
        [
            (2, RowProblem::InvalidUtf8),
            (3, RowProblem::LoneSurrogate),
            (4, RowProblem::NotAnObject),
            (6, RowProblem::TextNull),
            (7, RowProblem::InvalidUtf8),
            (8, RowProblem::InvalidUtf8),
        ]
    );
    for bad in &outcome.bad {
        let at = bad.position.unwrap() as usize;
        assert_eq!(bad.raw, &bytes[at..at + bad.raw.len()]);
    }
    assert_eq!(outcome.bad[0].message, "expected UTF-8, but found byte 0xff at byte 9 of the row");
    let out = store.get("out/a.jsonl").unwrap();
    assert_eq!(out, "{\"text\":\"1\"}\n{\"text\":\"2\"}\n{\"text\":\"3\"}\n");
    assert_eq!(outcome.input.rows, 9);
}

#[test]
fn a_truncated_shard_fails_and_says_how_far_it_was_read() {
    let rows: String = (0..5000).map(|n| format!("{{\"text\":\"{}\"}}\n", n * 7919)).collect();
    for name in ["t.jsonl.gz", "t.jsonl.zst"] {
        let store = Store::memory();
        let whole = packed(name, rows.as_bytes());
        for cut in [0, 5, whole.len() / 2, whole.len() - 1] {
            store.put(name, whole[..cut].to_vec()).unwrap();
            let Err(error) = refine(&store, name, &OutputSettings::default(), nothing) else {
                panic!("cut at {cut}: a truncated shard was read");
            };
            assert!(error.to_string().contains("truncated"), "{error}");
            assert!(error.to_string().starts_with(name), "{error}");
            assert!(!store.exists(&format!("out/{name}")).unwrap(), "nothing is visible");
        }
    }
}

#[test]
fn an_empty_shard_gives_an_empty_one() {
    let store = Store::memory();
    store.put("e.jsonl", "").unwrap();
    let settings = OutputSettings { compression: OutputCompression::Zst, ..Default::default() };
    let outcome = refine(&store, "e.jsonl", &settings, nothing).unwrap();
    assert_eq!((outcome.input.rows, outcome.target.name()), (0, "e.jsonl.zst"));
    assert!(unpacked("zst", &store.get("out/e.jsonl.zst").unwrap()).is_empty());
}

#[test]
fn a_very_long_line_is_read_and_edited() {
    long_line(20_000_000);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes long without optimization")]
fn a_line_of_200_mb_is_read_and_edited() {
    long_line(200_000_000);
}

fn long_line(bytes: usize) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().to_str().unwrap()).unwrap();
    let text = format!("{}\\n", "lorem ipsum ".repeat(100)).repeat(bytes / 1202);
    store.put("l.jsonl", format!("{{\"text\":\"{text}#\"}}\n{{\"text\":\"b\"}}\n")).unwrap();
    let outcome = refine(&store, "l.jsonl", &OutputSettings::default(), hashes).unwrap();
    assert_eq!(outcome.documents.len(), 2);
    let out = store.get("out/l.jsonl").unwrap();
    assert_eq!(out.len() as u64, outcome.input.bytes - 1);
}

#[test]
fn a_row_over_the_limit_is_bad_and_the_others_go_on() {
    let store = Store::memory();
    let long = "y".repeat(3_000_000);
    let rows = format!("{{\"text\":\"1\"}}\n{{\"text\":\"{long}\"}}\n{{\"text\":\"2\"}}\n");
    store.put("a.jsonl", rows).unwrap();
    let read = ReadSettings { max_row_bytes: 1_000_000, ..ReadSettings::default() };
    let shard = InputShard::at(&store, "a.jsonl").unwrap();
    let mut reader = ShardReader::open(&shard, &read).unwrap();
    let decoded = reader.next_batch().unwrap().unwrap().decode();
    assert_eq!(decoded.len(), 3);
    let bad = decoded.document(1).unwrap_err();
    assert_eq!((bad.problem, bad.raw.len()), (RowProblem::RowTooLong, 64 << 10));
    assert_eq!((bad.row, bad.position, bad.raw_length), (2, Some(13), 3_000_011));
    assert_eq!(decoded.document(2).unwrap().text, "2");
}
