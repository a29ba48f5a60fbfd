//! What the tests of whole shards share.
#![allow(dead_code)]

use refinex_core::{Deletions, Span};
use refinex_corpus::{
    BadRow, FileSummary, InputShard, InputSummary, OutputSettings, ReadSettings, ShardError,
    ShardReader, ShardWriter, Store, Target,
};

/// What came of one shard.
pub struct Outcome {
    pub documents: Vec<(String, String)>,
    pub bad: Vec<BadRow>,
    pub input: InputSummary,
    pub output: FileSummary,
    pub target: Target,
}

/// Refine the shard at `path` into `out/<name>` of the same store: `edit` gives the spans.
pub fn refine(
    store: &Store,
    path: &str,
    settings: &OutputSettings,
    edit: impl Fn(&str) -> Vec<(usize, usize)>,
) -> Result<Outcome, ShardError> {
    let shard = InputShard::at(store, path).unwrap();
    let read = ReadSettings::default();
    let target = Target::plan(&shard, &read, settings)?;
    let mut reader = ShardReader::open(&shard, &read)?;
    let out = format!("out/{}", target.name());
    let mut writer = ShardWriter::create(store, &out, &target).unwrap();
    let (mut documents, mut bad) = (Vec::new(), Vec::new());
    while let Some(batch) = reader.next_batch()? {
        let decoded = batch.decode();
        let mut edits = Vec::new();
        for at in 0..decoded.len() {
            edits.push(match decoded.document(at) {
                Ok(document) => {
                    documents.push((document.id.to_string(), document.text.to_string()));
                    let spans = edit(document.text);
                    let spans = spans.into_iter().map(|(a, b)| Span::new(a, b));
                    Some(Deletions::from_spans(document.text, spans).unwrap())
                }
                Err(row) => {
                    bad.push(row.clone());
                    None
                }
            });
        }
        writer.write(decoded.encode(&edits, &target).unwrap()).unwrap();
    }
    let output = writer.finish().unwrap();
    Ok(Outcome { documents, bad, input: reader.finish()?, output, target })
}

/// No edits.
pub fn nothing(_: &str) -> Vec<(usize, usize)> {
    Vec::new()
}

/// Delete every `#`.
pub fn hashes(text: &str) -> Vec<(usize, usize)> {
    text.match_indices('#').map(|(at, _)| (at, at + 1)).collect()
}
