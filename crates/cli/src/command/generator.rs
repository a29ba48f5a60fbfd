//! `refinex refine` with a generator behind an endpoint.

use crate::command::expert::{print_import, print_queue, print_sent};
use crate::command::{Told, run_told};
use crate::refine_arguments::Refine;
use refinex::core::Score;
use refinex::experts::Generator;
use refinex::queue_run::queue_drafts;
use refinex::{Decider, Job, Plan, RunError, Settings};
use std::process::ExitCode;
use std::sync::Arc;

pub fn run(arguments: &Refine, generator: Generator) -> Result<ExitCode, RunError> {
    let generator = Arc::new(generator);
    let decider = Decider::Model(Arc::clone(&generator) as _);
    let chunk_bytes = arguments.programs.chunk_bytes;
    let settings = arguments.settings(Score::ONE).for_generator(chunk_bytes);
    if generator.expert.queue.is_some() && !arguments.corpus.run.part.dry_run {
        return queue(arguments, &generator, &decider, &settings);
    }
    if let Some(import) = &generator.expert.import {
        print_import(import);
    }
    let told = Told {
        command: "refine",
        ledger: Some(&generator.expert.ledger),
        retry_failed: arguments.retry_failed,
    };
    let code =
        run_told(&told, &arguments.corpus.inputs, &decider, &settings, &arguments.corpus.run)?;
    if !arguments.corpus.run.part.json && !arguments.corpus.run.part.dry_run {
        print_sent(&generator.expert.ledger.sums(), arguments.remote.connection.budget.prices());
    }
    Ok(code)
}

fn queue(
    arguments: &Refine,
    generator: &Generator,
    decider: &Decider,
    settings: &Settings,
) -> Result<ExitCode, RunError> {
    let output = &arguments.corpus.run.output;
    let job = Job {
        command: "refine",
        inputs: &arguments.corpus.inputs,
        plan: &Plan::of(&arguments.corpus.inputs, settings, output)?,
        choice: arguments.corpus.run.part.shard,
        decider,
        settings,
        output,
        threads: 1,
        retry_failed: false,
    };
    let report = queue_drafts(&job, generator)?;
    let json = arguments.corpus.run.part.json;
    print_queue(&report, &generator.expert, arguments.remote.batch.batch_out.as_deref(), json)
}
