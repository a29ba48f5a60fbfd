//! A gated running mean in both directions: h ← h + z·(c − h), the gate z and the candidate c read
//! from the line alone, so that only this loop is sequential (minGRU).

use crate::kernel::sigmoid_all;

/// Columns of the gates for each value of the state: forwards (gate, candidate), backwards (gate,
/// candidate).
pub(crate) const GATES: usize = 4;

/// Turns gate inputs (logits, candidates) into gates and returns the states, two a row of `state`
/// values each.
pub(crate) fn forward(gates: &mut [f32], state: usize) -> Vec<f32> {
    let cols = GATES * state;
    let rows = gates.len() / cols;
    let mut states = vec![0.0; rows * 2 * state];
    for row in gates.chunks_exact_mut(cols) {
        sigmoid_all(&mut row[..state]);
        sigmoid_all(&mut row[2 * state..3 * state]);
    }
    let mut now = vec![0f32; state];
    for row in 0..rows {
        advance(&mut now, &gates[row * cols..]);
        states[row * 2 * state..][..state].copy_from_slice(&now);
    }
    now.fill(0.0);
    for row in (0..rows).rev() {
        advance(&mut now, &gates[row * cols + 2 * state..]);
        states[row * 2 * state + state..][..state].copy_from_slice(&now);
    }
    states
}

#[inline]
fn advance(now: &mut [f32], gates: &[f32]) {
    let (gate, candidate) = gates[..2 * now.len()].split_at(now.len());
    for ((now, gate), candidate) in now.iter_mut().zip(gate).zip(candidate) {
        *now += gate * (candidate - *now);
    }
}

/// The gradient of the gate inputs from the gradient of the states.
pub(crate) fn backward(gates: &[f32], states: &[f32], d_states: &[f32], state: usize) -> Vec<f32> {
    let cols = GATES * state;
    let rows = gates.len() / cols;
    let mut d_gates = vec![0.0; gates.len()];
    let zero = vec![0f32; state];
    let mut carry = zero.clone();
    for row in (0..rows).rev() {
        let before = match row {
            0 => &zero[..],
            _ => &states[(row - 1) * 2 * state..][..state],
        };
        let part = row * cols;
        let d_state = &d_states[row * 2 * state..][..state];
        retreat(&mut carry, &gates[part..], before, d_state, &mut d_gates[part..]);
    }
    carry.fill(0.0);
    for row in 0..rows {
        let before = match row + 1 {
            next if next == rows => &zero[..],
            next => &states[next * 2 * state + state..][..state],
        };
        let part = row * cols + 2 * state;
        let d_state = &d_states[row * 2 * state + state..][..state];
        retreat(&mut carry, &gates[part..], before, d_state, &mut d_gates[part..]);
    }
    d_gates
}

#[inline]
fn retreat(carry: &mut [f32], gates: &[f32], before: &[f32], d_state: &[f32], out: &mut [f32]) {
    let state = carry.len();
    for i in 0..state {
        let (gate, candidate) = (gates[i], gates[state + i]);
        let d = carry[i] + d_state[i];
        out[i] = d * (candidate - before[i]) * gate * (1.0 - gate);
        out[state + i] = d * gate;
        carry[i] = d * (1.0 - gate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: usize = 4;
    const COLS: usize = GATES * STATE;

    #[test]
    fn an_open_gate_takes_the_candidate_and_a_shut_one_keeps_the_state() {
        let mut gates = vec![0.0; 2 * COLS];
        gates[..STATE].fill(60.0);
        gates[STATE..2 * STATE].fill(0.5);
        gates[COLS..COLS + STATE].fill(-60.0);
        gates[COLS + STATE..COLS + 2 * STATE].fill(9.0);
        let states = forward(&mut gates, STATE);
        assert!((states[0] - 0.5).abs() < 1e-6);
        assert!((states[2 * STATE] - 0.5).abs() < 1e-6);
    }
}
