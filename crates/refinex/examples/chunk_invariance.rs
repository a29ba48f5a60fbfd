//! Does it matter where a long document is cut? Refines documents whole and in chunks of several
//! sizes, so that the cuts fall in other places each time, and counts the text that is judged
//! differently.
//!
//! ```text
//! cargo build --release --workspace --example chunk_invariance
//! target/release/examples/chunk_invariance FILE.jsonl...
//! ```
#![allow(clippy::unwrap_used)]

use refinex::core::{Bytes, Chunker, Deletions, Policy, Refiner, Score, merge};
use refinex::{LineTagger, OperatingPoint, Settings};
use std::io::BufRead;

/// Shortest document that is looked at, in bytes.
const LONG: usize = 40_000;

fn main() {
    let tagger = LineTagger::embedded().unwrap();
    let threshold = tagger.threshold(OperatingPoint::Balanced);
    let overlap = Settings::default().overlap_bytes;
    let documents: Vec<String> = std::env::args().skip(1).flat_map(|path| long(&path)).collect();
    let wholes: Vec<Deletions> =
        documents.iter().map(|text| decide(&tagger, text, threshold, 1 << 20, overlap)).collect();
    println!("{} documents of at least {LONG} bytes", documents.len());
    println!("owned bytes a chunk | context | cuts | text judged differently | documents the same");
    for (owned, overlap) in
        [(6, overlap), (8, overlap), (11, overlap), (17, overlap), (8, 4 << 10), (8, 1 << 10)]
    {
        let budget = (owned << 10) + 2 * overlap;
        let (mut differ, mut all, mut same, mut cuts) = (0, 0, 0, 0);
        for (text, whole) in documents.iter().zip(&wholes) {
            let cut = decide(&tagger, text, threshold, budget, overlap);
            let here = (0..text.len()).filter(|&at| goes(whole, at) != goes(&cut, at)).count();
            differ += here;
            all += text.len();
            same += usize::from(here == 0);
            cuts += text.len() / (owned << 10);
        }
        println!(
            "{:>7} | {overlap:>6} | about {cuts} | {:.3} % | {same} of {}",
            owned << 10,
            100.0 * differ as f64 / all as f64,
            documents.len()
        );
    }
}

fn long(path: &str) -> Vec<String> {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let text = |line: std::io::Result<String>| {
        let row: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        row["text"].as_str().unwrap().to_owned()
    };
    file.lines().map(text).filter(|text| text.len() >= LONG).collect()
}

fn decide(
    tagger: &LineTagger,
    text: &str,
    threshold: Score,
    budget: usize,
    overlap: usize,
) -> Deletions {
    let chunks = Chunker::new(budget, overlap).unwrap().chunks(text, &Bytes);
    let answers = tagger.refine(&chunks).into_iter().map(Result::unwrap);
    merge(text, chunks.iter().zip(answers), threshold, Policy::default()).deletions
}

fn goes(deletions: &Deletions, at: usize) -> bool {
    let spans = deletions.spans();
    let after = spans.partition_point(|span| span.end() <= at);
    spans.get(after).is_some_and(|span| span.start() <= at)
}
