//! What the embedded taggers cost: the time to load their weights, and their speed on one core, by the
//! processor time that Linux counts for a thread (so other work on the machine does not count).
//!
//! ```text
//! cargo run --release -p refinex-model --example tagger_speed -- FILE.jsonl
//! ```

use refinex_core::Span;
use refinex_model::Tagger;
use std::error::Error;
use std::hint::black_box;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("expected a file of rows, but found nothing")?;
    let rows = std::fs::read_to_string(file)?;
    let texts = rows.lines().map(text).collect::<Result<Vec<_>, _>>()?;
    for (tier, load) in [("fast", Tagger::fast as fn() -> _), ("best", Tagger::best)] {
        let mut loads = Vec::new();
        for _ in 0..9 {
            let begun = on_processor()?;
            drop(black_box(load()?));
            loads.push(on_processor()? - begun);
        }
        let first = loads[0];
        loads.sort_by(f64::total_cmp);
        println!("{tier}: loading {first:.2} ms the first time, {:.2} ms at best", loads[0]);
        measure(&load()?, &texts)?;
    }
    Ok(())
}

fn text(row: &str) -> Result<String, Box<dyn Error>> {
    let row: serde_json::Value = serde_json::from_str(row)?;
    Ok(row["text"].as_str().ok_or("expected a text in each row, but found none")?.to_owned())
}

/// Prints how long the lines and the pieces of texts take.
fn measure(tagger: &Tagger, texts: &[String]) -> Result<(), Box<dyn Error>> {
    let (mut of_lines, mut of_pieces) = (0.0, 0.0);
    for text in texts {
        let whole = Span::new(0, text.len());
        let begun = on_processor()?;
        let scores = tagger.score_lines(text, whole);
        let between = on_processor()?;
        drop(black_box(tagger.score_pieces(text, whole, &scores)));
        of_lines += between - begun;
        of_pieces += on_processor()? - between;
    }
    let megabytes = texts.iter().map(String::len).sum::<usize>() as f64 / 1e6;
    println!(
        "{megabytes:.1} MB: lines {of_lines:.0} ms, pieces {of_pieces:.0} ms, {:.2} MB/s",
        1e3 * megabytes / (of_lines + of_pieces)
    );
    Ok(())
}

/// Milliseconds that this thread was on a processor.
fn on_processor() -> Result<f64, Box<dyn Error>> {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = counted.split(' ').next().unwrap_or_default().parse::<f64>()?;
    Ok(nanoseconds / 1e6)
}
