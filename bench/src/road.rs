//! The roads, timed, and their answers checked.

use crate::Options;
use crate::bare::{self, Parser};
use crate::clock::{Took, time};
use crate::data::{Data, LEVEL};
use crate::table::Table;
use refinex::core::KeepAll;
use refinex::corpus::OutputSettings;
use refinex::{
    Decider, Job, LineTagger, OperatingPoint, Plan, ProgramStore, RunReport, Settings, ShardChoice,
    Silent, Tier, run_corpus,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs a road over a folder into a new run directory.
pub fn run(
    input: &Path,
    out: &Path,
    decider: &Decider,
    settings: &Settings,
    threads: usize,
) -> RunReport {
    let _ = std::fs::remove_dir_all(out);
    let inputs = [input.to_str().expect("a path in UTF-8").to_owned()];
    let output = out.to_str().expect("a path in UTF-8");
    let plan = Plan::of(&inputs, settings, output).expect("a plan");
    let job = Job {
        retry_failed: false,
        command: "bench",
        inputs: &inputs,
        plan: &plan,
        choice: ShardChoice::ALL,
        decider,
        settings,
        output,
        threads,
    };
    let report = run_corpus(&job, &Silent).expect("a run");
    assert!(report.complete && report.shards_failed.is_empty(), "{report:?}");
    assert_eq!(report.tally.failed, 0, "every row is a document");
    report
}

/// The embedded tagger with its threshold.
pub fn embedded() -> (Decider, Settings) {
    let tagger = LineTagger::shipped(Tier::Fast).expect("the embedded weights");
    let settings =
        Settings { threshold: tagger.threshold(OperatingPoint::Balanced), ..Settings::default() };
    (Decider::Model(Arc::new(tagger)), settings)
}

/// (a) The road without a model beside the bare loop.
pub fn without_a_model(data: &Data, options: &Options, table: &mut Table) {
    let output = OutputSettings { level: LEVEL, ..OutputSettings::default() };
    let settings = Settings { output, ..Settings::default() };
    let keep_all = Decider::Model(Arc::new(KeepAll));
    let (out, bare_out) = (data.out.join("keep"), data.out.join("bare"));
    for threads in [1, 2] {
        let mut rivals: [Option<Took>; 3] = [None; 3];
        let mut road: Option<Took> = None;
        for _ in 0..options.rounds {
            for (parser, best) in Parser::ALL.into_iter().zip(&mut rivals) {
                let (sum, took) = time(|| bare::copy(&data.packed, &bare_out, parser, threads));
                assert!(sum > data.text_bytes);
                *best = Some(best.map_or(took, |best| best.best(took)));
            }
            let (report, took) = time(|| run(&data.packed, &out, &keep_all, &settings, threads));
            assert_eq!(report.tally.text_bytes, data.text_bytes);
            road = Some(road.map_or(took, |best| best.best(took)));
        }
        assert_same(&data.packed, &out.join("documents"), "the road without a model");
        assert_same(&data.packed, &bare_out, "the bare loop");
        let rivals = rivals.map(|best| best.expect("a round"));
        for (parser, took) in Parser::ALL.iter().zip(rivals) {
            let what = format!("bare loop, {}, {threads} thread(s)", parser.name());
            table.say(&what, data.text_bytes, took);
        }
        let best = rivals.into_iter().reduce(Took::best).expect("three rivals");
        let what = format!("(a) road, keep_all, {threads} thread(s)");
        table.ratio(&what, data.text_bytes, road.expect("a round"), best, 2.0);
    }
}

/// (b) Stored programs carried out again, without compression.
pub fn apply(data: &Data, options: &Options, table: &mut Table) {
    let (decider, settings) = embedded();
    let (refined, again) = (data.out.join("refined"), data.out.join("again"));
    run(&data.plain, &refined, &decider, &settings, 2);
    let programs = ProgramStore::open(refined.to_str().expect("UTF-8")).expect("programs");
    let stored = Decider::Programs(programs);
    let mut best: Option<Took> = None;
    for _ in 0..options.rounds {
        let (report, took) = time(|| run(&data.plain, &again, &stored, &Settings::default(), 1));
        assert_eq!(report.tally.text_bytes, data.text_bytes);
        best = Some(best.map_or(took, |best| best.best(took)));
    }
    assert_same(&refined.join("documents"), &again.join("documents"), "apply");
    table.rate(
        "(b) apply, plain in and out, 1 thread",
        data.text_bytes,
        best.expect("a round"),
        200.0,
    );
}

/// (c) The embedded tagger, everything included.
pub fn tagger(data: &Data, options: &Options, table: &mut Table) {
    let (decider, settings) = embedded();
    let out = data.out.join("tagged");
    let mut best: Option<Took> = None;
    for _ in 0..options.rounds.min(2) {
        let (report, took) = time(|| run(&data.plain, &out, &decider, &settings, 1));
        assert!(report.tally.deleted_bytes > 0 && report.tally.deleted_share() < 0.9);
        best = Some(best.map_or(took, |best| best.best(took)));
    }
    // Two threads made the other run of the same input.
    for part in ["documents", "programs"] {
        assert_same(&data.out.join("refined").join(part), &out.join(part), "one thread and two");
    }
    table.rate(
        "(c) embedded tagger, everything, 1 thread",
        data.text_bytes,
        best.expect("a round"),
        2.0,
    );
}

/// The files of two folders hold the same, compressed or not.
fn assert_same(one: &Path, other: &Path, what: &str) {
    let names = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let mut names: Vec<_> =
            entries.map(|e| PathBuf::from(e.expect("a file").file_name())).collect();
        names.sort();
        names
    };
    assert_eq!(names(one), names(other), "{what}");
    for name in names(one) {
        assert!(
            unpacked(&one.join(&name)) == unpacked(&other.join(&name)),
            "{what}: {name:?} differs"
        );
    }
}

fn unpacked(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("a file");
    if path.extension().is_some_and(|end| end == "zst") {
        zstd::stream::decode_all(bytes.as_slice()).expect("zstd")
    } else {
        bytes
    }
}
