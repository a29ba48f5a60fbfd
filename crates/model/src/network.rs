//! The network: from the features of rows (the lines of a view, or units of lines) to one logit each.
//!
//! ```text
//! x     = [mean of embeddings | measured features]        rows × INPUT
//! h0    = relu(x·Input + bias + source)                   rows × width
//! last  = body(h0)                                        see `quick` and `context`
//! logit = last·Head[source] + bias
//! ```

use crate::context;
use crate::conv::gate_by;
use crate::encoder::Products;
use crate::kernel::{add, add_to_rows, matmul_add, outer_add, relu, sum_rows, transpose};
use crate::parameters::{EMBED, EXPERT, HINTS, INPUT, MEANING, Parameters, SOURCES, Weight};
use crate::quick;
use crate::random::Random;

/// What the network reads of the lines of a page.
#[derive(Clone)]
pub(crate) struct Input {
    /// [`INPUT`] values a line: embeddings, measured features, hints.
    pub(crate) rows: Vec<f32>,
    /// [`MEANING`] values a line, of an encoder.
    pub(crate) meanings: Option<Vec<f32>>,
}

impl From<Vec<f32>> for Input {
    fn from(rows: Vec<f32>) -> Self {
        Self { rows, meanings: None }
    }
}

/// The gradients of what a network reads.
pub(crate) struct InputGradient {
    /// [`EMBED`] values a line.
    pub(crate) embeddings: Vec<f32>,
    /// [`MEANING`] values a line.
    pub(crate) meanings: Option<Vec<f32>>,
}

/// Values that forward computes and backward needs again.
pub(crate) struct Activations {
    input: Input,
    /// Behind its dropout.
    h0: Vec<f32>,
    body: Body,
    /// What the head reads.
    last: Vec<f32>,
    /// Scales of dropped-out units: 0 or 1/(1−p).
    masks: Option<(Vec<f32>, Vec<f32>)>,
    /// One a line.
    pub(crate) logits: Vec<f32>,
}

/// What lies between the first layer and the head.
enum Body {
    Quick(quick::Tape),
    Context(context::Tape),
}

/// Dropout of a training step.
pub(crate) struct Dropout<'a> {
    pub(crate) share: f32,
    pub(crate) random: &'a mut Random,
}

impl Dropout<'_> {
    pub(crate) fn mask(&mut self, len: usize) -> Vec<f32> {
        let scale = 1.0 / (1.0 - self.share);
        (0..len).map(|_| if self.random.chance(self.share) { 0.0 } else { scale }).collect()
    }
}

/// Which labelling is asked for, and which one the input knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labelling {
    /// Row of [`Weight::SourceIn`]: the labelling wanted, or the hinted one.
    pub(crate) given: usize,
    /// Row of [`Weight::Head`].
    pub(crate) wanted: usize,
}

impl Labelling {
    /// Labelling `source`, with no hint.
    pub(crate) const fn of(source: usize) -> Self {
        Self { given: source, wanted: source }
    }

    /// The expert's labelling where another one, `hint`, is known.
    pub(crate) const fn hinted(hint: usize) -> Self {
        Self { given: SOURCES + hint, wanted: EXPERT }
    }
}

/// Shows hints to the input rows: what another labelling says of each line, as yes and as no.
pub(crate) fn show_hints(input: &mut [f32], hints: &[f32]) {
    for (row, &noise) in input.chunks_exact_mut(INPUT).zip(hints) {
        row[INPUT - HINTS] = noise;
        row[INPUT - HINTS + 1] = 1.0 - noise;
    }
}

/// The input rows of lines from their embeddings and measured features; no hints.
pub(crate) fn assemble(embeddings: &[f32], dense: &[f32]) -> Vec<f32> {
    const DENSE: usize = INPUT - EMBED - HINTS;
    let mut input = vec![0.0; embeddings.len() / EMBED * INPUT];
    let parts = embeddings.chunks_exact(EMBED).zip(dense.chunks_exact(DENSE));
    for (row, (embedding, dense)) in input.chunks_exact_mut(INPUT).zip(parts) {
        row[..EMBED].copy_from_slice(embedding);
        row[EMBED..EMBED + DENSE].copy_from_slice(dense);
    }
    input
}

/// Runs the network on the lines of `input`, labelled as `source` does.
pub(crate) fn forward(
    p: &Parameters,
    products: &Products,
    input: impl Into<Input>,
    labelling: Labelling,
    mut dropout: Option<Dropout<'_>>,
) -> Activations {
    let input = input.into();
    let width = p.1.width;
    let size = input.rows.len() / INPUT * width;
    let masks = dropout.as_mut().map(|d| (d.mask(size), d.mask(size)));

    let mut h0 = vec![0.0; size];
    read_input(p, &input, labelling, &mut h0);
    scale(&mut h0, masks.as_ref().map(|m| &m.0));
    let (mut last, body) = if p.1.layers == 0 {
        let (last, tape) = quick::forward(p, &h0);
        (last, Body::Quick(tape))
    } else {
        let (last, tape) = context::forward(p, products, &h0, dropout.as_mut());
        (last, Body::Context(tape))
    };
    scale(&mut last, masks.as_ref().map(|m| &m.1));

    let logits = head(p, labelling.wanted, &last);
    Activations { input, h0, body, last, masks, logits }
}

/// One logit a row, of the states behind the body.
fn head(p: &Parameters, source: usize, last: &[f32]) -> Vec<f32> {
    let (head, bias) = (p.row(Weight::Head, source), p.of(Weight::HeadBias)[source]);
    last.chunks_exact(p.1.width).map(|row| bias + dot(row, head)).collect()
}

/// The logits of the lines of `input`, labelled as `source` does, as they are told in use.
pub(crate) fn logits(p: &Parameters, input: &Input, labelling: Labelling) -> Vec<f32> {
    let mut h0 = vec![0.0; input.rows.len() / INPUT * p.1.width];
    read_input(p, input, labelling, &mut h0);
    let last = if p.1.layers == 0 { quick::forward(p, &h0).0 } else { context::infer(p, &h0) };
    head(p, labelling.wanted, &last)
}

/// The first layer: relu(x·Input + meaning·Meaning + bias + source).
fn read_input(p: &Parameters, input: &Input, labelling: Labelling, inner: &mut [f32]) {
    let width = p.1.width;
    add_to_rows(inner, p.of(Weight::InputBias));
    add_to_rows(inner, p.row(Weight::SourceIn, labelling.given));
    matmul_add(inner, &input.rows, INPUT, p.of(Weight::Input), INPUT, width);
    if let Some(meanings) = &input.meanings {
        matmul_add(inner, meanings, MEANING, p.of(Weight::Meaning), MEANING, width);
    }
    relu(inner);
}

/// Adds the gradients of the weights to `g`; returns those of the input.
pub(crate) fn backward(
    p: &Parameters,
    products: &Products,
    a: &Activations,
    labelling: Labelling,
    d_logits: &[f32],
    g: &mut Parameters,
) -> InputGradient {
    let (width, source) = (p.1.width, labelling.wanted);
    let mut d_last = vec![0.0; d_logits.len() * width];
    let head = p.row(Weight::Head, source);
    for (at, &d) in d_logits.iter().enumerate() {
        axpy(g.row_mut(Weight::Head, source), d, &a.last[at * width..][..width]);
        axpy(&mut d_last[at * width..][..width], d, head);
        g.of_mut(Weight::HeadBias)[source] += d;
    }
    scale(&mut d_last, a.masks.as_ref().map(|m| &m.1));
    let mut d0 = match &a.body {
        Body::Quick(tape) => quick::backward(p, tape, d_last, g),
        Body::Context(tape) => context::backward(p, products, tape, &d_last, g),
    };
    scale(&mut d0, a.masks.as_ref().map(|m| &m.0));
    gate_by(&mut d0, &a.h0);
    read_input_back(p, &a.input, labelling, &d0, g)
}

/// The gradients of the first layer's weights, added to `g`, and of what it reads.
fn read_input_back(
    p: &Parameters,
    input: &Input,
    labelling: Labelling,
    d0: &[f32],
    g: &mut Parameters,
) -> InputGradient {
    let width = p.1.width;
    let mut bias = vec![0.0; width];
    sum_rows(&mut bias, d0);
    add(g.of_mut(Weight::InputBias), &bias);
    add(g.row_mut(Weight::SourceIn, labelling.given), &bias);
    outer_add(g.of_mut(Weight::Input), &input.rows, INPUT, d0, INPUT, width);
    let table = transpose(&p.of(Weight::Input)[..EMBED * width], EMBED, width);
    let mut embeddings = vec![0.0; d0.len() / width * EMBED];
    matmul_add(&mut embeddings, d0, width, &table, width, EMBED);
    let meanings = input.meanings.as_ref().map(|meanings| {
        outer_add(g.of_mut(Weight::Meaning), meanings, MEANING, d0, MEANING, width);
        let mut d = vec![0.0; meanings.len()];
        multiply_back(&mut d, d0, p, Weight::Meaning);
        d
    });
    InputGradient { embeddings, meanings }
}

/// `d_x += d_y · weightᵀ`.
pub(crate) fn multiply_back(d_x: &mut [f32], d_y: &[f32], p: &Parameters, weight: Weight) {
    let (rows, cols) = p.shape(weight);
    matmul_add(d_x, d_y, cols, &transpose(p.of(weight), rows, cols), cols, rows);
}

fn scale(values: &mut [f32], mask: Option<&Vec<f32>>) {
    if let Some(mask) = mask {
        values.iter_mut().zip(mask).for_each(|(value, mask)| *value *= mask);
    }
}

fn axpy(y: &mut [f32], a: f32, x: &[f32]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += a * x);
}

/// A dot product in eight interleaved sums, so that it vectorises in one stated order.
fn dot(x: &[f32], y: &[f32]) -> f32 {
    let mut sums = [0f32; 8];
    for (x, y) in x.chunks_exact(8).zip(y.chunks_exact(8)) {
        for lane in 0..8 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::{OF_LINES, OF_UNITS, Size};

    fn random_parameters(seed: u64, size: Size) -> Parameters {
        let mut random = Random::of(&[seed]);
        let count = size.parameters(false);
        Parameters((0..count).map(|_| random.normal() * 0.08).collect(), size)
    }

    fn random_input(rows: usize) -> Vec<f32> {
        let mut random = Random::of(&[99]);
        (0..rows * INPUT).map(|_| random.normal() * 0.5).collect()
    }

    /// A loss whose gradient at the logits is `weights`.
    fn loss(p: &Parameters, input: &[f32], weights: &[f32]) -> f64 {
        let a = forward(p, &Products::new(), input.to_vec(), Labelling::of(2), None);
        a.logits.iter().zip(weights).map(|(&x, &w)| f64::from(x) * f64::from(w)).sum()
    }

    #[test]
    fn the_gradients_are_those_of_finite_differences() {
        the_gradients_are_right(OF_LINES);
        the_gradients_are_right(OF_UNITS);
        the_gradients_are_right(Size { width: 32, state: 0, layers: 2 });
    }

    fn the_gradients_are_right(size: Size) {
        let (p, input) = (random_parameters(1, size), random_input(7));
        let weights = [0.3, -1.0, 0.5, 0.9, -0.2, 1.1, -0.7];
        let a = forward(&p, &Products::new(), input.clone(), Labelling::of(2), None);
        let mut g = Parameters::zeros(size, false);
        let d_embeddings =
            backward(&p, &Products::new(), &a, Labelling::of(2), &weights, &mut g).embeddings;
        let step = 2e-3;
        let mut random = Random::of(&[5]);
        let mut wrong = 0;
        for _ in 0..600 {
            let at = random.below(p.0.len());
            let (mut up, mut down) = (p.clone(), p.clone());
            up.0[at] += step;
            down.0[at] -= step;
            let slope = (loss(&up, &input, &weights) - loss(&down, &input, &weights))
                / f64::from(2.0 * step);
            // Kinks of the relu lie within a step of some weights.
            wrong += u32::from((slope - f64::from(g.0[at])).abs() > 2e-3 + 0.02 * slope.abs());
        }
        assert!(wrong <= 6, "{wrong} of 600 gradients differ");
        #[expect(clippy::needless_range_loop, reason = "the index is also that of the input")]
        for at in 0..7 * EMBED {
            let index = at / EMBED * INPUT + at % EMBED;
            let (mut up, mut down) = (input.clone(), input.clone());
            up[index] += step;
            down[index] -= step;
            let slope =
                (loss(&p, &up, &weights) - loss(&p, &down, &weights)) / f64::from(2.0 * step);
            assert!((slope - f64::from(d_embeddings[at])).abs() < 5e-3 + 0.02 * slope.abs());
        }
    }

    #[test]
    fn no_line_gives_no_logit() {
        assert!(
            forward(
                &random_parameters(3, OF_LINES),
                &Products::new(),
                Vec::new(),
                Labelling::of(0),
                None
            )
            .logits
            .is_empty()
        );
    }
}
