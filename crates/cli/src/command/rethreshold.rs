//! `refinex rethreshold`: another threshold on stored scores, without a model.

use crate::arguments::Rethreshold;
use crate::command::run_job;
use refinex::corpus::RunDirectory;
use refinex::{Decider, ProgramStore, RunError, RunFile, Settings};
use std::process::ExitCode;

pub fn run(arguments: &Rethreshold) -> Result<ExitCode, RunError> {
    let directory = RunDirectory::open(&arguments.run_directory)?;
    let before = RunFile::read(directory.store())?;
    let decider = Decider::Scores(ProgramStore::open(&arguments.run_directory)?);
    let settings = Settings { threshold: arguments.threshold, ..before.settings };
    run_job("rethreshold", &before.inputs, &decider, &settings, &arguments.run)
}
