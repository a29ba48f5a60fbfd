//! Decides on rows `{"id", "text"}` of standard input, one row of decisions each, in the form of
//! `lab/rules-equality/reference.py`: `decide PROFILE`. With `time` as second argument it prints the
//! seconds that the rules of FineWeb take.

use refinex_core::execute;
use refinex_rules::{Profile, Rules, Scratch};
use serde_json::{Map, Value, json};
use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let profile: Profile = arguments.next().unwrap_or_default().parse()?;
    if arguments.next().as_deref() == Some("time") { time(profile) } else { decide(profile) }
}

fn rows() -> impl Iterator<Item = Result<(Value, String), Box<dyn Error>>> {
    std::io::stdin().lock().lines().map(|line| {
        let mut row: Value = serde_json::from_str(&line?)?;
        let text = row["text"].as_str().ok_or("expected a text")?.to_owned();
        Ok((row["id"].take(), text))
    })
}

fn decide(profile: Profile) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut scratch = Scratch::default();
    for row in rows() {
        let (id, text) = row?;
        let mut decisions = Map::from_iter([("id".to_owned(), id)]);
        words(&text, profile, &mut scratch, &mut decisions);
        filters(&text, profile, &mut scratch, &mut decisions)?;
        writeln!(out, "{}", Value::Object(decisions))?;
    }
    Ok(())
}

fn words(text: &str, profile: Profile, scratch: &mut Scratch, row: &mut Map<String, Value>) {
    let words = scratch.words(text, profile);
    let all: Vec<&[u8]> = words.iter().collect();
    row.insert("words".to_owned(), json!(all.len()));
    row.insert("words_hash".to_owned(), json!(short(&all.join(&b'\n'))));
    row.insert("sentences".to_owned(), json!(scratch.count_sentences(text, profile)));
}

/// The name of a filter here and in the reference.
const FILTERS: [(&str, &str); 5] = [
    ("gopher-repetition", "gopher_repetition"),
    ("gopher-quality", "gopher_quality"),
    ("c4", "c4"),
    ("c4-any-end", "c4_any_end"),
    ("fineweb-quality", "fineweb"),
];

fn filters(
    text: &str,
    profile: Profile,
    scratch: &mut Scratch,
    row: &mut Map<String, Value>,
) -> Result<(), Box<dyn Error>> {
    for (ours, theirs) in FILTERS {
        let decision = Rules::parse(ours, profile)?.decide(text, scratch);
        let reason = decision.dropped.as_ref().map(|dropped| dropped.rule.clone());
        row.insert(theirs.to_owned(), json!(reason));
        if let Some(edited) = &decision.edited {
            row.insert(format!("{theirs}_text"), json!(short(edited.as_bytes())));
            let executed = execute(text, &decision.deletions);
            row.insert(format!("{theirs}_deletions"), json!(executed == *edited));
            row.insert(format!("{theirs}_foreign"), json!(decision.foreign_breaks));
        }
    }
    let after = Rules::parse("c4-any-end,fineweb", profile)?.decide(text, scratch);
    if row["c4_any_end"].is_null() {
        row.insert("fineweb_after_c4".to_owned(), json!(after.dropped.map(|dropped| dropped.rule)));
    }
    Ok(())
}

fn short(text: &[u8]) -> String {
    format!("{:x}", md5::compute(text))[..16].to_owned()
}

fn time(profile: Profile) -> Result<(), Box<dyn Error>> {
    let texts = rows().map(|row| row.map(|(_, text)| text)).collect::<Result<Vec<_>, _>>()?;
    let bytes: usize = texts.iter().map(String::len).sum();
    let (rules, mut scratch) = (Rules::comb(profile), Scratch::default());
    let begin = cpu_seconds();
    let kept =
        texts.iter().filter(|text| rules.decide(text, &mut scratch).dropped.is_none()).count();
    let seconds = cpu_seconds() - begin;
    let row = json!({"documents": texts.len(), "bytes": bytes, "seconds": seconds, "kept": kept});
    println!("{row}");
    Ok(())
}

/// Seconds that this thread has had a processor (Linux); elsewhere those of the clock.
fn cpu_seconds() -> f64 {
    static BEGUN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let elapsed = BEGUN.elapsed().as_secs_f64();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|first| first.parse::<f64>().ok());
    nanoseconds.map_or(elapsed, |nanoseconds| nanoseconds / 1e9)
}
