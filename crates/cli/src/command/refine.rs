//! `refinex refine`.

use crate::arguments::Refine;
use crate::command::run_job;
use refinex::core::{KeepAll, Score};
use refinex::training_folder::WEIGHTS;
use refinex::{Decider, LineTagger, RunError};
use std::process::ExitCode;
use std::sync::Arc;

pub fn run(arguments: &Refine) -> Result<ExitCode, RunError> {
    let (decider, threshold) = decider(arguments)?;
    let settings = arguments.settings(threshold);
    run_job("refine", &arguments.inputs, &decider, &settings, &arguments.run)
}

fn decider(arguments: &Refine) -> Result<(Decider, Score), RunError> {
    if arguments.keep_all {
        return Ok((Decider::Model(Arc::new(KeepAll)), Score::ONE));
    }
    let tagger = match &arguments.weights {
        None => LineTagger::embedded()?,
        Some(path) => {
            let inside = path.join(WEIGHTS);
            let path = if path.is_dir() { &inside } else { path };
            let weights = std::fs::read(path).map_err(|error| {
                RunError::new(format!("expected weights at {}, but found: {error}", path.display()))
            })?;
            LineTagger::from_bytes(&weights)?
        }
    };
    let threshold = tagger.threshold(arguments.operating_point.into());
    Ok((Decider::Model(Arc::new(tagger)), threshold))
}
