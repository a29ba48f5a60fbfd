//! Any bytes as a shard of JSON lines: no panic; every line is one row, good or bad (L6, L9);
//! what is a good row agrees with `serde_json`; untouched rows come out byte for byte; an edited
//! row is JSON with the same keys and the text minus what was deleted (L1).
#![no_main]

use libfuzzer_sys::fuzz_target;
use refinex_core::{Deletions, Span, execute};
use refinex_corpus::{
    Decoded, InputShard, OutputSettings, ReadSettings, ShardReader, ShardWriter, Store, Target,
};
use serde_json::Value;

fuzz_target!(|input: (u16, u16, &[u8])| {
    let (from, to, bytes) = input;
    let store = Store::memory();
    store.put("x.jsonl", bytes.to_vec()).expect("memory");
    let span = Span::new(from.min(to).into(), from.max(to).into());
    let untouched = written(&store, "same", |_| None);
    let edited = written(&store, "edited", |text| {
        let gone = span.fits(text).then(|| Deletions::from_spans(text, [span]).ok());
        gone.flatten().filter(|gone| !gone.is_empty())
    });
    let good: Vec<&[u8]> = bytes.split(|&b| b == b'\n').filter(|line| is_good(line, bytes)).collect();
    let mut wanted = good.join(&b'\n');
    wanted.extend((!good.is_empty()).then_some(b'\n'));
    assert_eq!(untouched, wanted, "{:?}", String::from_utf8_lossy(&untouched));

    for (row, line) in edited.split_inclusive(|&b| b == b'\n').zip(&good) {
        let (mut row, mut line) = (value(row), value(line));
        let (new, old) = (row["text"].take(), line["text"].take());
        assert_eq!(row, line, "all but the text stays");
        let old = old.as_str().expect("a text");
        let gone = span.fits(old).then(|| Deletions::from_spans(old, [span]).expect("it fits"));
        assert_eq!(new.as_str().expect("a text"), execute(old, &gone.unwrap_or_default()));
    }
});

/// The shard, written again with these edits.
fn written(store: &Store, out: &str, edit: impl Fn(&str) -> Option<Deletions>) -> Vec<u8> {
    let shard = InputShard::at(store, "x.jsonl").expect("it was put");
    let read = ReadSettings::default();
    let target = Target::plan(&shard, &read, &OutputSettings::default()).expect("plain");
    let mut reader = ShardReader::open(&shard, &read).expect("it was put");
    let mut writer = ShardWriter::create(store, out, &target).expect("memory");
    let mut rows = 0;
    while let Some(batch) = reader.next_batch().expect("plain bytes") {
        let decoded: Decoded = batch.decode();
        let edits: Vec<_> =
            (0..decoded.len()).map(|at| edit(decoded.document(at).ok()?.text)).collect();
        rows += edits.len() as u64;
        writer.write(decoded.encode(&edits, &target).expect("edits fit")).expect("memory");
    }
    assert_eq!(reader.finish().expect("plain bytes").rows, rows);
    writer.finish().expect("memory");
    store.get(out).expect("it was written").to_vec()
}

/// Whether a line is a good row, by the judgement of `serde_json`. `whole` is the shard.
fn is_good(line: &[u8], whole: &[u8]) -> bool {
    let line = if std::ptr::eq(line.as_ptr(), whole.as_ptr()) { after_mark(line) } else { line };
    if line.iter().filter(|&&b| matches!(b, b'[' | b'{')).count() > 100 {
        // serde_json reads no deeper than 128; such inputs are found elsewhere.
        return scanned_good(line);
    }
    let Ok(row) = serde_json::from_slice::<Members>(line) else { return false };
    row.texts == 1 && row.good
}

/// For deep rows: what the reader itself says.
fn scanned_good(line: &[u8]) -> bool {
    let store = Store::memory();
    store.put("x.jsonl", line.to_vec()).expect("memory");
    !written(&store, "alone", |_| None).is_empty()
}

fn after_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
}

fn value(line: &[u8]) -> Value {
    // Deep rows and numbers beyond f64 are no defect of ours.
    serde_json::from_slice(after_mark(line)).unwrap_or_else(|_| serde_json::json!({"text": ""}))
}

/// How many texts an object has, and whether the text is a string and the id, if a string, Unicode.
#[derive(Default)]
struct Members {
    texts: usize,
    good: bool,
}

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut found = Members { texts: 0, good: true };
                let mut id_good = true;
                while let Some(key) = map.next_key::<Box<serde_json::value::RawValue>>()? {
                    let value: Box<serde_json::value::RawValue> = map.next_value()?;
                    let is_string = value.get().starts_with('"');
                    let unicode = serde_json::from_str::<String>(value.get()).is_ok();
                    match serde_json::from_str::<String>(key.get()).as_deref() {
                        Ok("text") => {
                            found.texts += 1;
                            found.good = unicode;
                        }
                        Ok("id") => id_good = !is_string || unicode,
                        _ => {}
                    }
                }
                found.good &= id_good;
                Ok(found)
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}
