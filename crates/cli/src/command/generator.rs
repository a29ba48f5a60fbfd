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
    if generator.expert.queue.is_some() && !arguments.run.part.dry_run {
        return queue(arguments, &generator, &decider, &settings);
    }
    if let Some(import) = &generator.expert.import {
        print_import(import);
    }
    let told = Told { command: "refine", ledger: Some(&generator.expert.ledger) };
    let code = run_told(&told, &arguments.inputs, &decider, &settings, &arguments.run)?;
    if !arguments.run.part.json && !arguments.run.part.dry_run {
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
    let output = &arguments.run.output;
    let job = Job {
        command: "refine",
        inputs: &arguments.inputs,
        plan: &Plan::of(&arguments.inputs, settings, output)?,
        choice: arguments.run.part.shard,
        decider,
        settings,
        output,
        threads: 1,
    };
    let report = queue_drafts(&job, generator)?;
    let json = arguments.run.part.json;
    print_queue(&report, &generator.expert, arguments.remote.batch.batch_out.as_deref(), json)
}
