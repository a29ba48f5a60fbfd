//! A refiner that fails on purpose: what becomes of its documents, its shards and its run.

#![allow(clippy::unwrap_used)]

use refinex::core::{
    Chunk, Course, Identity, Proposal, RefineError, Refiner, RewriteError, RewriteFault, Score,
    Scores, Tally,
};
use refinex::corpus::{ProgramReader, ProgramRow, Store};
use refinex::{
    Decider, Job, Plan, ProgramStore, RunReport, Settings, ShardChoice, Silent, run_corpus,
};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Deletes lines that say `noise`; has no answer where a chunk says `slow` or `refused`, and, after
/// so many chunks, to nothing.
struct Faulty {
    alive_for: AtomicUsize,
    /// Whether what was slow is answered now.
    quick: bool,
}

impl Faulty {
    fn decider(alive_for: usize) -> Decider {
        Decider::Model(Arc::new(Self { alive_for: AtomicUsize::new(alive_for), quick: false }))
    }

    fn answer(&self, chunk: &Chunk<'_>) -> Result<Proposal, RefineError> {
        let left = self.alive_for.load(Ordering::SeqCst);
        self.alive_for.store(left.saturating_sub(1), Ordering::SeqCst);
        if left == 0 {
            return Err(RefineError::stop("endpoint_down", "expected an endpoint, but found none"));
        }
        if chunk.text().contains("slow") && !self.quick {
            // What an endpoint says once its retries are used up.
            let timeout = RewriteError::new(RewriteFault::Timeout, "expected an answer in time");
            assert_eq!(timeout.course, Course::Again { after: None });
            return Err(timeout.into());
        }
        if chunk.text().contains("refused") {
            return Err(RefineError::skip("request_refused", "expected it to fit"));
        }
        let noise = |line: &str| Score::from_thousandths(if line == "noise" { 1000 } else { 0 });
        let lines = chunk.lines();
        let lines = lines.iter().map(|line| noise(line.content().of(chunk.text()))).collect();
        Ok(Proposal::Scores(Scores { lines, pieces: Vec::new() }))
    }
}

impl Refiner for Faulty {
    fn identity(&self) -> Identity {
        Identity { name: "faulty".to_owned(), fingerprint: "faulty-1".to_owned() }
    }

    fn refine(&self, chunks: &[Chunk<'_>]) -> Vec<Result<Proposal, RefineError>> {
        chunks.iter().map(|chunk| self.answer(chunk)).collect()
    }
}

fn run(input: &Path, output: &Path, decider: &Decider) -> RunReport {
    run_again(input, output, decider, false)
}

fn run_again(input: &Path, output: &Path, decider: &Decider, retry_failed: bool) -> RunReport {
    let settings = Settings { chunk_bytes: 20_000, overlap_bytes: 200, ..Settings::default() };
    let (inputs, output) = (vec![input.display().to_string()], output.display().to_string());
    let plan = Plan::of(&inputs, &settings, &output).unwrap();
    let job = Job {
        command: "refine",
        inputs: &inputs,
        plan: &plan,
        choice: ShardChoice::ALL,
        decider,
        settings: &settings,
        output: &output,
        threads: 1,
        retry_failed,
    };
    run_corpus(&job, &Silent).unwrap()
}

fn row(id: &str, text: &str) -> String {
    serde_json::json!({"id": id, "text": text}).to_string() + "\n"
}

/// A shard with faults, and what is to come of it; one document is so long that only its last chunk
/// has one.
fn input(folder: &Path) -> String {
    let long = "noise\nA line that stays.\n".repeat(2000);
    let rows = [
        row("first", "noise\nOne.\n"),
        row("late", "noise\nThe answer is slow.\n"),
        row("half", &(long + "It is refused here.\n")),
        "{\"id\":\"bad\"}\n".to_owned(),
        row("last", "Two.\nnoise\n"),
    ];
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("a.jsonl"), rows.concat()).unwrap();
    let (first, last) = (row("first", "One.\n"), row("last", "Two.\n"));
    [&first, &rows[1], &rows[2], &last].map(String::as_str).concat()
}

fn programs(run: &Path) -> Vec<ProgramRow> {
    let store = Store::open(&run.display().to_string()).unwrap();
    let reader: ProgramReader = ProgramReader::open(&store, "programs/a.jsonl.zst").unwrap();
    reader.map(Result::unwrap).collect()
}

fn reasons(tally: &Tally) -> Vec<(&str, u64)> {
    let reasons = tally.unrefined_by_reason.iter();
    reasons.map(|(reason, count)| (reason.as_str(), *count)).collect()
}

#[test]
fn a_document_without_an_answer_stays_as_it_is_with_its_reason_and_the_shard_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    let wanted = input(&from);
    let report = run(&from, &to, &Faulty::decider(usize::MAX));
    assert!(report.complete && report.shards_failed.is_empty() && report.stopped.is_none());
    let tally = &report.tally;
    assert_eq!((tally.rows, tally.edited, tally.kept, tally.failed), (5, 2, 2, 1));
    assert_eq!(reasons(tally), [("request_refused", 1), ("timeout", 1)]);
    assert_eq!(fs::read_to_string(to.join("documents/a.jsonl")).unwrap(), wanted);
    let rows = programs(&to);
    let unrefined = rows[1].unrefined.as_ref().unwrap();
    assert_eq!((rows[1].outcome.as_str(), unrefined.reason.as_str()), ("kept", "timeout"));
    assert_eq!(unrefined.message, "expected an answer in time");
    assert!(rows[0].unrefined.is_none() && rows[2].unrefined.is_some() && rows.len() == 4);
}

#[test]
fn shards_with_unanswered_documents_are_done_again_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    input(&from);
    fs::write(from.join("b.jsonl"), row("fine", "noise\nThree.\n")).unwrap();
    run(&from, &to, &Faulty::decider(usize::MAX));
    let quick =
        Decider::Model(Arc::new(Faulty { alive_for: AtomicUsize::new(usize::MAX), quick: true }));
    let report = run(&from, &to, &quick);
    assert_eq!((report.shards_skipped, report.tally.unrefined()), (2, 2), "it was not asked for");
    let report = run_again(&from, &to, &quick, true);
    assert_eq!((report.shards_skipped, report.shards_done), (1, 2), "b had all its answers");
    assert_eq!(reasons(&report.tally), [("request_refused", 1)]);
    assert!(report.complete && programs(&to)[1].unrefined.is_none());
    let left = fs::read_to_string(to.join("documents/a.jsonl")).unwrap();
    assert!(left.contains(&row("late", "The answer is slow.\n")), "{left}");
}

#[test]
fn what_had_no_answer_has_none_when_programs_and_scores_are_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    let wanted = input(&from);
    let first = run(&from, &to, &Faulty::decider(usize::MAX));
    let stored = || ProgramStore::open(&to.display().to_string()).unwrap();
    let deciders =
        [("replayed", Decider::Programs(stored())), ("rescored", Decider::Scores(stored()))];
    for (name, decider) in deciders {
        let again = folder.path().join(name);
        let report = run(&from, &again, &decider);
        assert_eq!(report.tally, first.tally, "{name}: {:?}", report.shards_failed);
        assert_eq!(fs::read_to_string(again.join("documents/a.jsonl")).unwrap(), wanted);
        assert_eq!(programs(&again)[1].unrefined, programs(&to)[1].unrefined);
    }
}

#[test]
fn a_refiner_that_is_down_stops_the_run_which_goes_on_later_as_if_nothing_had_been() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    input(&from);
    for shard in ["b.jsonl", "c.jsonl"] {
        fs::write(from.join(shard), row(shard, "noise\nThree.\n")).unwrap();
    }
    let whole = folder.path().join("whole");
    let undisturbed = run(&from, &whole, &Faulty::decider(usize::MAX));

    // The largest shard is done first: it has just enough life for that one.
    let counting = Arc::new(Faulty { alive_for: AtomicUsize::new(1000), quick: false });
    let decider = Decider::Model(Arc::clone(&counting) as Arc<dyn Refiner>);
    run(&from.join("a.jsonl"), &folder.path().join("alone"), &decider);
    let chunks = 1000 - counting.alive_for.load(Ordering::SeqCst);
    let stopped = run(&from, &to, &Faulty::decider(chunks));
    assert_eq!(stopped.stopped.as_deref(), Some("expected an endpoint, but found none"));
    assert!(!stopped.complete && stopped.shards_failed.is_empty());
    assert_eq!(stopped.shards_done, 1);
    assert!(!to.join("_SUCCESS").exists() && !to.join("documents/b.jsonl").exists());

    let later = run(&from, &to, &Faulty::decider(usize::MAX));
    assert!(later.complete && later.stopped.is_none());
    assert_eq!((later.shards_skipped, &later.tally), (1, &undisturbed.tally));
    for file in ["documents/a.jsonl", "documents/b.jsonl", "documents/c.jsonl", "stats.json"] {
        assert_eq!(fs::read(to.join(file)).unwrap(), fs::read(whole.join(file)).unwrap(), "{file}");
    }
}
