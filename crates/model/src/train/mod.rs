//! Training the tagger: one loop, from labelled documents to weights.

mod adam;
mod base;
mod encoder_steps;
mod glue;
mod held;
mod joined;
mod learner;
mod ledger;
mod recipe;
mod rounding;
mod running_mean;
mod sample;
mod spliced;
mod workers;
mod worn;

use crate::encoder::{EncoderGradient, Products};
use crate::error::ModelError;
use crate::inline::Sheet;
use crate::lines::lines;
use crate::network::{
    Activations, Dropout, Input, Labelling, assemble, backward, forward, show_hints,
};
use crate::page::{BUCKETS, Page};
use crate::parameters::{EMBED, EXPERT, OF_LINES, OF_UNITS, Parameters, SOURCES, Size, Weight};
use crate::random::Random;
use crate::tagger::{embed, sigmoid};
use crate::weights::{self, Points, Weights};
pub use base::Base;
use held::{Calibration, HeldRows, Judged};
use learner::Learner;
pub use ledger::{Ledger, Watch};
pub use recipe::{Data, Recipe};
use refinex_core::Span;
pub use rounding::Rounding;
pub use sample::{Hint, Label, LabelledDocument, Set, clip};
use sample::{Targets, lines_gone, shares_gone};
use spliced::Blocks;
use std::ops::RangeInclusive;
use workers::Workers;

/// Share of word features that are left out while training (measured: see lab/LOG.md).
const WORD_DROPOUT: f32 = 0.2;
/// The same for networks that see whole pages, which learn by heart sooner (measured).
const WHOLE_DROPOUT: f32 = 0.3;
/// The same of the features of units, which are few and learnt by heart sooner (measured).
const UNIT_DROPOUT: f32 = 0.5;
/// Share of an encoder's values that are left out while training (BERT's).
const ENCODER_DROPOUT: f32 = 0.1;
/// Labellings beside the expert's that a network tells apart.
pub const LABELLINGS: usize = SOURCES - 1;

/// What of a document a network reads, one row each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Its lines: they stay or go whole.
    Lines,
    /// The words, numbers and marks of lines that do not go whole: pieces inside them go.
    Units,
}

/// How a network sees the rows of a page beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// By convolutions and a recurrence: quick.
    Near,
    /// By attention, every line beside all others.
    Whole {
        /// Values that a row is told by: a multiple of [`Sight::HEAD`].
        width: usize,
        /// Layers, at least one.
        layers: usize,
    },
}

impl Sight {
    /// Width of a head of attention.
    pub const HEAD: usize = crate::parameters::HEAD;
    /// Widths of networks of attention: multiples of [`Self::HEAD`].
    pub const WIDTHS: RangeInclusive<usize> = crate::parameters::WIDTHS;
    /// Numbers of their layers.
    pub const LAYERS: RangeInclusive<usize> = crate::parameters::LAYERS;

    /// Whether every line is seen beside all others.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Whole { .. })
    }
}

/// How to train. The same settings and data give the same weights, whatever the threads.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is read.
    pub reads: Reads,
    /// How far a network for lines sees.
    pub sight: Sight,
    /// Seed of all random choices.
    pub seed: u64,
    /// Passes over all sets.
    pub broad_epochs: usize,
    /// Passes over the expert's labelling alone, afterwards.
    pub expert_epochs: usize,
    /// Largest step of the network's weights.
    pub rate: f32,
    /// Largest step of the embeddings.
    pub embedding_rate: f32,
    /// Largest step of an encoder's weights.
    pub encoder_rate: f32,
    /// Documents whose gradients make one step.
    pub batch: usize,
    /// Share of the samples with a hint that show it: over 0 for a teacher, 0 for what ships.
    pub hint_share: f32,
    /// Epochs without better labels of the documents held back, after which training ends. The rate
    /// falls to the end, so the last epochs are often the best: stopping early cost 0.01 of F1.
    pub patience: usize,
    /// The thresholds to write into the weights.
    pub points: Points,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reads: Reads::Lines,
            sight: Sight::Near,
            seed: 1,
            broad_epochs: 3,
            expert_epochs: 10,
            rate: 2e-3,
            embedding_rate: 0.025,
            encoder_rate: 8e-5,
            batch: 8,
            hint_share: 0.0,
            patience: usize::MAX,
            points: Points::default(),
        }
    }
}

/// One line of the training's log.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Which epoch, from 1.
    pub epoch: usize,
    /// Steps so far.
    pub step: usize,
    /// Mean weighted loss a line, in nats.
    pub loss: f32,
    /// The same of documents that were held back.
    pub held: Option<f32>,
    /// The best deletion F1 of the characters of lines that were held back.
    pub held_f1: Option<f32>,
}

/// Weights that were trained.
pub struct TrainedModel {
    weights: Weights,
}

/// The weights file of models, whose mean scores lines, and of one that finds pieces inside them;
/// `points` are its thresholds.
///
/// # Errors
/// If it cannot be written.
pub fn weights_file(
    models: &[TrainedModel],
    pieces: Option<&TrainedModel>,
    points: Points,
) -> Result<Vec<u8>, ModelError> {
    let members: Vec<&Weights> = models.iter().map(|model| &model.weights).collect();
    weights::to_bytes(&members, pieces.map(|pieces| &pieces.weights), points)
}

/// The same with the networks for lines of other weights files, as they are.
///
/// # Errors
/// If one of `files` is not a weights file of this version.
pub fn joined_weights_file(
    files: &[&[u8]],
    pieces: Option<&TrainedModel>,
    points: Points,
) -> Result<Vec<u8>, ModelError> {
    weights::joined(files, pieces.map(|pieces| &pieces.weights), points)
}

/// Trains a network on `sets`. The first labelling is the expert's: sets with `expert` share it,
/// every other set has one of its own, so that their disagreements do not blur the target.
/// `held` is not learnt from: the weights are those of the epoch that labels it best, and calibrated on it.
///
/// # Errors
/// If the state that `ledger` kept is not one of this training.
pub fn train(
    name: &str,
    (sets, held): (&[Set], &[LabelledDocument]),
    settings: &Settings,
    base: Option<&Base>,
    ledger: &mut dyn Ledger,
) -> Result<TrainedModel, ModelError> {
    let mut learner = Learner::new(settings, base);
    let epochs: Vec<Vec<(usize, usize)>> = (0..settings.broad_epochs + settings.expert_epochs)
        .map(|epoch| order(sets, settings, epoch))
        .collect();
    let steps: usize = epochs.iter().map(|order| order.len().div_ceil(settings.batch)).sum();
    if let Some(state) = ledger.kept(name) {
        learner.restore(&state)?;
    }
    let best = format!("{name}, best");
    let workers = Workers::new();
    let blocks = match settings.reads {
        Reads::Lines => Blocks::of(sets),
        Reads::Units => Blocks::default(),
    };
    for (epoch, order) in epochs.iter().enumerate().skip(learner.epochs) {
        if learner.best.is_some_and(|(_, best)| epoch - best >= settings.patience) {
            break;
        }
        let (mut loss, mut weight) = (0.0, 0.0);
        for batch in order.chunks(settings.batch) {
            let sum =
                workers.gradients(&learner.weights, (sets, &blocks), batch, settings, learner.step);
            learner.learn(&sum, settings, schedule(learner.step, steps));
            loss += sum.loss;
            weight += sum.weight;
        }
        learner.epochs = epoch + 1;
        let rows = workers.judged(&learner.averaged(), held, settings.reads);
        let merit = rows.merit(settings.reads);
        if let Some(merit) = merit
            && learner.best.is_none_or(|(most, _)| merit > most)
        {
            learner.best = Some((merit, learner.epochs));
            ledger.keep(&best, learner.state()?);
        }
        if ledger.keeps() {
            ledger.keep(name, learner.state()?);
        }
        let loss = loss / weight.max(1e-6);
        let held = rows.loss();
        let held_f1 = merit.filter(|_| settings.reads == Reads::Lines);
        let metric = Metric { epoch: learner.epochs, step: learner.step, loss, held, held_f1 };
        ledger.metric(name, metric);
    }
    if let Some(state) = ledger.kept(&best).filter(|_| learner.best.is_some()) {
        learner.restore(&state)?;
    }
    let mut weights = learner.averaged();
    if settings.reads == Reads::Lines && !held.is_empty() {
        let rows = workers.judged(&weights, held, settings.reads);
        calibrate(&mut weights.parameters, rows.calibration());
    }
    Ok(TrainedModel { weights })
}

/// Makes the logits of the expert's labelling those of calibrated probabilities.
fn calibrate(p: &mut Parameters, by: Calibration) {
    p.row_mut(Weight::Head, EXPERT).iter_mut().for_each(|value| *value *= by.scale);
    let bias = &mut p.of_mut(Weight::HeadBias)[EXPERT];
    *bias = *bias * by.scale + by.shift;
}

/// Warm-up over the first twentieth of the steps, then down a cosine to nothing.
fn schedule(step: usize, steps: usize) -> f32 {
    let at = step as f32 / steps.max(1) as f32;
    let warm = (at * 20.0).min(1.0);
    warm * 0.5 * (1.0 + (at * std::f32::consts::PI).cos())
}

fn initial(settings: &Settings, base: Option<&Base>) -> Weights {
    let mut random = Random::of(&[settings.seed, 0]);
    let size = match (settings.reads, settings.sight) {
        (Reads::Units, _) => OF_UNITS,
        (Reads::Lines, Sight::Near) => OF_LINES,
        (Reads::Lines, Sight::Whole { width, layers }) => Size { width, state: 0, layers },
    };
    let mut parameters = Parameters::zeros(size, base.is_some());
    let meaning = base.map(|_| Weight::Meaning);
    let products = [
        Weight::Input,
        Weight::FirstConv,
        Weight::Gates,
        Weight::Mix,
        Weight::Pool,
        Weight::SecondConv,
        Weight::Head,
    ];
    for weight in products.into_iter().chain(meaning) {
        let inputs =
            if weight == Weight::Head { weight.shape(size).1 } else { weight.shape(size).0 };
        let deviation = (1.5 / inputs as f32).sqrt();
        for value in parameters.of_mut(weight) {
            *value = deviation * random.normal();
        }
    }
    if size.layers > 0 {
        crate::context::initial(&mut parameters, || random.normal());
    }
    let embeddings = (0..BUCKETS * EMBED).map(|_| 0.1 * random.normal()).collect();
    let reader = base.map(|base| base.0.clone());
    Weights { embeddings, parameters, reader }
}

/// The documents of an epoch as (set, document), shuffled: all of them in the first passes, then
/// the expert's and a share of what was labelled for it, others each time.
fn order(sets: &[Set], settings: &Settings, epoch: usize) -> Vec<(usize, usize)> {
    let broad = epoch < settings.broad_epochs;
    let mut random = Random::of(&[settings.seed, 1, epoch as u64]);
    let mut all = Vec::new();
    for (at, set) in sets.iter().enumerate().filter(|(_, set)| broad || set.labelling == EXPERT) {
        let share = if broad { 1.0 } else { set.weight };
        let documents = (0..set.documents.len()).filter(|_| random.chance(share));
        all.extend(documents.map(|document| (at, document)));
    }
    random.shuffle(&mut all);
    if settings.sight.is_whole() { alike(sets, settings.batch, all, &mut random) } else { all }
}

/// The same documents so that those of a batch are about as long: else the long ones decide each step.
fn alike(
    sets: &[Set],
    batch: usize,
    mut all: Vec<(usize, usize)>,
    random: &mut Random,
) -> Vec<(usize, usize)> {
    for near in all.chunks_mut(16 * batch) {
        near.sort_by_key(|&(set, document)| sets[set].documents[document].text.len());
    }
    let mut batches: Vec<&[(usize, usize)]> = all.chunks(batch).collect();
    random.shuffle(&mut batches);
    batches.concat()
}

/// Gradients of the documents of a batch, or of some of them.
pub(crate) struct Gradient {
    parameters: Parameters,
    /// Rows of the embedding table, and the gradient that each of them gets.
    embeddings: Vec<(Vec<u32>, [f32; EMBED])>,
    encoder: Option<EncoderGradient>,
    loss: f32,
    weight: f32,
}

impl Gradient {
    pub(crate) fn zeros(weights: &Weights) -> Self {
        let reader = weights.reader.as_ref();
        let encoder = reader.map(|reader| EncoderGradient::zeros(&reader.encoder.shape));
        Self { encoder, ..Self::zeros_of(weights.parameters.zeros_like()) }
    }

    const fn zeros_of(parameters: Parameters) -> Self {
        Self { parameters, embeddings: Vec::new(), encoder: None, loss: 0.0, weight: 0.0 }
    }

    fn add(&mut self, other: Self) {
        crate::kernel::add(&mut self.parameters.0, &other.parameters.0);
        self.embeddings.extend(other.embeddings);
        if let (Some(mine), Some(of_other)) = (&mut self.encoder, other.encoder) {
            mine.add(of_other);
        }
        self.loss += other.loss;
        self.weight += other.weight;
    }
}

/// The input rows of a sample, its hint shown, and the labelling that this asks for.
fn ask(
    weights: &Weights,
    sample: &LabelledDocument,
    page: &Page,
    labelling: usize,
    keep: impl FnMut(usize) -> bool,
) -> (Input, Labelling) {
    let mut rows = assemble(&embed(&weights.embeddings, page, keep), &page.dense);
    let labelling = match &sample.hint {
        None => Labelling::of(labelling),
        Some(hint) => {
            show_hints(&mut rows, &shares_gone(&sample.text, &hint.deletions, page));
            Labelling::hinted(hint.labelling)
        }
    };
    (rows.into(), labelling)
}

/// What a network reads of a document, and what it should say of each row.
fn read(document: &LabelledDocument, care: f32, reads: Reads) -> (Page, Targets) {
    let text = &document.text;
    match reads {
        Reads::Lines => {
            let page = Page::read(text, Span::new(0, text.len()));
            let targets = Targets::of(document, &page, care);
            (page, targets)
        }
        Reads::Units => {
            let gone = lines_gone(document);
            let sheet = Sheet::read(text, &lines(text), |line| !gone[line]);
            let targets = Targets::of_units(document, &sheet, care);
            (sheet.page, targets)
        }
    }
}

/// Adds the gradient of a sample of `set` to `sum`.
fn add_gradient(
    sum: &mut Gradient,
    products: &Products,
    weights: &Weights,
    (sample, set, reads): (&LabelledDocument, &Set, Reads),
    random: &mut Random,
) {
    let (page, targets) = read(sample, set.care, reads);
    if page.rows.is_empty() {
        return;
    }
    let dropout = match reads {
        Reads::Units => UNIT_DROPOUT,
        Reads::Lines if weights.parameters.1.layers > 0 => WHOLE_DROPOUT,
        Reads::Lines => WORD_DROPOUT,
    };
    let kept: Vec<bool> = page.features.iter().map(|_| !random.chance(dropout)).collect();
    let (mut input, labelling) = ask(weights, sample, &page, set.labelling, |at| kept[at]);
    let mut tape = None;
    if let Some(reader) = &weights.reader {
        let mut dropout = Dropout { share: ENCODER_DROPOUT, random };
        let (meanings, of_page) = reader.read(products, &sample.text, &page, Some(&mut dropout));
        input.meanings = Some(meanings);
        tape = Some(of_page);
    }
    let dropout = Some(Dropout { share: 0.15, random });
    let pass = forward(&weights.parameters, products, input, labelling, dropout);
    let d_logits = sum.add_loss(&pass.logits, &targets);
    let d =
        backward(&weights.parameters, products, &pass, labelling, &d_logits, &mut sum.parameters);
    sum.embeddings.extend(spread_to_rows(&page, &d.embeddings, &kept));
    if let (Some(reader), Some(tape), Some(d)) = (&weights.reader, tape, d.meanings)
        && let Some(g) = &mut sum.encoder
    {
        reader.back(products, &tape, &d, g);
    }
}

impl Gradient {
    /// Adds the loss of the logits of a page; returns its gradient.
    fn add_loss(&mut self, logits: &[f32], targets: &Targets) -> Vec<f32> {
        let lines = logits.iter().zip(&targets.noise).zip(&targets.weight);
        let one = |((&logit, &noise), &weight): ((&f32, &f32), &f32)| {
            self.loss += Judged { logit, noise, weight }.loss();
            self.weight += weight;
            weight * (sigmoid(logit) - noise)
        };
        lines.map(one).collect()
    }
}

/// What a network says of the rows of a document with the expert's labels.
fn judge(weights: &Weights, document: &LabelledDocument, reads: Reads) -> Vec<Judged> {
    let (page, targets) = read(document, 1.0, reads);
    let pass = run(weights, document, &page);
    let rows = pass.logits.iter().zip(&targets.noise).zip(&targets.weight);
    rows.map(|((&logit, &noise), &weight)| Judged { logit, noise, weight }).collect()
}

/// What a network in training says of a document, its hint shown if it has one.
fn run(weights: &Weights, document: &LabelledDocument, page: &Page) -> Activations {
    let (mut input, labelling) = ask(weights, document, page, EXPERT, |_| true);
    let products = Products::new();
    if let Some(reader) = &weights.reader {
        input.meanings = Some(reader.read(&products, &document.text, page, None).0);
    }
    forward(&weights.parameters, &products, input, labelling, None)
}

/// Labels a document as the mean of `teachers` does, who see its hint: a probability a line.
#[must_use]
pub fn relabel(teachers: &[TrainedModel], document: &LabelledDocument) -> Vec<f32> {
    let page = Page::read(&document.text, Span::new(0, document.text.len()));
    let mut mean = vec![0.0; page.rows.len()];
    for teacher in teachers {
        let pass = run(&teacher.weights, document, &page);
        for (sum, &logit) in mean.iter_mut().zip(&pass.logits) {
            *sum += sigmoid(logit) / teachers.len() as f32;
        }
    }
    let mut scores = vec![0.0; page.lines];
    page.rows.iter().zip(mean).for_each(|(&row, score)| scores[row] = score);
    scores
}

/// The gradient of a mean goes to each of the rows that it is of.
fn spread_to_rows(page: &Page, d_means: &[f32], kept: &[bool]) -> Vec<(Vec<u32>, [f32; EMBED])> {
    let mut index = 0;
    let lines = d_means.chunks_exact(EMBED).enumerate();
    let spread = |(at, d_mean): (usize, &[f32])| {
        let features = page.features_of(at);
        let kept = &kept[index..index + features.len()];
        index += features.len();
        let rows = features.iter().zip(kept).filter(|(_, kept)| **kept).map(|(&row, _)| row);
        let rows: Vec<u32> = rows.collect();
        let share = 1.0 / rows.len().max(1) as f32;
        (rows, std::array::from_fn(|i| d_mean[i] * share))
    };
    lines.map(spread).collect()
}
