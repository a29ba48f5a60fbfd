//! Labelled sets as a user handles them: take over, look at, split, mix, leave out copies, hand on.

#![allow(clippy::unwrap_used)]

mod common;
#[path = "common/examples.rs"]
mod examples;

use common::{refinex, rows, text};
use examples::run_examples;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn fine(arguments: &[&str]) -> String {
    let output = refinex(arguments);
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), output.stderr);
    assert_eq!(output.status.code(), Some(0), "{out}\n{}", String::from_utf8_lossy(&err));
    out
}

fn write(path: &Path, rows: &[Value]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    fs::write(path, lines.join("\n")).unwrap();
}

/// A labelled excerpt of a page: its first line goes.
fn excerpt(page: usize, part: usize) -> Value {
    json!({
        "id": format!("page-{page}#{part}"), "source": "pages", "lang": "en",
        "text": format!("Menu\nThe ferry {page} sails every {part} minutes — é."),
        "deletions": [[0, 5]],
    })
}

fn programs(run: &Path) -> Vec<Value> {
    rows(&run.join("programs/labels.jsonl.zst"))
}

fn refined(run: &Path) -> Vec<Value> {
    rows(&run.join("documents/labels.jsonl.zst"))
}

#[test]
fn rows_are_taken_over_as_a_run_that_other_commands_read() {
    let folder = tempfile::tempdir().unwrap();
    let (set, run) = (folder.path().join("set.jsonl"), folder.path().join("run"));
    let by_program = json!({"id": "b", "text": "Keep\nShare", "program": "remove_lines(2, 2)"});
    let bad = [
        json!({"id": "c", "text": "x", "deletions": [[0, 9]]}),
        json!({"id": "d", "text": "x"}),
        json!({"id": "e", "text": "x", "program": "remove_lines(1, 7)"}),
        json!({"id": "f", "deletions": []}),
    ];
    write(&set, &[&[excerpt(1, 0), by_program][..], &bad].concat());
    let output = refinex(&["labels", "import", text(&set), "-o", text(&run), "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let failed = json!({"no_label": 1, "no_such_line": 1, "span": 1, "text_missing": 1});
    assert_eq!(report["written"]["failed"], failed);
    assert_eq!(refined(&run)[0]["text"], "The ferry 1 sails every 0 minutes — é.");
    assert_eq!(refined(&run)[0]["lang"], "en");
    assert_eq!(refined(&run)[1]["text"], "Keep");
    let failed = rows(&run.join("failed/rows.jsonl.zst"));
    let at = |key: &str| failed.iter().map(|row| row[key].clone()).collect::<Vec<_>>();
    assert_eq!(at("reason"), ["span", "no_label", "no_such_line", "text_missing"]);
    assert_eq!(at("row"), [3, 4, 5, 6]);
    assert!(failed[0]["message"].as_str().unwrap().contains('9'), "{}", failed[0]);
    let raw: Value = serde_json::from_str(failed[0]["raw"].as_str().unwrap()).unwrap();
    assert_eq!(raw, json!({"id": "c", "text": "x", "deletions": [[0, 9]]}));
    assert!(run.join("_SUCCESS").exists());
    fine(&["inspect", text(&run), "b"]);
    fine(&["export", "sft", text(&run), "-o", text(&folder.path().join("sft"))]);
    // The same again does nothing; another set in the same folder is refused.
    let output = refinex(&["labels", "import", text(&set), "-o", text(&run)]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("was written before") && said.contains("1 failed: span"), "{said}");
    assert_eq!(output.status.code(), Some(1));
    let output = refinex(&["labels", "dedup", text(&set), "-o", text(&run)]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn pages_and_equal_texts_stay_on_one_side_of_a_split() {
    let folder = tempfile::tempdir().unwrap();
    let (set, parts) = (folder.path().join("set.jsonl"), folder.path().join("parts"));
    let mut all: Vec<Value> = (0..300).map(|at| excerpt(at / 3, at % 3)).collect();
    let mut copy = excerpt(5, 0);
    copy["id"] = json!("elsewhere#0");
    all.push(copy);
    write(&set, &all);
    let arguments = ["labels", "split", text(&set), "-o", text(&parts), "--seed", "3", "--parts"];
    fine(&[&arguments[..], &["train=0.7,dev=0.2,test=0.1"]].concat());
    let ids = |part: &str| -> Vec<String> {
        let rows = programs(&parts.join(part)).into_iter();
        rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    let sides = ["train", "dev", "test"].map(ids);
    assert_eq!(sides.iter().map(Vec::len).sum::<usize>(), 301);
    assert!(sides[0].len() > sides[1].len() && !sides[2].is_empty(), "{sides:?}");
    let side_of = |id: &str| sides.iter().position(|side| side.iter().any(|other| other == id));
    for page in 0..100 {
        let side = side_of(&format!("page-{page}#0"));
        assert!((1..3).all(|part| side_of(&format!("page-{page}#{part}")) == side));
    }
    assert_eq!(side_of("elsewhere#0"), side_of("page-5#0"));
}

#[test]
fn a_mixture_has_as_many_of_each_set_as_its_weight_says() {
    let folder = tempfile::tempdir().unwrap();
    let [web, corpus, out, again] =
        ["web.jsonl", "corpus.jsonl", "out", "again"].map(|name| folder.path().join(name));
    write(&web, &(0..100).map(|at| excerpt(at, 0)).collect::<Vec<_>>());
    write(&corpus, &(0..10).map(|at| excerpt(1000 + at, 0)).collect::<Vec<_>>());
    let sets = [format!("{}=3", text(&web)), format!("{}=1", text(&corpus))];
    for place in [&out, &again] {
        let arguments = ["labels", "mix", &sets[0], &sets[1], "--documents", "80", "-o"];
        fine(&[&arguments[..], &[text(place)]].concat());
    }
    let rows = programs(&out);
    assert_eq!(rows.len(), 80);
    let repeated = rows.iter().filter(|row| row["id"].as_str().unwrap().ends_with("~2")).count();
    assert_eq!(repeated, 10);
    assert_eq!(rows, programs(&again));
    let unrepeated = folder.path().join("unrepeated");
    fine(&["labels", "mix", &sets[0], &sets[1], "-o", text(&unrepeated)]);
    assert_eq!(programs(&unrepeated).len(), 40);
}

#[test]
fn copies_are_left_out_and_named_with_what_they_copy() {
    let folder = tempfile::tempdir().unwrap();
    let (set, out) = (folder.path().join("set.jsonl"), folder.path().join("out"));
    let long: String = (0..300).map(|n| format!("word{n} ")).collect();
    let row = |id: &str, text: &str, deletions: Value| json!({"id": id, "text": text, "deletions": deletions});
    write(
        &set,
        &[
            row("a", "Menu\nstory", json!([[0, 5]])),
            row("b", "Menu\nstory", json!([[0, 5]])),
            row("c", "Menu\nstory ", json!([])),
            row("d", &long, json!([])),
            row("e", &long.replace("word7 ", "word "), json!([])),
            row("f", "Something else", json!([])),
        ],
    );
    fine(&["labels", "dedup", text(&set), "-o", text(&out), "--near", "0.8"]);
    let ids: Vec<Value> = programs(&out).into_iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, ["a", "d", "f"]);
    let removed = rows(&out.join("removed/labels.jsonl.zst"));
    let of: Vec<(&Value, &Value)> =
        removed.iter().map(|row| (&row["reason"], &row["detail"]["of"])).collect();
    let wanted =
        [("copy", "a"), ("conflict", "a"), ("near_copy", "d")].map(|(r, o)| (json!(r), json!(o)));
    assert!(of.iter().zip(&wanted).all(|((r, o), (wr, wo))| *r == wr && *o == wo), "{of:?}");
}

#[test]
fn programs_of_prox_are_taken_over_with_their_refused_calls_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (set, out) = (folder.path().join("prox.jsonl"), folder.path().join("out"));
    let program = "remove_lines(line_start=0, line_end=0)\n\
                   normalize(source_str=\" Share, (now)\", target_str=\"\")\n\
                   normalize(source_str=\"ferry\", target_str=\"boat\")";
    write(
        &set,
        &[json!({
            "id": "p", "doc_content": "Menu\nThe ferry sails. Share, (now)\nEnd",
            "metadata": {"chunk_program": program},
        })],
    );
    let arguments = ["labels", "import", text(&set), "-o", text(&out), "--from", "prox"];
    let said = fine(&[&arguments[..], &["--text-key", "doc_content"]].concat());
    assert!(said.contains("1 calls refused: adds_text"), "{said}");
    assert_eq!(refined(&out)[0]["text"], "The ferry sails.\nEnd");
    assert_eq!(
        programs(&out)[0]["program"],
        "remove_lines(1, 1)\nremove_str(2, \" Share, (now)\")"
    );
}

#[test]
fn the_columns_of_ultrax_are_distilled() {
    let folder = tempfile::tempdir().unwrap();
    let (set, out) = (folder.path().join("ultrax.jsonl"), folder.path().join("out"));
    write(
        &set,
        &[
            json!({"id": "u", "original": "Menu\nThe ferry sails.", "cleaned": "The ferry sails.", "processed_functions": "remove_lines(1, 1)"}),
        ],
    );
    let said = fine(&["labels", "import", text(&set), "-o", text(&out), "--from", "ultrax"]);
    assert!(said.contains("1 documents") && said.contains("1.00 calls"), "{said}");
    assert_eq!(rows(&out.join("documents/ultrax.jsonl"))[0]["original"], "The ferry sails.");
}

#[test]
fn attributes_of_dolma_go_out_in_code_points_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let [set, dolma, back] = ["set.jsonl", "dolma", "back"].map(|name| folder.path().join(name));
    let page = "Ménü 雪\nThe ferry — sails.\nShare 😀";
    let (menu, share) = ("Ménü 雪\n".len(), page.len() - "\nShare 😀".len());
    write(
        &set,
        &[
            json!({"id": "x", "text": page, "deletions": [[0, menu], [share, page.len()]]}),
            excerpt(1, 0),
        ],
    );
    fine(&["export", "dolma", text(&set), "-o", text(&dolma), "--attribute", "noise"]);
    let attributes = rows(&dolma.join("attributes/noise/labels.jsonl.zst"));
    assert_eq!(attributes[0]["attributes"]["noise"], json!([[0, 7, 1.0], [25, 33, 1.0]]));
    assert_eq!(attributes[0]["id"], "x");
    let documents = dolma.join("documents");
    let arguments = ["labels", "import", text(&documents), "--from", "dolma"];
    let attributes = dolma.join("attributes/noise");
    let more = ["--attributes", text(&attributes), "-o", text(&back)];
    fine(&[&arguments[..], &more].concat());
    assert_eq!(refined(&back)[0]["text"], "The ferry — sails.");
    assert_eq!(programs(&back)[1]["deletions"], json!([[0, 5, null]]));
    // Rows in another order are refused: nothing is guessed.
    let mut turned = rows(&attributes.join("labels.jsonl.zst"));
    turned.reverse();
    write(&folder.path().join("turned/labels.jsonl"), &turned);
    fs::rename(folder.path().join("turned/labels.jsonl"), folder.path().join("plain")).unwrap();
    let lines = fs::read(folder.path().join("plain")).unwrap();
    fs::write(
        folder.path().join("turned/labels.jsonl.zst"),
        zstd::encode_all(&lines[..], 1).unwrap(),
    )
    .unwrap();
    let other = folder.path().join("other");
    let more = ["--attributes", text(&folder.path().join("turned")), "-o", text(&other)]
        .map(str::to_owned);
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    let output = refinex(&[&arguments[..], &more].concat());
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("in the order of the documents"), "{said}");
}

#[test]
fn statistics_tell_of_calls_shares_residue_and_drop_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let (pairs, run) = (folder.path().join("pairs.jsonl"), folder.path().join("run"));
    write(
        &pairs,
        &[
            json!({"id": 1, "raw": "Menu\nThe ferry sails every ten minutes.", "refined": "The ferry sails every ten minutes."}),
            json!({"id": 2, "raw": "Clean text.", "refined": "Clean text."}),
            json!({"id": 3, "raw": "Some text", "refined": null}),
        ],
    );
    refinex(&["distill", text(&pairs), "-o", text(&run), "-q"]);
    let found: Value =
        serde_json::from_str(&fine(&["labels", "stats", text(&run), "--json"])).unwrap();
    assert_eq!(found["documents"], 3);
    assert_eq!(found["counts"]["verdicts"], json!({"dropped": 1, "whole": 2}));
    assert_eq!(found["counts"]["dropped_by_reason"], json!({"refined_null": 1}));
    assert_eq!(found["programs"]["examples"], 2);
    let said = fine(&["labels", "stats", text(&run)]);
    assert!(said.contains("1 pairs dropped: refined_null"), "{said}");
}

#[test]
fn the_examples_of_the_page_say_what_the_program_says() {
    let commands = run_examples("labels.md");
    assert!(commands >= 5, "{commands}");
}
