//! `refinex train tagger`.

use crate::train_arguments::TrainTagger;
use refinex::RunError;
use refinex::model::Points;
use refinex::model::train::{Metric, Recipe, Set, Settings, Sight};
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
        let f1 = metric.held_f1.map(|f1| format!(", F1 {f1:.4}")).unwrap_or_default();
        anstream::eprintln!(
            "{network}, epoch {} step {} loss {:.4}{held}{f1} {:.0} s",
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

/// What differs between the kinds of taggers; measured, see lab/LOG.md.
struct Kind {
    broad_epochs: usize,
    expert_epochs: usize,
    batch: usize,
    rate: f32,
    embedding_rate: f32,
    members: usize,
    relabelled_share: f32,
    relabelled_lines: usize,
}

const FAST: Kind = Kind {
    broad_epochs: 3,
    expert_epochs: 10,
    batch: 8,
    rate: 2e-3,
    embedding_rate: 0.025,
    members: 4,
    relabelled_share: 0.2,
    relabelled_lines: Set::MOST_LINES,
};

const ATTENTION: Kind = Kind {
    broad_epochs: 0,
    expert_epochs: 6,
    batch: 16,
    rate: 1e-3,
    embedding_rate: 4e-3,
    members: 1,
    relabelled_share: 0.2,
    relabelled_lines: Set::MOST_LINES,
};

const READING: Kind = Kind {
    broad_epochs: 0,
    expert_epochs: 4,
    batch: 4,
    rate: 1e-3,
    embedding_rate: 0.025,
    members: 1,
    relabelled_share: 0.15,
    relabelled_lines: 60,
};

impl Kind {
    const fn of(arguments: &TrainTagger) -> Self {
        match (arguments.encoder.is_some(), arguments.attention) {
            (true, _) => READING,
            (false, true) => ATTENTION,
            (false, false) => FAST,
        }
    }

    fn settings(&self, arguments: &TrainTagger) -> Settings {
        let or = Settings::default();
        #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
        let points = Points {
            balanced: arguments.threshold.probability() as f32,
            careful: arguments.careful_threshold.probability() as f32,
        };
        Settings {
            sight: sight(arguments),
            seed: arguments.seed,
            broad_epochs: arguments.broad_epochs.unwrap_or(self.broad_epochs),
            expert_epochs: arguments.expert_epochs.unwrap_or(self.expert_epochs),
            batch: self.batch,
            rate: self.rate,
            embedding_rate: self.embedding_rate,
            encoder_rate: 1e-4,
            patience: arguments.patience.unwrap_or(or.patience),
            points,
            ..or
        }
    }
}

const fn sight(arguments: &TrainTagger) -> Sight {
    if arguments.attention {
        Sight::Whole { width: arguments.attention_width, layers: arguments.attention_layers }
    } else {
        Sight::Near
    }
}

fn recipe(arguments: &TrainTagger) -> Recipe {
    let kind = Kind::of(arguments);
    let or = Recipe::default();
    let settings = kind.settings(arguments);
    // Teachers are fast taggers.
    let teacher = if settings.sight == Sight::Near && arguments.encoder.is_none() {
        settings.clone()
    } else {
        or.teacher.clone()
    };
    Recipe {
        teachers: arguments.teachers,
        members: arguments.members.unwrap_or(kind.members).max(1),
        piece_epochs: arguments.piece_epochs,
        teacher,
        settings,
        relabelled_share: arguments.relabelled_share.unwrap_or(kind.relabelled_share),
        relabelled_lines: kind.relabelled_lines,
        ..or
    }
}
