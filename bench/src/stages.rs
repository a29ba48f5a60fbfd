//! Where the time goes: every step of the road with the tagger, timed on one thread.

use crate::data::Data;
use refinex::core::{Bytes, Lines, Score, Scores, Span, deletions_at, describe, execute, verify};
use refinex::corpus::{InputShard, ShardReader, ShardWriter, Store, Target};
use refinex::model::Tagger;
use std::time::{Duration, Instant};

const STEPS: [&str; 8] = [
    "read and split into rows",
    "check UTF-8 and JSON, decode",
    "cut into chunks",
    "score lines (the network)",
    "scores to deletions",
    "say the program",
    "execute and verify",
    "encode and write documents",
];

/// Prints the share of each step.
pub fn print(data: &Data) {
    let mut steps = [Duration::ZERO; STEPS.len()];
    let bytes = walk(data, &mut steps);
    let all: Duration = steps.iter().sum();
    println!("where the time of the tagger's road goes (1 thread, sidecar not included):");
    for (name, took) in STEPS.iter().zip(steps) {
        let share = 100.0 * took.as_secs_f64() / all.as_secs_f64();
        let rate = bytes as f64 / 1e6 / took.as_secs_f64().max(1e-9);
        println!("  {name:<32} {share:>5.1} %  {rate:>9.1} MB of text/s");
    }
    println!();
}

/// Walks through one shard; the answer is its bytes of text.
fn walk(data: &Data, steps: &mut [Duration; STEPS.len()]) -> usize {
    let tagger = Tagger::fast().expect("the embedded weights");
    let threshold = Score::from_probability(tagger.points().balanced);
    let settings = refinex::Settings::default();
    let chunker = settings.chunker().expect("a chunker");
    let store = Store::open(data.plain.to_str().expect("UTF-8")).expect("a store");
    let shard = InputShard::at(&store, "part-0.jsonl").expect("a shard");
    let target = Target::plan(&shard, &settings.read(), &settings.output).expect("a target");
    let mut reader = ShardReader::open(&shard, &settings.read()).expect("a shard");
    let out = Store::open(data.out.join("stages").to_str().expect("UTF-8")).expect("a store");
    let mut writer = ShardWriter::create(&out, target.name(), &target).expect("a writer");
    let mut bytes = 0;
    let mut step = |at: usize, begun: Instant| steps[at] += begun.elapsed();
    loop {
        let begun = Instant::now();
        let Some(batch) = reader.next_batch().expect("a batch") else { break };
        step(0, begun);
        let begun = Instant::now();
        let decoded = batch.decode();
        step(1, begun);
        let mut edits = Vec::new();
        for at in 0..decoded.len() {
            let text = decoded.document(at).expect("a document").text;
            bytes += text.len();
            let begun = Instant::now();
            assert_eq!(chunker.chunks(text, &Bytes).len(), 1);
            step(2, begun);
            let begun = Instant::now();
            let lines = tagger.score_lines(text, Span::new(0, text.len()));
            step(3, begun);
            assert_eq!(lines.len(), Lines::of(text).len());
            let begun = Instant::now();
            let lines = lines.into_iter().map(Score::from_probability).collect();
            let deletions = deletions_at(text, &Scores { lines, pieces: Vec::new() }, threshold);
            step(4, begun);
            let begun = Instant::now();
            std::hint::black_box(describe(text, &deletions).to_string());
            step(5, begun);
            let begun = Instant::now();
            verify(text, &execute(text, &deletions), &deletions).expect("a subsequence");
            step(6, begun);
            edits.push((!deletions.is_empty()).then_some(deletions));
        }
        let begun = Instant::now();
        writer.write(decoded.encode(&edits, &target).expect("edits fit")).expect("written");
        step(7, begun);
    }
    writer.finish().expect("written");
    bytes
}
