//! `refinex score` and `refinex train ngram`: quality before and after a run.

#![allow(clippy::unwrap_used)]

mod common;

use common::{refinex, rows, text};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;

const PROSE: &str =
    "The boat was late, and nobody on the pier knew why it had not come in the night.";

/// A run of which one document is cleaned, one is emptied and one stays.
fn run(folder: &Path) -> (String, String) {
    let documents = [
        ("a", format!("Sign in\nSign in\n{PROSE}\n"), "remove_lines(1, 2)"),
        ("b", "Cookie | Login | »\n".to_owned(), "remove_lines(1, 1)"),
        ("c", format!("{PROSE}\n"), "keep_all()"),
    ];
    let write = |name: &str, row: &dyn Fn(&(&str, String, &str)) -> Value| {
        let rows: String = documents.iter().map(|of| format!("{}\n", row(of))).collect();
        fs::write(folder.join(name), rows).unwrap();
        text(&folder.join(name)).to_owned()
    };
    let gold = write(
        "gold.jsonl",
        &|(id, text, program)| json!({"id": id, "text": text, "program": program}),
    );
    let programs = write(
        "programs.jsonl",
        &|(id, _, program)| json!({"id": id, "outcome": "", "deletions": [], "program": program}),
    );
    let out = folder.join("out");
    assert!(refinex(&["apply", &gold, &programs, "-o", text(&out), "-q"]).status.success());
    assert_eq!(rows(&out.join("programs/gold.jsonl.zst")).len(), 3);
    (gold, text(&out).to_owned())
}

fn scores(arguments: &[&str]) -> Vec<Value> {
    let output = refinex(&[&["score"], arguments, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_scorer_says_what_improved_and_how_well_it_ranks() {
    let folder = tempfile::tempdir().unwrap();
    let (gold, out) = run(folder.path());
    let model = folder.path().join("clean.ngram");
    let train = refinex(&["train", "ngram", &gold, "-o", text(&model)]);
    assert!(train.status.success(), "{}", String::from_utf8_lossy(&train.stderr));
    let found = scores(&[&out, "--gold", &gold, "--ngram", text(&model)]);
    let names: Vec<&str> = found.iter().map(|of| of["scorer"].as_str().unwrap()).collect();
    assert_eq!(names, ["duplicate lines", "furniture", "symbols", "stop words", "perplexity"]);
    for scorer in &found {
        let all = &scorer["all"];
        assert_eq!(
            (&all["documents"], &all["emptied"], &all["untouched"]),
            (&3.into(), &1.into(), &1.into())
        );
        assert_eq!(scorer["validity"]["documents"], 3);
    }
    assert_eq!(
        (&found[1]["all"]["improved"], &found[1]["all"]["worsened"]),
        (&1.into(), &0.into())
    );
    assert_eq!(found[1]["all"]["mean_after"], 0.0);
    assert_eq!(found[1]["validity"]["rank_correlation"], 1.0);
    assert_eq!(found[3]["validity"]["rank_correlation"], -1.0);
}

/// Answers requests one after the other: 5 if the page has no sign-in line, else 2.
fn endpoint() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let (mut length, mut line) = (0, String::new());
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some(size) = line.to_lowercase().strip_prefix("content-length:") {
                    length = size.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let asked: Value = serde_json::from_slice(&body).unwrap();
            let about = asked["messages"][1]["content"].as_str().unwrap();
            let score = if about.contains("Sign in") { 2 } else { 5 };
            let content = format!("<reason>so</reason>\n<score>{score}</score>");
            let answer =
                json!({"choices": [{"message": {"content": content}, "finish_reason": "stop"}]})
                    .to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                answer.len()
            );
            let _ = reader.get_mut().write_all((head + &answer).as_bytes());
        }
    });
    address
}

#[test]
fn a_judge_is_asked_once_and_its_numbers_are_a_scale() {
    let folder = tempfile::tempdir().unwrap();
    let (_, out) = run(folder.path());
    let (endpoint, cache) = (endpoint(), folder.path().join("cache"));
    let judge = ["--endpoint", &endpoint, "--model", "m", "--cache", text(&cache)];
    let found = scores(&[&[out.as_str()], &judge[..]].concat()).pop().unwrap();
    assert_eq!((&found["scorer"], &found["failed"]), (&"judge m".into(), &0.into()));
    let levels = found["levels"].as_array().unwrap();
    assert_eq!((levels.len(), &levels[0]["range"]), (2, &json!([2.0, 2.0])));
    assert_eq!((&levels[0]["improved"], &levels[0]["mean_after"]), (&1.into(), &5.0.into()));
    // Nobody answers there: the cache does.
    let again =
        ["--endpoint", &endpoint, "--model", "m", "--cache", text(&cache), "--attempts", "1"];
    assert_eq!(scores(&[&[out.as_str()], &again[..]].concat()).pop().unwrap(), found);
}

#[test]
fn what_cannot_be_scored_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (gold, out) = run(folder.path());
    let error = |arguments: &[&str]| {
        let output = refinex(arguments);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(error(&["score", text(folder.path())]).contains("expected a run directory"));
    let said = error(&["score", &out, "--ngram", &gold]);
    assert!(said.contains("expected an n-gram model of this version"), "{said}");
    assert!(error(&["score", &out, "--endpoint", "http://127.0.0.1:1"]).contains("--model"));
    let model = folder.path().join("m");
    assert!(error(&["train", "ngram", "nowhere.jsonl", "-o", text(&model)]).contains("nowhere"));
}
