//! Training the tagger: one loop, from labelled documents to weights.

mod adam;
mod sample;

use crate::network::{Dropout, assemble, backward, forward};
use crate::page::{BUCKETS, Page};
use crate::parameters::{EMBED, PARAMETERS, Parameters, SOURCES, Weight};
use crate::random::Random;
use crate::tagger::{Tagger, embed, sigmoid};
use crate::weights::Weights;
use adam::{Adam, Rows};
use refinex_core::Span;
pub use sample::{LabelledDocument, Set};
use sample::{Labels, crop};

/// Share of word features that are left out while training (measured: see lab/LOG.md).
const WORD_DROPOUT: f32 = 0.2;
/// Documents whose gradients make one step.
const BATCH: usize = 8;

/// How to train. The same settings and data give the same weights, whatever the threads.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Seed of all random choices.
    pub seed: u64,
    /// Passes over all sets.
    pub broad_epochs: usize,
    /// Passes over the expert's sets alone, afterwards.
    pub expert_epochs: usize,
    /// Largest step of the network's weights.
    pub rate: f32,
    /// Largest step of the embeddings.
    pub embedding_rate: f32,
    /// The threshold to write into the weights.
    pub threshold: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            broad_epochs: 2,
            expert_epochs: 10,
            rate: 2e-3,
            embedding_rate: 0.05,
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
            let gradients = batch_gradients(&weights, sets, batch, settings.seed, step);
            let total = gradients.iter().map(|g| g.weight).sum::<f32>().max(1e-6);
            let mut sum = Parameters::zeros();
            for gradient in &gradients {
                crate::kernel::add(&mut sum.0, &gradient.parameters.0);
                rows.add(&gradient.embeddings);
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

/// The documents of an epoch as (set, document), shuffled.
fn order(sets: &[Set], settings: &Settings, epoch: usize) -> Vec<(usize, usize)> {
    let broad = epoch < settings.broad_epochs;
    let wanted = sets.iter().enumerate().filter(|(_, set)| broad || set.expert);
    let mut all: Vec<(usize, usize)> = wanted
        .flat_map(|(at, set)| (0..set.documents.len()).map(move |document| (at, document)))
        .collect();
    Random::of(&[settings.seed, 1, epoch as u64]).shuffle(&mut all);
    all
}

/// The labelling of a set: 0 for the expert, 1.. for the others in order.
fn source(sets: &[Set], at: usize) -> usize {
    if sets[at].expert {
        return crate::tagger::EXPERT;
    }
    let before = sets[..at].iter().filter(|set| !set.expert).count();
    (1 + before).min(SOURCES - 1)
}

struct Gradient {
    parameters: Parameters,
    embeddings: Vec<(u32, [f32; EMBED])>,
    loss: f32,
    weight: f32,
}

/// The gradients of a batch, a document each, on two threads; the order of the sums is fixed.
fn batch_gradients(
    weights: &Weights,
    sets: &[Set],
    batch: &[(usize, usize)],
    seed: u64,
    step: usize,
) -> Vec<Gradient> {
    let one = |(at, &(set, document)): (usize, &(usize, usize))| {
        let mut random = Random::of(&[seed, 2, step as u64, at as u64]);
        let sample = crop(&sets[set].documents[document], &mut random);
        gradient(weights, &sample, source(sets, set), &mut random)
    };
    let (even, odd): (Vec<_>, Vec<_>) = batch.iter().enumerate().partition(|(at, _)| at % 2 == 0);
    let (even, odd): (Vec<Gradient>, Vec<Gradient>) = std::thread::scope(|scope| {
        let other = scope.spawn(|| odd.into_iter().map(one).collect());
        let even = even.into_iter().map(one).collect();
        (even, other.join().unwrap_or_default())
    });
    even.into_iter().chain(odd).collect()
}

fn gradient(
    weights: &Weights,
    sample: &LabelledDocument,
    source: usize,
    random: &mut Random,
) -> Gradient {
    let page = Page::read(&sample.text, Span::new(0, sample.text.len()));
    let labels = Labels::of(sample, &page);
    let kept: Vec<bool> = page.features.iter().map(|_| !random.chance(WORD_DROPOUT)).collect();
    let input = assemble(&embed(&weights.embeddings, &page, |at| kept[at]), &page.dense);
    let pass = forward(&weights.parameters, input, source, Some(Dropout { share: 0.15, random }));

    let (mut loss, mut d_logits) = (0.0, Vec::with_capacity(labels.noise.len()));
    for ((&logit, &noise), &weight) in pass.logits.iter().zip(&labels.noise).zip(&labels.weight) {
        let score = sigmoid(logit);
        loss -=
            weight * (noise * score.max(1e-7).ln() + (1.0 - noise) * (1.0 - score).max(1e-7).ln());
        d_logits.push(weight * (score - noise));
    }
    let mut parameters = Parameters::zeros();
    let mut embeddings = Vec::new();
    if !d_logits.is_empty() {
        let d_means = backward(&weights.parameters, &pass, source, &d_logits, &mut parameters);
        embeddings = spread_to_rows(&page, &d_means, &kept);
    }
    Gradient { parameters, embeddings, loss, weight: labels.weight.iter().sum() }
}

/// The gradient of a mean goes to each of its rows.
fn spread_to_rows(page: &Page, d_means: &[f32], kept: &[bool]) -> Vec<(u32, [f32; EMBED])> {
    let mut all = Vec::with_capacity(kept.len());
    let mut index = 0;
    for (at, d_mean) in d_means.chunks_exact(EMBED).enumerate() {
        let features = page.features_of(at);
        let share = 1.0 / features.len().max(1) as f32;
        let mut d_row = [0.0; EMBED];
        d_row.iter_mut().zip(d_mean).for_each(|(d, mean)| *d = mean * share);
        for &feature in features {
            if kept[index] {
                all.push((feature, d_row));
            }
            index += 1;
        }
    }
    all
}

/// Scores of the lines that are not blank, with the characters of each and its label: what is
/// needed to choose a threshold.
#[must_use]
pub fn score_lines(tagger: &Tagger, document: &LabelledDocument) -> Vec<(f32, f32, bool)> {
    let all = Span::new(0, document.text.len());
    let page = Page::read(&document.text, all);
    let labels = Labels::of(document, &page);
    let scores = tagger.score_lines(&document.text, all);
    let rows = page.rows.iter().map(|&row| scores[row]).zip(labels.characters).zip(labels.noise);
    rows.map(|((score, characters), noise)| (score, characters, noise > 0.5)).collect()
}
