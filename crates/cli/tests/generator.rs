//! `refinex refine --endpoint` as a user walks it, against a server that misbehaves as it is told.

#![allow(clippy::unwrap_used)]

mod common;
#[path = "../../expert/tests/server/mod.rs"]
mod server;

use common::{refinex, rows, text};
use serde_json::{Value, json};
use server::{Reply, Request, Server, completion};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// A folder with a corpus, and what is run there.
struct Place(tempfile::TempDir);

impl Place {
    /// `shards` shards of `pages` pages, each of which is its number, noise, and a last line.
    fn with(shards: usize, pages: usize) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.path("in")).unwrap();
        for shard in 0..shards {
            let page = |row: usize| {
                let text = format!("Page {shard}-{row}\nSubscribe!\nIt closes in May. Share\n");
                json!({"id": format!("{shard}-{row}"), "text": text}).to_string() + "\n"
            };
            let pages: String = (0..pages).map(page).collect();
            fs::write(place.path(&format!("in/part-{shard}.jsonl")), pages).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, url: &str, out: &str, more: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_refinex"));
        command
            .current_dir(self.0.path())
            .args(["refine", "in", "-o", out, "--model", "m", "--cache", "cache", "-q"])
            .args(["--first-wait", "0.02", "--timeout", "2", "--attempts", "3"])
            .args(["--api-key-env", "NO_KEY_HERE"])
            .args(more);
        if !url.is_empty() {
            command.args(["--endpoint", url]);
        }
        command.output().unwrap()
    }

    fn sidecar(&self, out: &str, shard: usize) -> Vec<Value> {
        rows(&self.path(&format!("{out}/programs/part-{shard}.jsonl.zst")))
    }

    fn texts(&self, out: &str, shard: usize) -> Vec<String> {
        let rows = rows(&self.path(&format!("{out}/documents/part-{shard}.jsonl")));
        rows.iter().map(|row| row["text"].as_str().unwrap().to_owned()).collect()
    }

    fn total(&self, out: &str) -> Value {
        let stats = fs::read(self.path(out).join("stats.json")).unwrap();
        serde_json::from_slice::<Value>(&stats).unwrap()["total"].clone()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// The numbered lines that a request shows.
fn shown(request: &Request) -> String {
    let messages = request.body["messages"].as_array().unwrap();
    assert_eq!((messages.len(), &messages[0]["role"]), (2, &json!("system")));
    messages[1]["content"].as_str().unwrap().to_owned()
}

/// What a good generator writes.
const PROGRAM: &str = "remove_lines(2, 2)\nremove_str(3, \" Share\")";

fn good(_: &Request) -> Reply {
    Reply::ok(&completion(PROGRAM))
}

fn cut(content: &str) -> Reply {
    let mut completion = completion(content);
    completion["choices"][0]["finish_reason"] = json!("length");
    Reply::ok(&completion)
}

#[test]
fn programs_are_carried_out_and_a_second_run_sends_nothing_wherever_the_model_is_served() {
    let place = Place::with(3, 20);
    let server = Server::start(good);
    let first = place.run(&server.url, "out", &[]);
    assert_eq!(code(&first), Some(0), "{}", said(&first));
    assert_eq!(place.texts("out", 1)[7], "Page 1-7\nIt closes in May.\n");
    assert_eq!(place.sidecar("out", 1)[7]["program"], PROGRAM);
    assert_eq!((server.count(), &place.total("out")["edited"]), (60, &json!(60)));
    assert!(said(&first).contains("60 requests sent, 0 answers from the cache, 6000 tokens read"));
    let run: Value =
        serde_json::from_slice(&fs::read(place.path("out/run.json")).unwrap()).unwrap();
    assert_eq!((&run["model"], &run["settings"]["chunk_bytes"]), (&json!("m"), &json!(12_000)));
    assert!(!run.to_string().contains("127.0.0.1"));

    let elsewhere = Server::start(good);
    let second = place.run(&elsewhere.url, "out", &[]);
    assert_eq!((code(&second), elsewhere.count()), (Some(0), 0), "{}", said(&second));
    let cached = place.run(&server.url, "again", &["--json"]);
    assert_eq!((code(&cached), server.count()), (Some(0), 60), "{}", said(&cached));
    let told: Value = serde_json::from_slice(&cached.stdout).unwrap();
    assert_eq!((&told["sent"]["from_cache"], &told["tally"]["edited"]), (&json!(60), &json!(60)));
    let other = place.run(&server.url, "out", &["--temperature", "0.5"]);
    assert_eq!(code(&other), Some(2));
    assert!(said(&other).contains("model_fingerprint"), "{}", said(&other));
}

#[test]
fn what_is_asked_is_the_instruction_and_the_numbered_lines() {
    let place = Place::with(1, 1);
    let server = Server::start(good);
    let more = ["--max-program-tokens", "99", "--answer-seed", "5", "--extra", "{\"top_k\":1}"];
    place.run(&server.url, "out", &more);
    let request = server.requests().remove(0);
    assert_eq!(shown(&request), "[1] Page 0-0\n[2] Subscribe!\n[3] It closes in May. Share");
    let mut body = request.body;
    body.as_object_mut().unwrap().remove("messages");
    let wanted = json!({"model": "m", "temperature": 0.0, "max_tokens": 99, "seed": 5, "top_k": 1});
    assert_eq!(body, wanted);
}

#[test]
fn each_way_to_constrain_has_its_field_and_a_grammar_of_the_chunk() {
    let place = Place::with(1, 1);
    let server = Server::start(good);
    for how in ["none", "structured-outputs", "guided", "llama-cpp"] {
        let output = place.run(&server.url, how, &["--constrain", how]);
        assert_eq!(code(&output), Some(0), "{}", said(&output));
    }
    let requests = server.requests();
    let bodies: Vec<&Value> = requests.iter().map(|request| &request.body).collect();
    let fields = ["grammar", "guided_grammar", "structured_outputs", "response_format"];
    assert!(fields.iter().all(|field| bodies[0][field].is_null()));
    let grammars = [
        &bodies[1]["structured_outputs"]["grammar"],
        &bodies[2]["guided_grammar"],
        &bodies[3]["grammar"],
    ];
    for (grammar, body) in grammars.iter().zip(&bodies[1..]) {
        let grammar = grammar.as_str().unwrap();
        assert!(grammar.starts_with("root::=\"keep_all()\" | c1\n"), "{grammar}");
        assert!(grammar.contains("\"Subscribe\"") && grammar.contains("\nl3::="), "{grammar}");
        assert_eq!(fields.iter().filter(|field| !body[**field].is_null()).count(), 1);
    }
    let wrong = place.run(&server.url, "x", &["--constrain", "response_format"]);
    assert_eq!(code(&wrong), Some(2));
    assert!(said(&wrong).contains("expected one of none, structured-outputs"), "{}", said(&wrong));
}

#[test]
fn refused_calls_are_counted_and_stand_in_the_sidecar() {
    let place = Place::with(1, 3);
    let server = Server::start(|request| {
        let program = match shown(request) {
            page if page.contains("0-0") => "remove_lines(2, 2)\nremove_lines(9, 9)",
            page if page.contains("0-1") => "Sure!\nremove_lines(9, 9)\nremove_lines(2, 2)",
            _ => "```text\nremove_lines(2, 2)\n```",
        };
        Reply::ok(&completion(&format!("<think>\n\n</think>\n\n{program}")))
    });
    let output = place.run(&server.url, "out", &[]);
    assert_eq!(code(&output), Some(0), "{}", said(&output));
    let total = place.total("out");
    assert_eq!(total["refused_by_reason"], json!({"no_such_line": 2, "not_a_call": 1}));
    assert_eq!((&total["voided_chunks"], &total["edited"]), (&json!(1), &json!(2)));
    let refused = &place.sidecar("out", 0)[0]["refused"][0];
    assert_eq!(
        (&refused["reason"], &refused["text"]),
        (&json!("no_such_line"), &json!("remove_lines(9, 9)"))
    );
    assert!(said(&output).contains("2 calls refused: no_such_line"), "{}", said(&output));
    assert!(said(&output).contains("1 chunk kept whole"), "{}", said(&output));
}

#[test]
fn of_a_program_that_is_cut_off_the_whole_calls_are_carried_out_and_the_rest_is_refused() {
    let place = Place::with(1, 3);
    let server = Server::start(|request| match shown(request) {
        page if page.contains("0-0") => cut("remove_lines(2, 2)\nremove_lines(3, 3"),
        page if page.contains("0-1") => cut("remove_lines(2, 2)\n"),
        _ => cut("<think>\nThe first line"),
    });
    let output = place.run(&server.url, "out", &[]);
    assert_eq!(code(&output), Some(1), "{}", said(&output));
    let total = place.total("out");
    assert_eq!(total["refused_by_reason"], json!({"cut_off": 2}));
    assert_eq!(total["unrefined_by_reason"], json!({"truncated": 1}));
    assert_eq!(place.texts("out", 0)[1], "Page 0-1\nIt closes in May. Share\n");
    let rows = place.sidecar("out", 0);
    assert_eq!(rows[0]["refused"][0]["text"], "remove_lines(3, 3");
    assert_eq!(rows[2]["unrefined"]["reason"], "truncated");
}

#[test]
fn a_server_that_is_busy_for_a_while_is_asked_again() {
    let place = Place::with(1, 6);
    let server = Server::start(|request| match request.number {
        0 | 3 => Reply::Full(429, "Retry-After: 0.1\r\n".to_owned(), "{}".to_owned()),
        1 => Reply::status(503, "busy"),
        _ => good(request),
    });
    let output = place.run(&server.url, "out", &["--concurrency", "2"]);
    assert_eq!((code(&output), server.count()), (Some(0), 9), "{}", said(&output));
    assert_eq!(place.total("out")["edited"], 6);
}

#[test]
fn a_server_that_is_down_stops_the_run_which_goes_on_later() {
    let place = Place::with(4, 10);
    let up = Arc::new(AtomicBool::new(true));
    let (light, limit) = (Arc::clone(&up), AtomicUsize::new(0));
    let server = Server::start(move |request| {
        let asked = limit.fetch_add(1, Ordering::SeqCst);
        if asked == 15 {
            light.store(false, Ordering::SeqCst);
        }
        if light.load(Ordering::SeqCst) { good(request) } else { Reply::HangUp }
    });
    let more = ["--give-up-after", "3", "--concurrency", "1", "--threads", "1"];
    let stopped = place.run(&server.url, "out", &more);
    assert_eq!(code(&stopped), Some(1), "{}", said(&stopped));
    assert!(
        said(&stopped).contains("stopped: expected an endpoint that answers"),
        "{}",
        said(&stopped)
    );
    assert!(!place.path("out/_SUCCESS").exists());
    assert!(place.path("out/manifests").read_dir().unwrap().count() < 4);
    let before = server.count();
    up.store(true, Ordering::SeqCst);
    let later = place.run(&server.url, "out", &more);
    assert_eq!(code(&later), Some(0), "{}", said(&later));
    // The 15 answers that came before it went down are not asked for again.
    assert_eq!(server.count() - before, 40 - 15);
    assert_eq!(place.total("out")["edited"], 40);
}

#[test]
fn one_document_that_always_fails_keeps_its_text_and_the_shard_is_done() {
    let place = Place::with(1, 5);
    let server = Server::start(|request| match shown(request).contains("0-3") {
        true => Reply::status(400, "{\"error\":{\"message\":\"over the context\"}}"),
        false => good(request),
    });
    let output = place.run(&server.url, "out", &[]);
    assert_eq!(code(&output), Some(1), "{}", said(&output));
    assert!(place.path("out/_SUCCESS").exists());
    let unrefined = &place.sidecar("out", 0)[3]["unrefined"];
    assert_eq!(unrefined["reason"], "request_refused");
    assert!(unrefined["message"].as_str().unwrap().ends_with("status 400: over the context"));
    assert_eq!(place.texts("out", 0)[3], "Page 0-3\nSubscribe!\nIt closes in May. Share\n");
    assert_eq!(place.total("out")["edited"], 4);
}

#[test]
fn documents_of_one_shard_are_asked_about_at_once_and_the_bytes_are_those_of_one_at_a_time() {
    let place = Place::with(1, 40);
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (inside, peak) = (Arc::clone(&now), Arc::clone(&most));
    let server = Server::start(move |request| {
        peak.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(50));
        inside.fetch_sub(1, Ordering::SeqCst);
        good(request)
    });
    let output = place.run(&server.url, "out", &["--concurrency", "10", "--threads", "1"]);
    assert_eq!(code(&output), Some(0), "{}", said(&output));
    let most = most.load(Ordering::SeqCst);
    assert!((5..=10).contains(&most), "{most} at once");
    let other = Server::start(good);
    place.run(&other.url, "slow", &["--concurrency", "1", "--threads", "2"]);
    assert_eq!(other.count(), 40);
    for file in ["documents/part-0.jsonl", "programs/part-0.jsonl.zst"] {
        let read = |out: &str| fs::read(place.path(out).join(file)).unwrap();
        assert_eq!(read("out"), read("slow"), "{file}");
    }
}

#[test]
fn a_long_document_is_asked_about_in_chunks_and_white_space_is_not() {
    let place = Place::with(0, 0);
    let kept: Vec<String> = (0..100).map(|at| format!("Line {at} stays in its place.\n")).collect();
    let long: String = kept.iter().map(|line| format!("Subscribe!\n{line}")).collect();
    let rows = [
        json!({"id": "long", "text": long}),
        json!({"id": "blank", "text": " \n\n"}),
        json!({"id": "none", "text": ""}),
    ];
    fs::write(place.path("in/a.jsonl"), rows.map(|row| row.to_string() + "\n").concat()).unwrap();
    let server = Server::start(|request| {
        let shown = shown(request);
        let calls = shown.lines().enumerate().filter(|(_, line)| line.ends_with("Subscribe!"));
        let calls: Vec<String> =
            calls.map(|(at, _)| format!("remove_lines({0}, {0})", at + 1)).collect();
        let program = if calls.is_empty() { "keep_all()".to_owned() } else { calls.join("\n") };
        Reply::ok(&completion(&program))
    });
    let output = place.run(&server.url, "out", &["--chunk-bytes", "500"]);
    assert_eq!(code(&output), Some(0), "{}", said(&output));
    assert!((8..10).contains(&server.count()), "{}", server.count());
    let found = rows_of(&place, "out");
    assert_eq!(found[0], kept.concat());
    assert_eq!(found[1..], [" \n\n", ""]);
}

fn rows_of(place: &Place, out: &str) -> Vec<String> {
    let rows = rows(&place.path(&format!("{out}/documents/a.jsonl")));
    rows.iter().map(|row| row["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn requests_may_travel_in_a_batch_file() {
    let place = Place::with(2, 3);
    let queued = place.run("", "out", &["--batch-out", "batch.jsonl", "--constrain", "guided"]);
    assert_eq!(code(&queued), Some(0), "{}", said(&queued));
    assert!(
        said(&queued).starts_with("6 requests in batch.jsonl, for 6 chunks of 6 rows"),
        "{}",
        said(&queued)
    );
    let requests = rows(&place.path("batch.jsonl"));
    assert!(requests[0]["body"]["guided_grammar"].is_string());
    let answer = |request: &Value| {
        let response = json!({"status_code": 200, "body": completion(PROGRAM)});
        json!({"custom_id": request["custom_id"], "response": response, "error": null}).to_string()
    };
    let answers: Vec<String> = requests[1..].iter().map(answer).collect();
    fs::write(place.path("answers.jsonl"), answers.join("\n")).unwrap();
    let done = place.run("", "out", &["--batch-in", "answers.jsonl", "--constrain", "guided"]);
    assert_eq!(code(&done), Some(1), "{}", said(&done));
    let total = place.total("out");
    assert_eq!(
        (&total["edited"], &total["unrefined_by_reason"]),
        (&json!(5), &json!({"not_in_batch": 1}))
    );
}

#[test]
fn options_that_need_an_endpoint_say_so() {
    let place = Place::with(1, 1);
    let (input, output) = (place.path("in"), place.path("out"));
    let words = |arguments: &[&str]| {
        let job = ["refine", text(&input), "-o", text(&output)];
        let output = refinex(&[&job[..], arguments].concat());
        (code(&output), said(&output))
    };
    let (exit, told) = words(&["--model", "m"]);
    assert_eq!(exit, Some(2));
    assert!(told.contains("expected --endpoint for the model m"), "{told}");
    for arguments in [
        &["--endpoint", "http://127.0.0.1:1/v1"][..],
        &["--constrain", "guided"],
        &["--max-program-tokens", "5"],
        &["--concurrency", "5"],
        &["--budget-tokens", "5"],
        &["--endpoint", "http://127.0.0.1:1/v1", "--model", "m", "--threshold", "0.5"],
        &["--endpoint", "http://127.0.0.1:1/v1", "--model", "m", "--keep-all"],
    ] {
        let (exit, told) = words(arguments);
        assert_eq!(exit, Some(2), "{arguments:?}: {told}");
    }
    assert!(!place.path("out").exists());
}
