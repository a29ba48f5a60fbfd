//! `refinex refine`.

use crate::arguments::Corpus;
use crate::command::{Told, run_told};
use crate::refine_arguments::Refine;
use refinex::core::{KeepAll, Refiner, Score};
#[cfg(feature = "tokenizers")]
use refinex::model::generator::{Generator, GeneratorSettings};
use refinex::rules::Rules;
use refinex::{Decider, LineTagger, Ruler, RunError, Settings};
#[cfg(feature = "tokenizers")]
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

pub fn run(arguments: &Refine) -> Result<ExitCode, RunError> {
    #[cfg(feature = "tokenizers")]
    if let Some(path) = &arguments.generator.generator {
        return with_generator(arguments, path);
    }
    if let Some(generator) = arguments.remote.generator(&arguments.programs)? {
        return super::generator::run(arguments, generator);
    }
    let (model, threshold) = model(arguments)?;
    let decider = ruled(arguments, model)?;
    let settings = arguments.settings(threshold);
    run_locally(arguments, &decider, &settings)
}

fn run_locally(
    arguments: &Refine,
    decider: &Decider,
    settings: &Settings,
) -> Result<ExitCode, RunError> {
    let told = Told { command: "refine", ledger: None, retry_failed: arguments.retry_failed };
    let Corpus { inputs, run, .. } = &arguments.corpus;
    run_told(&told, inputs, decider, settings, run)
}

/// The model, after rules if there are any.
fn ruled(arguments: &Refine, model: Arc<dyn Refiner>) -> Result<Decider, RunError> {
    let Some(names) = &arguments.rules else { return Ok(Decider::Model(model)) };
    let rules = Rules::parse(names, arguments.how.profile).map_err(RunError::new)?;
    Ok(Decider::Rules(Box::new(Ruler { rules, then: Some(model) })))
}

fn model(arguments: &Refine) -> Result<(Arc<dyn Refiner>, Score), RunError> {
    if arguments.keep_all {
        return Ok((Arc::new(KeepAll), Score::ONE));
    }
    let tagger = LineTagger::of(&arguments.tagger())?;
    let threshold = tagger.threshold(arguments.operating_point.unwrap_or_default().into());
    Ok((Arc::new(tagger), threshold))
}

/// A generator reads chunks of the size that it was trained on.
#[cfg(feature = "tokenizers")]
fn with_generator(arguments: &Refine, path: &Path) -> Result<ExitCode, RunError> {
    let settings = arguments.settings(Score::ONE).for_generator(arguments.programs.chunk_bytes);
    settings.chunker()?;
    let most_program_tokens = arguments.programs.max_program_tokens.get();
    let generator = GeneratorSettings {
        most_program_tokens,
        constrained: !arguments.generator.unconstrained,
        ..Default::default()
    };
    let generator = Generator::open(path, generator)
        .map_err(|error| RunError::new(format!("--generator: {error}")))?;
    let decider = Decider::Model(Arc::new(generator));
    run_locally(arguments, &decider, &settings)
}
