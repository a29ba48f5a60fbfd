//! The client against a server that misbehaves on purpose.

#![allow(clippy::unwrap_used)]

mod server;

use refinex_core::{Answer, Chunk, RewriteError, RewriteFault, Rewriter};
use refinex_expert::{
    ApiKey, Asking, Expert, ExpertSettings, Limits, Patience, Prompt, Sampling, Task, Timeouts,
    Transport,
};
use serde_json::{Value, json};
use server::{Reply, Server, completion};
use std::path::Path;
use std::time::{Duration, Instant};

const KEY: &str = "sk-never-to-be-seen";
const PAGE: &str = "Bridge closed\nSubscribe to our letter\n";

fn asking(url: &str) -> Asking {
    Asking {
        endpoint: url.to_owned(),
        model: "m".to_owned(),
        task: Task::Rewrite(Prompt::built_in("refine-v1").unwrap()),
        sampling: Sampling::default(),
    }
}

fn settings(folder: &Path) -> ExpertSettings {
    ExpertSettings {
        key: ApiKey::of(KEY),
        timeouts: Timeouts { connect: Duration::from_secs(2), total: Duration::from_millis(600) },
        patience: Patience { first: Duration::from_millis(5), attempts: 3, ..Patience::default() },
        limits: Limits::default(),
        concurrency: 8,
        give_up_after: 20,
        cache: folder.join("cache"),
        log: Some(folder.join("log.jsonl")),
    }
}

fn connect(url: &str, folder: &Path) -> Expert {
    Expert::connect(asking(url), settings(folder), &Transport::Http).unwrap()
}

/// One question to a server that answers in this way; then how often it was asked.
fn ask(
    reply: impl Fn(&server::Request) -> Reply + Send + Sync + 'static,
) -> (Result<Answer, RewriteError>, usize) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(reply);
    let expert = connect(&server.url, folder.path());
    let answer = expert.rewriter.rewrite_one(&Chunk::whole(PAGE));
    check_no_key(folder.path(), &answer);
    (answer, server.count())
}

/// The key is nowhere: not in the answer or error, and in no file that was written.
fn check_no_key(folder: &Path, answer: &Result<Answer, RewriteError>) {
    assert!(!format!("{answer:?}").contains(KEY));
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(!text.contains(KEY), "{}", path.display());
            }
        }
    }
}

fn fault(answer: Result<Answer, RewriteError>) -> RewriteFault {
    answer.unwrap_err().fault
}

#[test]
fn a_good_answer_is_read_with_its_usage_and_the_key_travels_only_in_its_header() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|request| Reply::ok(&request.good()));
    let expert = connect(&server.url, folder.path());
    let answer = expert.rewriter.rewrite_one(&Chunk::whole(PAGE)).unwrap();
    let rewrite = answer.read(PAGE).unwrap();
    assert_eq!(
        (rewrite.text.as_str(), rewrite.reason.as_str()),
        ("Bridge closed\n", "a newsletter")
    );
    assert_eq!((answer.usage.unwrap().total(), answer.model.as_str()), (120, "served-model"));
    let request = server.requests().remove(0);
    assert_eq!(request.path, "/v1/chat/completions");
    assert!(request.headers.to_lowercase().contains(&format!("authorization: bearer {KEY}")));
    assert!(!request.body.to_string().contains(KEY));
    check_no_key(folder.path(), &Ok(answer));
}

#[test]
fn retry_after_in_seconds_and_as_a_date_is_kept() {
    let date = |request: &server::Request| {
        let soon = std::time::SystemTime::now() + Duration::from_secs(2);
        let after = if request.body["seed"].is_null() { "1".to_owned() } else { httpdate(soon) };
        Reply::Full(429, format!("Retry-After: {after}\r\n"), "{}".to_owned())
    };
    for seed in [None, Some(1)] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(move |request| match request.number {
            0 => date(request),
            _ => Reply::ok(&request.good()),
        });
        let mut asking = asking(&server.url);
        asking.sampling.seed = seed;
        let expert = Expert::connect(asking, settings(folder.path()), &Transport::Http).unwrap();
        let begun = Instant::now();
        assert!(expert.rewriter.rewrite_one(&Chunk::whole(PAGE)).is_ok());
        let waited = begun.elapsed();
        assert!(waited >= Duration::from_millis(990), "{waited:?}");
        assert_eq!(server.count(), 2);
    }
}

fn httpdate(time: std::time::SystemTime) -> String {
    httpdate::fmt_http_date(time)
}

#[test]
fn failures_that_pass_are_asked_again() {
    let (answer, asked) = ask(|request| match request.number {
        0 => Reply::status(500, "internal"),
        1 => Reply::HangUp,
        _ => Reply::ok(&request.good()),
    });
    assert!(answer.is_ok());
    assert_eq!(asked, 3);
}

#[test]
fn failures_that_stay_are_named_after_the_last_attempt() {
    type Answering = fn(&server::Request) -> Reply;
    let cases: [(Answering, RewriteFault); 8] = [
        (|_| Reply::status(503, ""), RewriteFault::ServerError),
        (|_| Reply::status(429, ""), RewriteFault::RateLimited),
        (|_| Reply::HangUp, RewriteFault::Connection),
        (|r| Reply::Cut(120, r.good().to_string()), RewriteFault::Connection),
        (|_| Reply::status(200, "<html>busy</html>"), RewriteFault::MalformedResponse),
        (|_| Reply::status(200, "{\"choices\":[{\"mess"), RewriteFault::MalformedResponse),
        (|_| Reply::status(200, "{\"choices\":[]}"), RewriteFault::WrongCount),
        (|_| Reply::status(200, "{}"), RewriteFault::WrongCount),
    ];
    for (reply, wanted) in cases {
        let (answer, asked) = ask(reply);
        let error = answer.unwrap_err();
        assert_eq!((error.fault, asked), (wanted, 3), "{error}");
        assert!(error.message.ends_with("(given up after 3 attempts)"), "{error}");
    }
}

#[test]
fn slow_answers_run_out_of_time_even_if_bytes_keep_coming() {
    let begun = Instant::now();
    let (answer, _) = ask(|r| Reply::Late(Duration::from_secs(2), r.good().to_string()));
    assert_eq!(fault(answer), RewriteFault::Timeout);
    let (answer, _) = ask(|r| Reply::Dribble(Duration::from_millis(20), r.good().to_string()));
    assert_eq!(fault(answer), RewriteFault::Timeout);
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
}

#[test]
fn failures_that_last_are_asked_once() {
    for (status, wanted) in [
        (400, RewriteFault::RequestRefused),
        (403, RewriteFault::RequestRefused),
        (401, RewriteFault::Unauthorised),
        (404, RewriteFault::NotFound),
        (302, RewriteFault::NotFound),
    ] {
        let (answer, asked) = ask(move |_| Reply::status(status, "no"));
        assert_eq!((fault(answer), asked), (wanted, 1), "{status}");
    }
}

#[test]
fn a_server_that_repeats_the_key_does_not_bring_it_into_errors_logs_or_the_cache() {
    let said = format!("{{\"error\":{{\"message\":\"Incorrect API key: {KEY}\"}}}}");
    let (answer, _) = ask(move |_| Reply::status(401, &said));
    let message = answer.unwrap_err().message;
    assert!(message.ends_with("status 401: Incorrect API key: [key]"), "{message}");
    let (answer, _) = ask(|_| Reply::ok(&completion(&format!("<text>{KEY}</text>"))));
    assert_eq!(answer.unwrap().content, "<text>[key]</text>");
}

#[test]
fn a_truncated_answer_is_kept_as_it_came_and_never_used() {
    let (answer, asked) = ask(|request| {
        let mut cut = request.good();
        cut["choices"][0]["finish_reason"] = json!("length");
        Reply::ok(&cut)
    });
    let answer = answer.unwrap();
    assert_eq!(answer.finish_reason.as_deref(), Some("length"));
    assert_eq!((answer.read(PAGE).unwrap_err().fault, asked), (RewriteFault::Truncated, 1));
}

#[test]
fn reasoning_fields_and_think_blocks_are_kept_apart() {
    let reply = |field: Option<&'static str>, content: &'static str| {
        move |_: &server::Request| {
            let mut said: Value = completion(content);
            if let Some(field) = field {
                said["choices"][0]["message"][field] = json!("hm");
            }
            Reply::ok(&said)
        }
    };
    for (field, content, thought) in [
        (Some("reasoning"), "<text>\na\n</text>", "hm"),
        (Some("reasoning_content"), "<text>\na\n</text>", "hm"),
        (None, "<think>\n\n</think>\n\n<text>\na\n</text>", ""),
        (None, "<think>\nhm\n</think>\n<text>\na\n</text>", "hm"),
    ] {
        let rewrite = ask(reply(field, content)).0.unwrap().read("a\nb").unwrap();
        assert_eq!((rewrite.reasoning.as_str(), rewrite.text.as_str()), (thought, "a"));
    }
    let null = ask(|_| {
        let mut said = completion("");
        said["choices"][0]["message"] =
            json!({"role": "assistant", "content": null, "reasoning": "hm"});
        Reply::ok(&said)
    });
    assert_eq!(null.0.unwrap().read("a").unwrap_err().fault, RewriteFault::ThoughtOnly);
}

#[test]
fn a_server_that_is_down_stops_the_run_after_a_few_chunks() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Reply::status(502, ""));
    let mut settings = settings(folder.path());
    settings.give_up_after = 4;
    settings.concurrency = 1;
    let expert = Expert::connect(asking(&server.url), settings, &Transport::Http).unwrap();
    let texts: Vec<String> = (0..50).map(|number| format!("page {number}")).collect();
    let chunks: Vec<Chunk<'_>> = texts.iter().map(|text| Chunk::whole(text)).collect();
    let faults: Vec<_> = expert.rewriter.rewrite(&chunks).into_iter().map(fault).collect();
    assert_eq!(faults[..4], [RewriteFault::ServerError; 4]);
    assert!(faults[4..].iter().all(|fault| *fault == RewriteFault::EndpointDown));
    assert_eq!(server.count(), 4 * 3);
}

#[test]
fn the_log_has_a_line_a_request_and_the_ledger_their_sums() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|request| match request.number {
        0 => Reply::status(500, ""),
        _ => Reply::ok(&request.good()),
    });
    let expert = connect(&server.url, folder.path());
    for text in [PAGE, PAGE, "another page"] {
        assert!(expert.rewriter.rewrite_one(&Chunk::whole(text)).is_ok());
    }
    let sums = expert.ledger.sums();
    assert_eq!((sums.requests, sums.answers, sums.from_cache), (3, 2, 1));
    assert_eq!((sums.usage.total(), sums.failed_by_reason["server_error"]), (240, 1));
    let log = std::fs::read_to_string(folder.path().join("log.jsonl")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        (&lines[0]["fault"], &lines[1]["finish_reason"]),
        (&json!("server_error"), &json!("stop"))
    );
    assert!(!log.contains("Bridge"));
}
