//! A product as BLAS wants it said: columns one after the other.
//!
//! A matrix whose rows stand one after the other is, to BLAS, the turned matrix. So `out = a · b` is
//! told as `outᵀ = bᵀ · aᵀ`: `b` comes first, and is turned only if its columns stand together here.

use crate::encoder::View;

/// Products of fewer multiplications for each number that travels stay on the processor. A guess: a
/// bus of 6 GB a second then brings work for some 400 GFLOP a second.
const PAYS: usize = 128;

/// How a product is told to BLAS: `m × n` is `outᵀ`, `k` is summed over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) m: i32,
    pub(crate) n: i32,
    pub(crate) k: i32,
    /// The first matrix, which is `b`.
    pub(crate) first: Operand,
    /// The second matrix, which is `a`.
    pub(crate) second: Operand,
    /// What `out` is multiplied with before the product is added.
    pub(crate) beta: f32,
}

/// A matrix in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Operand {
    pub(crate) turned: bool,
    /// Numbers between two columns, as BLAS sees them.
    pub(crate) stride: i32,
    /// Numbers from its first to its last.
    pub(crate) length: usize,
}

impl Call {
    /// How `out = a · b + beta · out` is told, if it is worth the way.
    pub(crate) fn of(a: View<'_>, b: View<'_>, beta: f32) -> Option<Self> {
        let (rows, inner, cols) = (a.rows(), a.cols(), b.cols());
        let (first, second) = (Operand::of(b)?, Operand::of(a)?);
        let out = if beta == 0.0 { rows * cols } else { 2 * rows * cols };
        let travels = first.length + second.length + out;
        if rows * inner * cols < PAYS * travels {
            return None;
        }
        let size = |size: usize| i32::try_from(size).ok();
        Some(Self { m: size(cols)?, n: size(rows)?, k: size(inner)?, first, second, beta })
    }
}

impl Operand {
    /// `None` if neither rows nor columns stand together.
    fn of(matrix: View<'_>) -> Option<Self> {
        let [row, col] = matrix.strides();
        let (rows, cols) = (matrix.rows(), matrix.cols());
        let length = (rows.max(1) - 1) * row + (cols.max(1) - 1) * col + 1;
        let (turned, stride) = match (row, col) {
            (row, 1) => (false, row.max(cols)),
            (1, col) => (true, col.max(rows)),
            _ => return None,
        };
        Some(Self { turned, stride: i32::try_from(stride).ok()?, length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::Products;
    use crate::random::Random;

    /// `sgemm` as its documentation says it, in loops.
    fn sgemm(call: &Call, first: &[f32], second: &[f32], out: &mut [f32]) {
        let at = |of: Operand, row: usize, col: usize| {
            let (row, col) = if of.turned { (col, row) } else { (row, col) };
            row + col * of.stride as usize
        };
        for row in 0..call.m as usize {
            for col in 0..call.n as usize {
                let product =
                    |k: usize| first[at(call.first, row, k)] * second[at(call.second, k, col)];
                let sum: f32 = (0..call.k as usize).map(product).sum();
                let place = &mut out[row + col * call.m as usize];
                *place = sum + if call.beta == 0.0 { 0.0 } else { call.beta * *place };
            }
        }
    }

    #[test]
    fn a_call_says_the_product_that_the_processor_makes() {
        let mut random = Random::of(&[1]);
        let mut some = |count: usize| (0..count).map(|_| random.normal()).collect::<Vec<f32>>();
        let (rows, inner, cols) = (600, 700, 520);
        let (a, b, start) = (some(rows * inner), some(inner * cols), some(rows * cols));
        for (a_turned, b_turned) in [(false, false), (false, true), (true, false), (true, true)] {
            let view = |data, rows, cols, turned: bool| {
                if turned {
                    View::of(data, cols, rows).turned()
                } else {
                    View::of(data, rows, cols)
                }
            };
            let (a_view, b_view) =
                (view(&a, rows, inner, a_turned), view(&b, inner, cols, b_turned));
            for beta in [0.0, 1.0] {
                let call = Call::of(a_view, b_view, beta).unwrap();
                assert_eq!((call.first.length, call.second.length), (b.len(), a.len()));
                let (mut found, mut want) = (start.clone(), start.clone());
                sgemm(&call, &b, &a, &mut found);
                let products = Products::new();
                match beta {
                    0.0 => products.set(&mut want, a_view, b_view),
                    _ => products.add(&mut want, a_view, b_view),
                }
                assert!(found.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-3));
            }
        }
    }

    #[test]
    fn small_products_and_those_of_a_few_rows_stay_on_the_processor() {
        let numbers = vec![0.0; 4_000_000];
        let of = |rows, inner, cols| {
            Call::of(View::of(&numbers, rows, inner), View::of(&numbers, inner, cols), 0.0)
        };
        assert!(of(1024, 576, 1536).is_some());
        assert!(of(64, 576, 4096).is_none());
        assert!(of(30, 30, 30).is_none());
        // Heads of 64 values in rows of 4096: neither travels alone.
        let head = View::strided(&numbers, 900, 64, 4096);
        assert!(Call::of(head, head.turned(), 0.0).is_none());
    }
}
