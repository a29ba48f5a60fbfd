//! `refinex bench`: refiners of the program and commands side by side, and those that fail.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use common::{refinex, rows, text};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn corpus(folder: &Path) -> String {
    let row = |at: usize| {
        let text =
            format!("Home | About | Login\nStory number {at} was told at the fire.\nShare\n");
        let mut row = json!({"id": format!("doc/{at}"), "text": text, "source": "made"});
        if at.is_multiple_of(2) {
            row["program"] = "remove_lines(1, 1)\nremove_lines(3, 3)".into();
        }
        format!("{row}\n")
    };
    fs::write(folder.join("corpus.jsonl"), (0..20).map(row).collect::<String>()).unwrap();
    text(&folder.join("corpus.jsonl")).to_owned()
}

fn own(refiner: &str) -> String {
    format!("command:'{}' bench-refiner {refiner}", env!("CARGO_BIN_EXE_refinex"))
}

#[test]
fn refiners_are_measured_and_judged_where_there_is_gold() {
    let folder = tempfile::tempdir().unwrap();
    let (corpus, out) = (corpus(folder.path()), folder.path().join("out"));
    let peer = format!("peer={}", own("tagger"));
    let output = refinex(&[
        "bench",
        &corpus,
        "--refiner",
        "keep-all",
        "--refiner",
        "ours=tagger",
        "--refiner",
        &peer,
        "--rounds",
        "3",
        "-o",
        text(&out),
        "--json",
        "--price-core-hour",
        "0.1",
        "-q",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&found["corpus"]["documents"], &found["corpus"]["with_gold"]),
        (&20.into(), &10.into())
    );
    let refiners = found["refiners"].as_array().unwrap();
    for refiner in refiners {
        assert_eq!(refiner["documents"], 20);
        assert_eq!(refiner["shares"].as_array().unwrap().len(), 3);
        let speed = &refiner["speed"];
        let tokens = speed["tokens_per_core_second"].as_f64().unwrap();
        let cost = speed["usd_per_trillion_tokens"].as_f64().unwrap();
        assert!(tokens > 0.0 && (cost * tokens * 3600.0 / 1e11 - 1.0).abs() < 1e-6, "{refiner}");
    }
    let judged = found["evaluation"]["refiners"].as_array().unwrap();
    assert_eq!(
        (&judged[0]["name"], &judged[0]["deletion_recall"]),
        (&"keep-all".into(), &0.0.into())
    );
    assert_eq!(judged[1]["deletion_f1"], judged[2]["deletion_f1"]);
    assert!(judged[1]["deletion_recall"].as_f64().unwrap() > 0.0);

    let answers = rows(&out.join("answers/ours.jsonl"));
    assert_eq!((answers.len(), &answers[3]["id"]), (20, &"doc/3".into()));
    let markdown = fs::read_to_string(out.join("bench.md")).unwrap();
    assert!(markdown.contains("Cost: $0.1 for a core hour"), "{markdown}");
    assert!(fs::read_to_string(out.join("bench.html")).unwrap().starts_with("<!doctype html>"));
    let again: Value = serde_json::from_slice(&fs::read(out.join("bench.json")).unwrap()).unwrap();
    assert_eq!(again, found);
}

#[test]
fn the_answers_of_a_bench_are_those_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let (corpus, out) = (corpus(folder.path()), folder.path().join("out"));
    let run = folder.path().join("run");
    let bench = ["bench", &corpus, "--refiner", "tagger", "-o", text(&out), "-q"];
    assert!(refinex(&bench).status.success());
    assert!(refinex(&["refine", &corpus, "-o", text(&run), "-q"]).status.success());
    let spans = |row: &Value| -> Vec<(u64, u64)> {
        let spans = row["deletions"].as_array().unwrap().iter();
        spans.map(|span| (span[0].as_u64().unwrap(), span[1].as_u64().unwrap())).collect()
    };
    let answers = rows(&out.join("answers/tagger.jsonl"));
    let programs = rows(&run.join("programs/corpus.jsonl.zst"));
    assert!(answers.iter().map(spans).eq(programs.iter().map(spans)));
}

#[test]
fn a_refiner_that_stops_is_told_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus(folder.path());
    // It gives back the row that all begin with, a blank line, and one row of its first share.
    let tired = "tired=command:for i in 1 2 3; do read -r x; printf '%s\\n' \"$x\"; done";
    let output = refinex(&[
        "bench",
        &corpus,
        "--refiner",
        tired,
        "--refiner",
        "keep-all",
        "--rounds",
        "4",
        "--json",
        "-q",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let stopped = found["refiners"][0]["stopped"].as_str().unwrap();
    assert!(stopped.starts_with("expected 5 answers, but found its end after 1"), "{stopped}");
    assert_eq!(found["refiners"][1]["documents"], 20);
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus(folder.path());
    fs::write(folder.path().join("blank.jsonl"), "{\"id\":\"a\",\"text\":\" \"}\n").unwrap();
    let blank = text(&folder.path().join("blank.jsonl")).to_owned();
    let cases: [(&str, &[&str], &str); 7] = [
        (&corpus, &["taggr"], "expected a refiner (keep-all, tagger"),
        (&corpus, &["tagger", "tagger"], "but found tagger twice"),
        (&corpus, &["a=command:exit 3"], "a: expected 1 answers, but found its end after 0"),
        (&corpus, &["weights:nowhere"], "expected 1 answers, but found its end after 0"),
        (&corpus, &["generator:g"], "expected a folder of a model or a GGUF file at g"),
        (&blank, &["keep-all"], "expected documents in"),
        ("nowhere.jsonl", &["keep-all"], "nowhere.jsonl"),
    ];
    for (corpus, refiners, wanted) in cases {
        let mut arguments = vec!["bench", corpus, "-q"];
        arguments.extend(refiners.iter().flat_map(|refiner| ["--refiner", refiner]));
        let output = refinex(&arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains(wanted), "{refiners:?}: {said}");
    }
}
