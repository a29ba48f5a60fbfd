//! `refinex eval`: scores of deletions against gold, as JSON.

use crate::arguments::Eval;
use refinex::{RunError, judge};
use std::process::ExitCode;

pub fn run(arguments: &Eval) -> Result<ExitCode, RunError> {
    let scores = judge(&arguments.gold, &arguments.predicted)?;
    let json = serde_json::to_string_pretty(&scores)
        .map_err(|error| RunError::new(format!("expected scores in JSON: {error}")))?;
    anstream::println!("{json}");
    Ok(ExitCode::SUCCESS)
}
