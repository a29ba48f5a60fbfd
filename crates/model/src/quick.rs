//! The body of quick networks: convolutions and a recurrence over the rows.
//!
//! ```text
//! h1 = h0 + relu(conv5(h0))
//! h2 = h1 + relu(recurrence(h1)·Mix + mean(h1)·Pool + bias)
//! h3 = h2 + relu(conv5(h2))
//! ```

use crate::conv::{self, Conv, gate_by};
use crate::kernel::{add, add_to_rows, matmul_add, outer_add, relu, sum_rows};
use crate::network::multiply_back;
use crate::parameters::{Parameters, Weight};
use crate::recurrence;

/// What backward needs of the body.
pub(crate) struct Tape {
    first: conv::Tape,
    h1: Vec<f32>,
    gates: Vec<f32>,
    states: Vec<f32>,
    pooled: Vec<f32>,
    mixed: Vec<f32>,
    second: conv::Tape,
}

fn first(p: &Parameters) -> Conv {
    conv(p, Weight::FirstConv, Weight::FirstConvBias)
}

fn second(p: &Parameters) -> Conv {
    conv(p, Weight::SecondConv, Weight::SecondConvBias)
}

fn conv(p: &Parameters, weight: Weight, bias: Weight) -> Conv {
    Conv { width: p.1.width, weight: weight.range(p.1), bias: bias.range(p.1) }
}

/// From `h0` to `h3`.
pub(crate) fn forward(p: &Parameters, h0: &[f32]) -> (Vec<f32>, Tape) {
    let (width, state) = (p.1.width, p.1.state);
    let rows = h0.len() / width;
    let of_first = first(p).forward(&p.0, h0);
    let mut h1 = of_first.out.clone();
    add(&mut h1, h0);
    let mut gates = vec![0.0; rows * recurrence::GATES * state];
    add_to_rows(&mut gates, p.of(Weight::GatesBias));
    matmul_add(&mut gates, &h1, width, p.of(Weight::Gates), width, recurrence::GATES * state);
    let states = recurrence::forward(&mut gates, state);
    let (pooled, mixed) = mix(p, &h1, &states);
    let mut h2 = h1.clone();
    add(&mut h2, &mixed);
    let of_second = second(p).forward(&p.0, &h2);
    let mut h3 = of_second.out.clone();
    add(&mut h3, &h2);
    (h3, Tape { first: of_first, h1, gates, states, pooled, mixed, second: of_second })
}

/// relu(states·Mix + mean(h1)·Pool + bias), and that mean.
fn mix(p: &Parameters, h1: &[f32], states: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (width, state) = (p.1.width, p.1.state);
    let pooled = mean(h1, width);
    let mut shared = p.of(Weight::MixBias).to_vec();
    matmul_add(&mut shared, &pooled, width, p.of(Weight::Pool), width, width);
    let mut mixed = vec![0.0; h1.len()];
    add_to_rows(&mut mixed, &shared);
    matmul_add(&mut mixed, states, 2 * state, p.of(Weight::Mix), 2 * state, width);
    relu(&mut mixed);
    (pooled, mixed)
}

/// The gradient of `h0` from that of `h3`; those of the weights are added to `g`.
pub(crate) fn backward(p: &Parameters, tape: &Tape, d3: Vec<f32>, g: &mut Parameters) -> Vec<f32> {
    let (width, state) = (p.1.width, p.1.state);
    let rows = d3.len() / width;
    let mut d2 = d3.clone();
    add(&mut d2, &second(p).backward(&p.0, &tape.second, d3, &mut g.0));

    let mut d_mixed = d2.clone();
    gate_by(&mut d_mixed, &tape.mixed);
    let mut shared = vec![0.0; width];
    sum_rows(&mut shared, &d_mixed);
    add(g.of_mut(Weight::MixBias), &shared);
    outer_add(g.of_mut(Weight::Mix), &tape.states, 2 * state, &d_mixed, 2 * state, width);
    outer_add(g.of_mut(Weight::Pool), &tape.pooled, width, &shared, width, width);
    let mut d1 = d2;
    let mut d_pooled = vec![0.0; width];
    multiply_back(&mut d_pooled, &shared, p, Weight::Pool);
    d_pooled.iter_mut().for_each(|d| *d /= rows as f32);
    add_to_rows(&mut d1, &d_pooled);

    let mut d_states = vec![0.0; rows * 2 * state];
    multiply_back(&mut d_states, &d_mixed, p, Weight::Mix);
    let d_gates = recurrence::backward(&tape.gates, &tape.states, &d_states, state);
    sum_rows(g.of_mut(Weight::GatesBias), &d_gates);
    outer_add(g.of_mut(Weight::Gates), &tape.h1, width, &d_gates, width, recurrence::GATES * state);
    multiply_back(&mut d1, &d_gates, p, Weight::Gates);
    let mut d0 = d1.clone();
    add(&mut d0, &first(p).backward(&p.0, &tape.first, d1, &mut g.0));
    d0
}

fn mean(h: &[f32], width: usize) -> Vec<f32> {
    let rows = (h.len() / width).max(1);
    let mut sum = vec![0.0; width];
    sum_rows(&mut sum, h);
    sum.iter_mut().for_each(|value| *value /= rows as f32);
    sum
}
