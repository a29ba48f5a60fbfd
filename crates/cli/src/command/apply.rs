//! `refinex apply`: documents and programs give the refined documents, without a model.

use crate::arguments::Apply;
use crate::command::run_job;
use refinex::{Decider, ProgramStore, RunError, Settings};
use std::process::ExitCode;

pub fn run(arguments: &Apply) -> Result<ExitCode, RunError> {
    let decider = Decider::Programs(ProgramStore::open(&arguments.programs)?);
    let settings = Settings {
        text_key: arguments.rows.text_key.clone(),
        id_key: arguments.rows.id_key.clone(),
        output: arguments.documents.settings(),
        policy: arguments.limits.policy.unwrap_or_default(),
        keep_deleted: arguments.keep_deleted,
        ..Settings::default()
    };
    let inputs = [arguments.documents_in.clone()];
    run_job("apply", &inputs, &decider, &settings, &arguments.run)
}
