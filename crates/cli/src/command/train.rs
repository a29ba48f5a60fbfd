//! `refinex train tagger`.

use crate::arguments::TrainTagger;
use refinex::RunError;
use refinex::model::train::{Recipe, Settings};
use refinex::training::{TrainingData, train_tagger};
use std::process::ExitCode;
use std::time::Instant;

pub fn run(arguments: &TrainTagger) -> Result<ExitCode, RunError> {
    let data = TrainingData {
        expert: arguments.expert.clone(),
        careful: arguments.careful.clone(),
        human: arguments.human.clone(),
        plain: arguments.plain.clone(),
        care: arguments.care,
        plain_most: arguments.plain_most,
        without: arguments.without.clone(),
    };
    #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
    let settings = Settings {
        seed: arguments.seed,
        broad_epochs: arguments.broad_epochs,
        expert_epochs: arguments.expert_epochs,
        threshold: arguments.threshold.probability() as f32,
        ..Settings::default()
    };
    let recipe = Recipe {
        teachers: arguments.teachers,
        members: arguments.members.max(1),
        settings,
        ..Recipe::default()
    };
    let begun = Instant::now();
    let weights = train_tagger(&data, &recipe, &mut |network, metric| {
        anstream::eprintln!(
            "{network}, epoch {} step {} loss {:.4} {:.0} s",
            metric.epoch,
            metric.step,
            metric.loss,
            begun.elapsed().as_secs_f32()
        );
    })?;
    let path = arguments.output.display();
    std::fs::write(&arguments.output, &weights).map_err(|error| {
        RunError::new(format!("expected to write weights to {path}, but found: {error}"))
    })?;
    anstream::println!("{} bytes of weights in {path}", weights.len());
    Ok(ExitCode::SUCCESS)
}
