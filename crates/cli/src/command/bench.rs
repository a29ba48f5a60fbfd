//! `refinex bench`: several refiners over one corpus.

use crate::bench_arguments::{Bench, BenchRefiner};
use crate::command::{print_json, print_tables};
use refinex::RunError;
use refinex::bench::answer_rows;
use refinex::eval::{Benchmark, Resampling, Table};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

pub fn run(arguments: &Bench) -> Result<ExitCode, RunError> {
    let program = std::env::current_exe()
        .map_err(|error| RunError::new(format!("expected to find this program: {error}")))?;
    let bench = refinex::bench::Bench {
        corpus: &arguments.corpus,
        refiners: &arguments.refiners,
        documents: arguments.documents,
        rounds: arguments.rounds,
        usd_per_core_hour: arguments.price_core_hour,
        tokenizer: arguments.tokenizer.clone(),
        patience: Duration::from_secs(arguments.patience),
        resampling: Resampling::default(),
        program,
        answers: arguments.output.as_ref().map(|folder| folder.join("answers")),
    };
    let quiet = arguments.quiet;
    let benchmark = bench.run(&|what| {
        if !quiet {
            anstream::eprintln!("{what}");
        }
    })?;
    if let Some(folder) = &arguments.output {
        write(&benchmark, folder)?;
    }
    if arguments.json {
        print_json(&benchmark)?;
    } else if arguments.markdown {
        print_tables(&benchmark.tables(), Table::markdown);
    } else {
        print_tables(&benchmark.tables(), Table::text);
    }
    let fine = benchmark.refiners.iter().all(|of| of.stopped.is_none() && of.failed.is_empty());
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

pub fn answer(arguments: &BenchRefiner) -> Result<ExitCode, RunError> {
    let (decider, settings) = arguments.refiner.decider()?;
    answer_rows(&decider, &settings, std::io::stdin().lock(), std::io::stdout().lock())?;
    Ok(ExitCode::SUCCESS)
}

fn write(benchmark: &Benchmark, folder: &Path) -> Result<(), RunError> {
    let json = serde_json::to_string_pretty(benchmark)
        .map_err(|error| RunError::new(format!("expected a benchmark in JSON: {error}")))?;
    let tables: Vec<String> = benchmark.tables().iter().map(Table::markdown).collect();
    let files =
        [("bench.json", json), ("bench.md", tables.join("\n")), ("bench.html", benchmark.html())];
    let fail = |error: std::io::Error| {
        RunError::new(format!("expected to write to {}, but found: {error}", folder.display()))
    };
    std::fs::create_dir_all(folder).map_err(fail)?;
    for (name, content) in files {
        std::fs::write(folder.join(name), content).map_err(fail)?;
    }
    Ok(())
}
