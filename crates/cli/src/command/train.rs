//! `refinex train tagger`.

use crate::train_arguments::TrainTagger;
use refinex::RunError;
use refinex::model::Points;
use refinex::model::train::{Metric, Recipe, Settings};
use refinex::training::{EncoderBase, TrainingData, train_tagger};
use refinex::training_folder::WEIGHTS;
use std::process::ExitCode;
use std::time::Instant;

pub fn run(arguments: &TrainTagger) -> Result<ExitCode, RunError> {
    let (data, recipe) = (data(arguments), recipe(arguments));
    let begun = Instant::now();
    let command: Vec<String> = std::env::args().collect();
    let mut progress = |network: &str, metric: Metric| {
        let held = metric.held.map(|held| format!(", held back {held:.4}")).unwrap_or_default();
        anstream::eprintln!(
            "{network}, epoch {} step {} loss {:.4}{held} {:.0} s",
            metric.epoch,
            metric.step,
            metric.loss,
            begun.elapsed().as_secs_f32()
        );
    };
    let folder = (arguments.output.as_path(), command.as_slice());
    let weights = train_tagger(&data, &recipe, folder, &mut progress)?;
    let path = arguments.output.join(WEIGHTS);
    anstream::println!("{} bytes of weights in {}", weights.len(), path.display());
    Ok(ExitCode::SUCCESS)
}

fn data(arguments: &TrainTagger) -> TrainingData {
    TrainingData {
        expert: arguments.expert.clone(),
        careful: arguments.careful.clone(),
        human: arguments.human.clone(),
        plain: arguments.plain.clone(),
        care: arguments.care,
        plain_most: arguments.plain_most,
        without: arguments.without.clone(),
        held_out: arguments.held_out,
        lines_of: arguments.lines_of.clone(),
        encoder: arguments.encoder.clone().map(|folder| EncoderBase {
            folder,
            layers: arguments.encoder_layers,
            pieces: arguments.encoder_pieces,
        }),
    }
}

fn recipe(arguments: &TrainTagger) -> Recipe {
    let reads = arguments.encoder.is_some();
    let or = Settings::default();
    #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
    let settings = Settings {
        seed: arguments.seed,
        broad_epochs: arguments.broad_epochs.unwrap_or(if reads { 0 } else { 3 }),
        expert_epochs: arguments.expert_epochs.unwrap_or(if reads { 4 } else { 10 }),
        batch: if reads { 4 } else { or.batch },
        rate: if reads { 1e-3 } else { or.rate },
        encoder_rate: 1e-4,
        patience: arguments.patience.unwrap_or(or.patience),
        points: Points {
            balanced: arguments.threshold.probability() as f32,
            careful: arguments.careful_threshold.probability() as f32,
        },
        ..or
    };
    let members = arguments.members.unwrap_or(if reads { 1 } else { 4 }).max(1);
    let or = Recipe::default();
    // Teachers read no words: they are trained as a fast tagger is.
    let teacher = if reads { or.teacher.clone() } else { settings.clone() };
    Recipe {
        teachers: arguments.teachers,
        members,
        piece_epochs: arguments.piece_epochs,
        teacher,
        settings,
        relabelled_share: if reads { 0.15 } else { or.relabelled_share },
        relabelled_lines: if reads { 60 } else { or.relabelled_lines },
        ..or
    }
}
