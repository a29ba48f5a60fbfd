//! What the program says, word for word: help, summaries and errors, with their exit codes.
//!
//! The expected words stand in `tests/words/`. After a change that is meant, run
//! `REFINEX_UPDATE=1 cargo test --release --test words` and look at the difference.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing amiss")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs the program in `folder` and puts all that it says into one text.
fn said(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_refinex"))
        .args(arguments)
        .current_dir(folder)
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let code = output.status.code().unwrap();
    let line = arguments.join(" ");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let mut said = format!("$ refinex {line}\n");
    for line in out.lines() {
        said += &format!("{}\n", timeless(line).trim_end());
    }
    for line in err.lines() {
        said += &format!("! {}\n", line.trim_end());
    }
    said + &format!("exit {code}\n")
}

/// The line without what differs from run to run: times and speeds.
fn timeless(line: &str) -> String {
    let speed = line.contains("rows/s") || line.contains("\"seconds\"");
    if speed || line.contains("megabytes_per_second") {
        "(time and speed)".into()
    } else {
        line.into()
    }
}

fn expect(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/words").join(name);
    if std::env::var_os("REFINEX_UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, found).unwrap();
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    assert!(wanted == found, "{name} differs; found:\n{found}\nexpected:\n{wanted}");
}

#[test]
fn the_help_of_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let commands = [
        "",
        "refine",
        "filter",
        "prox",
        "apply",
        "rethreshold",
        "restore",
        "inspect",
        "eval",
        "bench",
        "report",
        "deleted",
        "train",
        "train tagger",
        "train generator",
        "labels",
        "labels stats",
        "labels split",
        "labels mix",
        "labels dedup",
        "labels import",
        "export dolma",
        "completions",
    ];
    for command in commands {
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        arguments.push("--help");
        let name = format!("help-{}.txt", if command.is_empty() { "refinex" } else { command });
        expect(&name.replace(' ', "-"), &said(folder.path(), &arguments));
    }
}

/// Two shards of which one is cut off, with rows of every outcome that needs no model.
fn corpus(folder: &Path) {
    fs::create_dir(folder.join("in")).unwrap();
    let rows = "{\"id\":\"a\",\"text\":\"one\"}\n{\"id\":\"a\",\"text\":\"two\"}\n{broken\n\n\
                {\"id\":\"c\",\"text\":null}\n{\"id\":\"d\"}\n";
    fs::write(folder.join("in/rows.jsonl"), rows).unwrap();
    let packed = zstd::encode_all(rows.repeat(99).as_bytes(), 3).unwrap();
    fs::write(folder.join("in/cut.jsonl.zst"), &packed[..packed.len() - 5]).unwrap();
}

#[test]
fn the_plan_the_summary_and_the_second_run() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let refine = ["refine", "in", "-o", "out", "--keep-all", "-q"];
    let words = [
        said(folder.path(), &[&refine[..], &["--dry-run"]].concat()),
        said(folder.path(), &refine),
        said(folder.path(), &[&refine[..], &["--json"]].concat()),
    ];
    expect("summary.txt", &words.join("\n"));
}

#[test]
fn the_limits_of_a_policy_are_told_in_summary_and_sidecar() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("x.jsonl"),
        "{\"id\":\"a\",\"text\":\"keep\\nnoise and noise\"}\n{\"id\":\"b\",\"text\":\"all\"}\n",
    )
    .unwrap();
    let programs = "{\"id\":\"a\",\"outcome\":\"\",\"deletions\":[],\"program\":\"remove_lines(2, 2)\"}\n\
                    {\"id\":\"b\",\"outcome\":\"\",\"deletions\":[],\"program\":\"remove_lines(1, 1)\"}\n";
    fs::write(folder.path().join("p.jsonl"), programs).unwrap();
    let apply = |out: &str, policy: &str| {
        let words = said(
            folder.path(),
            &["apply", "x.jsonl", "p.jsonl", "-o", out, "-q", "--policy", policy],
        );
        let sidecar = fs::read(folder.path().join(out).join("programs/x.jsonl.zst")).unwrap();
        words + &String::from_utf8(zstd::decode_all(sidecar.as_slice()).unwrap()).unwrap()
    };
    let words = [apply("half", "max-deleted=0.5"), apply("keep", "emptied=keep")];
    expect("policy.txt", &words.join("\n"));
}

#[test]
fn the_errors_of_what_cannot_run() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    fs::write(folder.path().join("file.jsonl"), "{\"text\":\"x\"}\n").unwrap();
    fs::write(folder.path().join("notes.txt"), "x").unwrap();
    let lines: [&[&str]; 16] = [
        &["refine", "nowhere.jsonl", "-o", "out"],
        &["refine", "notes.txt", "-o", "out"],
        &["refine", "in/*.parquet", "-o", "out"],
        &["refine", "in", "-o", "file.jsonl"],
        &["refine", "in", "-o", "/proc/refinex"],
        &["refine", "in", "-o", "in"],
        &["refine", "in", "-o", "ftp://host/out"],
        &["refine", "in", "-o", "out", "--threshold", "2"],
        &["refine", "in", "-o", "out", "--shard", "3/2"],
        &["refine", "in", "-o", "out", "--threads", "0"],
        &["refine", "in", "-o", "out", "--level", "99"],
        &["refine", "in", "-o", "out", "--policy", "max-lost=1"],
        &["refine", "in", "-o", "out", "--weights", "notes.txt"],
        &["inspect", "in"],
        &["restore", "in"],
        &["apply", "in", "nowhere", "-o", "out"],
    ];
    let words: Vec<String> = lines.iter().map(|line| said(folder.path(), line)).collect();
    expect("errors.txt", &words.join("\n"));
}

#[test]
fn the_errors_of_reports() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let run = |line: &[&str]| said(folder.path(), line);
    run(&["refine", "in", "-o", "cut", "--keep-all", "-q"]);
    run(&["refine", "in/rows.jsonl", "-o", "one", "--keep-all", "-q"]);
    fs::write(folder.path().join("other.jsonl"), "{\"id\":\"x\",\"text\":\"y\"}\n").unwrap();
    run(&["refine", "other.jsonl", "-o", "other", "--keep-all", "-q"]);
    let lines: [&[&str]; 9] = [
        &["report", "in"],
        &["report", "cut"],
        &["report", "one", "other"],
        &["report", "one", "--json", "--markdown"],
        &["report", "one", "-o", "nowhere/x.html"],
        &["report", "one", "--markdown"],
        &["deleted", "nowhere"],
        &["deleted", "one", "--grep", "("],
        &["deleted", "one", "--top", "3", "--sample", "3"],
    ];
    let words: Vec<String> = lines.iter().map(|line| run(line)).collect();
    expect("report.txt", &words.join("\n"));
}
