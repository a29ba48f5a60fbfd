//! What the embedded taggers cost: the time to load their weights, and their speed on one core, by the
//! processor time that Linux counts for a thread (so other work on the machine does not count).
//!
//! ```text
//! cargo run --release -p refinex-model --example tagger_speed -- FILE.jsonl
//! ```

#![allow(clippy::unwrap_used, reason = "a measurement stops at the first thing amiss")]

use refinex_core::Span;
use refinex_model::Tagger;
use std::hint::black_box;

fn main() {
    let file = std::env::args().nth(1).unwrap();
    let rows = std::fs::read_to_string(file).unwrap();
    let text = |row: &str| {
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        row["text"].as_str().unwrap().to_owned()
    };
    let texts: Vec<String> = rows.lines().map(text).collect();
    for (tier, load) in [("fast", Tagger::fast as fn() -> _), ("best", Tagger::best)] {
        let load = || load().unwrap();
        let mut loads: Vec<f64> =
            (0..9).map(|_| milliseconds(|| drop(black_box(load())))).collect();
        let first = loads[0];
        loads.sort_by(f64::total_cmp);
        println!("{tier}: loading {first:.2} ms the first time, {:.2} ms at best", loads[0]);
        measure(&load(), &texts);
    }
}

/// Prints how long the lines and the pieces of texts take.
fn measure(tagger: &Tagger, texts: &[String]) {
    let (mut of_lines, mut of_pieces) = (0.0, 0.0);
    for text in texts {
        let whole = Span::new(0, text.len());
        let mut scores = Vec::new();
        of_lines += milliseconds(|| scores = tagger.score_lines(text, whole));
        of_pieces += milliseconds(|| drop(black_box(tagger.score_pieces(text, whole, &scores))));
    }
    let megabytes = texts.iter().map(String::len).sum::<usize>() as f64 / 1e6;
    println!(
        "{megabytes:.1} MB: lines {of_lines:.0} ms, pieces {of_pieces:.0} ms, {:.2} MB/s",
        1e3 * megabytes / (of_lines + of_pieces)
    );
}

/// The processor time of this thread that something takes.
fn milliseconds(work: impl FnOnce()) -> f64 {
    let begun = on_processor();
    work();
    (on_processor() - begun) / 1e6
}

/// Nanoseconds that this thread was on a processor.
fn on_processor() -> f64 {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    counted.split(' ').next().unwrap().parse().unwrap()
}
