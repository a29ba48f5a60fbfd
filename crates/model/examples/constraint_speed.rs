//! What constrained decoding costs: the time of each step (mask and advance) while the labelled
//! programs of documents are written.
//!
//! ```text
//! cargo run --release -p refinex-model --example constraint_speed -- TOKENS.json LABELS.jsonl...
//! ```
//!
//! TOKENS.json is a list of tokens as byte-level vocabularies spell them; LABELS.jsonl (or .zst)
//! has rows {text, deletions: [[start, end], …]}. `lab/constraint_speed.sh` gives it both.

#![allow(clippy::unwrap_used, reason = "a measurement stops at the first thing amiss")]

use refinex_core::{Bytes, Chunk, Chunker, Deletions, Span, describe};
use refinex_model::generator::Allowed;
use refinex_model::generator::constraint::{Cursor, Programs, Vocabulary, byte_level};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let tokens: Vec<String> =
        serde_json::from_slice(&std::fs::read(&arguments[0]).unwrap()).unwrap();
    let special = |token: &str| token.starts_with("<|") && token.ends_with("|>");
    let bytes = |token: &String| byte_level(token).filter(|_| !special(token)).unwrap_or_default();
    let mut tokens: Vec<Vec<u8>> = tokens.iter().map(bytes).collect();
    tokens.push(Vec::new());
    let begun = Instant::now();
    let end = tokens.len() as u32 - 1;
    let vocabulary = Arc::new(Vocabulary::new(tokens, end).unwrap());
    println!("{} tokens in a trie in {:?}", vocabulary.len(), begun.elapsed());
    for file in &arguments[1..] {
        measure(file, &vocabulary);
    }
}

#[derive(Default)]
struct Times {
    steps: Vec<Duration>,
    advances: Duration,
    pages: Vec<Duration>,
    forced: usize,
    programs: usize,
    not_said: usize,
}

fn measure(file: &str, vocabulary: &Arc<Vocabulary>) {
    let bytes = std::fs::read(file).unwrap();
    let bytes = if file.ends_with(".zst") { zstd::decode_all(&bytes[..]).unwrap() } else { bytes };
    let chunker = Chunker::new(12_000, 0).unwrap();
    let mut times = Times::default();
    for row in String::from_utf8(bytes).unwrap().lines() {
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        let text = row["text"].as_str().unwrap();
        let gone: Vec<(usize, usize)> = serde_json::from_value(row["deletions"].clone()).unwrap();
        for chunk in chunker.chunks(text, &Bytes) {
            let owned = chunk.owned();
            let gone =
                gone.iter().filter_map(|&(start, end)| Span::new(start, end).intersect(owned));
            let gone = gone
                .map(|span| Span::new(span.start() - owned.start(), span.end() - owned.start()));
            let gone = Deletions::from_spans(chunk.text(), gone).unwrap();
            write(&describe(chunk.text(), &gone).to_string(), &chunk, vocabulary, &mut times);
        }
    }
    report(file, times);
}

fn write(program: &str, chunk: &Chunk<'_>, vocabulary: &Arc<Vocabulary>, times: &mut Times) {
    let begun = Instant::now();
    let programs = Arc::new(Programs::of(chunk, Arc::clone(vocabulary)));
    times.pages.push(begun.elapsed());
    times.programs += 1;
    let mut cursor = Cursor::new(programs);
    let mut mask = vec![false; vocabulary.len()];
    for token in longest(program.as_bytes(), vocabulary) {
        times.forced += usize::from(cursor.forced().first() == Some(&token));
        let begun = Instant::now();
        cursor.fill(&mut mask);
        times.steps.push(begun.elapsed());
        if !mask[token as usize] {
            times.not_said += 1;
            return;
        }
        let begun = Instant::now();
        cursor.advance(token);
        times.advances += begun.elapsed();
    }
}

/// The longest tokens, which is near what a model's tokenizer does.
fn longest(mut text: &[u8], vocabulary: &Vocabulary) -> Vec<u32> {
    let mut by_bytes = std::collections::HashMap::new();
    for token in 0..vocabulary.len() as u32 {
        by_bytes.entry(vocabulary.bytes(token)).or_insert(token);
    }
    let mut tokens = Vec::new();
    while !text.is_empty() {
        let length =
            (1..=text.len().min(64)).rev().find(|&n| by_bytes.contains_key(&text[..n])).unwrap();
        tokens.push(by_bytes[&text[..length]]);
        text = &text[length..];
    }
    tokens.push(vocabulary.end());
    tokens
}

fn report(file: &str, mut times: Times) {
    times.steps.sort_unstable();
    times.pages.sort_unstable();
    let steps = times.steps.len();
    let mean = |times: &[Duration]| times.iter().sum::<Duration>() / times.len().max(1) as u32;
    let at = |share: usize| times.steps[(steps - 1) * share / 1000];
    println!("{file}: {} programs, {steps} steps, {} not accepted", times.programs, times.not_said);
    println!(
        "  mask: mean {:?}, half {:?}, 90 % {:?}, 99 % {:?}, 99.9 % {:?}, most {:?}",
        mean(&times.steps),
        at(500),
        at(900),
        at(990),
        at(999),
        times.steps[steps - 1]
    );
    println!(
        "  advance: mean {:?}; page: mean {:?}, most {:?}",
        times.advances / steps as u32,
        mean(&times.pages),
        times.pages[times.pages.len() - 1]
    );
    println!("  {:.1} % of the tokens are forced", 100.0 * times.forced as f64 / steps as f64);
}
