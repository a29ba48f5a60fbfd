//! The main road as a user walks it: the program is run, killed, run again, given bad input.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PAGE: &str = "Home\\nAbout us\\nSign in\\nHarbour bridge closes for repairs\\n\
The harbour bridge will close for repairs on Monday, the council said. Drivers should use the \
northern route until the works are finished in March.\\nEngineers found cracks in two of the \
eleven piers last autumn, and the bearings have not been replaced since 1974. The work will cost \
about four million, most of which comes from the regional fund.\\nBuses on lines 4 and 9 will \
stop on the west bank, where a ferry takes passengers across every ten minutes. Cyclists may use \
it without a ticket.\\n'Nobody likes a detour, but nobody likes a falling bridge either,' said \
Maren Holt, who leads the project for the council.\\nShare this on Facebook\\n\
Subscribe to our newsletter\\n© 2021 Example News. All rights reserved.";

fn refinex(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_refinex")).args(arguments).output().expect("refinex runs")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// All files below `folder` by name, compressed ones as they are.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                all.push((path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    all.sort();
    all
}

fn lines(path: &Path) -> Vec<String> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let bytes = if path.extension().is_some_and(|e| e == "zst") {
        zstd::decode_all(bytes.as_slice()).unwrap()
    } else {
        bytes
    };
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

/// `shards` shards of `rows` rows each.
fn corpus(folder: &Path, shards: usize, rows: usize) {
    fs::create_dir_all(folder).unwrap();
    for shard in 0..shards {
        let mut file = fs::File::create(folder.join(format!("part-{shard:03}.jsonl"))).unwrap();
        for row in 0..rows {
            writeln!(
                file,
                "{{\"id\":\"{shard}-{row}\",\"text\":\"{PAGE} {row}\",\"extra\":[{row}, {{\"a\" : null}}]}}"
            )
            .unwrap();
        }
    }
}

#[test]
fn a_page_loses_its_menu_and_footer_and_keeps_its_story_and_other_fields() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    corpus(&input, 1, 3);
    let output = refinex(&["refine", text(&input), "-o", text(&out), "-q"]);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let refined = lines(&out.join("documents/part-000.jsonl"));
    assert_eq!(refined.len(), 3);
    assert!(refined[0].contains("The harbour bridge"), "{}", refined[0]);
    assert!(
        !refined[0].contains("Sign in") && !refined[0].contains("All rights"),
        "{}",
        refined[0]
    );
    assert!(refined[2].ends_with("\"extra\":[2, {\"a\" : null}]}"), "{}", refined[2]);
    assert!(out.join("_SUCCESS").exists() && out.join("stats.json").exists());
}

#[test]
fn the_best_tier_is_another_model_and_its_run_is_not_continued_by_the_fast_one() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    corpus(&input, 1, 3);
    let best = refinex(&["refine", text(&input), "-o", text(&out), "-q", "--tier", "best"]);
    assert_eq!(code(&best), Some(0), "{}", stderr(&best));
    let refined = lines(&out.join("documents/part-000.jsonl"));
    assert!(refined[0].contains("The harbour bridge"), "{}", refined[0]);
    assert!(!refined[0].contains("Sign in"), "{}", refined[0]);
    assert!(fs::read_to_string(out.join("run.json")).unwrap().contains("page-tagger-2"));
    let fast = refinex(&["refine", text(&input), "-o", text(&out), "-q"]);
    assert_eq!(code(&fast), Some(2), "{}", stderr(&fast));
}

#[test]
fn threads_and_parts_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    corpus(&input, 5, 400);
    let out = |name: &str| folder.path().join(name);
    for (name, threads) in [("one", "1"), ("two", "2")] {
        let output =
            refinex(&["refine", text(&input), "-o", text(&out(name)), "--threads", threads, "-q"]);
        assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    }
    for part in ["1/3", "2/3", "3/3"] {
        assert!(!out("parts").join("_SUCCESS").exists());
        refinex(&["refine", text(&input), "-o", text(&out("parts")), "--shard", part, "-q"]);
    }
    assert_eq!(files(&out("one")), files(&out("two")));
    assert_eq!(files(&out("one")), files(&out("parts")));
}

#[test]
fn parts_that_run_at_the_same_time_in_one_folder_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    corpus(&input, 12, 60);
    let (alone, together) = (folder.path().join("alone"), folder.path().join("together"));
    refinex(&["refine", text(&input), "-o", text(&alone), "-q"]);
    let start = |part: usize| {
        Command::new(env!("CARGO_BIN_EXE_refinex"))
            .args(["refine", text(&input), "-o", text(&together), "-q", "--shard"])
            .arg(format!("{part}/6"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let running: Vec<_> = (1..=6).map(start).collect();
    for mut process in running {
        assert_eq!(process.wait().unwrap().code(), Some(0));
    }
    assert_eq!(files(&alone), files(&together));
}

#[test]
fn an_output_below_the_input_is_no_input_of_the_second_run() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path(), 2, 3);
    let run = || {
        let output = Command::new(env!("CARGO_BIN_EXE_refinex"))
            .args(["refine", ".", "-o", "out", "-q", "--json"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(code(&output), Some(0), "{}", stderr(&output));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    assert_eq!(run()["shards_done"], 2);
    let second = run();
    assert_eq!((&second["shards_done"], &second["shards_skipped"]), (&2.into(), &2.into()));
}

#[test]
fn another_model_and_another_input_are_refused_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    corpus(&input, 1, 5);
    let arguments = ["refine", text(&input), "-o", text(&out), "-q"];
    refinex(&arguments);
    let output = refinex(&[&arguments[..], &["--keep-all"]].concat());
    assert_eq!(code(&output), Some(2));
    assert!(stderr(&output).contains("model: "), "{}", stderr(&output));
    corpus(&input, 1, 6);
    let output = refinex(&arguments);
    assert_eq!(code(&output), Some(2));
    let said = stderr(&output);
    assert!(said.contains("expected the input") && said.contains("part-000.jsonl"), "{said}");
}

/// Shards that are done in the run at `out`.
fn manifests(out: &Path) -> usize {
    fs::read_dir(out.join("manifests")).map_or(0, |entries| {
        let names = entries.flatten().map(|entry| entry.file_name());
        names.filter(|name| name.to_str().is_some_and(|name| name.ends_with(".json"))).count()
    })
}

/// Starts the run and kills it (SIGKILL): some kills come right after the start, the others a few
/// milliseconds after one more shard is done. Says how many shards were done then; `None` if the
/// run ended first.
fn kill_once(input: &Path, out: &Path, kill: u64) -> Option<usize> {
    let before = manifests(out);
    let mut child = Command::new(env!("CARGO_BIN_EXE_refinex"))
        .args(["refine", text(input), "-o", text(out), "-q", "--threads", "2"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = std::time::Instant::now();
    while !kill.is_multiple_of(4) && manifests(out) == before && child.try_wait().unwrap().is_none()
    {
        assert!(begun.elapsed().as_secs() < 300, "no shard is done after five minutes");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    std::thread::sleep(std::time::Duration::from_millis(kill * 13 % 37));
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    running.then(|| manifests(out))
}

#[test]
fn a_run_that_is_killed_at_many_points_ends_byte_identical() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    corpus(&input, 24, 400);
    let (calm, wild) = (folder.path().join("calm"), folder.path().join("wild"));
    refinex(&["refine", text(&input), "-o", text(&calm), "-q"]);
    let kills: Vec<usize> = (0..60).map_while(|kill| kill_once(&input, &wild, kill)).collect();
    let mut points = kills.clone();
    points.dedup();
    assert!(kills.len() >= 10 && points.len() >= 8, "expected kills at many points: {kills:?}");
    // What a kill leaves behind where it strikes between two steps of writing.
    for left in [".staged-0-1", "documents/.staged-0-2#1", "manifests/.staged-0-3"] {
        fs::write(wild.join(left), "half").unwrap();
    }
    let output = refinex(&["refine", text(&input), "-o", text(&wild), "-q"]);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let names = |all: &[(PathBuf, Vec<u8>)]| all.iter().map(|(p, _)| p.clone()).collect::<Vec<_>>();
    let (calm, wild) = (files(&calm), files(&wild));
    assert_eq!(names(&calm), names(&wild), "killed at {kills:?}");
    assert!(calm == wild, "a file differs after kills at {kills:?}");
}

#[test]
fn bad_rows_go_to_failed_with_their_reason_and_the_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("x.jsonl"), folder.path().join("out"));
    let mut bytes =
        b"{\"text\":\"good one\"}\n{broken\n\n{\"text\":null}\n{\"text\":3}\n{\"id\":1}\n[1]\n"
            .to_vec();
    bytes.extend(b"{\"text\":\"\xff\"}\n{\"text\":\"nul \\u0000 \xe2\x80\xa8 \xf0\x9f\x99\x82 \\r\\n \xd7\xa9\"}\r\n");
    fs::write(&input, bytes).unwrap();
    let output = refinex(&["refine", text(&input), "-o", text(&out), "-q", "--json"]);
    assert_eq!(code(&output), Some(1), "{}", stderr(&output));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["tally"]["rows"], &summary["tally"]["failed"]), (&8.into(), &6.into()));
    assert_eq!(summary["tally"]["blank_rows"], 1);
    let failed = lines(&out.join("failed/x.jsonl.zst"));
    let reasons: Vec<String> = failed
        .iter()
        .map(|row| serde_json::from_str::<serde_json::Value>(row).unwrap())
        .map(|row| format!("{} {}", row["row"], row["reason"].as_str().unwrap_or_default()))
        .collect();
    let wanted = [
        "2 broken_json",
        "3 text_null",
        "4 text_not_a_string",
        "5 text_missing",
        "6 not_an_object",
        "7 invalid_utf8",
    ];
    assert_eq!(reasons, wanted);
    assert_eq!(lines(&out.join("documents/x.jsonl")).len(), 2);
    assert!(lines(&out.join("programs/x.jsonl.zst"))[1].contains("\"id\":\"x.jsonl/8\""));
}

#[test]
fn a_truncated_shard_fails_alone_and_is_done_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    corpus(&input, 2, 50);
    let whole =
        zstd::encode_all(fs::read(input.join("part-000.jsonl")).unwrap().as_slice(), 3).unwrap();
    let cut = input.join("cut.jsonl.zst");
    fs::write(&cut, &whole[..whole.len() - 9]).unwrap();
    let arguments = ["refine", text(&input), "-o", text(&out), "-q"];
    let output = refinex(&arguments);
    assert_eq!(code(&output), Some(1));
    assert!(stderr(&output).contains("cut.jsonl.zst"), "{}", stderr(&output));
    assert!(out.join("manifests/part-001.jsonl.json").exists() && !out.join("_SUCCESS").exists());
    assert!(!out.join("documents/cut.jsonl.zst").exists());
    fs::write(&cut, &whole).unwrap();
    assert_eq!(code(&refinex(&arguments)), Some(0));
    assert!(out.join("_SUCCESS").exists());
}

#[test]
fn a_complete_run_with_a_new_shard_is_not_complete_before_that_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    corpus(&input, 1, 5);
    let arguments = ["refine", text(&input), "-o", text(&out), "-q"];
    assert_eq!(code(&refinex(&arguments)), Some(0));
    assert!(out.join("_SUCCESS").exists());
    fs::write(input.join("new.jsonl.gz"), b"cut").unwrap();
    assert_eq!(code(&refinex(&arguments)), Some(1));
    assert!(!out.join("_SUCCESS").exists());
}

#[test]
fn a_run_with_other_settings_is_refused_and_says_which() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    corpus(&input, 1, 5);
    refinex(&["refine", text(&input), "-o", text(&out), "-q", "--threshold", "0.5"]);
    let output = refinex(&["refine", text(&input), "-o", text(&out), "-q", "--threshold", "0.75"]);
    assert_eq!(code(&output), Some(2));
    assert!(
        stderr(&output).contains("settings.threshold: 500 before, 750 now"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn what_cannot_run_says_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    corpus(&input, 1, 2);
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    for arguments in [
        vec!["refine", "/nowhere/at-all.jsonl", "-o", "/tmp/never"],
        vec!["refine", text(&input), "-o", text(&file)],
        vec!["refine", text(&input), "-o", "/proc/refinex-cannot-write"],
        vec!["restore", text(&input)],
        vec!["inspect", text(&input)],
    ] {
        let output = refinex(&arguments);
        assert_eq!(code(&output), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("expected"), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn a_full_disk_fails_the_shard_in_words_and_nothing_half_done_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    corpus(&input, 1, 4000);
    // A limit on the size of files stands for the full disk: writing fails half-way.
    let script = format!(
        "trap '' XFSZ; ulimit -f 64; exec {} refine {} -o {} -q",
        env!("CARGO_BIN_EXE_refinex"),
        text(&input),
        text(&out)
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert_eq!(code(&output), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("part-000.jsonl"), "{}", stderr(&output));
    assert!(
        !out.join("documents/part-000.jsonl").exists()
            && !out.join("manifests").join("part-000.jsonl.json").exists()
    );
    assert_eq!(code(&refinex(&["refine", text(&input), "-o", text(&out), "-q"])), Some(0));
}

#[test]
fn apply_restore_and_rethreshold_agree_with_refine() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    corpus(&input, 2, 60);
    let out = |name: &str| folder.path().join(name);
    let run = |arguments: &[&str]| {
        let output = refinex(arguments);
        assert_eq!(code(&output), Some(0), "{arguments:?}: {}", stderr(&output));
    };
    run(&["refine", text(&input), "-o", text(&out("run")), "--keep-deleted", "-q"]);
    run(&["apply", text(&input), text(&out("run")), "-o", text(&out("again")), "-q"]);
    assert_eq!(files(&out("run").join("documents")), files(&out("again").join("documents")));
    run(&["restore", text(&out("run")), "-o", text(&out("originals"))]);
    assert_eq!(files(&input), files(&out("originals")));
    run(&["rethreshold", text(&out("run")), "--threshold", "0.9", "-o", text(&out("re")), "-q"]);
    run(&[
        "refine",
        text(&input),
        "-o",
        text(&out("at90")),
        "--keep-deleted",
        "--threshold",
        "0.9",
        "-q",
    ]);
    for part in ["documents", "programs"] {
        assert_eq!(files(&out("re").join(part)), files(&out("at90").join(part)));
    }
    let shown = refinex(&["inspect", text(&out("run")), "1-7"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("1 - Home") && shown.contains("5   The harbour"), "{shown}");
}

#[test]
fn an_empty_file_and_a_dry_run_are_fine() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("empty.jsonl"), folder.path().join("out"));
    fs::write(&input, "").unwrap();
    let output = refinex(&["refine", text(&input), "-o", text(&out), "--dry-run"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("empty.jsonl"));
    assert!(!out.exists());
    assert_eq!(code(&refinex(&["refine", text(&input), "-o", text(&out), "-q"])), Some(0));
    assert!(out.join("documents/empty.jsonl").exists());
}

#[test]
fn one_line_of_many_megabytes_is_one_row() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("long.jsonl"), folder.path().join("out"));
    let text_value = "word ".repeat(4 << 20);
    fs::write(&input, format!("{{\"text\":\"{text_value}\"}}\n")).unwrap();
    let output = refinex(&["refine", text(&input), "-o", text(&out), "-q", "--json"]);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["tally"]["rows"], 1);
    assert_eq!(summary["tally"]["text_bytes"], 20 << 20);
}

#[test]
fn a_tagger_that_was_just_trained_refines() {
    let folder = tempfile::tempdir().unwrap();
    let (labels, input) = (folder.path().join("labels.jsonl"), folder.path().join("in"));
    let story = "The ferry sails every ten minutes, and the bridge stays closed until March.";
    let rows: Vec<String> = (0..40)
        .map(|row| {
            let text = format!("Home\nSign in\n{story} {row}\n");
            serde_json::json!({"id": format!("page-{row}"), "text": text, "deletions": [[0, 13]]})
                .to_string()
        })
        .collect();
    fs::write(&labels, rows.join("\n")).unwrap();
    let train = |out: &Path| {
        let small =
            ["--teachers", "1", "--members", "1", "--broad-epochs", "0", "--expert-epochs", "24"];
        let mut arguments = vec!["train", "tagger", "--expert", text(&labels), "-o", text(out)];
        arguments.extend(small);
        let output = refinex(&arguments);
        assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    };
    let [model, again] = ["model", "again"].map(|name| folder.path().join(name));
    train(&model);
    train(&again);
    let weights = model.join("weights.safetensors");
    let twice = fs::read(again.join("weights.safetensors")).unwrap();
    assert!(fs::read(&weights).unwrap() == twice, "the same training gave other bytes");
    let metrics = fs::read_to_string(model.join("metrics.jsonl")).unwrap();
    // A teacher, a network for lines, and three passes of the one for pieces.
    assert_eq!(metrics.lines().count(), 2 * 24 + 3);
    train(&model);
    assert_eq!(fs::read_to_string(model.join("metrics.jsonl")).unwrap(), metrics);
    corpus(&input, 1, 2);
    let out = folder.path().join("out");
    let output =
        refinex(&["refine", text(&input), "-o", text(&out), "--weights", text(&weights), "-q"]);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    fs::write(&weights, b"GGUF").unwrap();
    let output =
        refinex(&["refine", text(&input), "-o", text(&out), "--weights", text(&weights), "-q"]);
    assert_eq!(code(&output), Some(2));
    assert!(stderr(&output).contains("expected refinex tagger weights"), "{}", stderr(&output));
}
