//! Does it matter where a long document is cut? Refines documents whole and in chunks of several
//! sizes, so that the cuts fall in other places each time, and counts the text that is judged
//! differently.
//!
//! ```text
//! cargo build --release --workspace --example chunk_invariance
//! target/release/examples/chunk_invariance [--best] FILE.jsonl...
//! ```
use refinex::core::{Bytes, Chunker, Deletions, Policy, Refiner, Score, merge};
use refinex::{LineTagger, OperatingPoint, Settings, Tier};
use std::error::Error;
use std::io::BufRead;

/// Shortest document that is looked at, in bytes.
const LONG: usize = 40_000;

fn main() -> Result<(), Box<dyn Error>> {
    let (flags, files): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|word| word == "--best");
    let tagger = LineTagger::shipped(if flags.is_empty() { Tier::Fast } else { Tier::Best })?;
    let threshold = tagger.threshold(OperatingPoint::Balanced);
    let overlap = Settings::default().overlap_bytes;
    let mut documents = Vec::new();
    for path in &files {
        documents.extend(long(path)?);
    }
    let wholes = documents.iter().map(|text| decide(&tagger, text, threshold, 1 << 20, overlap));
    let wholes: Vec<Deletions> = wholes.collect::<Result<_, _>>()?;
    println!("{} documents of at least {LONG} bytes", documents.len());
    println!("owned bytes a chunk | context | cuts | text judged differently | documents the same");
    for (owned, overlap) in
        [(6, overlap), (8, overlap), (11, overlap), (17, overlap), (8, 4 << 10), (8, 1 << 10)]
    {
        let budget = (owned << 10) + 2 * overlap;
        let (mut differ, mut all, mut same, mut cuts) = (0, 0, 0, 0);
        for (text, whole) in documents.iter().zip(&wholes) {
            let cut = decide(&tagger, text, threshold, budget, overlap)?;
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
    Ok(())
}

/// The long texts of a file of rows.
fn long(path: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let mut texts = Vec::new();
    for line in std::io::BufReader::new(std::fs::File::open(path)?).lines() {
        let row: serde_json::Value = serde_json::from_str(&line?)?;
        let text = row["text"].as_str().ok_or("expected a text in each row, but found none")?;
        if text.len() >= LONG {
            texts.push(text.to_owned());
        }
    }
    Ok(texts)
}

fn decide(
    tagger: &LineTagger,
    text: &str,
    threshold: Score,
    budget: usize,
    overlap: usize,
) -> Result<Deletions, Box<dyn Error>> {
    let chunks = Chunker::new(budget, overlap)?.chunks(text, &Bytes);
    let answers = tagger.refine(&chunks).into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(merge(text, chunks.iter().zip(answers), threshold, Policy::default()).deletions)
}

fn goes(deletions: &Deletions, at: usize) -> bool {
    let spans = deletions.spans();
    let after = spans.partition_point(|span| span.end() <= at);
    spans.get(after).is_some_and(|span| span.start() <= at)
}
