//! The side road as a user walks it: pairs in, labelled documents out.

#![allow(clippy::unwrap_used)]

mod common;

use common::{refinex, rows, text};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Output;

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn stats(run: &Path) -> Value {
    serde_json::from_slice(&fs::read(run.join("stats.json")).unwrap()).unwrap()
}

const RAW: &str = "Home | Login\nThe bridge closes\nIt closes on Monday, the council said.\nShare";
const REFINED: &str = "The bridge closes\nIt closes on Monday, the council said.";

fn good(id: usize) -> String {
    json!({"id": id, "raw": RAW, "refined": REFINED, "extra": [id]}).to_string()
}

#[test]
fn pairs_become_labelled_documents_with_programs_and_statistics() {
    let folder = tempfile::tempdir().unwrap();
    let (pairs, out) = (folder.path().join("pairs.jsonl"), folder.path().join("out"));
    fs::write(&pairs, format!("{}\n{}\n", good(1), good(2))).unwrap();
    let done = refinex(&["distill", text(&pairs), "-o", text(&out), "--keep-deleted", "--quiet"]);
    assert_eq!(code(&done), Some(0), "{done:?}");

    let documents = rows(&out.join("documents/pairs.jsonl"));
    assert_eq!(documents[0], json!({"id": 1, "raw": REFINED, "refined": REFINED, "extra": [1]}));
    let program = &rows(&out.join("programs/pairs.jsonl.zst"))[1];
    assert_eq!(program["program"], "remove_lines(1, 1)\nremove_lines(4, 4)");
    assert_eq!(program["deletions"], json!([[0, 13, null], [69, 75, null]]));
    assert_eq!(program["distilled"], json!({"verdict": "whole", "pure_deletion": true}));

    let stats = stats(&out);
    assert_eq!(stats["programs"]["examples"], 2);
    assert_eq!(stats["programs"]["calls_per_document"], 2.0);
    assert_eq!(stats["programs"]["deleted_line_share"], 0.5);
    assert!(out.join("_SUCCESS").exists());

    let back = folder.path().join("back");
    assert_eq!(code(&refinex(&["restore", text(&out), "-o", text(&back)])), Some(0));
    assert_eq!(fs::read(back.join("pairs.jsonl")).unwrap(), fs::read(&pairs).unwrap());
}

#[test]
fn a_bad_pair_has_its_reason_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (pairs, out) = (folder.path().join("pairs.jsonl"), folder.path().join("out"));
    let mut file = fs::File::create(&pairs).unwrap();
    let bad = [
        (json!({"raw": RAW}).to_string(), "refined_missing"),
        (json!({"raw": RAW, "refined": null}).to_string(), "refined_null"),
        (json!({"raw": RAW, "refined": [REFINED]}).to_string(), "refined_not_a_string"),
        (format!(r#"{{"raw":"{0}","refined":"{0}","refined":"b"}}"#, "a"), "refined_twice"),
        (r#"{"raw":"a b","refined":"\ud800"}"#.to_owned(), "refined_lone_surrogate"),
        (json!({"raw": "", "refined": ""}).to_string(), "raw_empty"),
        (json!({"raw": " \n", "refined": "a"}).to_string(), "raw_empty"),
        (json!({"raw": "a", "refined": "a and more"}).to_string(), "refined_longer"),
        (
            json!({"raw": RAW, "refined": "Eine Brücke wird am Montag zu sein."}).to_string(),
            "rewritten",
        ),
    ];
    for (row, _) in &bad {
        writeln!(file, "{row}").unwrap();
    }
    writeln!(file, "{}", json!({"raw": RAW, "refined": ""})).unwrap();
    writeln!(file, "{}", good(7)).unwrap();
    writeln!(file, r#"{{"refined":"no raw text"}}"#).unwrap();
    file.write_all(b"{\"raw\":\"\xff\",\"refined\":\"\"}\n").unwrap();
    drop(file);
    let done = refinex(&["distill", text(&pairs), "-o", text(&out), "--quiet"]);
    assert_eq!(code(&done), Some(1), "two rows cannot be read");

    let programs = rows(&out.join("programs/pairs.jsonl.zst"));
    let reason = |at: usize| programs[at]["distilled"]["drop_reason"].as_str();
    for (at, (row, wanted)) in bad.iter().enumerate() {
        assert_eq!(reason(at), Some(*wanted), "{row}");
        assert_eq!(programs[at]["program"], "keep_all()");
    }
    assert_eq!(programs[bad.len()]["distilled"]["verdict"], "whole");
    assert_eq!(programs[bad.len()]["outcome"], "emptied");
    assert_eq!(programs.len(), bad.len() + 2);
    let documents = fs::read_to_string(out.join("documents/pairs.jsonl")).unwrap();
    assert_eq!(documents.lines().count(), bad.len() + 2);
    let failed = rows(&out.join("failed/pairs.jsonl.zst"));
    let reasons: Vec<_> = failed.iter().map(|row| row["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["text_missing", "invalid_utf8"]);
    let distill = &stats(&out)["total"]["distill"];
    assert_eq!(distill["verdicts"], json!({"dropped": 9, "whole": 2}));
    assert_eq!(distill["refined_empty"], 2, "the emptied page, and the pair without any text");
}

#[test]
fn the_papers_policy_drops_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let (pairs, out) = (folder.path().join("pairs.jsonl"), folder.path().join("out"));
    let clean = json!({"raw": REFINED, "refined": REFINED});
    let retold = json!({"raw": RAW, "refined": "The bridge closes\nMonday will see its closure, it was said."});
    fs::write(&pairs, format!("{}\n{clean}\n{retold}\n", good(1))).unwrap();
    let policy = ["--policy", "refinex-paper", "--quiet"];
    let done = refinex(&[&["distill", text(&pairs), "-o", text(&out)], &policy[..]].concat());
    assert_eq!(code(&done), Some(0), "a dropped pair is no failure: {done:?}");
    let programs = rows(&out.join("programs/pairs.jsonl.zst"));
    let reasons: Vec<_> =
        programs.iter().map(|row| row["distilled"]["drop_reason"].as_str()).collect();
    assert_eq!(reasons, [None, Some("few_deleted"), Some("large_residue")]);

    let other = refinex(&["distill", text(&pairs), "-o", text(&out), "--quiet"]);
    assert_eq!(code(&other), Some(2), "another policy is another run");
}

#[test]
fn parquet_and_gzip_give_what_jsonl_gives_whatever_the_threads() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let lines: String = (0..3000).map(|at| good(at) + "\n").collect();
    fs::write(path("pairs.jsonl"), lines).unwrap();
    let run = |input: &Path, out: &Path, more: &[&str]| {
        let done = refinex(&[&["distill", text(input), "-o", text(out), "--quiet"], more].concat());
        assert_eq!(code(&done), Some(0), "{done:?}");
    };
    run(&path("pairs.jsonl"), &path("one"), &["--threads", "1"]);
    run(&path("pairs.jsonl"), &path("two"), &["--threads", "2"]);
    let programs = |out: &str| rows(&path(out).join("programs/pairs.jsonl.zst"));
    assert_eq!(programs("one"), programs("two"));
    assert_eq!(programs("one").len(), 3000);

    // The same pairs as Parquet and as gzip, written by the main road itself.
    for (name, format) in
        [("as-parquet", ["--format", "parquet"]), ("as-gzip", ["--compression", "gz"])]
    {
        let made = path(name);
        let refine = ["refine", "--keep-all", "--text-key", "raw", "--quiet", "-o", text(&made)];
        let input = path("pairs.jsonl");
        let done = refinex(&[&refine[..], &format[..], &[text(&input)]].concat());
        assert_eq!(code(&done), Some(0), "{done:?}");
        let out = format!("{name}-out");
        run(&made.join("documents"), &path(&out), &[]);
        let of = |name: &str| {
            let rows = programs(name).into_iter();
            rows.map(|row| (row["deletions"].clone(), row["distilled"].clone())).collect::<Vec<_>>()
        };
        assert_eq!(of(&out), of("one"), "{name}");
    }
}

#[test]
fn a_refined_text_in_parquet_that_is_no_utf8_is_one_failed_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let strange = json!({"id": 7, "raw": RAW, "refined": "It closes on QQQQ"}).to_string();
    let lines: Vec<String> = (0..7).map(good).chain([strange]).chain((8..20).map(good)).collect();
    fs::write(path("pairs.jsonl"), lines.join("\n")).unwrap();
    let made = path("made");
    let (input, out) = (path("pairs.jsonl"), path("out"));
    let refine = ["refine", "--keep-all", "--text-key", "raw", "-q", "-o", text(&made)];
    let parquet = ["--format", "parquet", "--compression", "none", text(&input)];
    let done = refinex(&[&refine[..], &parquet[..]].concat());
    assert_eq!(code(&done), Some(0), "{done:?}");
    // The letters become bytes that no text has.
    let file = made.join("documents/pairs.parquet");
    let mut bytes = fs::read(&file).unwrap();
    let places: Vec<usize> =
        (0..bytes.len() - 4).filter(|&at| &bytes[at..at + 4] == b"QQQQ").collect();
    assert!(!places.is_empty());
    places.iter().for_each(|&at| bytes[at..at + 4].fill(0xff));
    fs::write(&file, bytes).unwrap();

    let done = refinex(&["distill", text(&file), "-o", text(&out), "--quiet"]);
    assert_eq!(code(&done), Some(1), "{done:?}");
    let total = &stats(&out)["total"];
    assert_eq!(
        (&total["rows"], &total["edited"], &total["failed"]),
        (&json!(20), &json!(19), &json!(1))
    );
    let failed = &rows(&out.join("failed/pairs.jsonl.zst"))[0];
    assert_eq!((&failed["row"], &failed["reason"]), (&json!(8), &json!("invalid_utf8")));
    let why = "expected UTF-8, but found byte 0xff at byte 13 of column \"refined\"";
    assert_eq!(failed["message"], why);
    assert!(failed["raw_base64"].is_string(), "{failed}");
}

#[test]
fn one_key_for_both_texts_is_refused() {
    let done = refinex(&["distill", "x.jsonl", "-o", "out", "--refined-key", "raw"]);
    assert_eq!(code(&done), Some(2));
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(said.contains("expected two keys, but found \"raw\" for both"), "{said}");
}
