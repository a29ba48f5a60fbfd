//! `filter`, and rules before a model: what is dropped is counted, explained and, if asked, kept.

#![allow(clippy::unwrap_used)]

mod common;
#[path = "common/examples.rs"]
mod examples;

use common::{refinex, rows, text};
use examples::run_examples;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;

/// Twelve sentences that every rule lets pass.
fn good_page() -> String {
    let lines = [
        "The harbour master keeps a log of all the boats that come in before noon.",
        "Most of them have been out since the evening, and their crews are tired.",
        "A cook waits on the quay with a kettle of soup that nobody ever pays for.",
        "When the wind turns to the north, the smaller boats stay behind the wall.",
        "Children run along it to be the first to see what the nets have brought.",
        "An old pilot told me once that he could smell fog an hour before it came.",
        "We did not believe him until the bells began to ring at the lighthouse.",
        "Everything that is sold here was swimming past the island only yesterday.",
    ];
    lines.join("\n")
}

fn documents() -> Vec<(&'static str, String)> {
    let good = good_page();
    vec![
        ("kept", good.clone()),
        (
            "edited",
            format!(
                "{good}\nRead our privacy policy before you go on, please.\nAll of it stays here."
            ),
        ),
        ("short", "Only a few words stand here.".to_owned()),
        ("brace", format!("{good}\nfunction of page () {{ return }}.")),
        ("empty", String::new()),
    ]
}

fn write_input(path: &Path) {
    let rows =
        documents().into_iter().map(|(id, text)| json!({"id": id, "text": text}).to_string());
    std::fs::write(path, rows.collect::<Vec<_>>().join("\n") + "\n{\"id\":1,\"text\":null}\n")
        .unwrap();
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[test]
fn dropped_documents_leave_and_are_counted_explained_and_kept_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in.jsonl"), folder.path().join("out"));
    write_input(&input);
    let output = refinex(&[
        "filter",
        text(&input),
        "-o",
        text(&out),
        "--rules",
        "comb",
        "--removed",
        "-q",
        "--json",
    ]);
    assert_eq!(code(&output), Some(1), "one row is bad: {}", stderr(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let count = |name: &str| told["tally"][name].as_u64().unwrap();
    assert_eq!(
        ["rows", "kept", "edited", "emptied", "dropped", "failed"].map(count),
        [6, 1, 1, 0, 3, 1]
    );
    assert_eq!(
        told["tally"]["dropped_by_reason"],
        json!({
            "c4-any-end/curly_bracket": 1,
            "gopher-repetition/empty_text": 1,
            "gopher-repetition/top_2_gram": 1,
        })
    );
    assert_eq!(ids(&rows(&out.join("documents/in.jsonl"))), ["kept", "edited"]);
    let removed = rows(&out.join("removed/in.jsonl.zst"));
    assert_eq!(ids(&removed), ["short", "brace", "empty"]);
    let reasons: Vec<_> =
        removed.iter().map(|row| row["filter_reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["top_2_gram", "curly_bracket", "empty_text"]);
    assert_eq!(removed[1]["text"], json!(documents()[3].1));
    let programs = rows(&out.join("programs/in.jsonl.zst"));
    assert_eq!(programs[1]["program"], "remove_lines(9, 9)");
    assert_eq!(programs[1]["rules"], json!({"lines": {"policy": 1}}));
    assert_eq!(programs[2]["outcome"], "dropped");
    let dropped = &programs[2]["rules"]["dropped"];
    assert_eq!((&dropped["rule"], &dropped["threshold"]), (&json!("top_2_gram"), &json!(0.2)));
    assert!(dropped["value"].as_f64().unwrap() > 0.2);
}

#[test]
fn a_filter_is_replayed_and_restored_like_any_run() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_input(&at("in.jsonl"));
    let (input, out) = (at("in.jsonl"), at("out"));
    let filter =
        ["filter", text(&input), "-o", text(&out), "--rules", "comb", "--keep-deleted", "-q"];
    refinex(&filter);
    refinex(&["apply", text(&input), text(&out), "-o", text(&at("again")), "-q"]);
    let documents = |name: &str| std::fs::read(at(name).join("documents/in.jsonl")).unwrap();
    assert_eq!(documents("out"), documents("again"));
    let output = refinex(&["restore", text(&out), "-o", text(&at("back"))]);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let back = rows(&at("back").join("in.jsonl"));
    assert_eq!(ids(&back), ["kept", "edited"]);
    assert_eq!(back[1]["text"], json!(documents_of("edited")));
}

fn documents_of(id: &str) -> String {
    documents().into_iter().find(|(other, _)| *other == id).unwrap().1
}

#[test]
fn tables_lose_their_dropped_rows_too() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_input(&at("in.jsonl"));
    let input = at("in.jsonl");
    refinex(&[
        "refine",
        text(&input),
        "-o",
        text(&at("table")),
        "--keep-all",
        "--format",
        "parquet",
        "-q",
    ]);
    let table = at("table/documents/in.parquet");
    let output = refinex(&[
        "filter",
        text(&table),
        "-o",
        text(&at("out")),
        "--rules",
        "comb",
        "--removed",
        "-q",
        "--json",
    ]);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    refinex(&[
        "refine",
        text(&at("out/documents/in.parquet")),
        "-o",
        text(&at("lines")),
        "--keep-all",
        "--format",
        "jsonl",
        "--compression",
        "none",
        "-q",
    ]);
    assert_eq!(ids(&rows(&at("lines/documents/in.jsonl"))), ["kept", "edited"]);
    assert_eq!(ids(&rows(&at("out/removed/in.jsonl.zst"))), ["short", "brace", "empty"]);
}

#[test]
fn rules_and_a_model_work_in_one_run_and_each_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in.jsonl"), folder.path().join("out"));
    write_input(&input);
    let output = refinex(&[
        "refine",
        text(&input),
        "-o",
        text(&out),
        "--rules",
        "gopher,c4-any-end",
        "-q",
        "--json",
    ]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let steps = &told["tally"]["steps"];
    assert_eq!(steps["gopher-repetition"]["documents"], 5, "{told:#}");
    assert_eq!(steps["refine"]["documents"], 2);
    assert_eq!(steps["c4-any-end"]["edited"], 1);
    let programs = rows(&out.join("programs/in.jsonl.zst"));
    assert!(programs.iter().all(|row| row.get("scores").is_none()));
}

#[test]
fn rules_for_lines_delete_and_drop_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_input(&at("in.jsonl"));
    let run = |rules: &str| {
        let out = at(rules);
        let input = at("in.jsonl");
        let filter = ["filter", text(&input), "-o", text(&out), "--rules", rules, "-q", "--json"];
        let told: Value = serde_json::from_slice(&refinex(&filter).stdout).unwrap();
        let count = |name: &str| told["tally"][name].as_u64().unwrap_or(0);
        (
            ["kept", "edited", "emptied", "dropped"].map(count),
            rows(&out.join("programs/in.jsonl.zst")),
        )
    };
    let (counts, programs) = run("c4-lines");
    assert_eq!(counts, [4, 1, 0, 0]);
    assert_eq!(programs[1]["rules"], json!({"lines": {"policy": 1}}));
    let (counts, _) = run("ptf-lines");
    assert_eq!(counts, [4, 0, 1, 0], "one sentence alone is no run");
    let (_, programs) = run("ptf-lines,c4");
    assert_eq!(programs[1]["program"], "remove_lines(9, 9)");
}

#[test]
fn what_was_measured_stands_beside_kept_documents_too_if_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_input(&at("in.jsonl"));
    let (input, out) = (at("in.jsonl"), at("out"));
    refinex(&["filter", text(&input), "-o", text(&out), "--rules", "comb", "-q", "--measure"]);
    let programs = rows(&out.join("programs/in.jsonl.zst"));
    assert_eq!(programs[0]["outcome"], "kept");
    let measured = programs[0]["rules"]["measured"].as_array().unwrap();
    assert_eq!(measured.len(), 28, "13 of repetition, 10 of quality, 1 of C4, 4 of FineWeb");
    let of = |rule: &str| measured.iter().find(|row| row["rule"] == rule).unwrap();
    let short = of("gopher_short_doc");
    assert_eq!((&short["step"], &short["threshold"]), (&json!("gopher-quality"), &json!(50.0)));
    assert!(short["value"].as_f64().unwrap() > 50.0);
    assert_eq!(of("line_punct_ratio")["value"], 1.0);
    let dropped = &programs[2]["rules"];
    let last = dropped["measured"].as_array().unwrap().last().unwrap();
    assert_eq!(*last, dropped["dropped"], "the last that was measured is what it was dropped for");
}

#[test]
fn a_run_has_its_figures_in_the_shape_of_datatrove_with_each_step() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_input(&at("in.jsonl"));
    let (input, out) = (at("in.jsonl"), at("out"));
    refinex(&["refine", text(&input), "-o", text(&out), "--rules", "gopher,c4-any-end", "-q"]);
    let stats = std::fs::read_to_string(out.join("stats.datatrove.json")).unwrap();
    let steps: Vec<Value> = serde_json::from_str(&stats).unwrap();
    let name = |step: &Value| step["name"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned();
    let names: Vec<String> = steps.iter().map(name).collect();
    assert_eq!(
        names,
        ["refinex", "gopher-repetition", "gopher-quality", "c4-any-end", "refine", "refinex"]
    );
    let of = |at: usize, key: &str| steps[at]["stats"][key].clone();
    assert_eq!((of(0, "documents"), of(0, "failed_text_null")), (json!(5), json!(1)));
    assert_eq!((of(1, "total"), of(1, "forwarded")), (json!(5), json!(3)));
    assert_eq!((of(1, "dropped_empty_text"), of(1, "dropped_top_2_gram")), (json!(1), json!(1)));
    assert_eq!((of(3, "dropped_curly_bracket"), of(3, "edited")), (json!(1), json!(1)));
    assert_eq!((of(4, "total"), of(5, "total")), (json!(2), json!(2)));
    let lengths =
        |ids: &[&str]| -> usize { ids.iter().map(|id| documents_of(id).chars().count()).sum() };
    let all = lengths(&["kept", "edited", "short", "brace", "empty"]);
    assert_eq!(of(0, "doc_len")["total"], all);
    assert_eq!(of(1, "doc_len")["total"], lengths(&["kept", "edited", "brace"]));
    let written: usize = rows(&out.join("documents/in.jsonl"))
        .iter()
        .map(|row| row["text"].as_str().unwrap().chars().count())
        .sum();
    assert_eq!(
        (&of(5, "doc_len")["total"], &of(4, "doc_len")["total"]),
        (&json!(written), &json!(written))
    );
    let report = refinex(&["report", text(&out), "--datatrove"]);
    assert_eq!(String::from_utf8_lossy(&report.stdout), stats, "{}", stderr(&report));
}

#[test]
fn runs_that_dropped_documents_are_judged_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_input(&at("in.jsonl"));
    let gold = documents()
        .into_iter()
        .map(|(id, text)| json!({"id": id, "text": text, "deletions": []}).to_string() + "\n");
    std::fs::write(at("gold.jsonl"), gold.collect::<String>()).unwrap();
    for (out, more) in [("plain", &[][..]), ("deleted", &["--keep-deleted"])] {
        let (input, out, gold) = (at("in.jsonl"), at(out), at("gold.jsonl"));
        let filter = ["filter", text(&input), "-o", text(&out), "--rules", "comb", "-q"];
        refinex(&[&filter[..], more].concat());
        let output = refinex(&["eval", text(&gold), text(&out), "--json"]);
        assert_eq!(code(&output), Some(0), "{}", stderr(&output));
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(found["refiners"][0]["emptied"], 3, "{found:#}");
        let output = refinex(&["report", text(&out), "--json"]);
        assert_eq!(code(&output), Some(0), "{}", stderr(&output));
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let report = &found["runs"][0];
        assert_eq!(report["sampling"]["documents"], 2);
        assert_eq!(report["tally"]["dropped"], 3);
        check_dropped_ones(report, if out.ends_with("plain") { 3 } else { 0 });
    }
}

/// Checks that a report shows so many dropped documents, each whole and with the rule that dropped it.
fn check_dropped_ones(report: &Value, wanted: usize) {
    let shown = report["documents"].as_array().unwrap();
    let dropped: Vec<&Value> = shown.iter().filter(|shown| shown["outcome"] == "dropped").collect();
    assert_eq!(
        (dropped.len(), report["sampling"]["dropped"].as_u64()),
        (wanted, Some(wanted as u64))
    );
    for (row, document) in (1..).zip(&dropped) {
        let rows = dropped.iter().filter(|other| other["row"] == row);
        assert_eq!((rows.count(), &document["deleted_bytes"]), (1, &document["text_bytes"]));
        let reason = document["reason"].as_str().unwrap();
        assert!(reason.contains('/'), "{reason}");
    }
}

#[test]
fn the_example_of_the_page_counts_each_step_of_rules_and_tagger() {
    assert_eq!(run_examples("rules.md"), 1);
}

#[test]
fn names_that_are_no_rules_are_refused() {
    for (names, found) in [("gofer", "but found \"gofer\""), ("c4,c4", "at most one C4 filter")] {
        let output = refinex(&["filter", "in.jsonl", "-o", "out", "--rules", names]);
        assert_eq!(code(&output), Some(2));
        assert!(stderr(&output).contains(found), "{}", stderr(&output));
    }
}
