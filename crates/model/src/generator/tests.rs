//! What must hold of the whole generator, on tiny random models.

use super::config::{Architecture, Config, LayerPart, Tensor};
use super::decode::{Decoding, Written, write};
use super::gguf::Gguf;
use super::gguf::writing::Writer;
use super::linear::Precision;
use super::matrix::Matrix;
use super::network::Network;
use super::tiny::Tiny;
use super::weights::Weights;
use super::{Allowed, Anything};
use crate::random::Random;
use std::fs;
use std::path::Path;

const KINDS: [Architecture; 2] = [Architecture::Llama, Architecture::Qwen3];

fn folder(tiny: &Tiny) -> (tempfile::TempDir, Weights) {
    let folder = tempfile::tempdir().unwrap();
    tiny.write_folder(folder.path(), 1);
    let weights = Weights::open(folder.path()).unwrap();
    (folder, weights)
}

fn network(kind: Architecture, precision: Precision, threads: usize) -> Network {
    let (_folder, weights) = folder(&Tiny::new(kind, 1));
    Network::of(&weights, precision, threads).unwrap()
}

fn text(config: &Config, length: usize, seed: u64) -> Vec<u32> {
    let mut random = Random::of(&[seed]);
    (0..length).map(|_| random.below(config.vocabulary) as u32).collect()
}

fn all_logits(network: &Network, tokens: &[u32]) -> Vec<Vec<f32>> {
    let mut cache = network.cache(tokens.len());
    let states = network.read(&mut cache, tokens, tokens.len());
    states.chunks_exact(network.config().width).map(|state| network.logits(state)).collect()
}

/// The network as its papers write it: single precision, loops, no cache.
struct Plain<'a>(&'a Tiny);

impl Plain<'_> {
    fn product(&self, x: &[f32], tensor: Tensor) -> Vec<f32> {
        let rows = self.0.values(tensor).chunks_exact(x.len());
        rows.map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum()).collect()
    }

    fn norm(&self, x: &[f32], tensor: Tensor) -> Vec<f32> {
        let scale = self.0.values(tensor);
        let mut out = Vec::new();
        for part in x.chunks_exact(scale.len()) {
            let mean = part.iter().map(|x| x * x).sum::<f32>() / part.len() as f32;
            let root = (mean + self.0.config.epsilon).sqrt();
            out.extend(part.iter().zip(scale).map(|(x, scale)| x / root * scale));
        }
        out
    }

    /// Heads, normed if the kind of network does that, and turned by their place.
    fn turned(&self, x: &[f32], tensor: Tensor, place: usize) -> Vec<f32> {
        let config = &self.0.config;
        let normed = config.architecture.norms_heads().then(|| self.norm(x, tensor));
        let x = normed.unwrap_or_else(|| x.to_vec());
        let half = config.head_width / 2;
        let head = |x: &[f32]| -> Vec<f32> {
            let angle =
                |at: usize| place as f32 * config.theta.powf(-((at % half) as f32) / half as f32);
            let other = |at: usize| if at < half { -x[at + half] } else { x[at - half] };
            (0..2 * half).map(|at| x[at] * angle(at).cos() + other(at) * angle(at).sin()).collect()
        };
        x.chunks_exact(2 * half).flat_map(head).collect()
    }

    /// What the heads of a query take from the places so far.
    fn taken(&self, query: &[f32], keys: &[Vec<f32>], values: &[Vec<f32>]) -> Vec<f32> {
        let config = &self.0.config;
        let width = config.head_width;
        let mut taken = Vec::new();
        for (head, query) in query.chunks_exact(width).enumerate() {
            let first = head / (config.heads / config.kv_heads) * width;
            let weight = |key: &Vec<f32>| {
                let product: f32 = query.iter().zip(&key[first..]).map(|(q, k)| q * k).sum();
                (product / (width as f32).sqrt()).exp()
            };
            let weights: Vec<f32> = keys.iter().map(weight).collect();
            let sum: f32 = weights.iter().sum();
            for at in first..first + width {
                let each = weights.iter().zip(values);
                taken.push(each.map(|(weight, value)| weight / sum * value[at]).sum());
            }
        }
        taken
    }

    fn layer(&self, at: usize, states: &mut [Vec<f32>]) {
        let part = |part| Tensor::Layer(at, part);
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for (place, state) in states.iter_mut().enumerate() {
            let x = self.norm(state, part(LayerPart::AttentionNorm));
            let query = self.product(&x, part(LayerPart::Query));
            let query = self.turned(&query, part(LayerPart::QueryNorm), place);
            let key = self.product(&x, part(LayerPart::Key));
            keys.push(self.turned(&key, part(LayerPart::KeyNorm), place));
            values.push(self.product(&x, part(LayerPart::Value)));
            let taken = self.taken(&query, &keys, &values);
            let out = self.product(&taken, part(LayerPart::Out));
            state.iter_mut().zip(&out).for_each(|(state, out)| *state += out);
            let x = self.norm(state, part(LayerPart::FeedNorm));
            let gates = self.product(&x, part(LayerPart::Gate));
            let up = self.product(&x, part(LayerPart::Up));
            let risen: Vec<f32> =
                gates.iter().zip(&up).map(|(gate, up)| gate / (1.0 + (-gate).exp()) * up).collect();
            let down = self.product(&risen, part(LayerPart::Down));
            state.iter_mut().zip(&down).for_each(|(state, down)| *state += down);
        }
    }

    fn logits(&self, tokens: &[u32]) -> Vec<Vec<f32>> {
        let config = &self.0.config;
        let rows: Vec<&[f32]> =
            self.0.values(Tensor::Embedding).chunks_exact(config.width).collect();
        let mut states: Vec<Vec<f32>> =
            tokens.iter().map(|token| rows[*token as usize].to_vec()).collect();
        (0..config.layers).for_each(|at| self.layer(at, &mut states));
        let head = if config.tied { Tensor::Embedding } else { Tensor::Head };
        states.iter().map(|state| self.product(&self.norm(state, Tensor::Norm), head)).collect()
    }
}

fn furthest(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().zip(b).flat_map(|(a, b)| a.iter().zip(b));
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn single_precision_computes_what_a_plain_reference_computes() {
    for kind in KINDS {
        let tiny = Tiny::new(kind, 1);
        let tokens = text(&tiny.config, 70, 2);
        let network = network(kind, Precision::Single, 1);
        let (found, want) = (all_logits(&network, &tokens), Plain(&tiny).logits(&tokens));
        let distance = furthest(&found, &want);
        assert!(distance < 1e-3, "{kind:?}: {distance}");
        assert!(want.iter().flatten().any(|logit| logit.abs() > 3.0), "the test sees something");
    }
}

#[test]
fn small_numbers_are_close_to_single_precision() {
    for kind in KINDS {
        let tokens = text(&Tiny::new(kind, 1).config, 70, 2);
        let exact = all_logits(&network(kind, Precision::Single, 1), &tokens);
        let small = all_logits(&network(kind, Precision::Small, 1), &tokens);
        let (mut error, mut size) = (0.0, 0.0);
        for (exact, small) in exact.iter().flatten().zip(small.iter().flatten()) {
            error += f64::from((exact - small).powi(2));
            size += f64::from(exact.powi(2));
        }
        // Of real models a quarter of it (lab/LOG.md): random ones ask sharper questions.
        assert!(error / size < 0.08f64.powi(2), "{kind:?}: {}", (error / size).sqrt());
    }
}

#[test]
fn reading_at_once_one_by_one_and_after_taking_back_gives_the_same_bits() {
    for kind in KINDS {
        for precision in [Precision::Small, Precision::Single] {
            let network = network(kind, precision, 1);
            // More than are read at once.
            let tokens = text(network.config(), 300, 3);
            let at_once = all_logits(&network, &tokens);
            let mut cache = network.cache(320);
            for (place, token) in tokens.iter().enumerate() {
                if place % 50 == 7 {
                    let wrong = text(network.config(), 1 + place % 13, place as u64);
                    let _ = network.read(&mut cache, &wrong, 1);
                    cache.truncate(place);
                }
                let state = network.read(&mut cache, &[*token], 1);
                assert_eq!(
                    network.logits(&state),
                    at_once[place],
                    "{kind:?} {precision:?} {place}"
                );
            }
        }
    }
}

#[test]
fn any_number_of_threads_computes_the_same_bits() {
    let tokens = text(&Tiny::new(Architecture::Qwen3, 1).config, 90, 4);
    let one = network(Architecture::Qwen3, Precision::Small, 1);
    let three = network(Architecture::Qwen3, Precision::Small, 3);
    assert_eq!(all_logits(&one, &tokens), all_logits(&three, &tokens));
    assert_eq!(all_logits(&one, &tokens[..3]), all_logits(&three, &tokens[..3]));
}

#[test]
fn a_gguf_file_and_parts_of_safetensors_are_the_same_model() {
    for kind in KINDS {
        let tiny = Tiny::new(kind, 1);
        let (place, whole) = folder(&tiny);
        let parts = place.path().join("parts");
        tiny.write_folder(&parts, 2);
        let file = place.path().join("tiny.gguf");
        fs::write(&file, tiny.gguf()).unwrap();
        for other in [Weights::open(&parts).unwrap(), Weights::open(&file).unwrap()] {
            assert_eq!(other.config(), whole.config());
            for tensor in whole.config().tensors() {
                assert_eq!(
                    other.floats(tensor).unwrap(),
                    whole.floats(tensor).unwrap(),
                    "{tensor:?}"
                );
            }
        }
    }
}

/// Permits tokens of one remainder by seven, another each time.
struct Sevenths(u32);

impl Allowed for Sevenths {
    fn fill(&self, mask: &mut [bool]) {
        mask.iter_mut().zip(0..).for_each(|(mask, token)| *mask = self.permits(token));
    }

    fn permits(&self, token: u32) -> bool {
        token % 7 == self.0 % 7
    }

    fn advance(&mut self, token: u32) {
        assert!(self.permits(token));
        self.0 += 1 + token % 2;
    }

    fn fork(&self) -> Box<dyn Allowed> {
        Box::new(Self(self.0))
    }
}

fn written(network: &Network, seed: u64, draft: usize, constrained: bool) -> Written {
    let config = network.config();
    let (question, writable) = (text(config, 40, seed), vec![true; config.vocabulary]);
    let allowed: Box<dyn Allowed> =
        if constrained { Box::new(Sevenths(seed as u32)) } else { Box::new(Anything) };
    // An end that comes sooner or later, or does not.
    let end = seed as u32 % 5;
    let how = Decoding { most_tokens: 120, draft };
    let mut begun = network.cache(20);
    let _ = network.read(&mut begun, &question[..seed as usize], 0);
    write(network, &begun, &question, allowed, &writable, end, how)
}

#[test]
fn drafts_change_the_steps_and_nothing_else() {
    let (mut steps, mut plain_steps) = (0, 0);
    for kind in KINDS {
        let network = network(kind, Precision::Small, 1);
        for seed in 0..12 {
            for constrained in [false, true] {
                let plain = written(&network, seed, 0, constrained);
                assert!(plain.ended || plain.tokens.len() == 120);
                for draft in [1, 6] {
                    let drafted = written(&network, seed, draft, constrained);
                    assert_eq!((&drafted.tokens, drafted.ended), (&plain.tokens, plain.ended));
                    steps += drafted.steps;
                    plain_steps += plain.steps;
                }
            }
        }
    }
    assert!(steps < plain_steps, "{steps} and {plain_steps}");
}

#[test]
fn a_constraint_is_kept() {
    let network = network(Architecture::Llama, Precision::Small, 1);
    let written = written(&network, 3, 6, true);
    let mut allowed = Sevenths(3);
    assert!(!written.tokens.is_empty());
    written.tokens.iter().for_each(|token| allowed.advance(*token));
}

fn error(path: &Path) -> String {
    Weights::open(path).err().unwrap().to_string()
}

#[test]
fn missing_truncated_and_foreign_files_are_refused_in_words() {
    let tiny = Tiny::new(Architecture::Llama, 1);
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    assert!(error(&at("none.gguf")).starts_with("expected a folder of a model or a GGUF file at"));
    assert!(error(place.path()).contains("config.json"), "{}", error(place.path()));
    fs::write(at("page.gguf"), "<html>").unwrap();
    assert!(error(&at("page.gguf")).contains("bytes that begin \"<html>\""));
    let bytes = tiny.gguf();
    fs::write(at("cut.gguf"), &bytes[..bytes.len() - 5000]).unwrap();
    assert!(error(&at("cut.gguf")).contains("is it truncated?"), "{}", error(&at("cut.gguf")));
    tiny.write_folder(&at("folder"), 1);
    let weights = at("folder/model.safetensors");
    let bytes = fs::read(&weights).unwrap();
    fs::write(&weights, &bytes[..bytes.len() - 7]).unwrap();
    assert!(error(&at("folder")).contains("a whole safetensors file at"));
    fs::write(&weights, &bytes).unwrap();
    let mut config = tiny.config_json();
    config["intermediate_size"] = 64.into();
    fs::write(at("folder/config.json"), config.to_string()).unwrap();
    let found = error(&at("folder"));
    assert!(
        found.contains("64 × 32 values in tensor model.layers.0.mlp.gate_proj.weight"),
        "{found}"
    );
    config["num_hidden_layers"] = 3.into();
    config["intermediate_size"] = 96.into();
    fs::write(at("folder/config.json"), config.to_string()).unwrap();
    assert!(error(&at("folder")).contains("a tensor model.layers.2.input_layernorm.weight"));
    fs::remove_file(&weights).unwrap();
    assert!(error(&at("folder")).starts_with("expected weights at"), "{}", error(&at("folder")));
}

#[test]
fn values_that_are_no_numbers_are_refused() {
    let mut tiny = Tiny::new(Architecture::Llama, 1);
    tiny.tensors[3].1[5] = f32::NAN;
    let (_folder, weights) = folder(&tiny);
    let error = Network::of(&weights, Precision::Small, 1).err().unwrap().to_string();
    assert!(error.contains("numbers in tensor model.layers.0.self_attn.k_proj.weight"), "{error}");
    // A scale of a block that is infinite.
    let mut file = Writer::default();
    let block = [&[0, 0x7C][..], &[1; 32]].concat();
    file.tensor("x", [16, 32], 8, &block.repeat(16));
    let file = Gguf::parse(file.bytes()).unwrap();
    let (kind, bytes) = file.stored("x").unwrap();
    assert!(!Matrix::of(kind, bytes, 16, 32).is_finite());
}
