//! The distiller beside the diff crates of the field, at the granularity of characters, and on
//! adversarial text.
//!
//! ```text
//! cargo run --release --manifest-path bench/distill/Cargo.toml -- pairs FILE [TOOL…]
//! cargo run --release --manifest-path bench/distill/Cargo.toml -- hard [NAME…]
//! ```
//!
//! FILE is JSON lines with `raw` and `refined`. One line of JSON comes out for each tool or text.
//! With `ROUNDS=N` each tool goes N times through the pairs, and its quickest time counts.
//! Every answer of ours is checked; what others say is counted by whether it is pure deletion.

mod hard;
mod tools;

use serde::Deserialize;
use std::time::Instant;

/// One pair.
#[derive(Deserialize)]
struct Pair {
    raw: String,
    refined: String,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((what, rest)) if what == "pairs" && !rest.is_empty() => pairs(&rest[0], &rest[1..]),
        Some((what, rest)) if what == "hard" => hard::run(rest),
        _ => eprintln!("expected `pairs FILE [TOOL…]` or `hard [NAME…]`"),
    }
}

/// How often each tool goes through the pairs; the quickest round counts. `ROUNDS`, or 1.
fn rounds() -> usize {
    std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

fn pairs(file: &str, names: &[String]) {
    let text = std::fs::read_to_string(file).expect("a file of pairs");
    let pairs: Vec<Pair> =
        text.lines().map(|line| serde_json::from_str(line).expect("a pair")).collect();
    let bytes: usize = pairs.iter().map(|pair| pair.raw.len()).sum();
    for (name, tool) in tools::TOOLS {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        let (mut seconds, mut pure) = (f64::MAX, 0);
        for _ in 0..rounds() {
            let begun = Instant::now();
            pure = pairs.iter().filter(|pair| tool(&pair.raw, &pair.refined)).count();
            seconds = seconds.min(begun.elapsed().as_secs_f64());
        }
        let line = serde_json::json!({
            "tool": name, "pairs": pairs.len(), "raw_bytes": bytes, "seconds": seconds,
            "megabytes_a_second": bytes as f64 / 1e6 / seconds, "pure_deletions": pure,
        });
        println!("{line}");
    }
}
