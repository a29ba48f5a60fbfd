//! `refinex prox`: stored programs of ProX, as they were meant or as its own executor does it.

use crate::command::run_job;
use crate::prox_arguments::ProxCommand;
use refinex::{Decider, RunError};
use std::process::ExitCode;

pub fn run(arguments: &ProxCommand) -> Result<ExitCode, RunError> {
    let decider = Decider::Prox(arguments.prox()?);
    run_job(
        "prox",
        &arguments.corpus.inputs,
        &decider,
        &arguments.settings(),
        &arguments.corpus.run,
    )
}
