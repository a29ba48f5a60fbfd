//! `refinex distill`: from pairs of raw and refined texts to labelled documents.

use crate::arguments::{Distill, PolicyChoice};
use crate::command::run_job;
use refinex::core::DistillPolicy;
use refinex::{Decider, Distiller, RunError, Settings};
use std::process::ExitCode;

pub fn run(arguments: &Distill) -> Result<ExitCode, RunError> {
    if arguments.raw_key == arguments.refined_key {
        return Err(RunError::new(format!(
            "expected two keys, but found {:?} for both the raw and the refined text",
            arguments.raw_key
        )));
    }
    let policy = match arguments.policy {
        PolicyChoice::Default => DistillPolicy::Default,
        PolicyChoice::RefinexPaper => DistillPolicy::RefinexPaper,
    };
    let decider =
        Decider::Distill(Distiller { refined_key: arguments.refined_key.clone(), policy });
    let settings = Settings {
        text_key: arguments.raw_key.clone(),
        id_key: arguments.id_key.clone(),
        output: arguments.documents.settings(),
        keep_deleted: arguments.keep_deleted,
        ..Settings::default()
    };
    run_job("distill", &arguments.inputs, &decider, &settings, &arguments.run)
}
