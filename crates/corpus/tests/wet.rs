//! Whole shards of WET.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing amiss")]

mod common;

use common::{hashes, nothing, refine};
use refinex_corpus::{OutputFormat, OutputSettings, RowProblem, Store};
use std::io::{Read, Write};

fn record(kind: &str, id: &str, body: &[u8], length: usize) -> Vec<u8> {
    let mut out = format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\nwarc-record-id: <urn:{id}>\r\nWARC-Target-URI: http://x/{id}\r\nWARC-Date: 2024-01-01T00:00:00Z\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n"
    )
    .into_bytes();
    out.extend_from_slice(body);
    out.extend_from_slice(b"\r\n\r\n");
    out
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

fn text(id: &str, body: &str) -> Vec<u8> {
    record("conversion", id, body.as_bytes(), body.len())
}

fn lines(store: &Store, path: &str) -> Vec<String> {
    let (mut out, stored) = (String::new(), store.get(path).unwrap());
    flate2::read::GzDecoder::new(stored.as_ref()).read_to_string(&mut out).unwrap();
    out.lines().map(str::to_string).collect()
}

#[test]
fn records_of_text_become_json_lines() {
    let mut bytes = gz(&record("warcinfo", "i", b"software: x", 11));
    bytes.extend(gz(&text("a", "one#\n\nWARC/1.0\r\n\r\n")));
    bytes.extend(gz(&text("b", "é")));
    let store = Store::memory();
    store.put("CC.warc.wet.gz", bytes).unwrap();
    let outcome = refine(&store, "CC.warc.wet.gz", &OutputSettings::default(), hashes).unwrap();
    assert_eq!(outcome.target.name(), "CC.jsonl.gz");
    assert_eq!((outcome.input.rows, outcome.input.skipped_records), (2, 1));
    let meta = |id: &str| {
        format!(
            "\"metadata\":{{\"url\":\"http://x/{id}\",\"date\":\"2024-01-01T00:00:00Z\",\"content_type\":\"text/plain\"}}}}"
        )
    };
    assert_eq!(
        lines(&store, "out/CC.jsonl.gz"),
        [
            format!(
                "{{\"id\":\"<urn:a>\",\"text\":\"one\\n\\nWARC/1.0\\r\\n\\r\\n\",{}",
                meta("a")
            ),
            format!("{{\"id\":\"<urn:b>\",\"text\":\"é\",{}", meta("b")),
        ]
    );
}

#[test]
fn broken_records_are_bad_rows_and_the_others_go_on() {
    let mut bytes = text("a", "one");
    bytes.extend(record("conversion", "b", b"too long for its head", 3));
    bytes.extend(text("c", "two"));
    bytes.extend(b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: many\r\n\r\nxyz\r\n\r\n");
    bytes.extend(record("conversion", "d", b"\xff\xfe", 2));
    bytes.extend(b"garbage that is no record\n");
    bytes.extend(text("e", "three"));
    let store = Store::memory();
    store.put("a.wet", bytes.clone()).unwrap();
    let outcome = refine(&store, "a.wet", &OutputSettings::default(), nothing).unwrap();
    let texts: Vec<_> = outcome.documents.iter().map(|d| d.1.as_str()).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    let seen: Vec<_> = outcome.bad.iter().map(|bad| (bad.row, bad.problem)).collect();
    let broken = RowProblem::BrokenRecord;
    assert_eq!(seen, [(2, broken), (4, broken), (5, RowProblem::InvalidUtf8), (6, broken)]);
    for bad in &outcome.bad {
        let at = bad.position.unwrap() as usize;
        assert_eq!(bad.raw, &bytes[at..at + bad.raw.len()]);
    }
}

#[test]
fn a_truncated_shard_fails() {
    let whole = [text("a", "one"), text("b", &"two ".repeat(1000))].concat();
    let store = Store::memory();
    for cut in [1, 30, 100, whole.len() - 9] {
        for (name, bytes) in
            [("a.wet", whole[..cut].to_vec()), ("a.warc.wet.gz", gz(&whole[..cut]))]
        {
            store.put(name, bytes).unwrap();
            let Err(error) = refine(&store, name, &OutputSettings::default(), nothing) else {
                panic!("{name} cut at {cut} was read");
            };
            assert!(error.to_string().contains("truncated"), "{error}");
        }
    }
}

#[test]
fn wet_becomes_parquet() {
    let store = Store::memory();
    store.put("a.warc.wet", [text("a", "one#"), text("b", "two")].concat()).unwrap();
    let settings = OutputSettings { format: OutputFormat::Parquet, ..Default::default() };
    let outcome = refine(&store, "a.warc.wet", &settings, hashes).unwrap();
    assert_eq!(outcome.target.name(), "a.parquet");
    store.put("b.parquet", store.get("out/a.parquet").unwrap()).unwrap();
    let again = refine(&store, "b.parquet", &OutputSettings::default(), nothing).unwrap();
    let wanted = [("<urn:a>", "one"), ("<urn:b>", "two")];
    assert_eq!(again.documents, wanted.map(|(id, text)| (id.to_string(), text.to_string())));
}
