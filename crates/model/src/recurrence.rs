//! A gated running mean in both directions: h ← h + z·(c − h), the gate z and the candidate c read
//! from the line alone, so that only this loop is sequential (minGRU).

use crate::kernel::sigmoid_all;
use crate::parameters::STATE;

/// Columns of the gates: forwards (gate, candidate), backwards (gate, candidate).
pub(crate) const GATES: usize = 4 * STATE;

/// Turns gate inputs (logits, candidates) into gates and returns the states, `2 × STATE` a line.
pub(crate) fn forward(gates: &mut [f32]) -> Vec<f32> {
    let rows = gates.len() / GATES;
    let mut states = vec![0.0; rows * 2 * STATE];
    for row in gates.chunks_exact_mut(GATES) {
        sigmoid_all(&mut row[..STATE]);
        sigmoid_all(&mut row[2 * STATE..3 * STATE]);
    }
    let mut state = [0f32; STATE];
    for row in 0..rows {
        advance(&mut state, &gates[row * GATES..]);
        states[row * 2 * STATE..][..STATE].copy_from_slice(&state);
    }
    state = [0.0; STATE];
    for row in (0..rows).rev() {
        advance(&mut state, &gates[row * GATES + 2 * STATE..]);
        states[row * 2 * STATE + STATE..][..STATE].copy_from_slice(&state);
    }
    states
}

#[inline]
fn advance(state: &mut [f32; STATE], gates: &[f32]) {
    let (gate, candidate) = gates[..2 * STATE].split_at(STATE);
    for i in 0..STATE {
        state[i] += gate[i] * (candidate[i] - state[i]);
    }
}

/// The gradient of the gate inputs from the gradient of the states.
pub(crate) fn backward(gates: &[f32], states: &[f32], d_states: &[f32]) -> Vec<f32> {
    let rows = gates.len() / GATES;
    let mut d_gates = vec![0.0; gates.len()];
    let zero = [0f32; STATE];
    let mut carry = [0f32; STATE];
    for row in (0..rows).rev() {
        let before = match row {
            0 => &zero[..],
            _ => &states[(row - 1) * 2 * STATE..][..STATE],
        };
        let part = row * GATES;
        let d_state = &d_states[row * 2 * STATE..][..STATE];
        retreat(&mut carry, &gates[part..], before, d_state, &mut d_gates[part..]);
    }
    carry = [0.0; STATE];
    for row in 0..rows {
        let before = match row + 1 {
            next if next == rows => &zero[..],
            next => &states[next * 2 * STATE + STATE..][..STATE],
        };
        let part = row * GATES + 2 * STATE;
        let d_state = &d_states[row * 2 * STATE + STATE..][..STATE];
        retreat(&mut carry, &gates[part..], before, d_state, &mut d_gates[part..]);
    }
    d_gates
}

#[inline]
fn retreat(
    carry: &mut [f32; STATE],
    gates: &[f32],
    before: &[f32],
    d_state: &[f32],
    out: &mut [f32],
) {
    for i in 0..STATE {
        let (gate, candidate) = (gates[i], gates[STATE + i]);
        let d = carry[i] + d_state[i];
        out[i] = d * (candidate - before[i]) * gate * (1.0 - gate);
        out[STATE + i] = d * gate;
        carry[i] = d * (1.0 - gate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_gate_takes_the_candidate_and_a_shut_one_keeps_the_state() {
        let mut gates = vec![0.0; 2 * GATES];
        gates[..STATE].fill(60.0);
        gates[STATE..2 * STATE].fill(0.5);
        gates[GATES..GATES + STATE].fill(-60.0);
        gates[GATES + STATE..GATES + 2 * STATE].fill(9.0);
        let states = forward(&mut gates);
        assert!((states[0] - 0.5).abs() < 1e-6);
        assert!((states[2 * STATE] - 0.5).abs() < 1e-6);
    }
}
