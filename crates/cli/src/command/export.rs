//! `refinex export`.

use crate::command::print_json;
use crate::export_arguments::{Dolma, Sft};
use refinex::RunError;
use refinex::labels::LabelledSet;
use refinex::labels::dolma::export_dolma;
use refinex::sft::{Cutting, Export, ExportTally, TokenLimit, export_sft};
use std::process::ExitCode;

pub fn run(arguments: &Sft) -> Result<ExitCode, RunError> {
    let limit = arguments.max_tokens.zip(arguments.tokenizer.as_deref());
    let limit = limit.map(|(most, file)| TokenLimit::of_file(most, file)).transpose()?;
    let tally = export_sft(&Export {
        run: &arguments.run_directory,
        output: &arguments.output,
        dialect: arguments.dialect.dialect(),
        cutting: Cutting { chunk_bytes: arguments.chunk_bytes, limit: limit.as_ref() },
    })?;
    if arguments.json {
        print_json(&tally)?;
    } else {
        print(&tally, &arguments.output);
    }
    Ok(ExitCode::SUCCESS)
}

pub fn run_dolma(arguments: &Dolma) -> Result<ExitCode, RunError> {
    let set = LabelledSet::at(&arguments.set);
    let report = export_dolma(&set, &arguments.attribute, &arguments.output)?;
    let code = ExitCode::from(u8::from(!report.bad_rows.is_empty()));
    if arguments.json {
        print_json(&report)?;
    } else {
        anstream::println!("{} documents, {} spans", report.documents, report.spans);
        for (reason, count) in &report.bad_rows {
            anstream::println!("{count} rows are no labelled document: {reason}");
        }
        anstream::println!("{}: written", arguments.output);
    }
    Ok(code)
}

fn print(tally: &ExportTally, output: &str) {
    let share = 100.0 * tally.program_bytes as f64 / tally.prompt_bytes.max(1) as f64;
    anstream::println!("{} examples of {} documents", tally.examples, tally.documents);
    anstream::println!("  {} delete nothing", tally.keep_all);
    anstream::println!("  {} calls; programs are {share:.1} % of their prompts", tally.calls);
    anstream::println!("  {} documents in part: salvaged pairs", tally.salvaged);
    anstream::println!("  {} documents cut smaller for the limit", tally.cut_smaller);
    anstream::println!("  {} chunks left out: over the limit however small", tally.chunks_too_long);
    for (reason, count) in &tally.left_out_by_reason {
        anstream::println!("  {count} documents left out: {reason}");
    }
    anstream::println!("{output}: written");
}
