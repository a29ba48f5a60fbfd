//! Training files as a user makes them.

#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn refinex(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_refinex"));
    command.current_dir(folder).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Documents and programs written by hand, carried out into a labelled run.
fn labelled(folder: &Path) {
    fs::create_dir_all(folder.join("in")).unwrap();
    fs::create_dir_all(folder.join("labels")).unwrap();
    let row = |id: &str, text: &str| json!({"id": id, "text": text}).to_string();
    let label = |id: &str, program: &str| {
        json!({"id": id, "outcome": "", "deletions": [], "program": program}).to_string()
    };
    let long: String = (0..300).map(|line| format!("Line {line} says little.\n")).collect();
    let documents = [
        row("edited", "Menu\nThe bridge closes. Share!\nEnd\n"),
        row("clean", "All is well.\n"),
        row("blank", " \n"),
        row("long", &long),
        "{\"id\":\"bad\",\"text\":null}".to_owned(),
    ];
    let labels = [
        label("edited", "remove_lines(1, 1)\nremove_str(2, \" Share!\")"),
        label("clean", "keep_all()"),
        label("blank", "keep_all()"),
        label("long", "remove_lines(300, 300)"),
    ];
    fs::write(folder.join("in/a.jsonl"), documents.join("\n")).unwrap();
    fs::write(folder.join("labels/a.jsonl"), labels.join("\n")).unwrap();
    let zst = zstd::encode_all(labels.join("\n").as_bytes(), 3).unwrap();
    fs::write(folder.join("labels/a.jsonl.zst"), zst).unwrap();
    let output = refinex(folder, &["apply", "in", "labels", "-o", "run", "-q"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output)); // one row is bad
}

fn rows(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_dialect_has_the_numbered_lines_as_prompt_and_the_program_as_answer() {
    let folder = tempfile::tempdir().unwrap();
    labelled(folder.path());
    for dialect in ["messages", "prompt-completion", "llama-factory", "swift", "axolotl"] {
        let arguments = ["export", "sft", "run", "-o", dialect, "--dialect", dialect];
        let output = refinex(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let rows = rows(&folder.path().join(dialect).join("train.jsonl"));
        assert_eq!(rows.len(), 3);
        let messages = |row: &Value| match dialect {
            "prompt-completion" => {
                let part = |name: &str| row[name].as_array().unwrap().clone();
                let all = [part("prompt"), part("completion")];
                all.concat()
            }
            _ => row["messages"].as_array().unwrap().clone(),
        };
        let first = messages(&rows[0]);
        let roles: Vec<&Value> = first.iter().map(|message| &message["role"]).collect();
        assert_eq!(roles, ["system", "user", "assistant"]);
        assert_eq!(first[1]["content"], "[1] Menu\n[2] The bridge closes. Share!\n[3] End");
        assert_eq!(first[2]["content"], "remove_lines(1, 1)\nremove_str(2, \" Share!\")");
        assert_eq!(messages(&rows[1])[2]["content"], "keep_all()");
    }
    let info = fs::read_to_string(folder.path().join("llama-factory/dataset_info.json")).unwrap();
    let info: Value = serde_json::from_str(&info).unwrap();
    assert_eq!(info["refinex"]["file_name"], "train.jsonl");
    let export = fs::read_to_string(folder.path().join("messages/export.json")).unwrap();
    let export: Value = serde_json::from_str(&export).unwrap();
    assert_eq!(export["counts"]["left_out_by_reason"], json!({"blank": 1}));
    assert_eq!(
        (&export["counts"]["documents"], &export["instruction"]),
        (&json!(4), &json!("program-v1"))
    );
}

#[test]
fn of_a_salvaged_pair_the_trusted_parts_are_examples_and_a_dropped_one_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let lines = |name: &str| -> String {
        (0..12).map(|n| format!("Line {n} of the {name} says what the council said.\n")).collect()
    };
    let (begin, end) = (lines("begin"), lines("end"));
    let raw = format!("{begin}Old words that nobody would keep as they are.\n{end}Share\n");
    let refined = format!("{begin}Quite another sentence, by the expert himself!\n{end}");
    let pairs = [
        json!({"id": "good", "raw": "Menu\nThe bridge closes.\n", "refined": "The bridge closes.\n"}),
        json!({"id": "salvaged", "raw": raw, "refined": refined}),
        json!({"id": "dropped", "raw": "Something else.\n", "refined": null}),
    ];
    fs::write(folder.path().join("pairs.jsonl"), pairs.map(|pair| pair.to_string()).join("\n"))
        .unwrap();
    let output = refinex(folder.path(), &["distill", "pairs.jsonl", "-o", "run", "-q"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = refinex(folder.path(), &["export", "sft", "run", "-o", "sft", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let tally: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&tally["salvaged"], &tally["left_out_by_reason"]),
        (&json!(1), &json!({"dropped_pair": 1}))
    );
    let rows = rows(&folder.path().join("sft/train.jsonl"));
    let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["good", "salvaged#1", "salvaged#2"]);
    let said = |row: &Value| {
        let prompt = row["prompt"][1]["content"].as_str().unwrap().to_owned();
        (prompt, row["completion"][0]["content"].as_str().unwrap().to_owned())
    };
    let numbered = |text: &str| {
        let lines = (1..).zip(text.lines()).map(|(n, line)| format!("[{n}] {line}"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(said(&rows[1]), (numbered(&begin), "keep_all()".to_owned()));
    assert_eq!(said(&rows[2]), (numbered(&(end + "Share")), "remove_lines(13, 13)".to_owned()));
}

#[cfg(feature = "tokenizers")]
#[test]
fn a_document_over_the_limit_of_tokens_is_cut_smaller() {
    let folder = tempfile::tempdir().unwrap();
    labelled(folder.path());
    let words = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null,
        "decoder": null,
        "model": {"type": "WordLevel", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]"},
    });
    fs::write(folder.path().join("tokenizer.json"), words.to_string()).unwrap();
    let arguments = [
        "export",
        "sft",
        "run",
        "-o",
        "sft",
        "--json",
        "--tokenizer",
        "tokenizer.json",
        "--max-tokens",
    ];
    let output = refinex(folder.path(), &[&arguments[..], &["900"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let tally: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&tally["cut_smaller"], &tally["chunks_too_long"]), (&json!(1), &json!(0)));
    let rows = rows(&folder.path().join("sft/train.jsonl"));
    let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert!(ids.len() > 4 && ids[2] == "long#1", "{ids:?}");
    let last = &rows[rows.len() - 1]["completion"][0]["content"];
    assert!(last.as_str().unwrap().starts_with("remove_lines("), "{last}");
}

#[test]
fn a_run_that_is_not_complete_or_whose_input_has_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    labelled(folder.path());
    fs::write(folder.path().join("in/a.jsonl"), "{\"id\":\"x\",\"text\":\"y\"}\n").unwrap();
    let output = refinex(folder.path(), &["export", "sft", "run", "-o", "sft"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("as it was when it was refined"), "{}", said(&output));
    assert!(!folder.path().join("sft/train.jsonl").exists());
    fs::remove_file(folder.path().join("run/_SUCCESS")).unwrap();
    let output = refinex(folder.path(), &["export", "sft", "run", "-o", "sft"]);
    assert!(said(&output).contains("expected a complete run"), "{}", said(&output));
}
