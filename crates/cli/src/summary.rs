//! What a run says at its end, for people and as JSON.

use crate::arguments::Run;
use refinex::core::{DistillTally, Tally};
use refinex::experts::Sums;
use refinex::prox::ADDS_TEXT;
use refinex::{Decider, Plan, RunReport, Settings};
use std::time::Duration;

/// Prints a summary that a person can read.
pub fn print(report: &RunReport, took: Duration, output: &str) {
    print_outcomes(report);
    let Tally { deleted_bytes, text_bytes, deletions, id_collisions, .. } = report.tally;
    anstream::println!(
        "{:.1} % of the text deleted ({deleted_bytes} of {text_bytes} bytes, in {})",
        100.0 * report.tally.deleted_share(),
        counted(deletions, "piece")
    );
    print_dropped_text(&report.tally);
    for (reason, &count) in &report.tally.refused_by_reason {
        anstream::println!("{} refused: {reason}", counted(count, "call"));
    }
    if report.tally.voided_chunks > 0 {
        let chunks = counted(report.tally.voided_chunks, "chunk");
        anstream::println!("{chunks} kept whole, since too many calls of the program were refused");
    }
    for (reason, &count) in &report.tally.withheld_by_reason {
        let documents = counted(count, "document");
        if reason == ADDS_TEXT {
            anstream::println!("{documents} left as they were, since ProX adds text: {reason}");
        } else {
            anstream::println!("{documents} kept whole by the policy: {reason}");
        }
    }
    for (reason, &count) in &report.tally.unrefined_by_reason {
        let documents = counted(count, "document");
        anstream::println!("{documents} left as they were, since the model said nothing: {reason}");
    }
    print_steps(&report.tally);
    if let Some(distill) = &report.tally.distill {
        print_distilled(distill);
    }
    if id_collisions > 0 {
        let found = counted(id_collisions, "document");
        anstream::println!("{found} with an id that another of the same shard had before");
    }
    if report.shards_skipped > 0 {
        let skipped = counted(report.shards_skipped as u64, "shard");
        anstream::println!("{skipped} done before");
    }
    print_speed(report, took);
    for failure in &report.shards_failed {
        anstream::eprintln!("failed: {}: {}", failure.shard, failure.message);
    }
    if let Some(why) = &report.stopped {
        anstream::eprintln!("stopped: {why}");
        anstream::eprintln!("the same command goes on from here");
    }
    let state = if report.complete { "complete" } else { "not complete yet" };
    anstream::println!("{output}: {state}");
}

/// Text that goes with dropped documents is not among the deleted.
fn print_dropped_text(tally: &Tally) {
    let Tally { dropped, dropped_bytes, text_bytes, .. } = *tally;
    if dropped > 0 {
        let share = 100.0 * dropped_bytes as f64 / text_bytes.max(1) as f64;
        anstream::println!("{share:.1} % more went with dropped documents ({dropped_bytes} bytes)");
    }
}

fn print_outcomes(report: &RunReport) {
    let tally = &report.tally;
    let all = tally.documents().max(1) as f64;
    let documents = counted(tally.documents(), "document");
    anstream::println!("{documents} in {}", counted(report.shards_done as u64, "shard"));
    let outcomes =
        [("untouched", tally.kept), ("edited", tally.edited), ("emptied", tally.emptied)];
    for (name, count) in outcomes {
        anstream::println!("  {name:<9} {count:>12}  {:5.1} %", 100.0 * count as f64 / all);
    }
    if tally.dropped > 0 {
        anstream::println!("  dropped   {:>12}  by rules", tally.dropped);
        for (reason, count) in &tally.dropped_by_reason {
            anstream::println!("    {reason}: {count}");
        }
    }
    anstream::println!("  failed    {:>12}  rows", tally.failed);
    for (reason, count) in &tally.failed_by_reason {
        anstream::println!("    {reason}: {count}");
    }
}

/// What each step did, where rules were among them.
fn print_steps(tally: &Tally) {
    for (name, step) in tally.steps_in_order() {
        anstream::println!(
            "{name}: of {}, {} dropped, {} edited ({} bytes deleted)",
            counted(step.documents, "document"),
            step.dropped,
            step.edited,
            step.deleted_bytes
        );
    }
}

fn print_speed(report: &RunReport, took: Duration) {
    let seconds = took.as_secs_f64().max(1e-6);
    let rows = report.now.rows as f64 / seconds;
    let text = report.now.text_bytes as f64 / 1e6 / seconds;
    anstream::println!("{seconds:.1} s, {rows:.0} rows/s, {text:.1} MB of text a second");
}

/// `1 shard`, `2 shards`.
fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
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
pub fn print_json(report: &RunReport, took: Duration, sent: Option<Sums>) {
    let mut value = serde_json::json!({
        "tally": report.tally,
        "deleted_share": report.tally.deleted_share(),
        "shards_done": report.shards_done,
        "shards_skipped": report.shards_skipped,
        "shards_failed": report.shards_failed,
        "stopped": report.stopped,
        "complete": report.complete,
        "seconds": took.as_secs_f64(),
    });
    let speed = report.now.text_bytes as f64 / 1e6 / took.as_secs_f64().max(1e-6);
    value["text_megabytes_per_second"] = speed.into();
    if let Some(sent) = sent {
        value["sent"] = serde_json::json!(sent);
    }
    anstream::println!("{value:#}");
}

/// Prints what a run would do.
pub fn print_plan(plan: &Plan, run: &Run, decider: &Decider, settings: &Settings) {
    let chosen = plan.chosen(run.part.shard);
    let identity = decider.identity();
    anstream::println!("model {} ({})", identity.name, identity.fingerprint);
    anstream::println!("threshold {:.3}", settings.threshold.probability());
    let all = counted(plan.shards.len() as u64, "shard");
    anstream::println!("part {}: {} of {all}", run.part.shard, chosen.len());
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
