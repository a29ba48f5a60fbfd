//! Attention: what each token takes from those before it and from itself.

use super::cache::{Head, Kept, Number, PLACES, Rows};
use super::config::Config;
use super::team::Team;
use crate::kernel::exp;
use multiversion::multiversion;

/// Questions that are answered together.
const TILE: usize = 6;
/// Values of a head that are summed together.
const LANES: usize = 16;

/// What the heads of each row take. A row of `x` begins with its queries, which are turned, and is
/// `stride` wide; the first stands at `place` in the text, and the keys and values of all are kept.
pub(super) fn attend(
    team: &Team,
    config: &Config,
    kept: &Kept,
    x: &[f32],
    stride: usize,
    place: usize,
) -> Vec<f32> {
    match kept {
        Kept::Small(kept) => attend_in(team, config, kept, x, stride, place),
        Kept::Single(kept) => attend_in(team, config, kept, x, stride, place),
    }
}

/// The same, where keys and values are kept in one kind of numbers.
fn attend_in<T: Number>(
    team: &Team,
    config: &Config,
    kept: &Rows<T>,
    x: &[f32],
    stride: usize,
    place: usize,
) -> Vec<f32> {
    let (rows, width) = (x.len() / stride, config.queries());
    let shared = config.heads / config.kv_heads;
    let (part, head_width) = (rows.div_ceil(team.threads().min(rows)), config.head_width);
    let parts = rows.div_ceil(part);
    let answers = team.map(parts * config.kv_heads, |at| {
        let (first, head) = (at / config.kv_heads * part, at % config.kv_heads);
        let rows = first..(first + part).min(rows);
        let questions: Vec<Question<'_>> = rows
            .flat_map(|row| (0..shared).map(move |asking| (row, head * shared + asking)))
            .map(|(row, asking)| Question {
                values: &x[row * stride + asking * head_width..][..head_width],
                seen: place + row + 1,
            })
            .collect();
        answer(kept.head(head), &questions, head_width)
    });
    let mut out = vec![0.0; rows * width];
    for (at, answers) in answers.iter().enumerate() {
        let (first, head) = (at / config.kv_heads * part, at % config.kv_heads);
        let wide = shared * head_width;
        for (row, answer) in answers.chunks_exact(wide).enumerate() {
            out[(first + row) * width + head * wide..][..wide].copy_from_slice(answer);
        }
    }
    out
}

/// A head's query.
struct Question<'a> {
    values: &'a [f32],
    /// Places that it sees.
    seen: usize,
}

/// The answers of one head to questions whose view does not shrink from one to the next.
fn answer<T: Number>(head: Head<'_, T>, questions: &[Question<'_>], width: usize) -> Vec<f32> {
    let mut out = vec![0.0; questions.len() * width];
    let most = questions.last().map_or(0, |last| last.seen);
    let mut scores = vec![0.0; TILE * most.next_multiple_of(PLACES)];
    for (tile, out) in questions.chunks(TILE).zip(out.chunks_mut(TILE * width)) {
        answer_tile(head, tile, width, &mut scores, out);
    }
    out
}

#[multiversion(targets("x86_64+avx2+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
fn answer_tile<'a, T: Number>(
    head: Head<'a, T>,
    tile: &[Question<'a>],
    width: usize,
    scores: &mut [f32],
    out: &mut [f32],
) {
    match tile.len() {
        1 => answer_some::<T, 1>(head, tile, width, scores, out),
        2 => answer_some::<T, 2>(head, tile, width, scores, out),
        3 => answer_some::<T, 3>(head, tile, width, scores, out),
        4 => answer_some::<T, 4>(head, tile, width, scores, out),
        5 => answer_some::<T, 5>(head, tile, width, scores, out),
        _ => answer_some::<T, TILE>(head, tile, width, scores, out),
    }
}

#[inline(always)]
fn answer_some<T: Number, const N: usize>(
    head: Head<'_, T>,
    tile: &[Question<'_>],
    width: usize,
    scores: &mut [f32],
    out: &mut [f32],
) {
    let places = tile[N - 1].seen;
    let row = places.next_multiple_of(PLACES);
    let scores = &mut scores[..N * row];
    let values: [&[f32]; N] = std::array::from_fn(|n| &tile[n].values[..width]);
    match_keys::<T, N>(head, values, row, scores);
    let factor = 1.0 / (width as f32).sqrt();
    let mut inverse = [0f32; N];
    for (n, scores) in scores.chunks_exact_mut(row).enumerate() {
        inverse[n] = weigh(scores, tile[n].seen, factor, head.value_scales);
    }
    let mut column = 0;
    while column + 2 * LANES <= width {
        take::<T, N, { 2 * LANES }>(head, scores, (row, places), (column, width), inverse, out);
        column += 2 * LANES;
    }
    if column < width {
        take::<T, N, LANES>(head, scores, (row, places), (column, width), inverse, out);
    }
}

/// The products of queries and keys.
#[inline(always)]
fn match_keys<T: Number, const N: usize>(
    head: Head<'_, T>,
    queries: [&[f32]; N],
    row: usize,
    scores: &mut [f32],
) {
    let width = queries[0].len();
    // All of one length that the compiler knows, so that no checks are left in the loop.
    let queries: [&[f32]; N] = std::array::from_fn(|n| &queries[n][..width]);
    let blocks = head.keys.chunks_exact(PLACES * width).zip(head.key_scales.chunks_exact(PLACES));
    for (at, (block, scales)) in blocks.take(row / PLACES).enumerate() {
        let block: &[[T; PLACES]] = &block.as_chunks().0[..width];
        let mut sums = [[0f32; PLACES]; N];
        for within in 0..width {
            let keys = widened(&block[within]);
            for n in 0..N {
                let query = queries[n][within];
                for lane in 0..PLACES {
                    sums[n][lane] = query.mul_add(keys[lane], sums[n][lane]);
                }
            }
        }
        for (n, sums) in sums.iter().enumerate() {
            let out = &mut scores[n * row + at * PLACES..][..PLACES];
            for lane in 0..PLACES {
                out[lane] = sums[lane] * scales[lane];
            }
        }
    }
}

/// Not `map`, of which calls are left that use no vector instructions.
#[inline(always)]
fn widened<T: Number, const L: usize>(numbers: &[T; L]) -> [f32; L] {
    let mut wide = [0.0; L];
    for lane in 0..L {
        wide[lane] = numbers[lane].read();
    }
    wide
}

/// Turns products into weights, times the scales of the values that they weigh; the answer's sum
/// must be multiplied by what this gives back. Places that are not seen weigh nothing.
#[inline(always)]
fn weigh(scores: &mut [f32], seen: usize, factor: f32, scales: &[f32]) -> f32 {
    scores[seen..].fill(f32::NEG_INFINITY);
    let mut most = [f32::NEG_INFINITY; LANES];
    for part in scores.chunks_exact(LANES) {
        for lane in 0..LANES {
            most[lane] = if part[lane] > most[lane] { part[lane] } else { most[lane] };
        }
    }
    let most = most.iter().fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a });
    let mut sums = [0f32; LANES];
    for (part, scales) in scores.chunks_exact_mut(LANES).zip(scales.chunks_exact(LANES)) {
        for lane in 0..LANES {
            let below = (part[lane] - most) * factor;
            let weight = if below < -80.0 { 0.0 } else { exp(below) };
            sums[lane] += weight;
            part[lane] = weight * scales[lane];
        }
    }
    1.0 / sums.iter().sum::<f32>()
}

/// Sums the values at some columns by their weights.
#[inline(always)]
fn take<T: Number, const N: usize, const L: usize>(
    head: Head<'_, T>,
    weights: &[f32],
    (row, places): (usize, usize),
    (column, width): (usize, usize),
    inverse: [f32; N],
    out: &mut [f32],
) {
    let parts = width / L;
    let values: &[[T; L]] = head.values.as_chunks().0;
    let mut sums = [[0f32; L]; N];
    // Places of the last block that are not seen weigh nothing.
    for first in (0..places).step_by(PLACES) {
        let weights: [[f32; PLACES]; N] = std::array::from_fn(|n| {
            let weights: &[f32] = &weights[n * row + first..];
            *weights.first_chunk().expect("rows are whole blocks")
        });
        for place in 0..PLACES {
            let values = widened(&values[(first + place) * parts + column / L]);
            for n in 0..N {
                let weight = weights[n][place];
                for lane in 0..L {
                    sums[n][lane] = weight.mul_add(values[lane], sums[n][lane]);
                }
            }
        }
    }
    for n in 0..N {
        for lane in 0..L {
            out[n * width + column + lane] = sums[n][lane] * inverse[n];
        }
    }
}
