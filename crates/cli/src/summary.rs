//! What a run says at its end, for people and as JSON.

use crate::arguments::Run;
use refinex::core::DistillTally;
use refinex::{Decider, Plan, RunReport, Settings};
use std::time::Duration;

/// Prints a summary that a person can read.
pub fn print(report: &RunReport, took: Duration, output: &str) {
    let tally = &report.tally;
    let documents = tally.documents().max(1) as f64;
    let share = |count: u64| 100.0 * count as f64 / documents;
    let seconds = took.as_secs_f64().max(1e-6);
    anstream::println!("{} documents in {} shards", tally.documents(), report.shards_done);
    anstream::println!("  untouched {:>12}  {:5.1} %", tally.kept, share(tally.kept));
    anstream::println!("  edited    {:>12}  {:5.1} %", tally.edited, share(tally.edited));
    anstream::println!("  emptied   {:>12}  {:5.1} %", tally.emptied, share(tally.emptied));
    anstream::println!("  failed    {:>12}  rows", tally.failed);
    for (reason, count) in &tally.failed_by_reason {
        anstream::println!("    {reason}: {count}");
    }
    anstream::println!(
        "{:.1} % of the text deleted ({} of {} bytes, in {} pieces)",
        100.0 * tally.deleted_share(),
        tally.deleted_bytes,
        tally.text_bytes,
        tally.deletions
    );
    if let Some(distill) = &tally.distill {
        print_distilled(distill);
    }
    if tally.id_collisions > 0 {
        anstream::println!("{} documents have an id that stood before them", tally.id_collisions);
    }
    if report.shards_skipped > 0 {
        anstream::println!("{} shards were done before", report.shards_skipped);
    }
    let megabytes = report.now.text_bytes as f64 / 1e6;
    anstream::println!(
        "{seconds:.1} s, {:.0} rows/s, {:.1} MB of text a second",
        report.now.rows as f64 / seconds,
        megabytes / seconds
    );
    for failure in &report.shards_failed {
        anstream::eprintln!("failed: {}: {}", failure.shard, failure.message);
    }
    let state = if report.complete { "complete" } else { "not complete yet" };
    anstream::println!("{output}: {state}");
}

/// Prints what was made of pairs.
fn print_distilled(distill: &DistillTally) {
    let [whole, salvaged, dropped] =
        ["whole", "salvaged", "dropped"].map(|name| distill.verdict(name));
    anstream::println!("{whole} pairs are examples, {salvaged} in part, {dropped} are dropped");
    for (reason, count) in &distill.dropped_by_reason {
        anstream::println!("    {reason}: {count}");
    }
    anstream::println!("{} pairs are pure deletion", distill.pure_deletions);
    for (kind, places) in &distill.residue {
        anstream::println!("    {kind}: {places} places in the others");
    }
    for (fallback, pairs) in &distill.fallbacks {
        anstream::println!("{pairs} pairs reached a bound on time ({fallback})");
    }
    let programs = distill.statistics();
    anstream::println!(
        "{:.1} calls a document; {:.1} % of the lines and {:.1} % of the characters go; programs \
         are {:.1} % of the text",
        programs.calls_per_document,
        100.0 * programs.deleted_line_share,
        100.0 * programs.deleted_character_share,
        100.0 * programs.program_share
    );
}

/// Prints the same as JSON.
pub fn print_json(report: &RunReport, took: Duration) {
    let mut value = serde_json::json!({
        "tally": report.tally,
        "deleted_share": report.tally.deleted_share(),
        "shards_done": report.shards_done,
        "shards_skipped": report.shards_skipped,
        "shards_failed": report.shards_failed,
        "complete": report.complete,
        "seconds": took.as_secs_f64(),
    });
    let speed = report.now.text_bytes as f64 / 1e6 / took.as_secs_f64().max(1e-6);
    value["text_megabytes_per_second"] = speed.into();
    anstream::println!("{value:#}");
}

/// Prints what a run would do.
pub fn print_plan(plan: &Plan, run: &Run, decider: &Decider, settings: &Settings) {
    let chosen = plan.chosen(run.shard);
    let identity = decider.identity();
    anstream::println!("model {} ({})", identity.name, identity.fingerprint);
    anstream::println!("threshold {:.3}", settings.threshold.probability());
    anstream::println!("part {}: {} of {} shards", run.shard, chosen.len(), plan.shards.len());
    for shard in chosen {
        anstream::println!(
            "  {} ({} bytes) -> {}/documents/{}",
            shard.location,
            shard.size,
            run.output.trim_end_matches('/'),
            settings.output.name_for(&shard.name)
        );
    }
}
