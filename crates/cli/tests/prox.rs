//! `prox`: stored programs of ProX on the main road, as they were meant and as its own executor does it.

#![allow(clippy::unwrap_used)]

mod common;

use common::{refinex, rows, text};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Output;

const PAGE: &str = "Home | About\nThe old (stone) bridge is closed today, they said at noon.\n\
                    It opens again in spring, when the river is low enough.\nShare this page";

/// Documents with what ProX says of them.
fn cases() -> Vec<(&'static str, &'static str, Value)> {
    let lines = "remove_lines(line_start=0, line_end=0)\nremove_lines(line_start=3, line_end=3)";
    let adds = "normalize(source_str=\"Share\", target_str=\"Please share\")";
    let cut = "remove_lines(line_start=0, line_end=12";
    vec![
        ("edited", PAGE, json!({"doc_program": "keep_doc()", "chunk_program": lines})),
        ("dropped", PAGE, json!({"doc_program": "drop_doc()", "chunk_program": null})),
        ("kept", PAGE, json!({"program": "untouch_doc()"})),
        ("adds", PAGE, json!({"program": adds})),
        ("cut", PAGE, json!({"program": cut})),
        ("chatter", PAGE, json!({"doc_program": "I would drop this page."})),
        ("short", "Five words stand here alone", json!({"program": "keep_chunk()"})),
        ("void", PAGE, json!({"program": format!("{lines}\nrewrite(1)\nremove_lines(1)")})),
        ("none", PAGE, json!({"program": null})),
    ]
}

fn write(path: &Path, rows: impl IntoIterator<Item = Value>) {
    let rows: Vec<String> = rows.into_iter().map(|row| row.to_string() + "\n").collect();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, rows.concat()).unwrap();
}

fn with_id(id: &str, mut programs: Value) -> Value {
    programs["id"] = id.into();
    programs
}

/// The documents in `in/a.jsonl`, their programs in `programs/a.jsonl`.
fn write_cases(folder: &Path) {
    write(
        &folder.join("in/a.jsonl"),
        cases().into_iter().map(|(id, text, _)| json!({"id": id, "text": text, "url": "u"})),
    );
    write(
        &folder.join("programs/a.jsonl"),
        cases().into_iter().map(|(id, _, programs)| with_id(id, programs)),
    );
}

fn prox(folder: &Path, out: &str, more: &[&str]) -> Output {
    let at = |name: &str| folder.join(name);
    let (input, programs, out) = (at("in"), at("programs"), at(out));
    let all =
        ["prox", text(&input), "--programs", text(&programs), "-o", text(&out), "-q", "--json"];
    refinex(&[&all[..], more].concat())
}

fn told(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What is left of a document; `None` if it was dropped.
fn left(folder: &Path, out: &str, id: &str) -> Option<String> {
    let all = rows(&folder.join(out).join("documents/a.jsonl"));
    let row = all.iter().find(|row| row["id"] == id)?;
    assert_eq!(row["url"], "u");
    Some(row["text"].as_str().unwrap().to_owned())
}

fn program_row(folder: &Path, out: &str, id: &str) -> Value {
    let all = rows(&folder.join(out).join("programs/a.jsonl.zst"));
    all.into_iter().find(|row| row["id"] == id).unwrap()
}

#[test]
fn programs_are_carried_out_as_they_were_meant_and_every_refused_call_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_cases(at);
    let output = prox(at, "out", &["--removed"]);
    assert_eq!(output.status.code(), Some(1), "one document has no program: {}", stderr(&output));
    let tally = &told(&output)["tally"];
    let count = |name: &str| tally[name].as_u64().unwrap_or(0);
    assert_eq!(["rows", "kept", "edited", "dropped"].map(count), [9, 7, 1, 1]);
    assert_eq!(tally["dropped_by_reason"], json!({"prox-document/drop_doc": 1}));
    assert_eq!(tally["unrefined_by_reason"], json!({"no_program": 1}));
    let refused = json!({"adds_text": 1, "truncated": 1, "unknown_call": 1, "unparsable": 2});
    assert_eq!(tally["refused_by_reason"], refused);
    assert_eq!(count("voided_chunks"), 1);
    let wanted = PAGE.split('\n').collect::<Vec<_>>()[1..3].join("\n");
    assert_eq!(left(at, "out", "edited").unwrap(), wanted);
    assert_eq!(left(at, "out", "dropped"), None);
    for id in ["kept", "adds", "cut", "chatter", "void", "none"] {
        assert_eq!(left(at, "out", id).as_deref(), Some(PAGE), "{id}");
    }
    assert_eq!(program_row(at, "out", "chatter")["refused"][0]["reason"], "unparsable");
    let removed = rows(&at.join("out/removed/a.jsonl.zst"));
    assert_eq!((removed.len(), &removed[0]["filter_reason"]), (1, &json!("drop_doc")));
    assert!(!at.join("out/rewrites").exists());
}

#[test]
fn the_same_run_is_continued_replayed_and_not_mixed_with_another() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_cases(at);
    prox(at, "out", &[]);
    assert_eq!(told(&prox(at, "out", &[]))["shards_skipped"], 1);
    let other = prox(at, "out", &["--as-written"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(stderr(&other).contains("as meant\" before"), "{}", stderr(&other));
    let (input, out, again) = (at.join("in"), at.join("out"), at.join("again"));
    refinex(&["apply", text(&input), text(&out), "-o", text(&again), "-q"]);
    let read = |run: &Path| fs::read(run.join("documents/a.jsonl")).unwrap();
    assert!(read(&out) == read(&again));
}

#[test]
fn as_written_the_defects_of_prox_happen_and_added_text_stands_beside_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_cases(at);
    let tally = told(&prox(at, "out", &["--as-written"]))["tally"].clone();
    let dropped = json!({"prox-chunk/too_short": 1, "prox-document/drop_doc": 2});
    assert_eq!(tally["dropped_by_reason"], dropped);
    assert_eq!(tally["withheld_by_reason"], json!({"adds_text": 1}));
    // The cut-off 12 runs as 1.
    assert!(left(at, "out", "cut").unwrap().starts_with("It opens"));
    assert_eq!(left(at, "out", "adds").as_deref(), Some(PAGE));
    let short = program_row(at, "out", "short");
    let found = json!({"step": "prox-chunk", "rule": "too_short", "value": 5.0, "threshold": 10.0});
    assert_eq!(short["rules"]["dropped"], found);
    let fate = &program_row(at, "out", "cut")["rules"]["prox"];
    assert_eq!(*fate, json!({"fate": "refined", "errors": 1}));
    let rewrites = rows(&at.join("out/rewrites/a.jsonl.zst"));
    let of = |id: &str| rewrites.iter().find(|row| row["id"] == id).unwrap()["refined"].clone();
    assert_eq!(rewrites.len(), 9);
    assert!(of("adds").as_str().unwrap().ends_with("Please share this page"));
    assert_eq!((of("dropped"), of("short"), of("kept")), (json!(""), json!(""), json!(PAGE)));
}

#[test]
fn both_the_run_and_the_rewrites_are_judged_by_eval() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_cases(at);
    prox(at, "out", &["--as-written"]);
    let gold =
        cases().into_iter().map(|(id, text, _)| json!({"id": id, "text": text, "deletions": []}));
    write(&at.join("gold.jsonl"), gold);
    let rewritten = format!("rewritten={}", text(&at.join("out/rewrites")));
    let run = format!("run={}", text(&at.join("out")));
    let output = refinex(&["eval", text(&at.join("gold.jsonl")), &run, &rewritten, "--json"]);
    let found = told(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let refiners = found["refiners"].as_array().unwrap();
    assert_eq!(refiners.len(), 2, "{found:#}");
    let new_words = &refiners[1]["rewriting"]["new_words"];
    assert_eq!(*new_words, 2, "Please, and share in small letters: {found:#}");
    assert!(refiners[0]["rewriting"].is_null());
}

#[test]
fn programs_of_other_documents_and_missing_ones_stop_their_shard() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_cases(at);
    let programs = |ids: &[&str]| {
        write(
            &at.join("programs/a.jsonl"),
            ids.iter().map(|id| with_id(id, json!({"program": "keep_chunk()"}))),
        );
    };
    programs(&["edited", "kept"]);
    let failed = |out: &str, more: &[&str]| {
        let output = prox(at, out, more);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        told(&output)["shards_failed"][0]["message"].as_str().unwrap().to_owned()
    };
    let message = failed("a", &[]);
    assert!(
        message.contains("expected programs of ProX for dropped, but found those for kept"),
        "{message}"
    );
    let tally = told(&prox(at, "b", &["--partial"]))["tally"].clone();
    assert_eq!(tally["unrefined_by_reason"], json!({"no_program": 7}));
    programs(&["edited", "elsewhere"]);
    let message = failed("c", &["--partial"]);
    assert!(message.contains("but found row 2 for elsewhere"), "{message}");
    fs::remove_file(at.join("programs/a.jsonl")).unwrap();
    write(&at.join("programs/b.jsonl"), []);
    let message = failed("d", &[]);
    assert!(message.contains("programs/a.jsonl (or .zst, .gz), but found none"), "{message}");
}

#[test]
fn one_file_of_programs_serves_all_shards_by_the_ids_of_their_documents() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let documents = |ids: &[&str]| -> Vec<Value> {
        ids.iter().map(|id| json!({"id": id, "text": PAGE})).collect()
    };
    write(&at.join("in/a.jsonl"), documents(&["one", "two"]));
    write(&at.join("in/b.jsonl"), documents(&["three"]));
    let first_line = || json!({"program": "remove_lines(line_start=0, line_end=0)"});
    let programs = |ids: &[&str]| {
        write(&at.join("all.jsonl"), ids.iter().map(|id| with_id(id, first_line())));
    };
    let run = |out: &str, more: &[&str]| {
        let (input, file, out) = (at.join("in"), at.join("all.jsonl"), at.join(out));
        let all =
            ["prox", text(&input), "--programs", text(&file), "-o", text(&out), "-q", "--json"];
        refinex(&[&all[..], more].concat())
    };
    let failed = |out: &str| {
        let output = run(out, &[]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        told(&output)["shards_failed"][0]["message"].as_str().unwrap().to_owned()
    };
    // In another order than the documents', and with a row for a document of another part.
    programs(&["three", "elsewhere", "two", "one"]);
    let output = run("out", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(told(&output)["tally"]["edited"], 3);
    programs(&["three", "one"]);
    let message = failed("a");
    assert!(message.contains("for two in ") && message.contains("but found none"), "{message}");
    let tally = told(&run("b", &["--partial"]))["tally"].clone();
    assert_eq!((&tally["edited"], &tally["kept"]), (&json!(2), &json!(1)));
    programs(&["one", "two", "three", "two"]);
    let output = run("c", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("but found rows 2 and 4 for two"), "{}", stderr(&output));
    programs(&["one", "two"]);
    write(&at.join("in/b.jsonl"), documents(&["one"]));
    assert!(failed("d").contains("but found a second one with the id one"));
}

#[test]
fn programs_may_stand_in_the_rows_as_prox_writes_them() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let input = at.join("in/a.jsonl");
    let row = |document: &str, chunk: &str| {
        let metadata = json!({"doc_program": document, "chunk_program": chunk});
        json!({"raw_content": PAGE, "text": "theirs", "url": "u", "metadata": metadata})
    };
    let lines = "remove_lines(line_start=0, line_end=0)";
    write(&input, [row("keep_doc()", lines), row("drop_doc()", "")]);
    let out = at.join("out");
    let output =
        refinex(&["prox", text(&input), "--text-key", "raw_content", "-o", text(&out), "-q"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let written = rows(&out.join("documents/a.jsonl"));
    assert_eq!(written.len(), 1);
    assert!(written[0]["raw_content"].as_str().unwrap().starts_with("The old"));
    assert_eq!(written[0]["text"], "theirs");
}
