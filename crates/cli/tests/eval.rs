//! `refinex eval`: figures, forms of predictions, forms of output, and what does not match.

#![allow(clippy::unwrap_used)]

mod common;

use common::{refinex, rows, text};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Output;

fn write(folder: &Path, name: &str, rows: &[Value]) -> String {
    let rows: String = rows.iter().map(|row| format!("{row}\n")).collect();
    fs::write(folder.join(name), rows).unwrap();
    text(&folder.join(name)).to_owned()
}

fn gold(folder: &Path) -> String {
    let rows = [
        json!({"id": "1", "source": "web", "text": "menu\nstory", "deletions": [[0, 5]]}),
        json!({"id": "2", "source": "books", "text": "all of it", "deletions": []}),
        json!({"id": "3", "source": "web", "text": "cookies", "program": "remove_lines(1, 1)"}),
    ];
    write(folder, "gold.jsonl", &rows)
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn scores(arguments: &[&str]) -> Value {
    let output = refinex(&[&["eval"], arguments, &["--json", "--rounds", "50"]].concat());
    let (code, out, err) = said(&output);
    assert_eq!(code, Some(0), "{err}");
    serde_json::from_str(&out).unwrap()
}

fn error(arguments: &[&str]) -> String {
    let (code, out, err) = said(&refinex(&[&["eval"], arguments].concat()));
    assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
    err
}

#[test]
fn a_run_and_rows_of_every_form_are_scored_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, gold) = (folder.path(), gold(folder.path()));
    let out = folder.join("out");
    assert!(refinex(&["refine", &gold, "-o", text(&out), "--keep-all", "-q"]).status.success());
    let spans = [
        json!({"id": "1", "deletions": [[0, 2]], "scores": [900, 100]}),
        json!({"id": "2", "deletions": [], "scores": [200]}),
        json!({"id": "3", "deletions": [[0, 7, 0.9]], "scores": [950]}),
    ];
    let spans = write(folder, "spans.jsonl", &spans);
    let rewritten = [
        json!({"id": "1", "refined": "story"}),
        json!({"id": "2", "refined": "all of it, truly"}),
        json!({"id": "3", "refined": ""}),
    ];
    let rewritten = write(folder, "rewritten.jsonl", &rewritten);
    let found = scores(&[&gold, text(&out), &format!("spans={spans}"), &rewritten]);
    let refiners = found["refiners"].as_array().unwrap();
    let names: Vec<&str> = refiners.iter().map(|of| of["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["out", "spans", "rewritten"]);
    let recalls: Vec<f64> =
        refiners.iter().map(|of| of["deletion_recall"].as_f64().unwrap()).collect();
    assert_eq!(recalls, [0.0, 9.0 / 11.0, 1.0]);
    assert_eq!(refiners[1]["outcomes"]["emptied"]["emptied"], 1);
    assert_eq!(refiners[1]["calibration"]["lines"]["units"], 4);
    assert_eq!(refiners[2]["rewriting"]["new_words"], 1);
    assert_eq!(refiners[2]["exact_programs"], 1.0);
    assert_eq!(found["comparisons"].as_array().unwrap().len(), 3);
    let by = refiners[0]["breakdowns"].as_array().unwrap().iter();
    let by: Vec<&str> = by.map(|of| of["by"].as_str().unwrap()).collect();
    let wanted =
        ["emptied documents", "source", "characters of the document", "place in the document"];
    assert_eq!(by, wanted);
}

#[test]
fn a_run_can_be_gold() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, gold) = (folder.path(), gold(folder.path()));
    let programs = [
        json!({"id": "1", "outcome": "", "deletions": [], "program": "remove_lines(1, 1)"}),
        json!({"id": "2", "outcome": "", "deletions": [], "program": "keep_all()"}),
        json!({"id": "3", "outcome": "", "deletions": [], "program": "remove_lines(1, 1)"}),
    ];
    let (programs, out) = (write(folder, "programs.jsonl", &programs), folder.join("out"));
    assert!(refinex(&["apply", &gold, &programs, "-o", text(&out), "-q"]).status.success());
    assert_eq!(rows(&out.join("programs/gold.jsonl.zst")).len(), 3);
    assert_eq!(scores(&[text(&out), &programs])["refiners"][0]["exact_programs"], 1.0);
    assert_eq!(scores(&[&gold, text(&out)])["refiners"][0]["deletion_f1"], 1.0);
}

#[test]
fn text_and_markdown_say_the_same_figures() {
    let folder = tempfile::tempdir().unwrap();
    let gold = gold(folder.path());
    let (code, out, _) = said(&refinex(&["eval", &gold, &gold]));
    assert_eq!(code, Some(0));
    assert!(out.starts_with("3 documents of 3 pages, gold"), "{out}");
    let (code, markdown, _) = said(&refinex(&["eval", &gold, &gold, "--markdown"]));
    assert_eq!(code, Some(0));
    assert!(markdown.contains("| gold | 1.0000 | 1.0000 | 1.0000 | 1.0000 |"), "{markdown}");
    let (code, _, err) = said(&refinex(&["eval", &gold, &gold, "--markdown", "--json"]));
    assert!(code == Some(2) && err.contains("cannot be used with"), "{err}");
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let gold = gold(folder.path());
    let run = |seed: &str| refinex(&["eval", &gold, &gold, "--json", "--seed", seed]).stdout;
    assert_eq!(run("3"), run("3"));
}

#[test]
fn documents_that_do_not_match_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, gold) = (folder.path(), gold(folder.path()));
    let one = json!({"id": "1", "deletions": []});
    let few = write(folder, "few.jsonl", std::slice::from_ref(&one));
    let said = error(&[&gold, &few]);
    assert!(said.contains("few.jsonl: 2: expected a prediction for this document"), "{said}");
    assert_eq!(scores(&[&gold, &few, "--partial"])["refiners"][0]["missing"], 2);

    let (two, three) = (json!({"id": "2", "deletions": []}), json!({"id": "3", "deletions": []}));
    let more = [one.clone(), two, json!({"id": "x", "deletions": []}), three];
    let more = write(folder, "more.jsonl", &more);
    let said = error(&[&gold, &more]);
    assert!(said.contains("but found row 3 for x"), "{said}");
    assert_eq!(scores(&[&gold, &more, "--partial"])["refiners"][0]["missing"], 0);

    let other = write(folder, "other.jsonl", &[json!({"id": "x", "deletions": []})]);
    let said = error(&[&gold, &other, "--partial"]);
    assert!(said.contains("found none of its ids (the first row is for x)"), "{said}");

    let twice = write(folder, "twice.jsonl", &[one.clone(), one]);
    assert!(error(&[&gold, &twice]).contains("found rows 1 and 2 for 1"));
}

#[test]
fn texts_that_do_not_match_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, gold) = (folder.path(), gold(folder.path()));
    let outside = write(folder, "outside.jsonl", &[json!({"id": "1", "deletions": [[3, 99]]})]);
    let said = error(&[&gold, &outside, "--partial"]);
    assert!(said.contains("outside.jsonl: 1: expected a span on character"), "{said}");

    let row = json!({"id": "1", "text": "menu\nStory", "deletions": [[0, 5]]});
    let said = error(&[&gold, &write(folder, "text.jsonl", &[row]), "--partial"]);
    assert!(said.contains("text.jsonl: 1: expected the text to be that of gold"), "{said}");

    let row = json!({"id": "1", "deletions": [], "scores": [1, 2, 3]});
    let said = error(&[&gold, &write(folder, "scores.jsonl", &[row]), "--partial"]);
    assert!(said.contains("expected a score for each of 2 lines, but found 3"), "{said}");

    let other =
        [json!({"id": "1", "text": "menu\nStory"}), json!({"id": "2", "text": "all of it"})];
    let (other, out) = (write(folder, "other.jsonl", &other), folder.join("out"));
    assert!(refinex(&["refine", &other, "-o", text(&out), "--keep-all", "-q"]).status.success());
    let said = error(&[&gold, text(&out), "--partial"]);
    assert!(said.contains("out: 1: expected the refined text to be that of gold less"), "{said}");
}

#[test]
fn what_is_no_gold_or_no_prediction_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, gold) = (folder.path(), gold(folder.path()));
    let bare = write(folder, "bare.jsonl", &[json!({"id": "1", "text": "a"})]);
    let said = error(&[&bare, &gold]);
    assert!(said.contains("row 1: expected a key deletions or program"), "{said}");
    let said = error(&[&gold, &bare]);
    assert!(said.contains("row 1, 1: expected a key deletions, program or refined"), "{said}");
    assert!(error(&[&gold, "nowhere.jsonl"]).contains("nowhere.jsonl"));
    assert!(error(&["nowhere.jsonl", &gold]).contains("nowhere.jsonl"));
    fs::create_dir(folder.join("empty")).unwrap();
    assert!(error(&[&gold, text(&folder.join("empty"))]).contains("expected"));
    fs::write(folder.join("broken.jsonl"), "{\"id\":\n").unwrap();
    assert!(error(&[&gold, text(&folder.join("broken.jsonl"))]).contains("row 1"));
}
