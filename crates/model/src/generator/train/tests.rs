use super::adapters::Adapters;
use super::decoder::{Adapted, Decoder};
use super::layout::Layout;
use super::layout::tests::tiny;
use super::learner::Learner;
use super::pack::Pack;
use super::*;
use crate::encoder::Products;
use crate::generator::{Architecture, LayerPart, Tensor};

/// Random weights; norms near one.
pub(super) fn random_weights(layout: &Layout, seed: u64) -> Vec<f32> {
    let mut random = Random::of(&[seed]);
    let mut weights = Vec::with_capacity(layout.weights());
    for tensor in layout.config.tensors() {
        let [rows, cols] = tensor.shape(&layout.config);
        let (mean, size) = if tensor.is_norm() { (1.0, 0.2) } else { (0.0, 0.4) };
        weights.extend((0..rows * cols).map(|_| mean + size * random.normal()));
    }
    weights
}

/// Examples that begin alike.
pub(super) fn examples() -> Vec<Example> {
    let one = |prompt: &[u32], program: &[u32]| Example {
        prompt: [&[1, 2, 3, 4], prompt].concat(),
        program: program.to_vec(),
    };
    vec![one(&[5, 6, 7], &[8, 9, 2]), one(&[20, 5], &[8, 2]), one(&[6, 6, 11, 12], &[10, 13, 2])]
}

/// Compares the gradient of some values with finite differences of `loss`.
fn check(values: &[f32], g: &[f32], every: usize, loss: &dyn Fn(&[f32]) -> f64) {
    let step = 2e-3;
    for at in (0..values.len()).step_by(every) {
        let at_distance = |by: f32| {
            let mut moved = values.to_vec();
            moved[at] += by;
            loss(&moved)
        };
        let slope = (at_distance(step) - at_distance(-step)) / f64::from(2.0 * step);
        let far = (slope - f64::from(g[at])).abs();
        assert!(far < 4e-3 + 0.01 * slope.abs(), "value {at}: {slope}, but found {}", g[at]);
    }
}

#[test]
fn the_gradients_of_all_weights_are_those_of_finite_differences() {
    let products = Products::new();
    let all = examples();
    let pack = Pack::of(&all.iter().collect::<Vec<_>>());
    for layout in [tiny(Architecture::Qwen3, false), tiny(Architecture::Llama, true)] {
        let weights = random_weights(&layout, 3);
        let decoder = Decoder { layout: &layout, weights: &weights, adapted: None };
        let mut g = vec![0.0; weights.len()];
        let loss = decoder.learn(&products, &pack, &mut g);
        assert_eq!(loss, decoder.loss(&products, &pack));
        check(&weights, &g, 7, &|weights| {
            Decoder { weights, ..decoder }.loss(&products, &pack).sum
        });
    }
}

#[test]
fn the_gradients_of_adapters_are_those_of_finite_differences() {
    let products = Products::new();
    let all = examples();
    let pack = Pack::of(&all.iter().collect::<Vec<_>>());
    let layout = tiny(Architecture::Qwen3, false);
    let weights = random_weights(&layout, 4);
    let parts =
        [LayerPart::Query, LayerPart::Value, LayerPart::Out, LayerPart::Gate, LayerPart::Down];
    let adapters = Adapters::new(layout.config.clone(), 3, 6.0, &parts);
    let mut random = Random::of(&[5]);
    let values: Vec<f32> = (0..adapters.weights()).map(|_| 0.3 * random.normal()).collect();
    let loss = |values: &[f32], g: Option<&mut [f32]>| {
        let adapted = Some(Adapted { adapters: &adapters, values });
        let decoder = Decoder { layout: &layout, weights: &weights, adapted };
        match g {
            Some(g) => decoder.learn(&products, &pack, g).sum,
            None => decoder.loss(&products, &pack).sum,
        }
    };
    let mut g = vec![0.0; values.len()];
    loss(&values, Some(&mut g));
    check(&values, &g, 3, &|values| loss(values, None));
}

#[test]
fn a_pack_has_the_loss_and_the_gradient_of_its_examples_one_by_one() {
    let products = Products::new();
    let all = examples();
    let layout = tiny(Architecture::Qwen3, false);
    let weights = random_weights(&layout, 6);
    let decoder = Decoder { layout: &layout, weights: &weights, adapted: None };
    let (mut together, mut apart) = (vec![0.0; weights.len()], vec![0.0; weights.len()]);
    let pack = Pack::of(&all.iter().collect::<Vec<_>>());
    let loss = decoder.learn(&products, &pack, &mut together);
    let mut sum = super::loss::Loss::default();
    for example in &all {
        sum = sum.and(decoder.learn(&products, &Pack::of(&[example]), &mut apart));
    }
    assert!((loss.sum - sum.sum).abs() < 1e-4 && loss.tokens == sum.tokens && sum.tokens == 8);
    let far = together.iter().zip(&apart).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(far < 1e-4, "{far}");
}

#[test]
fn a_long_example_is_the_same_in_blocks_of_queries() {
    // The last row of 300 looks at all before it: what changes there changes its loss.
    let products = Products::new();
    let layout = tiny(Architecture::Qwen3, false);
    let weights = random_weights(&layout, 8);
    let decoder = Decoder { layout: &layout, weights: &weights, adapted: None };
    let prompt: Vec<u32> = (0..300).map(|at| at * 7 % 23).collect();
    let loss = |first: u32, last: u32| {
        let mut prompt = prompt.clone();
        (prompt[0], prompt[299]) = (first, last);
        let example = Example { prompt, program: vec![4] };
        decoder.loss(&products, &Pack::of(&[&example])).sum
    };
    assert!((loss(0, 9) - loss(5, 9)).abs() > 1e-6);
    let range = layout.range(Tensor::Layer(1, LayerPart::Down));
    let mut g = vec![0.0; weights.len()];
    let example = Example { prompt, program: vec![4] };
    let pack = Pack::of(&[&example]);
    decoder.learn(&products, &pack, &mut g);
    check(&weights[range.clone()], &g[range.clone()], 29, &|part| {
        let mut weights = weights.clone();
        weights[range.clone()].copy_from_slice(part);
        Decoder { layout: &layout, weights: &weights, adapted: None }.loss(&products, &pack).sum
    });
}

/// Keeps files in memory, and stops being asked for a state after some steps.
#[derive(Default)]
struct Memory {
    state: Option<Vec<u8>>,
    best: Option<Vec<u8>>,
    metrics: Vec<Metric>,
}

impl Ledger for Memory {
    fn metric(&mut self, metric: &Metric) {
        self.metrics.push(*metric);
    }

    fn keep(&mut self, what: Kept, file: &FloatsFile<'_>) {
        let mut bytes = Vec::new();
        file.write(&mut bytes).unwrap();
        match what {
            Kept::State => self.state = Some(bytes),
            Kept::Best => self.best = Some(bytes),
        }
    }

    fn kept(&mut self, what: Kept) -> Option<Vec<u8>> {
        match what {
            Kept::State => self.state.clone(),
            Kept::Best => self.best.clone(),
        }
    }
}

fn settings() -> Settings {
    let (epochs, batch, rate) = (30, 2, 2e-2);
    Settings { epochs, batch, rate, evaluate_every: 10, keep_every: 7, ..Settings::default() }
}

fn learner(settings: &Settings) -> Learner {
    let layout = tiny(Architecture::Qwen3, true);
    let weights = random_weights(&layout, 11);
    Learner::new(layout, weights, settings)
}

fn lora() -> Option<Lora> {
    Some(Lora { rank: 4, alpha: 8.0, parts: PRODUCTS.map(|(_, part)| part).to_vec() })
}

#[test]
fn training_learns_its_examples_with_all_weights_and_with_adapters() {
    let (all, mut last) = (examples(), Vec::new());
    for lora in [None, lora()] {
        let settings = Settings { lora, ..settings() };
        let mut memory = Memory::default();
        let tuned = train(learner(&settings), (&all, &all[..1]), &settings, &mut memory).unwrap();
        let (first, end) = (memory.metrics[0].held.unwrap(), memory.metrics.last().unwrap());
        assert!(end.held.unwrap().0 < 0.3 * first.0, "{first:?} {end:?}");
        assert_eq!((end.step, end.steps, memory.metrics.len()), (60, 60, 61));
        let merged = tuned.merged();
        let decoder = Decoder { layout: &merged.layout, weights: &merged.weights, adapted: None };
        let loss = decoder.loss(&Products::new(), &Pack::of(&[&all[0]])).mean();
        let best = memory.metrics.iter().filter_map(|metric| metric.held).map(|held| held.0);
        let best = best.fold(f32::INFINITY, f32::min);
        assert!((loss - best).abs() < 1e-3, "{loss} {best}");
        last.push(merged.weights);
    }
    assert_ne!(last[0], last[1]);
}

#[test]
fn a_training_that_was_stopped_ends_with_the_same_weights() {
    let all = examples();
    for lora in [None, lora()] {
        let settings = Settings { lora, ..settings() };
        let (mut whole, mut stopped) = (Memory::default(), Memory::default());
        let once = train(learner(&settings), (&all, &all[..1]), &settings, &mut whole).unwrap();
        // As long a training, of which the state after step 21 of 60 is all that is left.
        let mut steps = Stopping { memory: &mut stopped, at: 21 };
        train(learner(&settings), (&all, &all[..1]), &settings, &mut steps).unwrap();
        stopped.metrics.clear();
        let again = train(learner(&settings), (&all, &all[..1]), &settings, &mut stopped).unwrap();
        assert_eq!(stopped.metrics.first().unwrap().step, 22);
        assert_eq!(stopped.metrics[..], whole.metrics[22..]);
        assert!(once.weights == again.weights);
        let values = |tuned: Tuned| tuned.adapters.map(|(_, values)| values);
        assert!(values(once) == values(again));
    }
}

/// Keeps nothing after a step.
struct Stopping<'a> {
    memory: &'a mut Memory,
    at: usize,
}

impl Ledger for Stopping<'_> {
    fn metric(&mut self, metric: &Metric) {
        self.memory.metric(metric);
    }

    fn keep(&mut self, what: Kept, file: &FloatsFile<'_>) {
        if self.memory.metrics.last().is_none_or(|metric| metric.step < self.at)
            || (what == Kept::State && self.memory.metrics.last().unwrap().step == self.at)
        {
            self.memory.keep(what, file);
        }
    }

    fn kept(&mut self, what: Kept) -> Option<Vec<u8>> {
        self.memory.kept(what)
    }
}

#[test]
fn training_stops_when_what_is_held_back_gets_no_better() {
    let all = examples();
    let settings = Settings { rate: 0.5, evaluate_every: 2, patience: 2, ..settings() };
    let mut memory = Memory::default();
    let tuned = train(learner(&settings), (&all, &all[..1]), &settings, &mut memory).unwrap();
    assert!(memory.metrics.last().unwrap().step < 60);
    let held = memory.metrics.iter().filter_map(|metric| metric.held).map(|held| held.0);
    let decoder = Decoder { layout: &tuned.layout, weights: &tuned.weights, adapted: None };
    let loss = decoder.loss(&Products::new(), &Pack::of(&[&all[0]])).mean();
    assert!((loss - held.fold(f32::INFINITY, f32::min)).abs() < 1e-4);
}

#[test]
fn examples_that_do_not_fit_a_generator_are_refused_in_words() {
    let layout = tiny(Architecture::Qwen3, true);
    let why = |prompt: Vec<u32>, program: Vec<u32>| {
        fits(&Example { prompt, program }, &layout).unwrap_err().to_string()
    };
    assert!(why(vec![1, 23], vec![2]).contains("tokens under 23"));
    assert!(why(vec![1; 512], vec![2]).contains("one of 513"));
    assert!(why(vec![1], vec![]).contains("a prompt and a program"));
}

#[test]
fn files_of_models_and_adapters_are_called_as_transformers_and_peft_call_them() {
    let settings = Settings { lora: lora(), ..settings() };
    let tuned = learner(&settings).done();
    let bytes = |file: &FloatsFile<'_>| {
        let mut bytes = Vec::new();
        file.write(&mut bytes).unwrap();
        bytes
    };
    let (file, config) = tuned.adapter("base").unwrap();
    let adapter = bytes(&file);
    let adapter = crate::tensors::Tensors::open(&adapter).unwrap();
    let name = "base_model.model.model.layers.1.mlp.down_proj.lora_A.weight";
    assert_eq!(adapter.floats(name).unwrap().1, [4, 20]);
    assert_eq!(adapter.floats(&name.replace("_A", "_B")).unwrap(), (vec![0.0; 64], vec![16, 4]));
    assert_eq!((config["r"].as_u64(), config["lora_alpha"].as_f64()), (Some(4), Some(8.0)));
    assert_eq!(config["target_modules"].as_array().unwrap().len(), 7);
    let model = bytes(&tuned.model());
    let model = crate::tensors::Tensors::open(&model).unwrap();
    assert_eq!(model.floats("model.layers.0.self_attn.q_norm.weight").unwrap().1, [6]);
    assert_eq!(model.floats("model.embed_tokens.weight").unwrap().1, [23, 16]);
    assert!(!model.has("lm_head.weight"));
}

#[test]
fn training_and_inference_give_the_same_logits_to_a_thousandth() {
    use crate::encoder::View;
    use crate::generator::tiny::Tiny;
    use crate::generator::{Network, Precision};
    for architecture in [Architecture::Llama, Architecture::Qwen3] {
        let folder = tempfile::tempdir().unwrap();
        Tiny::new(architecture, 1).write_folder(folder.path(), 1);
        let weights = Weights::open(folder.path()).unwrap();
        let layout = Layout::of(weights.config().clone());
        let (values, width) = (layout.read(&weights).unwrap(), layout.config.width);
        let decoder = Decoder { layout: &layout, weights: &values, adapted: None };
        // Every token but the last is told the next.
        let tokens: Vec<u32> = (0..300).map(|at| at * 31 % 260).collect();
        let (first, program) = tokens.split_first().unwrap();
        let example = Example { prompt: vec![*first], program: program.to_vec() };
        let (products, pack) = (Products::new(), Pack::of(&[&example]));
        let told = decoder.told(&products, &pack);
        let (rows, vocabulary) = (program.len(), layout.config.vocabulary);
        let mut of_training = vec![0.0; rows * vocabulary];
        let head = decoder.matrix(layout.output()).turned();
        products.set(&mut of_training, View::of(&told, rows, width), head);
        let loss = decoder.loss(&products, &pack).mean();

        let network = Network::of(&weights, Precision::Single, 1).unwrap();
        let states = network.read(&mut network.cache(rows), &tokens[..rows], rows);
        let states = states.chunks_exact(width);
        let of_inference: Vec<f32> = states.flat_map(|state| network.logits(state)).collect();
        let pairs = of_training.iter().zip(&of_inference);
        let furthest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(furthest < 1e-3, "{architecture:?}: {furthest}");
        assert!(of_inference.iter().any(|logit| logit.abs() > 3.0), "the test sees something");

        let of_token = |(logits, token): (&[f32], &u32)| {
            let sum: f64 = logits.iter().map(|&logit| f64::from(logit).exp()).sum();
            sum.ln() - f64::from(logits[*token as usize])
        };
        let losses = of_inference.chunks_exact(vocabulary).zip(program).map(of_token);
        let other = losses.sum::<f64>() / rows as f64;
        assert!((f64::from(loss) - other).abs() < 1e-5 * other, "{loss} {other}");
    }
}
