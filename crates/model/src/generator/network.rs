//! The network: tokens in, the state behind each of them out, and the best next token.

use super::attention::attend;
use super::cache::{Cache, Kept};
use super::config::{Config, LayerPart, Tensor};
use super::linear::{self, Linear, Precision};
use super::matrix::GROUP;
use super::steps::{self, Turns};
use super::team::Team;
use super::weights::Weights;
use crate::error::ModelError;
use std::ops::Range;

/// Tokens that are read at once: as many as keep their inputs in the second cache.
const AT_ONCE: usize = 256;

/// A generator's network.
pub struct Network {
    config: Config,
    precision: Precision,
    team: Team,
    embedding: Linear,
    layers: Vec<Layer>,
    norm: Vec<f32>,
    /// Unless it is the embedding.
    head: Option<Linear>,
}

struct Layer {
    attention_norm: Vec<f32>,
    /// Queries, keys and values.
    asking: Linear,
    /// Scales of the norms of each head's query and key, where the kind of network has them.
    head_norms: Option<(Vec<f32>, Vec<f32>)>,
    out: Linear,
    feed_norm: Vec<f32>,
    /// Gates and values.
    rising: Linear,
    down: Linear,
}

impl Network {
    /// The network of some weights, for so many threads.
    ///
    /// # Errors
    /// If a tensor holds what is no number, or the shape does not suit the kernels.
    pub fn of(weights: &Weights, precision: Precision, threads: usize) -> Result<Self, ModelError> {
        let config = weights.config().clone();
        linear::check(&config)?;
        let layer = |at| Layer::of(weights, at, precision);
        let head = (!config.tied).then(|| Linear::of(weights, &[Tensor::Head], precision));
        Ok(Self {
            team: Team::of(threads)?,
            embedding: Linear::of(weights, &[Tensor::Embedding], precision)?,
            layers: (0..config.layers).map(layer).collect::<Result<_, _>>()?,
            norm: weights.floats(Tensor::Norm)?,
            head: head.transpose()?,
            precision,
            config,
        })
    }

    /// The shape of the network.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// A cache with room for so many tokens.
    #[must_use]
    pub fn cache(&self, tokens: usize) -> Cache {
        Cache::new(&self.config, self.precision, tokens)
    }

    /// A cache that has read what another has, with room for so many tokens in all.
    ///
    /// # Panics
    /// If there is no room for what was read.
    #[must_use]
    pub fn cache_from(&self, begun: &Cache, tokens: usize) -> Cache {
        let mut cache = self.cache(tokens);
        cache.take_over(begun);
        cache
    }

    /// Reads tokens behind those in `cache`, which must have room for them. The states behind the
    /// last `wanted` of them, a row each.
    ///
    /// # Panics
    /// If there is no room, or a token is not of the vocabulary.
    pub fn read(&self, cache: &mut Cache, tokens: &[u32], wanted: usize) -> Vec<f32> {
        assert!(
            cache.len() + tokens.len() <= cache.capacity(),
            "the cache has room for all tokens"
        );
        self.team.run(|| {
            let mut states = Vec::new();
            let first = tokens.len() - wanted.min(tokens.len());
            for (at, part) in tokens.chunks(AT_ONCE).enumerate() {
                let rows = self.read_some(cache, part);
                let skipped = first.saturating_sub(at * AT_ONCE).min(part.len());
                states.extend_from_slice(&rows[skipped * self.config.width..]);
            }
            steps::norm(&mut states, &self.norm, self.config.epsilon);
            states
        })
    }

    fn read_some(&self, cache: &mut Cache, tokens: &[u32]) -> Vec<f32> {
        let mut state = Vec::with_capacity(tokens.len() * self.config.width);
        for token in tokens {
            assert!((*token as usize) < self.config.vocabulary, "tokens are of the vocabulary");
            self.embedding.row_onto(*token as usize, &mut state);
        }
        let place = cache.len();
        let turns = Turns::of(&self.config, place, tokens.len());
        for (layer, kept) in self.layers.iter().zip(&mut cache.layers) {
            layer.attend(self, kept, &turns, &mut state, place);
            layer.feed(self, &mut state);
        }
        cache.grow(tokens.len());
        state
    }

    fn head(&self) -> &Linear {
        self.head.as_ref().unwrap_or(&self.embedding)
    }

    /// How likely each token is to come behind a state, before anything is made of it.
    #[must_use]
    pub fn logits(&self, state: &[f32]) -> Vec<f32> {
        let mut logits = self.team.run(|| self.head().of_rows(&self.team, state));
        logits.truncate(self.config.vocabulary);
        logits
    }

    /// The most likely token of those that a mask permits, behind each state; the first of equals.
    /// `None` where nothing is permitted.
    #[must_use]
    pub fn best(&self, states: &[f32], masks: &[Vec<bool>]) -> Vec<Option<u32>> {
        let groups = self.head().outputs() / GROUP;
        let wanted = |group: usize| {
            masks.iter().any(|mask| {
                let first = (group * GROUP).min(mask.len());
                mask[first..mask.len().min(first + GROUP)].contains(&true)
            })
        };
        let mut best = vec![None; masks.len()];
        self.team.run(|| {
            for groups in runs((0..groups).filter(|group| wanted(*group))) {
                let logits = self.head().some(&self.team, states, groups.clone());
                let rows = logits.chunks_exact(groups.len() * GROUP);
                for ((row, mask), best) in rows.zip(masks).zip(&mut best) {
                    better(row, groups.start * GROUP, mask, best);
                }
            }
        });
        best.into_iter().map(|best: Option<(f32, u32)>| best.map(|(_, token)| token)).collect()
    }
}

/// Takes the best permitted token of a part of the vocabulary, if it is better than the best so far.
fn better(logits: &[f32], first: usize, mask: &[bool], best: &mut Option<(f32, u32)>) {
    for (at, logit) in logits.iter().enumerate() {
        let token = first + at;
        let permitted = mask.get(token) == Some(&true);
        if permitted && best.is_none_or(|(most, _)| *logit > most) {
            *best = Some((*logit, token as u32));
        }
    }
}

/// Runs of numbers that follow each other.
fn runs(numbers: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some(last) if last.end == number => last.end += 1,
            _ => runs.push(number..number + 1),
        }
    }
    runs
}

impl Layer {
    fn of(weights: &Weights, at: usize, precision: Precision) -> Result<Self, ModelError> {
        let linear = |parts: &[LayerPart]| {
            let tensors: Vec<_> = parts.iter().map(|part| Tensor::Layer(at, *part)).collect();
            Linear::of(weights, &tensors, precision)
        };
        let norm = |part| weights.floats(Tensor::Layer(at, part));
        let head_norms =
            weights.config().architecture.norms_heads().then(|| {
                Ok::<_, ModelError>((norm(LayerPart::QueryNorm)?, norm(LayerPart::KeyNorm)?))
            });
        Ok(Self {
            attention_norm: norm(LayerPart::AttentionNorm)?,
            asking: linear(&[LayerPart::Query, LayerPart::Key, LayerPart::Value])?,
            head_norms: head_norms.transpose()?,
            out: linear(&[LayerPart::Out])?,
            feed_norm: norm(LayerPart::FeedNorm)?,
            rising: linear(&[LayerPart::Gate, LayerPart::Up])?,
            down: linear(&[LayerPart::Down])?,
        })
    }

    fn attend(
        &self,
        network: &Network,
        kept: &mut Kept,
        turns: &Turns,
        state: &mut [f32],
        place: usize,
    ) {
        let (config, team) = (&network.config, &network.team);
        let mut x = state.to_vec();
        steps::norm(&mut x, &self.attention_norm, config.epsilon);
        let mut asked = self.asking.of_rows(team, &x);
        let (queries, keys) = (config.queries(), config.keys());
        let stride = queries + 2 * keys;
        if let Some((query, key)) = &self.head_norms {
            for row in asked.chunks_exact_mut(stride) {
                steps::norm(&mut row[..queries], query, config.epsilon);
                steps::norm(&mut row[queries..queries + keys], key, config.epsilon);
            }
        }
        turns.turn(&mut asked, queries + keys, stride);
        for (at, row) in asked.chunks_exact(stride).enumerate() {
            kept.put(place + at, &row[queries..queries + keys], &row[queries + keys..]);
        }
        let attended = attend(team, config, kept, &asked, stride, place);
        steps::add(state, &self.out.of_rows(team, &attended));
    }

    fn feed(&self, network: &Network, state: &mut [f32]) {
        let (config, team) = (&network.config, &network.team);
        let mut x = state.to_vec();
        steps::norm(&mut x, &self.feed_norm, config.epsilon);
        let risen = steps::gated(&self.rising.of_rows(team, &x), config.inner);
        steps::add(state, &self.down.of_rows(team, &risen));
    }
}
