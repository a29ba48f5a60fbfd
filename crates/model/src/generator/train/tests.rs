use super::adapters::Adapters;
use super::decoder::{Adapted, Decoder};
use super::layout::Layout;
use super::layout::tests::tiny;
use super::pack::{Example, Pack};
use crate::encoder::Products;
use crate::generator::{Architecture, LayerPart, Tensor};
use crate::random::Random;

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
        sum.add(decoder.learn(&products, &Pack::of(&[example]), &mut apart));
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
