//! The road to an expert as a user walks it, against a server that misbehaves as it is told.

#![allow(clippy::unwrap_used)]

#[path = "../../expert/tests/server/mod.rs"]
mod server;

use serde_json::{Value, json};
use server::{Reply, Server, completion};
use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const KEY: &str = "sk-never-to-be-seen";

/// A folder with a corpus, and what is run there.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// `shards` shards of `rows` pages.
    fn corpus(&self, shards: usize, rows: usize) {
        for shard in 0..shards {
            let page = |row: usize| {
                let text =
                    format!("Page {shard}-{row}\nSubscribe to our letter\nIt closes in May.\n");
                json!({"id": format!("{shard}-{row}"), "text": text, "q": row % 5}).to_string()
                    + "\n"
            };
            self.write(&format!("in/part-{shard}.jsonl"), &(0..rows).map(page).collect::<String>());
        }
    }

    fn command(&self, url: &str, out: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_refinex"));
        command
            .current_dir(self.0.path())
            .args(["expert", "in", "-o", out, "--model", "m", "--cache", "cache", "-q"])
            .args(["--first-wait", "0.02", "--timeout", "0.5"])
            .args(more)
            .env("TEST_KEY", KEY)
            .args(["--api-key-env", "TEST_KEY"]);
        if !more.contains(&"--attempts") {
            command.args(["--attempts", "12"]);
        }
        if !url.is_empty() {
            command.args(["--endpoint", url]);
        }
        command
    }

    fn run(&self, url: &str, out: &str, more: &[&str]) -> Output {
        self.command(url, out, more).output().unwrap()
    }

    fn rows(&self, file: &str) -> Vec<Value> {
        let Ok(bytes) = fs::read(self.path(file)) else { return Vec::new() };
        let text = String::from_utf8(zstd::decode_all(bytes.as_slice()).unwrap()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn json(&self, file: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(file)).unwrap()).unwrap()
    }
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Every fifth request fails, each time in another way.
fn one_in_five_fails(request: &server::Request) -> Reply {
    if request.number % 5 != 4 {
        return Reply::ok(&request.good());
    }
    match request.number / 5 % 8 {
        0 => Reply::Full(429, "Retry-After: 0.1\r\n".to_owned(), "{}".to_owned()),
        1 => Reply::status(500, "{\"error\":{\"message\":\"internal\"}}"),
        2 => Reply::HangUp,
        3 => Reply::Cut(150, request.good().to_string()),
        4 => Reply::status(200, "{\"choices\": [{\"mess"),
        5 => Reply::status(200, "{\"choices\": []}"),
        6 => Reply::Late(Duration::from_millis(900), request.good().to_string()),
        _ => Reply::status(503, "busy"),
    }
}

#[test]
fn with_a_fifth_of_requests_failing_every_document_is_accounted_for_and_a_second_run_sends_none() {
    let place = Place::new();
    place.corpus(5, 100);
    let server = Server::start(one_in_five_fails);
    let first = place.run(&server.url, "out", &["--json"]);
    assert_eq!(code(&first), Some(0), "{}", said(&first));
    let total = &place.json("out/stats.json")["total"];
    assert_eq!(
        (&total["rows"], &total["rewritten"], &total["pairs"]),
        (&json!(500), &json!(500), &json!(500))
    );
    let ids: HashSet<String> = (0..5)
        .flat_map(|shard| place.rows(&format!("out/pairs/part-{shard}.jsonl.zst")))
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 500);
    assert!(
        place.path("out/_SUCCESS").exists()
            && place.path("out/manifests/part-4.jsonl.zst.json").exists()
    );
    let sent = server.count();
    let failed = server.requests().iter().filter(|request| request.number % 5 == 4).count();
    assert_eq!(sent, 500 + failed);

    let second = place.run(&server.url, "out", &[]);
    assert_eq!((code(&second), server.count()), (Some(0), sent), "{}", said(&second));
    // Another output folder: no manifest, but every answer is in the cache.
    let third = place.run(&server.url, "elsewhere", &[]);
    assert_eq!((code(&third), server.count()), (Some(0), sent), "{}", said(&third));
    for shard in 0..5 {
        let file = format!("pairs/part-{shard}.jsonl.zst");
        assert_eq!(place.rows(&format!("out/{file}")), place.rows(&format!("elsewhere/{file}")));
    }
}

#[test]
fn a_pair_has_all_that_is_needed_to_distil_and_to_trace_it() {
    let place = Place::new();
    place.corpus(1, 1);
    let server = Server::start(|request| Reply::ok(&request.good()));
    let output =
        place.run(&server.url, "out", &["--temperature", "0", "--extra", "{\"top_k\":20}"]);
    assert_eq!(code(&output), Some(0), "{}", said(&output));
    let row = place.rows("out/pairs/part-0.jsonl.zst").remove(0);
    assert_eq!(row["raw"], "Page 0-0\nSubscribe to our letter\nIt closes in May.\n");
    assert_eq!(row["refined"], "Page 0-0\nIt closes in May.\n");
    assert_eq!(row["reason"], "a newsletter");
    assert_eq!(
        (&row["id"], &row["document"], &row["chunk"], &row["start"]),
        (&json!("0-0"), &json!("0-0"), &json!(1), &json!(0))
    );
    assert_eq!((&row["finish_reason"], &row["model"]), (&json!("stop"), &json!("served-model")));
    assert_eq!(row["usage"], json!({"prompt_tokens": 100, "completion_tokens": 20}));
    assert!(row["prompt"].as_str().unwrap().starts_with("refine-v1:"));
    let run = place.json("out/run.json");
    assert_eq!((&run["prompt"], &run["sampling"]["extra"]["top_k"]), (&row["prompt"], &json!(20)));
    assert_eq!(server.requests()[0].body["top_k"], 20);
}

#[test]
fn the_key_is_sent_and_stands_in_no_file_and_no_output() {
    let place = Place::new();
    place.corpus(1, 30);
    let server = Server::start(|request| match request.number {
        0..10 => Reply::ok(&request.good()),
        _ => Reply::status(401, &format!("{{\"error\":{{\"message\":\"bad key {KEY}\"}}}}")),
    });
    let output =
        place.run(&server.url, "out", &["--log", "log.jsonl", "--json", "--concurrency", "1"]);
    assert_eq!(code(&output), Some(1), "{}", said(&output));
    assert!(said(&output).contains("bad key [key]"), "{}", said(&output));
    assert!(!said(&output).contains(KEY));
    assert!(server.requests().iter().all(|request| request.headers.contains(KEY)));
    assert_eq!(server.count(), 11);
    let mut folders = vec![place.0.path().to_owned()];
    let mut files = 0;
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = fs::read(&path).unwrap();
            let bytes = if path.extension().is_some_and(|e| e == "zst") {
                zstd::decode_all(bytes.as_slice()).unwrap()
            } else {
                bytes
            };
            assert!(!String::from_utf8_lossy(&bytes).contains(KEY), "{}", path.display());
        }
    }
    assert!(files > 12, "{files}");
}

#[test]
fn answers_that_cannot_be_used_and_rows_that_cannot_be_read_have_a_reason_each() {
    let place = Place::new();
    let page = |id: &str, text: &str| json!({"id": id, "text": text}).to_string();
    let rows = [
        page("good", "Good\nSubscribe"),
        page("cut", "Cut"),
        page("prose", "Prose"),
        page("think", "Think"),
        page("empty", "Empty"),
        page("blank", " \n\t\n"),
        "{\"id\": \"null\", \"text\": null}".to_owned(),
        "{\"id\": \"bro".to_owned(),
        page("long", "Long"),
    ];
    place.write("in/a.jsonl", &rows.join("\n"));
    let server = Server::start(|request| {
        let said = match request.document().as_str() {
            "Cut" => {
                let mut cut = request.good();
                cut["choices"][0]["finish_reason"] = json!("length");
                cut
            }
            "Prose" => completion("Sure! Here is the cleaned text:\n\nProse"),
            "Think" => completion("<think>\n\n</think>\n\n<reason></reason><text>\nThink\n</text>"),
            "Empty" => completion(""),
            "Long" => return Reply::status(400, "{\"error\":{\"message\":\"context length\"}}"),
            _ => request.good(),
        };
        Reply::ok(&said)
    });
    let output = place.run(&server.url, "out", &["--json"]);
    assert_eq!(code(&output), Some(1), "{}", said(&output));
    let total = place.json("out/stats.json")["total"].clone();
    let counts =
        ["rows", "rewritten", "without", "blank", "failed", "chunks", "pairs", "unanswered"];
    assert_eq!(counts.map(|name| total[name].as_u64().unwrap()), [9, 2, 4, 1, 2, 7, 2, 1]);
    let failed = place.rows("out/failed/a.jsonl.zst");
    let reasons: HashSet<(String, bool)> = failed
        .iter()
        .map(|row| (row["reason"].as_str().unwrap().to_owned(), row["answer"].is_object()))
        .collect();
    let wanted = [
        ("truncated", true),
        ("no_text", true),
        ("empty_answer", true),
        ("request_refused", false),
        ("text_null", false),
        ("broken_json", false),
    ];
    assert_eq!(reasons, wanted.map(|(reason, said)| (reason.to_owned(), said)).into());
    assert!(failed.iter().all(|row| row["message"].as_str().unwrap().starts_with("expected ")));
}

#[test]
fn a_long_document_is_asked_about_chunk_by_chunk_and_its_chunks_tile_it() {
    let place = Place::new();
    let text: String = (0..400).map(|line| format!("Line {line} of a long page.\n")).collect();
    place.write("in/a.jsonl", &json!({"id": "long", "text": text}).to_string());
    let server = Server::start(|request| Reply::ok(&request.good()));
    let output = place.run(&server.url, "out", &["--chunk-bytes", "1000"]);
    assert_eq!(code(&output), Some(0), "{}", said(&output));
    let rows = place.rows("out/pairs/a.jsonl.zst");
    assert!(rows.len() >= 10);
    let joined =
        |field: &str| -> String { rows.iter().map(|row| row[field].as_str().unwrap()).collect() };
    assert_eq!(joined("raw"), text);
    assert_eq!(joined("refined"), text);
    let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!((ids[0], ids[9]), ("long#1", "long#10"));
    assert!(rows.iter().all(|row| row["chunks"] == rows.len()));
}

#[test]
fn a_spent_budget_stops_cleanly_and_the_next_run_pays_for_the_rest_only() {
    let place = Place::new();
    place.corpus(3, 40);
    let server = Server::start(|request| Reply::ok(&request.good()));
    let first = place.run(&server.url, "out", &["--budget-tokens", "6000", "--concurrency", "4"]);
    assert_eq!(code(&first), Some(1), "{}", said(&first));
    assert!(
        said(&first).contains("stopped: expected the next request to fit the budget"),
        "{}",
        said(&first)
    );
    assert!(!place.path("out/_SUCCESS").exists());
    let paid = server.count();
    // 120 tokens an answer; what is set aside for a request is an estimate of about 2,000.
    assert!(paid * 120 <= 6000 && paid >= 20, "{paid}");
    let costly = place.run(&server.url, "out", &["--budget-cost", "1"]);
    assert_eq!(code(&costly), Some(2), "{}", said(&costly));
    let second = place.run(&server.url, "out", &[]);
    assert_eq!(code(&second), Some(0), "{}", said(&second));
    assert_eq!(server.count(), 120);
    assert_eq!(place.json("out/stats.json")["total"]["pairs"], 120);
}

#[test]
fn a_complete_run_with_new_documents_is_not_complete_until_they_are_asked_about() {
    let place = Place::new();
    place.corpus(1, 3);
    let server = Server::start(|request| Reply::ok(&request.good()));
    assert_eq!(code(&place.run(&server.url, "out", &[])), Some(0));
    assert!(place.path("out/_SUCCESS").exists());
    place.corpus(2, 3);
    let stopped = place.run(&server.url, "out", &["--budget-tokens", "1"]);
    assert_eq!(code(&stopped), Some(1), "{}", said(&stopped));
    assert!(!place.path("out/_SUCCESS").exists());
    assert_eq!(code(&place.run(&server.url, "out", &[])), Some(0));
    assert!(place.path("out/_SUCCESS").exists());
}

#[test]
fn chunks_without_an_answer_are_asked_again_when_the_user_says_so() {
    let place = Place::new();
    place.corpus(2, 10);
    let server = Server::start(|request| {
        let unwilling = request.number < 23 && request.document().starts_with("Page 1-3");
        if unwilling { Reply::status(500, "") } else { Reply::ok(&request.good()) }
    });
    let few = ["--attempts", "2", "--max-tokens", "99"];
    let first = place.run(&server.url, "out", &few);
    assert_eq!(code(&first), Some(1), "{}", said(&first));
    let total = place.json("out/stats.json")["total"].clone();
    assert_eq!(
        (&total["pairs"], &total["without"], &total["unanswered"]),
        (&json!(19), &json!(1), &json!(1))
    );
    let again = place.run(&server.url, "out", &few);
    assert_eq!((code(&again), server.count()), (Some(1), 19 + 2), "{}", said(&again));
    let still = place.run(&server.url, "out", &[&few[..], &["--retry-failed"]].concat());
    assert_eq!((code(&still), server.count()), (Some(1), 19 + 4), "{}", said(&still));
    let output = place.run(&server.url, "out", &[&few[..], &["--retry-failed"]].concat());
    assert_eq!((code(&output), server.count()), (Some(0), 19 + 5), "{}", said(&output));
    let total = place.json("out/stats.json")["total"].clone();
    assert_eq!((&total["pairs"], &total["unanswered"]), (&json!(20), &json!(0)));
    assert!(place.rows("out/failed/part-1.jsonl.zst").is_empty());
}

#[test]
fn a_run_that_is_killed_goes_on_and_pays_again_only_for_what_was_under_way() {
    let place = Place::new();
    place.corpus(4, 50);
    let server =
        Server::start(|request| Reply::Late(Duration::from_millis(15), request.good().to_string()));
    let mut child = place
        .command(&server.url, "out", &["--concurrency", "4"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while server.count() < 60 {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    let output = place.run(&server.url, "out", &["--concurrency", "4"]);
    assert_eq!(code(&output), Some(0), "{}", said(&output));
    assert!((200..=204).contains(&server.count()), "{}", server.count());
    let calm = place.run(&server.url, "calm", &[]);
    assert_eq!(code(&calm), Some(0), "{}", said(&calm));
    for shard in 0..4 {
        let file = |out: &str| {
            fs::read(place.path(&format!("{out}/pairs/part-{shard}.jsonl.zst"))).unwrap()
        };
        assert_eq!(file("out"), file("calm"));
    }
}

#[test]
fn two_runs_at_once_that_share_a_cache_pay_for_each_answer_once() {
    let place = Place::new();
    place.corpus(2, 30);
    let server =
        Server::start(|request| Reply::Late(Duration::from_millis(60), request.good().to_string()));
    let start = |out: &str| {
        let mut command = place.command(&server.url, out, &["--concurrency", "6"]);
        command.stdout(Stdio::null()).spawn().unwrap()
    };
    let mut runs = [start("one"), start("two")];
    for run in &mut runs {
        assert_eq!(run.wait().unwrap().code(), Some(0));
    }
    assert_eq!(server.count(), 60);
    for shard in 0..2 {
        let rows = |out: &str| place.rows(&format!("{out}/pairs/part-{shard}.jsonl.zst"));
        assert_eq!(rows("one"), rows("two"));
        assert_eq!(rows("one").len(), 30);
    }
}

#[test]
fn an_id_that_a_shard_has_twice_is_counted() {
    let place = Place::new();
    let row = |id: &str, text: &str| json!({"id": id, "text": text}).to_string() + "\n";
    place.write("in/a.jsonl", &[row("x", "One."), row("y", "Two."), row("x", "Three.")].concat());
    place.write("in/b.jsonl", &row("x", "Four."));
    let server = Server::start(|request| Reply::ok(&request.good()));
    let output = place.run(&server.url, "out", &[]);
    assert_eq!(code(&output), Some(0), "{}", said(&output));
    assert!(
        said(&output).contains("1 documents with an id that another of the same shard had before")
    );
    assert_eq!(place.json("out/stats.json")["total"]["id_collisions"], 1);
}

#[test]
fn a_batch_file_is_written_and_its_results_are_taken_as_answers() {
    let place = Place::new();
    place.corpus(1, 12);
    let queued = place.run("", "out", &["--batch-out", "batch.jsonl"]);
    assert_eq!(code(&queued), Some(0), "{}", said(&queued));
    assert!(said(&queued).contains("12 requests in batch.jsonl"), "{}", said(&queued));
    let requests = fs::read_to_string(place.path("batch.jsonl")).unwrap();
    let results: Vec<String> = requests
        .lines()
        .enumerate()
        .map(|(number, line)| {
            let request: Value = serde_json::from_str(line).unwrap();
            let request = server::Request { number, path: String::new(), headers: String::new(), body: request };
            let asked = server::Request { body: request.body["body"].clone(), ..request.clone() };
            let response = match number {
                3 => json!({"status_code": 500, "body": {"error": {"message": "lost"}}}),
                _ => json!({"status_code": 200, "body": asked.good()}),
            };
            json!({"id": format!("b{number}"), "custom_id": request.body["custom_id"], "response": response, "error": null}).to_string()
        })
        .filter(|line| !line.contains("\"b5\""))
        .collect();
    place.write("results.jsonl", &results.join("\n"));
    let taken = place.run("", "out", &["--batch-in", "results.jsonl"]);
    assert_eq!(code(&taken), Some(1), "{}", said(&taken));
    let total = place.json("out/stats.json")["total"].clone();
    assert_eq!((&total["rows"], &total["pairs"]), (&json!(12), &json!(10)));
    assert_eq!(total["refused_by_reason"], json!({"batch_failed": 1, "not_in_batch": 1}));
    let rest = place.run("", "out", &["--batch-out", "rest.jsonl"]);
    assert!(said(&rest).contains("2 requests in rest.jsonl"), "{}", said(&rest));
}

#[test]
fn a_sample_is_drawn_by_its_seed_and_along_a_column() {
    let place = Place::new();
    place.corpus(2, 100);
    let server = Server::start(|request| Reply::ok(&request.good()));
    let sample = ["--sample", "40", "--sample-by", "q", "--seed", "3"];
    let output = place.run(&server.url, "out", &sample);
    assert_eq!(code(&output), Some(0), "{}", said(&output));
    let rows: Vec<Value> =
        (0..2).flat_map(|shard| place.rows(&format!("out/pairs/part-{shard}.jsonl.zst"))).collect();
    assert_eq!((rows.len(), server.count()), (40, 40));
    let score = |row: &Value| row["id"].as_str().unwrap()[2..].parse::<u64>().unwrap() % 5;
    for wanted in 0..5 {
        assert_eq!(rows.iter().filter(|row| score(row) == wanted).count(), 8);
    }
    assert_eq!(place.json("out/stats.json")["total"]["left_out"], 160);
    let other =
        place.run(&server.url, "out", &["--sample", "40", "--sample-by", "q", "--seed", "4"]);
    assert_eq!(code(&other), Some(2));
    assert!(said(&other).contains("sample.seed: 3 before, 4 now"), "{}", said(&other));
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_sent() {
    let place = Place::new();
    place.corpus(1, 1);
    place.write("prompt.md", "no place for it");
    for (more, wanted) in [
        (&["--prompt", "prompt.md"][..], "expected {{document}} once"),
        (&["--prompt", "refine-v9"][..], "expected a prompt of refine-v1"),
        (&["--extra", "[1]"][..], "expected a JSON object for --extra"),
        (&["--extra", "{\"seed\":1}"][..], "expected extra fields that have no option"),
        (&["--budget-cost", "1"][..], "expected prices for a limit of money"),
        (&["--chunk-bytes", "2"][..], "expected a chunk budget"),
        (&["--connect-timeout", "0"][..], "expected a number of seconds over 0"),
    ] {
        let output = place.run("http://127.0.0.1:9/v1", "out", more);
        assert_eq!(code(&output), Some(2), "{more:?}: {}", said(&output));
        assert!(said(&output).contains(wanted), "{more:?}: {}", said(&output));
    }
    let output = place.run("https://user:secret@host/v1", "out", &[]);
    assert!(code(&output) == Some(2) && !said(&output).contains("secret"), "{}", said(&output));
}
