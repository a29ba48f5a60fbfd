//! `refinex restore`: refined documents and their deleted text give the originals.

use crate::arguments::Restore;
use refinex::{RunError, restore_run};
use std::process::ExitCode;

pub fn run(arguments: &Restore) -> Result<ExitCode, RunError> {
    let run = arguments.run_directory.trim_end_matches('/');
    let output = arguments.output.clone().unwrap_or_else(|| format!("{run}/restored"));
    let documents = restore_run(run, &output)?;
    anstream::println!("restored {documents} documents to {output}");
    Ok(ExitCode::SUCCESS)
}
