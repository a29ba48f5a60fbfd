//! Training the tagger: one loop, from labelled documents to weights.

mod adam;
mod recipe;
mod sample;

use crate::network::{Dropout, Labelling, assemble, backward, forward, show_hints};
use crate::page::{BUCKETS, Page};
use crate::parameters::{EMBED, EXPERT, PARAMETERS, Parameters, SOURCES, Weight};
use crate::random::Random;
use crate::tagger::{embed, sigmoid};
use crate::weights::Weights;
use adam::{Adam, Rows};
pub use recipe::{Data, Recipe};
use refinex_core::Span;
pub use sample::{Hint, Label, LabelledDocument, Set, clip};
use sample::{Targets, shares_gone};

/// Share of word features that are left out while training (measured: see lab/LOG.md).
const WORD_DROPOUT: f32 = 0.2;
/// Labellings beside the expert's that a network tells apart.
pub const LABELLINGS: usize = SOURCES - 1;
/// Documents whose gradients make one step.
const BATCH: usize = 8;

/// How to train. The same settings and data give the same weights, whatever the threads.
#[derive(Clone, Debug)]
pub struct Settings {
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
    /// Share of the samples with a hint that show it: over 0 for a teacher, 0 for what ships.
    pub hint_share: f32,
    /// The threshold to write into the weights.
    pub threshold: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            broad_epochs: 3,
            expert_epochs: 10,
            rate: 2e-3,
            embedding_rate: 0.025,
            hint_share: 0.0,
            threshold: 0.5,
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
}

/// Weights that were trained.
pub struct TrainedModel {
    weights: Weights,
}

impl TrainedModel {
    /// The weights file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.weights.to_bytes()
    }
}

/// Trains a tagger on `sets`. The first labelling is the expert's: sets with `expert` share it,
/// every other set has one of its own, so that their disagreements do not blur the target.
pub fn train(sets: &[Set], settings: &Settings, progress: &mut dyn FnMut(Metric)) -> TrainedModel {
    let mut weights = initial(settings);
    let mut adam = Adam::new(PARAMETERS);
    let mut rows = Rows::new(BUCKETS);
    let epochs: Vec<Vec<(usize, usize)>> = (0..settings.broad_epochs + settings.expert_epochs)
        .map(|epoch| order(sets, settings, epoch))
        .collect();
    let steps: usize = epochs.iter().map(|order| order.len().div_ceil(BATCH)).sum();
    let mut step = 0;
    for (epoch, order) in epochs.iter().enumerate() {
        let (mut loss, mut weight) = (0.0, 0.0);
        for batch in order.chunks(BATCH) {
            let rate = schedule(step, steps);
            let gradients = batch_gradients(&weights, sets, batch, settings, step);
            let total = gradients.iter().map(|g| g.weight).sum::<f32>().max(1e-6);
            let mut sum = Parameters::zeros();
            for gradient in &gradients {
                crate::kernel::add(&mut sum.0, &gradient.parameters.0);
                gradient.embeddings.iter().for_each(|(at, of_row)| rows.add(at, of_row));
                loss += gradient.loss;
                weight += gradient.weight;
            }
            adam.step(&mut weights.parameters.0, &sum.0, settings.rate * rate, 1.0 / total);
            rows.step(&mut weights.embeddings, settings.embedding_rate * rate, 1.0 / total);
            step += 1;
        }
        progress(Metric { epoch: epoch + 1, step, loss: loss / weight.max(1e-6) });
    }
    let bytes = weights.to_bytes();
    TrainedModel { weights: Weights::from_bytes(&bytes).unwrap_or(weights) }
}

/// Warm-up over the first twentieth of the steps, then down a cosine to nothing.
fn schedule(step: usize, steps: usize) -> f32 {
    let at = step as f32 / steps.max(1) as f32;
    let warm = (at * 20.0).min(1.0);
    warm * 0.5 * (1.0 + (at * std::f32::consts::PI).cos())
}

fn initial(settings: &Settings) -> Weights {
    let mut random = Random::of(&[settings.seed, 0]);
    let mut parameters = Parameters::zeros();
    let products = [
        Weight::Input,
        Weight::FirstConv,
        Weight::Gates,
        Weight::Mix,
        Weight::Pool,
        Weight::SecondConv,
        Weight::Head,
    ];
    for weight in products {
        let inputs = if weight == Weight::Head { weight.shape().1 } else { weight.shape().0 };
        let deviation = (1.5 / inputs as f32).sqrt();
        for value in parameters.of_mut(weight) {
            *value = deviation * random.normal();
        }
    }
    let embeddings = (0..BUCKETS * EMBED).map(|_| 0.1 * random.normal()).collect();
    Weights { embeddings, parameters, threshold: settings.threshold }
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
    all
}

struct Gradient {
    parameters: Parameters,
    /// Rows of the embedding table, and the gradient that each of them gets.
    embeddings: Vec<(Vec<u32>, [f32; EMBED])>,
    loss: f32,
    weight: f32,
}

/// The gradients of a batch, a document each, on two threads; the order of the sums is fixed.
fn batch_gradients(
    weights: &Weights,
    sets: &[Set],
    batch: &[(usize, usize)],
    settings: &Settings,
    step: usize,
) -> Vec<Gradient> {
    let one = |(at, &(set, document)): (usize, &(usize, usize))| {
        let mut random = Random::of(&[settings.seed, 2, step as u64, at as u64]);
        let set = &sets[set];
        let mut sample = set.documents[document].crop(&mut random);
        if !random.chance(settings.hint_share) {
            sample.hint = None;
        }
        gradient(weights, &sample, set, &mut random)
    };
    let (even, odd): (Vec<_>, Vec<_>) = batch.iter().enumerate().partition(|(at, _)| at % 2 == 0);
    let (even, odd): (Vec<Gradient>, Vec<Gradient>) = std::thread::scope(|scope| {
        let other = scope.spawn(|| odd.into_iter().map(one).collect());
        let even = even.into_iter().map(one).collect();
        (even, other.join().unwrap_or_default())
    });
    even.into_iter().chain(odd).collect()
}

/// The input rows of a sample, its hint shown, and the labelling that this asks for.
fn ask(
    weights: &Weights,
    sample: &LabelledDocument,
    page: &Page,
    labelling: usize,
    keep: impl FnMut(usize) -> bool,
) -> (Vec<f32>, Labelling) {
    let mut input = assemble(&embed(&weights.embeddings, page, keep), &page.dense);
    match &sample.hint {
        None => (input, Labelling::of(labelling)),
        Some(hint) => {
            show_hints(&mut input, &shares_gone(&sample.text, &hint.deletions, page));
            (input, Labelling::hinted(hint.labelling))
        }
    }
}

fn gradient(
    weights: &Weights,
    sample: &LabelledDocument,
    set: &Set,
    random: &mut Random,
) -> Gradient {
    let page = Page::read(&sample.text, Span::new(0, sample.text.len()));
    let targets = Targets::of(sample, &page, set.care);
    let kept: Vec<bool> = page.features.iter().map(|_| !random.chance(WORD_DROPOUT)).collect();
    let (input, labelling) = ask(weights, sample, &page, set.labelling, |at| kept[at]);
    let dropout = Some(Dropout { share: 0.15, random });
    let pass = forward(&weights.parameters, input, labelling, dropout);

    let (mut loss, mut d_logits) = (0.0, Vec::with_capacity(targets.noise.len()));
    for ((&logit, &noise), &weight) in pass.logits.iter().zip(&targets.noise).zip(&targets.weight) {
        let score = sigmoid(logit);
        loss -=
            weight * (noise * score.max(1e-7).ln() + (1.0 - noise) * (1.0 - score).max(1e-7).ln());
        d_logits.push(weight * (score - noise));
    }
    let mut parameters = Parameters::zeros();
    let mut embeddings = Vec::new();
    if !d_logits.is_empty() {
        let d_means = backward(&weights.parameters, &pass, labelling, &d_logits, &mut parameters);
        embeddings = spread_to_rows(&page, &d_means, &kept);
    }
    Gradient { parameters, embeddings, loss, weight: targets.weight.iter().sum() }
}

/// Labels a document as the mean of `teachers` does, who see its hint: a probability a line.
#[must_use]
pub fn relabel(teachers: &[TrainedModel], document: &LabelledDocument) -> Vec<f32> {
    let page = Page::read(&document.text, Span::new(0, document.text.len()));
    let mut mean = vec![0.0; page.rows.len()];
    for teacher in teachers {
        let (input, labelling) = ask(&teacher.weights, document, &page, EXPERT, |_| true);
        let pass = forward(&teacher.weights.parameters, input, labelling, None);
        for (sum, &logit) in mean.iter_mut().zip(&pass.logits) {
            *sum += sigmoid(logit) / teachers.len() as f32;
        }
    }
    let mut scores = vec![0.0; page.lines];
    page.rows.iter().zip(mean).for_each(|(&row, score)| scores[row] = score);
    scores
}

/// The gradient of a mean goes to each of its rows.
fn spread_to_rows(page: &Page, d_means: &[f32], kept: &[bool]) -> Vec<(Vec<u32>, [f32; EMBED])> {
    let mut index = 0;
    let lines = d_means.chunks_exact(EMBED).enumerate();
    let spread = |(at, d_mean): (usize, &[f32])| {
        let features = page.features_of(at);
        let share = 1.0 / features.len().max(1) as f32;
        let kept = &kept[index..index + features.len()];
        index += features.len();
        let rows = features.iter().zip(kept).filter(|(_, kept)| **kept).map(|(&row, _)| row);
        (rows.collect(), std::array::from_fn(|i| d_mean[i] * share))
    };
    lines.map(spread).collect()
}
