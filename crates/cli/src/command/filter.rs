//! `refinex filter`.

use crate::command::run_job;
use crate::refine_arguments::Filter;
use refinex::rules::Rules;
use refinex::{Decider, Ruler, RunError};
use std::process::ExitCode;

pub fn run(arguments: &Filter) -> Result<ExitCode, RunError> {
    let rules = Rules::parse(&arguments.rules, arguments.how.profile).map_err(RunError::new)?;
    let decider = Decider::Rules(Box::new(Ruler { rules, then: None }));
    run_job(
        "filter",
        &arguments.corpus.inputs,
        &decider,
        &arguments.settings(),
        &arguments.corpus.run,
    )
}
