//! Reports on runs, and what they deleted as a data set.

#![allow(clippy::unwrap_used)]

mod common;

use common::{refinex, rows, text};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Runs the program, which must end well; the answer is what it says.
fn fine(arguments: &[&str]) -> String {
    let output = refinex(arguments);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// What the program says when it cannot run.
fn refused(arguments: &[&str]) -> String {
    let output = refinex(arguments);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

const PROSE: &str = "The harbour bridge will close for repairs on Monday, the council said, and all of \
                     the traffic will use the northern route until the works are finished in March.";

/// Two shards of documents with menus, and programs for them: `lines(n)` says how many of the first
/// lines of a document go.
fn corpus(folder: &Path, lines: impl Fn(usize) -> usize) {
    for (shard, name) in ["in/a.jsonl", "in/b.jsonl"].iter().enumerate() {
        let (mut documents, mut programs) = (String::new(), String::new());
        for n in 0..60 {
            let host = ["one.example", "two.example", "three.example"][n % 3];
            let row = json!({
                "id": format!("{shard}-{n}"), "source": "web", "lang": "en",
                "url": format!("https://www.{host}/{n}"),
                "text": format!("Home\nPosted on {n} May 2021\n{PROSE} é {n}"),
            });
            documents += &format!("{row}\n");
            let program = match lines(n) {
                0 => "keep_all()".to_owned(),
                most => format!("remove_lines(1, {most})"),
            };
            let id = &row["id"];
            programs += &format!(
                "{}\n",
                json!({"id": id, "outcome": "", "deletions": [], "program": program})
            );
        }
        let below = folder.join(name);
        fs::create_dir_all(below.parent().unwrap()).unwrap();
        fs::write(below, documents).unwrap();
        let sidecar = folder.join(name.replace("in/", "programs/"));
        fs::create_dir_all(sidecar.parent().unwrap()).unwrap();
        fs::write(
            sidecar.with_extension("jsonl.zst"),
            zstd::encode_all(programs.as_bytes(), 1).unwrap(),
        )
        .unwrap();
    }
}

/// The corpus with its programs carried out.
fn run_of(folder: &Path, name: &str, lines: impl Fn(usize) -> usize, more: &[&str]) -> PathBuf {
    corpus(folder, lines);
    let (input, programs, out) = (folder.join("in"), folder.join("programs"), folder.join(name));
    fine(&[&["apply", text(&input), text(&programs), "-o", text(&out), "-q"], more].concat());
    out
}

fn report(run: &Path) -> Value {
    serde_json::from_str(&fine(&["report", text(run), "--json"])).unwrap()
}

#[test]
fn the_figures_of_a_report_are_those_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), "out", |n| n % 4, &[]);
    let reports = report(&run);
    let found = &reports["runs"][0];
    let stats: Value = serde_json::from_slice(&fs::read(run.join("stats.json")).unwrap()).unwrap();
    assert_eq!(found["tally"]["text_bytes"], stats["total"]["text_bytes"]);
    let number = |value: &Value| value.as_u64().unwrap();
    let text = &found["text"];
    let gone = ["in_emptied", "in_whole_lines", "inside_lines"].map(|name| number(&text[name]));
    let deleted = number(&stats["total"]["deleted_bytes"]);
    assert_eq!(gone.iter().sum::<u64>(), deleted);
    assert_eq!(
        (number(&text["read"]), number(&text["spans"])),
        (number(&stats["total"]["text_bytes"]), number(&stats["total"]["deletions"]))
    );
    assert_eq!(number(&text["left"]) + deleted, number(&text["read"]));
    let patterns = found["patterns"]["top"].as_array().unwrap();
    let pattern = |normal: &str| patterns.iter().find(|p| p["normal"] == normal).unwrap();
    assert_eq!((&pattern("home")["deleted"], &pattern("home")["kept"]), (&json!(90), &json!(30)));
    assert_eq!(pattern("posted on 0 ‹date› 0")["deleted"], 60);
    let columns: Vec<&str> = found["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| table["column"].as_str().unwrap())
        .collect();
    assert_eq!(columns, ["source", "language", "host"]);
    assert_eq!(found["groups"][2]["groups"][0]["documents"], 40);
}

#[test]
fn the_figures_have_the_shape_of_datatrove_too() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), "out", |n| n % 4, &[]);
    let said = fine(&["report", text(&run), "--datatrove"]);
    let steps: Vec<Value> = serde_json::from_str(&said).unwrap();
    let refiner = &steps[1]["stats"];
    assert_eq!((&refiner["total"], &refiner["dropped_emptied"]), (&json!(120), &json!(30)));
    assert_eq!((&refiner["forwarded"], &refiner["dropped"]), (&json!(90), &json!(30)));
    let lengths: usize = ["in/a.jsonl", "in/b.jsonl"]
        .iter()
        .flat_map(|name| rows(&folder.path().join(name)))
        .map(|row| row["text"].as_str().unwrap().chars().count())
        .sum();
    assert_eq!(steps[0]["stats"]["doc_len"]["total"], lengths);
}

#[test]
fn a_page_is_written_into_the_run_and_is_the_same_with_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), "out", |n| n % 4, &[]);
    let said = fine(&["report", text(&run), "--threads", "2"]);
    assert!(said.contains("120 documents") && said.contains("report.html"), "{said}");
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.len() < 5_000_000);
    let again = folder.path().join("again.html");
    fine(&["report", text(&run), "--threads", "1", "-o", text(&again)]);
    assert!(page == fs::read_to_string(again).unwrap());
}

#[test]
fn a_group_that_loses_far_more_and_emptied_good_documents_raise_alarms() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), "out", |n| if n % 3 == 2 { 3 } else { n % 2 }, &[]);
    let found = &report(&run)["runs"][0];
    let hosts = &found["groups"][2]["groups"];
    let more = |group: &&Value| group["alarm"]["z"].as_f64().is_some_and(|z| z > 0.0);
    let far: Vec<&Value> =
        hosts.as_array().unwrap().iter().filter(more).map(|group| &group["name"]).collect();
    assert_eq!(far, ["three.example"], "{hosts}");
    let words = fine(&["report", text(&run), "--markdown"]);
    assert!(words.contains("host `three.example`: 100.0 % on average, far more"), "{words}");
}

#[test]
fn a_run_that_kept_its_deleted_text_needs_no_input() {
    let folder = tempfile::tempdir().unwrap();
    let with = run_of(folder.path(), "with", |n| n % 4, &["--keep-deleted"]);
    let without = run_of(folder.path(), "without", |n| n % 4, &[]);
    let texts = |run: &Path| report(run)["runs"][0]["documents"].clone();
    let before = texts(&without);
    fs::remove_dir_all(folder.path().join("in")).unwrap();
    assert_eq!(texts(&with), before);
    let said = refused(&["report", text(&without)]);
    assert!(said.contains("nothing there (a run made with --keep-deleted does not need"), "{said}");
}

#[test]
fn two_runs_are_compared_byte_by_byte() {
    let folder = tempfile::tempdir().unwrap();
    let less = run_of(folder.path(), "less", |n| n % 2, &[]);
    let more = run_of(folder.path(), "more", |n| n % 2 + n % 3, &[]);
    let said = fine(&["report", text(&less), text(&more), "--json"]);
    let found: Value = serde_json::from_str(&said).unwrap();
    let pair = &found["comparisons"][0];
    let number = |value: &Value| value.as_u64().unwrap();
    let of = |name: &str| number(&pair["bytes"][name]);
    let deleted = |at: usize| number(&found["runs"][at]["tally"]["deleted_bytes"]);
    assert_eq!(of("both") + of("first"), deleted(0));
    assert_eq!(of("both") + of("second"), deleted(1));
    assert_eq!((of("first"), number(&pair["alike"])), (0, 40));
    assert_eq!(number(&pair["emptied_by_second"]), 20);
    assert!(pair["only_first"].as_array().unwrap().is_empty());
    let page = fine(&["report", text(&less), text(&more), "-o", "-"]);
    assert!(page.contains("<select id=\"view\">"));

    let other = folder.path().join("other");
    let elsewhere = run_of(&other, "out", |n| n % 3, &[]);
    fs::write(other.join("in/b.jsonl"), "{\"id\":\"x\",\"text\":\"y\"}\n").unwrap();
    let single = other.join("single");
    fine(&["refine", text(&other.join("in/b.jsonl")), "-o", text(&single), "--keep-all", "-q"]);
    let said = refused(&["report", text(&less), text(&single)]);
    assert!(said.contains("but found no shard a.jsonl in the second"), "{said}");
    assert!(refinex(&["report", text(&less), text(&elsewhere)]).status.code() == Some(2));
}

/// Gold for the first documents of a shard of the corpus, and for one that is not in it.
fn gold_of(folder: &Path, text_of: impl Fn(&str) -> String) -> PathBuf {
    let row = |id: &Value, text: &str| json!({"id": id, "text": text_of(text), "program": "remove_lines(1, 2)"});
    let mut lines: Vec<Value> = rows(&folder.join("in/a.jsonl"))
        .iter()
        .take(9)
        .map(|document| row(&document["id"], document["text"].as_str().unwrap()))
        .collect();
    lines.push(row(&json!("elsewhere"), "Home\nNews\nStory"));
    let gold = folder.join("gold.jsonl");
    fs::write(&gold, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    gold
}

#[test]
fn gold_for_some_documents_says_how_right_the_run_is_and_whether_its_scores_are_probabilities() {
    let folder = tempfile::tempdir().unwrap();
    let replayed = run_of(folder.path(), "out", |n| n % 4, &[]);
    let gold = gold_of(folder.path(), str::to_owned);
    let (input, tagged) = (folder.path().join("in"), folder.path().join("tagged"));
    fine(&["refine", text(&input), "-o", text(&tagged), "-q"]);
    let runs = ["report", text(&replayed), text(&tagged), "--gold", text(&gold)];
    let found: Value = serde_json::from_str(&fine(&[&runs[..], &["--json"]].concat())).unwrap();
    let found = &found["gold"];
    assert_eq!((&found["absent"], &found["pages"]), (&json!(1), &json!(9)));
    let [first, second] = [0, 1].map(|at| &found["refiners"][at]);
    assert_eq!(first["name"], text(&replayed));
    assert_eq!((&first["documents"], &first["exact_programs"]), (&json!(9), &json!(2.0 / 9.0)));
    assert!(first["calibration"].is_null(), "a replayed run has no scores");
    let lines = &second["calibration"]["lines"];
    let units = lines["bins"].as_array().unwrap().iter().map(|bin| bin["units"].as_u64().unwrap());
    assert_eq!((units.sum::<u64>(), &lines["units"]), (27, &json!(27)));

    let words = fine(&[&runs[..], &["--markdown"]].concat());
    assert!(words.contains("**Against gold**") && words.contains("Reliability of"), "{words}");
    let page = fine(&[&runs[..], &["-o", "-"]].concat());
    assert!(page.contains("class=\"diagram\"") && page.contains("no scores of lines"));
    assert!(page.contains("1 document of gold are not in the run"));
    let page = fine(&["report", text(&tagged), "-o", "-"]);
    assert!(page.contains("No gold was given") && !page.contains("class=\"diagram\""));
    assert!(report(&tagged)["gold"].is_null());
}

#[test]
fn gold_of_other_texts_or_other_documents_is_refused_with_the_first_that_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), "out", |n| n % 4, &[]);
    let gold = gold_of(folder.path(), |text| text.replace("on 1 May", "on 2 May"));
    let said = refused(&["report", text(&run), "--gold", text(&gold)]);
    assert!(said.contains("0-1: expected the refined text to be that of gold less"), "{said}");
    fs::write(&gold, "{\"id\":\"x\",\"text\":\"a\\nb\",\"deletions\":[]}\n").unwrap();
    let said = refused(&["report", text(&run), "--gold", text(&gold)]);
    assert!(
        said.contains(": expected documents of ") && said.contains("none of its ids"),
        "{said}"
    );
}

#[test]
fn deleted_text_is_a_data_set() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), "out", |n| n % 4, &[]);
    let deleted = |more: &[&str]| -> Vec<Value> {
        let said = fine(&[&["deleted", text(&run)], more].concat());
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = deleted(&[]);
    assert_eq!(all.len(), 90);
    let originals = rows(&folder.path().join("in/a.jsonl"));
    for row in all.iter().filter(|row| row["shard"] == "a.jsonl") {
        let at = usize::try_from(row["row"].as_u64().unwrap()).unwrap() - 1;
        let edge = |n: usize| usize::try_from(row["span"][n].as_u64().unwrap()).unwrap();
        assert_eq!(originals[at]["id"], row["id"]);
        assert_eq!(
            originals[at]["text"].as_str().unwrap()[edge(0)..edge(1)],
            *row["text"].as_str().unwrap()
        );
    }
    let sampled = deleted(&["--sample", "7", "--seed", "3"]);
    assert!(sampled.len() == 7 && sampled.iter().all(|row| all.contains(row)));
    assert_eq!(sampled, deleted(&["--sample", "7", "--seed", "3"]));
    assert_ne!(sampled, deleted(&["--sample", "7", "--seed", "4"]));
    let found = deleted(&["--grep", "(?i)posted ON 7 "]);
    assert!(
        found.len() == 2
            && found.iter().all(|row| row["text"].as_str().unwrap().contains("on 7 May"))
    );
    let top = deleted(&["--top", "1"]);
    assert_eq!((top.len(), &top[0]["normal"], &top[0]["deleted"]), (1, &json!("home"), &json!(90)));
}

#[test]
fn runs_that_are_broken_are_refused_with_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), "out", |n| n % 4, &[]);
    let refuses = |wanted: &str| {
        for command in [&["report", text(&run)][..], &["deleted", text(&run)]] {
            let said = refused(command);
            assert!(said.contains(wanted), "{command:?}: {said}");
        }
    };
    let manifest = run.join("manifests/b.jsonl.json");
    let good = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, good.replace("\"version\": 1", "\"version\": 9")).unwrap();
    refuses("b.jsonl.json to be a manifest of version 1, but found version 9");
    fs::remove_file(&manifest).unwrap();
    refuses("expected a manifest for each shard that");
    refuses("found none for b.jsonl (use --partial for the others)");
    let said = fine(&["report", text(&run), "--partial"]);
    assert!(said.contains("60 documents"), "{said}");
    fs::write(&manifest, &good).unwrap();

    let sidecar = run.join("programs/b.jsonl.zst");
    let programs = fs::read(&sidecar).unwrap();
    let rows = String::from_utf8(zstd::decode_all(programs.as_slice()).unwrap()).unwrap();
    let put =
        |rows: &str| fs::write(&sidecar, zstd::encode_all(rows.as_bytes(), 1).unwrap()).unwrap();
    put(&rows.lines().take(59).map(|row| format!("{row}\n")).collect::<String>());
    refuses("b.jsonl: expected the program for 1-59, but found no further one");
    put(&rows.replace("\"1-7\"", "\"1-8\""));
    refuses("b.jsonl: expected the program for 1-7, but found one for 1-8");
    put(&rows.replace("[[0,5,", "[[0,5000,"));
    refuses("document 2, 1-1: ");
    fs::remove_file(&sidecar).unwrap();
    refuses("programs/b.jsonl.zst");

    fs::remove_file(run.join("_SUCCESS")).unwrap();
    refuses("expected a complete run, but found no ");
    fs::remove_dir_all(run.join("manifests")).unwrap();
    refuses("expected manifests of shards that are done in ");
    let file = fs::read_to_string(run.join("run.json")).unwrap();
    fs::write(run.join("run.json"), file.replace("\"version\": 1", "\"version\": 3")).unwrap();
    refuses("run.json of version 1, but found version 3");
    fs::remove_file(run.join("run.json")).unwrap();
    refuses("expected a run directory with its run.json");
}
