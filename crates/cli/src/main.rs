//! The refinex command line.

mod arguments;
mod bars;
mod bench_arguments;
mod command;
mod connection_arguments;
mod expert_arguments;
mod export_arguments;
mod generator_arguments;
mod labels_arguments;
mod prox_arguments;
mod refine_arguments;
mod report_arguments;
mod score_arguments;
mod summary;
mod train_arguments;

use arguments::{Arguments, Command};
use clap::{CommandFactory, Parser};
use export_arguments::Export;
use std::process::ExitCode;
use train_arguments::Train;

/// Exit codes: 0 fine, 1 finished with failed rows or shards, 2 could not run.
fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Refine(arguments) => command::refine::run(&arguments),
        Command::Filter(arguments) => command::filter::run(&arguments),
        Command::Prox(arguments) => command::prox::run(&arguments),
        Command::Distill(arguments) => command::distill::run(&arguments),
        Command::Apply(arguments) => command::apply::run(&arguments),
        Command::Rethreshold(arguments) => command::rethreshold::run(&arguments),
        Command::Restore(arguments) => command::restore::run(&arguments),
        Command::Inspect(arguments) => command::inspect::run(&arguments),
        Command::Report(arguments) => command::report::run(&arguments),
        Command::Deleted(arguments) => command::deleted::run(&arguments),
        Command::Eval(arguments) => command::eval::run(&arguments),
        Command::Bench(arguments) => command::bench::run(&arguments),
        Command::BenchRefiner(arguments) => command::bench::answer(&arguments),
        Command::Train(Train::Tagger(arguments)) => command::train::run(&arguments),
        Command::Train(Train::Generator(arguments)) => command::train_generator::run(&arguments),
        Command::Train(Train::Ngram(arguments)) => command::score::train(&arguments),
        Command::Score(arguments) => command::score::run(&arguments),
        Command::Expert(arguments) => command::expert::run(&arguments),
        Command::Export(Export::Sft(arguments)) => command::export::run(&arguments),
        Command::Export(Export::Dolma(arguments)) => command::export::run_dolma(&arguments),
        Command::Labels(arguments) => command::labels::run(&arguments),
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Arguments::command(),
                "refinex",
                &mut std::io::stdout(),
            );
            Ok(ExitCode::SUCCESS)
        }
    };
    result.unwrap_or_else(|error| {
        anstream::eprintln!("refinex: {error}");
        ExitCode::from(2)
    })
}
