//! One file a subcommand, and what they share.

pub mod apply;
pub mod bench;
pub mod deleted;
pub mod distill;
pub mod eval;
pub mod expert;
pub mod export;
pub mod filter;
pub mod generator;
pub mod inspect;
pub mod labels;
pub mod prox;
pub mod refine;
pub mod report;
pub mod restore;
pub mod rethreshold;
pub mod score;
pub mod train;
pub mod train_generator;

use crate::arguments::Run;
use crate::bars::Bars;
use crate::summary;
use refinex::eval::Table;
use refinex::experts::Ledger;
use refinex::{Decider, Job, Plan, RunError, Settings, Silent, run_corpus};
use serde::Serialize;
use std::process::ExitCode;
use std::time::Instant;

/// What a summary names beside the run.
pub struct Told<'a> {
    /// The command, for `run.json`.
    pub command: &'a str,
    /// What was sent, where a model behind an endpoint decides.
    pub ledger: Option<&'a Ledger>,
    /// Whether shards are done again of whose documents a model said nothing.
    pub retry_failed: bool,
}

/// Plans, runs and sums up.
pub fn run_job(
    command: &str,
    inputs: &[String],
    decider: &Decider,
    settings: &Settings,
    run: &Run,
) -> Result<ExitCode, RunError> {
    run_told(&Told { command, ledger: None, retry_failed: false }, inputs, decider, settings, run)
}

/// The same, with what was sent in the summary.
pub fn run_told(
    told: &Told<'_>,
    inputs: &[String],
    decider: &Decider,
    settings: &Settings,
    run: &Run,
) -> Result<ExitCode, RunError> {
    let plan = Plan::of(inputs, settings, &run.output)?;
    if run.part.dry_run {
        summary::print_plan(&plan, run, decider, settings);
        return Ok(ExitCode::SUCCESS);
    }
    let job = Job {
        command: told.command,
        inputs,
        plan: &plan,
        choice: run.part.shard,
        decider,
        settings,
        output: &run.output,
        threads: run.threads(),
        retry_failed: told.retry_failed,
    };
    let begun = Instant::now();
    let report = if run.part.quiet {
        run_corpus(&job, &Silent)?
    } else {
        let bars = Bars::over(&plan.chosen(run.part.shard));
        let report = run_corpus(&job, &bars);
        bars.finish();
        report?
    };
    if run.part.json {
        summary::print_json(&report, begun.elapsed(), told.ledger.map(Ledger::sums));
    } else {
        summary::print(&report, begun.elapsed(), &run.output);
    }
    let fine = report.shards_failed.is_empty()
        && report.stopped.is_none()
        && report.tally.failed + report.tally.unrefined() == 0;
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Prints what a command tells as JSON.
pub fn print_json(told: &impl Serialize) -> Result<(), RunError> {
    let json = serde_json::to_value(told)
        .map_err(|error| RunError::new(format!("expected counts in JSON: {error}")))?;
    anstream::println!("{json:#}");
    Ok(())
}

/// Prints tables, a blank line between two.
pub fn print_tables(tables: &[Table], form: fn(&Table) -> String) {
    let all: Vec<String> = tables.iter().map(form).collect();
    anstream::print!("{}", all.join("\n"));
}
