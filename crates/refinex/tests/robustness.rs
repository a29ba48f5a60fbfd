//! The tagger on the sample pages when they come otherwise than they should: in capitals, without
//! punctuation, in another encoding, with other line ends. It must not delete much more of what
//! should stay, and not let much more pass.

#![allow(clippy::unwrap_used)]

use refinex::core::{Lines, Span};
use refinex::corpus::{JsonReader, Store};
use refinex::model::Tagger;
use serde::Deserialize;

#[derive(Deserialize)]
struct Labelled {
    text: String,
    deletions: Vec<(usize, usize)>,
}

/// Lines with whether they go by gold; blank ones are left out.
struct Page(Vec<(String, bool)>);

impl Page {
    fn of(row: &Labelled) -> Self {
        let gone = |span: Span| {
            let inside =
                |&(a, b): &(usize, usize)| b.min(span.end()).saturating_sub(a.max(span.start()));
            2 * row.deletions.iter().map(inside).sum::<usize>() > span.len()
        };
        let lines = Lines::of(&row.text);
        let content = lines.iter().map(|line| line.content());
        let pairs = content.map(|span| (span.of(&row.text).to_owned(), gone(span)));
        Self(pairs.filter(|(line, _)| !line.trim().is_empty()).collect())
    }
}

fn pages() -> Vec<Page> {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples");
    let store = Store::open(samples).unwrap();
    let rows = JsonReader::<Labelled>::open(&store, "gold.jsonl.zst").unwrap();
    rows.map(|row| Page::of(&row.unwrap())).collect()
}

/// Deletion F1 and kept recall of lines, each weighted by its characters as gold has them.
fn figures(
    tagger: &Tagger,
    pages: &[Page],
    written: impl Fn(&str) -> String,
    end: &str,
) -> (f64, f64) {
    let (mut right, mut wrong, mut missed, mut kept) = (0, 0, 0, 0);
    for Page(lines) in pages {
        let text: String = lines.iter().map(|(line, _)| written(line) + end).collect();
        let scores = tagger.score_lines(&text, Span::new(0, text.len()));
        for ((line, gone), score) in lines.iter().zip(scores) {
            let size = line.chars().filter(|c| !c.is_whitespace()).count();
            match (gone, score >= tagger.points().balanced) {
                (true, true) => right += size,
                (false, true) => wrong += size,
                (true, false) => missed += size,
                (false, false) => kept += size,
            }
        }
    }
    let f1 = 2.0 * f64::from(right as u32) / (2 * right + wrong + missed) as f64;
    (f1, kept as f64 / (kept + wrong) as f64)
}

/// UTF-8 that was read as Latin-1 and written again.
fn garbled(line: &str) -> String {
    line.bytes().map(char::from).collect()
}

#[test]
fn capitals_lost_punctuation_and_garbled_encodings_change_little() {
    let (tagger, pages) = (Tagger::fast().unwrap(), pages());
    let same = |line: &str| line.to_owned();
    let (f1, kept) = figures(&tagger, &pages, same, "\n");
    println!("as they are: {f1:.3}, {kept:.3}");
    type Written = fn(&str) -> String;
    // How much F1 and kept recall may fall: somewhat more than was measured. Lines that are all indented
    // look like code, of which less is deleted.
    let ways: [(&str, Written, &str, f64, f64); 6] = [
        ("carriage returns", |line| line.to_owned(), "\r\n", 0.001, 0.001),
        ("small letters", |line| line.to_lowercase(), "\n", 0.015, 0.01),
        ("capitals", |line| line.to_uppercase(), "\n", 0.015, 0.01),
        (
            "no punctuation",
            |line| line.replace(['.', ',', ';', ':', '!', '?', '"'], ""),
            "\n",
            0.02,
            0.02,
        ),
        ("garbled", garbled, "\n", 0.02, 0.02),
        ("indented", |line| format!("    {line}  "), "\n", 0.05, 0.01),
    ];
    for (what, written, end, less_f1, less_kept) in ways {
        let (f1_here, kept_here) = figures(&tagger, &pages, written, end);
        println!("{what}: {f1_here:.3}, {kept_here:.3}");
        assert!(f1_here > f1 - less_f1, "{what}: F1 {f1_here:.3}, as they are {f1:.3}");
        assert!(kept_here > kept - less_kept, "{what}: kept {kept_here:.3}, as they are {kept:.3}");
    }
}
