//! `refinex expert`.

use crate::bars::Bars;
use crate::expert_arguments::Expert as Arguments;
use refinex::expert::{
    ExpertJob, ExpertReport, ExpertRun, QueueReport, Seeds, queue_requests, run_expert,
};
use refinex::experts::{BatchImport, Expert, Prices, Sums};
use refinex::{Plan, RunError, Settings, Silent};
use std::path::Path;
use std::process::ExitCode;

pub fn run(arguments: &Arguments) -> Result<ExitCode, RunError> {
    let settings = Settings { output: ExpertRun::output(), ..Settings::default() };
    let plan = Plan::of(&arguments.inputs, &settings, &arguments.output)?;
    let asking = arguments.asking()?;
    let run = arguments.run(&asking);
    if arguments.part.dry_run {
        print_plan(&plan, &run, arguments);
        return Ok(ExitCode::SUCCESS);
    }
    let how = arguments.connection.settings(arguments.seeds.seed)?;
    let expert = Expert::connect(asking, how, &arguments.batch.transport())
        .map_err(|error| RunError::new(error.to_string()))?;
    let seeds = draw(&run, &plan, arguments)?;
    let job = ExpertJob {
        expert: &expert,
        run: &run,
        plan: &plan,
        choice: arguments.part.shard,
        seeds: &seeds,
        output: &arguments.output,
        concurrency: arguments.connection.traffic.concurrency,
        retry_failed: arguments.retry_failed,
    };
    if expert.queue.is_some() { queue(&job, arguments) } else { ask(&job, arguments) }
}

fn draw(run: &ExpertRun, plan: &Plan, arguments: &Arguments) -> Result<Seeds, RunError> {
    let Some(sample) = &run.sample else { return Ok(Seeds::all()) };
    let seeds = Seeds::draw(sample, &plan.shards, &run.read())?;
    if !arguments.part.quiet {
        let found = seeds.count().unwrap_or_default();
        anstream::eprintln!("{found} of {} documents drawn", seeds.seen);
        if seeds.without_score > 0 {
            anstream::eprintln!("  {} documents have no number there", seeds.without_score);
        }
    }
    Ok(seeds)
}

fn ask(job: &ExpertJob<'_>, arguments: &Arguments) -> Result<ExitCode, RunError> {
    if let Some(import) = &job.expert.import {
        print_import(import);
    }
    let report = if arguments.part.quiet {
        run_expert(job, &Silent)?
    } else {
        let bars = Bars::over(&job.plan.chosen(job.choice));
        let report = run_expert(job, &bars);
        bars.finish();
        report?
    };
    let (sums, prices) = (job.expert.ledger.sums(), arguments.connection.budget.prices());
    if arguments.part.json {
        print_json(&report, &sums, prices);
    } else {
        print(&report, &sums, prices, &arguments.output);
    }
    let tally = &report.tally;
    let fine = report.shards_failed.is_empty()
        && report.stopped.is_none()
        && tally.failed + tally.refused() == 0;
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn queue(job: &ExpertJob<'_>, arguments: &Arguments) -> Result<ExitCode, RunError> {
    let report = queue_requests(job)?;
    print_queue(&report, job.expert, arguments.batch.batch_out.as_deref(), arguments.part.json)
}

/// Tells what was read of a batch.
pub fn print_import(import: &BatchImport) {
    anstream::eprintln!("{} answers read from the batch", import.answers);
    for (line, why) in &import.strange {
        anstream::eprintln!("  line {line}: {why}");
    }
}

/// Finishes the batch file at `place` and tells what waits in it.
pub fn print_queue(
    report: &QueueReport,
    expert: &Expert,
    place: Option<&Path>,
    json: bool,
) -> Result<ExitCode, RunError> {
    let QueueReport { rows, failed, waiting, answered } = *report;
    let requests = expert.queue.as_ref().map_or(Ok(0), |queue| queue.finish());
    let requests = requests.map_err(|error| RunError::new(error.to_string()))?;
    let place = place.unwrap_or_else(|| "".as_ref()).display();
    if json {
        let value = serde_json::json!({
            "rows": rows, "failed": failed, "waiting": waiting, "answered": answered,
            "requests": requests,
        });
        anstream::println!("{value:#}");
    } else {
        anstream::println!("{requests} requests in {place}, for {waiting} chunks of {rows} rows");
        anstream::println!("  {answered} chunks have their answer in the cache");
        anstream::println!("  {failed} rows could not be read");
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn print_plan(plan: &Plan, run: &ExpertRun, arguments: &Arguments) {
    anstream::println!("model {} at {} ({})", run.model, run.endpoint, run.model_fingerprint);
    anstream::println!("prompt {}", run.prompt);
    let chosen = plan.chosen(arguments.part.shard);
    anstream::println!(
        "part {}: {} of {} shards",
        arguments.part.shard,
        chosen.len(),
        plan.shards.len()
    );
    for shard in chosen {
        anstream::println!(
            "  {} ({} bytes) -> {}/pairs/{}",
            shard.location,
            shard.size,
            arguments.output.trim_end_matches('/'),
            ExpertRun::output().name_for(&shard.name)
        );
    }
}

fn print(report: &ExpertReport, sums: &Sums, prices: Prices, output: &str) {
    let tally = &report.tally;
    let asked = tally.rewritten + tally.partly + tally.without;
    anstream::println!("{asked} documents in {} shards asked about", report.shards_done);
    anstream::println!("  rewritten {:>10}", tally.rewritten);
    anstream::println!("  in part   {:>10}", tally.partly);
    anstream::println!("  without   {:>10}", tally.without);
    anstream::println!("  left out  {:>10}  (not drawn)", tally.left_out);
    anstream::println!("  blank     {:>10}", tally.blank);
    anstream::println!("  failed    {:>10}  rows", tally.failed);
    print_reasons(&tally.failed_by_reason);
    if tally.id_collisions > 0 {
        let found = tally.id_collisions;
        anstream::println!(
            "{found} documents with an id that another of the same shard had before"
        );
    }
    anstream::println!("{} pairs of {} chunks; without a pair:", tally.pairs, tally.chunks);
    print_reasons(&tally.refused_by_reason);
    if tally.unanswered > 0 {
        anstream::println!("{} chunks had no answer: --retry-failed asks again", tally.unanswered);
    }
    if report.shards_skipped > 0 {
        anstream::println!("{} shards were done before", report.shards_skipped);
    }
    print_sent(sums, prices);
    for failure in &report.shards_failed {
        anstream::eprintln!("failed: {}: {}", failure.shard, failure.message);
    }
    if let Some(why) = &report.stopped {
        anstream::eprintln!("stopped: {why}");
        anstream::eprintln!("the same command goes on from here; no answer is paid for twice");
    }
    let state = if report.complete { "complete" } else { "not complete yet" };
    anstream::println!("{output}: {state}");
}

/// Tells what was sent and what it cost.
pub fn print_sent(sums: &Sums, prices: Prices) {
    anstream::println!(
        "{} requests sent, {} answers from the cache, {} tokens read, {} written",
        sums.requests,
        sums.from_cache,
        sums.usage.prompt_tokens,
        sums.usage.completion_tokens
    );
    print_reasons(&sums.failed_by_reason);
    if prices != Prices::default() {
        anstream::println!("cost: {:.4}", prices.of(sums.usage));
    }
    if let Some(error) = &sums.log_error {
        anstream::eprintln!("the log is not whole: {error}");
    }
}

fn print_reasons(counts: &std::collections::BTreeMap<String, u64>) {
    for (reason, count) in counts {
        anstream::println!("    {reason}: {count}");
    }
}

fn print_json(report: &ExpertReport, sums: &Sums, prices: Prices) {
    let mut value = serde_json::json!({ "report": report, "sent": sums });
    value["cost"] = prices.of(sums.usage).into();
    anstream::println!("{value:#}");
}
