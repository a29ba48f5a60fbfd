//! What labelled sets must not lose, invent or pass over in silence.

#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, lines: &[&str]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, lines.join("\n")).unwrap();
    }

    fn run(&self, command: &str) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_refinex"));
        program.args(command.split(' ')).current_dir(&self.0).output().unwrap()
    }

    fn said(&self, command: &str, code: i32) -> String {
        let output = self.run(command);
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{command}: {said}");
        said
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let packed = fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let text = String::from_utf8(zstd::decode_all(packed.as_slice()).unwrap()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn rows(&self, name: &str) -> Vec<Value> {
        self.lines(name).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn column(&self, name: &str, column: &str) -> Vec<Value> {
        self.rows(name).into_iter().map(|row| row[column].clone()).collect()
    }
}

const DOCUMENTS: &str = "documents/labels.jsonl.zst";
const PROGRAMS: &str = "programs/labels.jsonl.zst";

fn below(run: &str, path: &str) -> String {
    Path::new(run).join(path).display().to_string()
}

#[test]
fn columns_come_out_as_they_went_in_whatever_their_values() {
    let folder = Folder::new();
    let row = r#"{"id":"a","text":"y","z":1.10,"n":1e400,"s":"\ud800","big":123456789012345678901234567890,"deletions":[]}"#;
    folder.write("set.jsonl", &[row]);
    folder.said("labels import set.jsonl -o out", 0);
    let out = folder.lines(&below("out", DOCUMENTS));
    assert_eq!(out, [row.replace(r#","deletions":[]"#, "")]);
}

#[test]
fn columns_named_program_and_deletions_stay_where_the_labels_stand_in_a_sidecar() {
    let folder = Folder::new();
    let row = r#"{"id":"a","text":"Menu\nstory","program":"BBC news","deletions":"none"}"#;
    folder.write("in/a.jsonl", &[row]);
    let program = json!({"id": "a", "outcome": "", "deletions": [[0, 5, 0.5]], "program": ""});
    folder.write("by.jsonl", &[&program.to_string()]);
    folder.said("apply in/a.jsonl by.jsonl -o run -q", 0);
    folder.said("labels dedup run -o out", 0);
    assert_eq!(folder.lines(&below("out", DOCUMENTS)), [row.replace(r"Menu\n", "")]);
    // And scores come through.
    assert_eq!(folder.column(&below("out", PROGRAMS), "deletions"), [json!([[0, 5, 0.5]])]);
}

#[test]
fn a_text_column_that_is_not_the_text_is_kept_under_another_name() {
    let folder = Folder::new();
    folder.write(
        "prox.jsonl",
        &[r#"{"doc_content":"Menu\nstory","text":"story","metadata":{"doc_program":"keep_doc()","chunk_program":"remove_lines(line_start=0, line_end=0)"}}"#],
    );
    folder.said("labels import prox.jsonl -o out --from prox --text-key doc_content", 0);
    let row = folder.rows(&below("out", DOCUMENTS)).remove(0);
    assert_eq!((&row["text"], &row["text_column"]), (&json!("story"), &json!("story")));
    assert_eq!(row["metadata"]["doc_program"], "keep_doc()");
}

#[test]
fn refused_calls_of_prox_stand_in_the_sidecar() {
    let folder = Folder::new();
    folder.write(
        "prox.jsonl",
        &[r#"{"id":"a","text":"Menu\nstory  here","metadata":{"chunk_program":"keep_chunk()\nremove_lines(line_start=0, line_end=7)\nnormalize(source_str=\"  \", target_str=\" \")"}}"#],
    );
    folder.said("labels import prox.jsonl -o out --from prox", 0);
    let refused = json!([{"call": 2, "text": "remove_lines(line_start=0, line_end=7)", "reason": "out_of_range"}]);
    assert_eq!(folder.column(&below("out", PROGRAMS), "refused"), [refused]);
    assert_eq!(folder.column(&below("out", DOCUMENTS), "text"), ["Menu\nstory here"]);
}

#[test]
fn other_inputs_in_the_same_output_are_refused() {
    let folder = Folder::new();
    folder.write("set.jsonl", &[r#"{"id":"a","text":"x","deletions":[]}"#]);
    for command in ["dedup set.jsonl", "split set.jsonl", "mix set.jsonl=1", "import set.jsonl"] {
        folder.write("set.jsonl", &[r#"{"id":"a","text":"x","deletions":[]}"#]);
        let out = command.split(' ').next().unwrap();
        let command = format!("labels {command} -o {out}");
        folder.said(&command, 0);
        assert!(folder.said(&command, 0).contains("was written before"));
        folder.write("set.jsonl", &[r#"{"id":"b","text":"y","deletions":[]}"#]);
        assert!(folder.said(&command, 2).contains("inputs"), "{command}");
    }
}

#[test]
fn a_mixture_has_unique_ids_exact_counts_and_does_not_depend_on_where_sets_lie() {
    let folder = Folder::new();
    let rows: Vec<String> = (0..40)
        .map(|at| {
            json!({"id": at.to_string(), "text": format!("t{at}"), "deletions": []}).to_string()
        })
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    for name in ["a/x.jsonl", "b/x.jsonl", "c/x.jsonl", "d/e/x.jsonl"] {
        folder.write(name, &rows);
    }
    folder.said("labels mix a/x.jsonl=1 b/x.jsonl=1 c/x.jsonl=1 --documents 100 -o one", 0);
    let mut ids = folder.column(&below("one", PROGRAMS), "id");
    assert_eq!(ids.len(), 100);
    ids.sort_by_key(Value::to_string);
    ids.dedup();
    assert_eq!(ids.len(), 100);
    folder.said("labels mix a/x.jsonl=1 --documents 10 -o here", 0);
    folder.said("labels mix d/e/x.jsonl=1 --documents 10 -o there", 0);
    assert_eq!(folder.lines(&below("here", PROGRAMS)), folder.lines(&below("there", PROGRAMS)));
}

#[test]
fn the_same_words_deleted_at_another_place_are_a_conflict() {
    let folder = Folder::new();
    let row = |id: &str, spans: Value| {
        json!({"id": id, "text": "Share\nstory\nShare", "deletions": spans}).to_string()
    };
    folder.write("set.jsonl", &[&row("a", json!([[0, 6]])), &row("b", json!([[11, 17]]))]);
    assert!(folder.said("labels dedup set.jsonl -o out", 0).contains("1 left out: conflict"));
    let said = folder.said("labels dedup set.jsonl -o near --near 80", 2);
    assert!(said.contains("expected a share over 0 up to 1, but found 80"), "{said}");
}

#[test]
fn a_group_key_that_no_document_has_is_an_error_and_ids_that_begin_with_the_mark_are_no_page() {
    let folder = Folder::new();
    let rows: Vec<String> = (0..40)
        .map(|at| {
            json!({"id": format!("#{at}"), "text": format!("t{at}"), "deletions": []}).to_string()
        })
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    folder.write("set.jsonl", &rows);
    let said = folder.said("labels split set.jsonl -o typo --group-key sorce", 2);
    assert!(said.contains("expected a column sorce in set.jsonl"), "{said}");
    let said = folder.said("labels split set.jsonl -o out --parts a=1,b=1 --json", 0);
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&report["groups"], &report["largest_group"]), (&json!(40), &json!(1)));
}

#[test]
fn attributes_of_several_keys_must_be_chosen_and_a_misspelt_key_is_an_error() {
    let folder = Folder::new();
    folder.write(
        "documents/x.jsonl",
        &[r#"{"id":"a","text":"Menu\nstory"}"#, r#"{"id":"b","text":"Two"}"#],
    );
    folder.write(
        "attributes/t/x.jsonl",
        &[
            r#"{"id":"a","source":"s","attributes":{"toxicity":0.7,"words":[[0,10,2]],"noise":[[0,5,null]]}}"#,
            r#"{"id":"b","source":"s","attributes":{"toxicity":0.1,"words":[[0,3,1]]}}"#,
        ],
    );
    let command = "labels import documents --from dolma --attributes attributes/t";
    let said = folder.said(&format!("{command} -o all"), 2);
    assert!(said.contains("--attribute-key") && said.contains("noise, words"), "{said}");
    let said = folder.said(&format!("{command} -o typo --attribute-key niose"), 2);
    assert!(said.contains("expected attributes niose, but found only noise, words"), "{said}");
    folder.said(&format!("{command} -o out --attribute-key noise"), 0);
    assert_eq!(folder.column(&below("out", DOCUMENTS), "text"), ["story", "Two"]);
    let stats = "labels stats documents --attributes attributes/t --attribute-key noise --json";
    let found: Value = serde_json::from_str(&folder.said(stats, 0)).unwrap();
    assert_eq!((&found["documents"], &found["keep_all"]), (&json!(2), &json!(1)));
}

#[test]
fn a_document_that_cannot_be_read_does_not_shift_the_attributes_of_the_next() {
    let folder = Folder::new();
    folder.write("documents/x.jsonl", &[r#"{"id":"a","text":null}"#, r#"{"id":"b","text":"Two"}"#]);
    folder.write(
        "attributes/t/x.jsonl",
        &[
            r#"{"id":"a","attributes":{"noise":[]}}"#,
            r#"{"id":"b","attributes":{"noise":[[0,1,1]]}}"#,
        ],
    );
    folder.said("labels import documents --from dolma --attributes attributes/t -o out", 1);
    assert_eq!(folder.column(&below("out", DOCUMENTS), "text"), ["wo"]);
    assert_eq!(folder.column("out/failed/rows.jsonl.zst", "reason"), ["text_null"]);
    let raw = folder.column("out/failed/rows.jsonl.zst", "raw");
    assert_eq!(raw, [r#"{"id":"a","text":null}"#]);
    // And the second run, which writes nothing, says so again.
    let again =
        folder.said("labels import documents --from dolma --attributes attributes/t -o out", 1);
    assert!(
        again.contains("was written before") && again.contains("1 failed: text_null"),
        "{again}"
    );
}

#[test]
fn columns_of_ultrax_have_no_id_and_need_none() {
    let folder = Folder::new();
    folder.write(
        "u.jsonl",
        &[
            r#"{"original":"Menu\n\nThe ferry sails.\n","cleaned":"The ferry sails.","processed_functions":"remove_lines(1, 1)"}"#,
            r#"{"original":"Error page","cleaned":"","processed_functions":"remove_all()"}"#,
        ],
    );
    let said = folder.said("labels import u.jsonl -o out --from ultrax", 0);
    assert!(said.contains("2 documents"), "{said}");
    assert_eq!(folder.column("out/programs/u.jsonl.zst", "id"), ["u.jsonl/1", "u.jsonl/2"]);
}

#[test]
fn statistics_of_several_sets_stand_apart_and_bad_rows_show_in_the_exit_code() {
    let folder = Folder::new();
    folder.write("a.jsonl", &[r#"{"id":"a","text":"x","deletions":[]}"#]);
    folder.write("b.jsonl", &["no json", r#"{"id":"b","text":"x\ny","deletions":[[0,2]]}"#]);
    folder.said("labels stats a.jsonl", 0);
    let said = folder.said("labels stats a.jsonl b.jsonl --json", 1);
    let found: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&found[0]["keep_all"], &found[1]["keep_all"]), (&json!(1), &json!(0)));
    assert_eq!(found[1]["bad_rows"], json!({"broken_json": 1}));
}

#[test]
fn a_set_that_was_moved_is_read_where_it_lies() {
    let folder = Folder::new();
    folder.write("set.jsonl", &[r#"{"id":"a","text":"Menu\nstory","deletions":[[0,5]]}"#]);
    folder.said("labels import set.jsonl -o here", 0);
    fs::create_dir(folder.path("other")).unwrap();
    fs::rename(folder.path("here"), folder.path("other/there")).unwrap();
    folder.said("labels stats other/there", 0);
    folder.said("labels dedup other/there -o unique", 0);
    folder.said("export sft other/there -o sft", 0);
    assert!(folder.said("inspect other/there a", 0).contains("Menu"));
    assert_eq!(folder.column(&below("unique", DOCUMENTS), "text"), ["story"]);
}

#[test]
fn a_document_of_which_nothing_was_said_is_not_counted_as_clean() {
    let folder = Folder::new();
    let rows = [
        r#"{"id":"a","text":"one"}"#,
        r#"{"id":"b","text":"two"}"#,
        r#"{"id":"c","text":"three"}"#,
    ];
    folder.write("in/a.jsonl", &rows);
    let row = |id: &str| json!({"id": id, "outcome": "", "deletions": [], "program": "keep_all()"});
    let (mut failed, mut dropped) = (row("a"), row("b"));
    failed["unrefined"] = json!({"reason": "timeout", "message": "too slow"});
    dropped["distilled"] = json!({"verdict": "dropped", "drop_reason": "replaced"});
    let programs = [failed, dropped, row("c")].map(|row| row.to_string());
    folder.write("by.jsonl", &[&programs[0], &programs[1], &programs[2]]);
    folder.run("apply in/a.jsonl by.jsonl -o run -q");
    assert!(folder.said("labels dedup run -o out", 0).contains("3 documents, 1 of them clean"));
    let found: Value = serde_json::from_str(&folder.said("labels stats out --json", 0)).unwrap();
    assert_eq!((&found["documents"], &found["keep_all"]), (&json!(3), &json!(1)));
    assert_eq!(found["unrefined"], json!({"timeout": 1}));
    assert_eq!(found["counts"]["dropped_by_reason"], json!({"replaced": 1}));
}
