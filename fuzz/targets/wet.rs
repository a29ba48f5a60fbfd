//! Any bytes as a WET file: no panic and no hang; every record that is found is one row, good or
//! bad (L6, L9), and every good one is a line of JSON with its text; a stream that breaks off is an
//! error of the shard.
#![no_main]

use libfuzzer_sys::fuzz_target;
use refinex_corpus::{
    InputShard, OutputSettings, ReadSettings, ShardReader, ShardWriter, Store, Target,
};

fuzz_target!(|input: (bool, &[u8])| {
    let (small, bytes) = input;
    let store = Store::memory();
    store.put("x.warc.wet", bytes.to_vec()).expect("memory");
    let shard = InputShard::at(&store, "x.warc.wet").expect("it was put");
    let max_row_bytes = if small { 64 } else { 1 << 30 };
    let read = ReadSettings { max_row_bytes, ..ReadSettings::default() };
    let target = Target::plan(&shard, &read, &OutputSettings::default()).expect("plain");
    let mut reader = ShardReader::open(&shard, &read).expect("it was put");
    let mut writer = ShardWriter::create(&store, "out", &target).expect("memory");
    let (mut texts, mut rows) = (Vec::new(), 0);
    loop {
        let batch = match reader.next_batch() {
            Ok(Some(batch)) => batch,
            Ok(None) => break,
            Err(error) => return assert!(error.to_string().contains("expected"), "{error}"),
        };
        let decoded = batch.decode();
        rows += decoded.len() as u64;
        for at in 0..decoded.len() {
            match decoded.document(at) {
                Ok(document) => texts.push(document.text.to_owned()),
                Err(bad) => {
                    let at = bad.position.expect("a place in the stream") as usize;
                    assert!(bytes[at..].starts_with(&bad.raw), "the raw bytes stand at their place");
                }
            }
        }
        let edits = vec![None; decoded.len()];
        writer.write(decoded.encode(&edits, &target).expect("no edits")).expect("memory");
    }
    assert_eq!(reader.finish().expect("plain bytes").rows, rows);
    writer.finish().expect("memory");
    let out = store.get("out").expect("it was written");
    let written = out.split(|&b| b == b'\n').filter(|line| !line.is_empty());
    let written: Vec<String> = written
        .map(|line| serde_json::from_slice::<serde_json::Value>(line).expect("a line of JSON"))
        .map(|row| row["text"].as_str().expect("a text").to_owned())
        .collect();
    assert_eq!(written, texts);
});
