//! The least costly alignment of a stretch, by a table of all places that its band leaves.

use super::band::Band;
use super::cost::{Edges, IMPOSSIBLE, opening};
use std::ops::Range;

/// At this cell the best way on begins with a deletion.
const DELETES: u8 = 1;
/// Of this cell and those right of it in its row, none is a better end of a deletion.
const BEST_END: u8 = 2;

/// A run of refined characters between two that are settled.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// The characters.
    pub refined: Range<usize>,
    /// The place of the one before (0 at the begin of the text).
    pub before: u32,
    /// The place of the one behind (one past the last at the end of the text).
    pub after: u32,
}

/// Finds the places of the characters of `run` that cost the least in all, and of several such
/// choices the one that deletes leftmost, and puts them into `found`.
///
/// The table has a row for each refined character and in it a cell for each place that it can
/// have. It is filled from the end: a cell's cost is that of the best way from there. Its time is
/// the number of cells, its memory a byte for each.
pub(super) fn fill(run: &Run, band: &Band, places: &[u32], edges: &Edges, found: &mut Vec<u32>) {
    let mut table = Table::new(run, band, places);
    let mut costs = vec![0];
    for row in (0..table.rows() - 1).rev() {
        costs = table.fill_row(row, &costs, edges);
    }
    table.trace(found);
}

struct Table<'a> {
    run: &'a Run,
    band: &'a Band,
    places: &'a [u32],
    /// Where the cells of each row begin in `flags`.
    begins: Vec<usize>,
    flags: Vec<u8>,
}

impl<'a> Table<'a> {
    fn new(run: &'a Run, band: &'a Band, places: &'a [u32]) -> Self {
        let mut table = Self { run, band, places, begins: vec![0], flags: Vec::new() };
        for row in 0..table.rows() {
            table.begins.push(table.begins[row] + table.row(row).len());
        }
        table.flags = vec![0; table.begins[table.rows()]];
        table
    }

    /// Rows: one for the place before, one a character, one for the place behind.
    fn rows(&self) -> usize {
        self.run.refined.len() + 2
    }

    /// The places of a row.
    fn row(&self, row: usize) -> &'a [u32] {
        let (run, places) = (self.run, self.places);
        match row {
            0 => std::slice::from_ref(&run.before),
            row if row == self.rows() - 1 => std::slice::from_ref(&run.after),
            row => &places[self.band.ranks(run.refined.start + row - 1)],
        }
    }

    /// The costs of the cells of `row` by those of the next row, both from the right.
    fn fill_row(&mut self, row: usize, next_costs: &[u64], edges: &Edges) -> Vec<u64> {
        let (here, next) = (self.row(row), self.row(row + 1));
        let (begin, middle) = (self.begins[row], self.begins[row + 1]);
        let (flags, next_flags) = self.flags[begin..].split_at_mut(middle - begin);
        let mut costs = vec![IMPOSSIBLE; here.len()];
        let (mut left, mut best) = (next.len(), IMPOSSIBLE);
        for cell in (0..here.len()).rev() {
            let place = here[cell];
            while left > 0 && next[left - 1] > place + 1 {
                left -= 1;
                let cost = next_costs[left].saturating_add(edges.cost(next[left] - 1));
                if cost <= best {
                    best = cost;
                    next_flags[left] |= BEST_END;
                }
            }
            let joined = left > 0 && next[left - 1] == place + 1;
            let keep = if joined { next_costs[left - 1] } else { IMPOSSIBLE };
            let delete = best.saturating_add(opening(edges, place));
            costs[cell] = keep.min(delete);
            flags[cell] |= if delete <= keep { DELETES } else { 0 };
        }
        costs
    }

    /// Follows the best way from the begin: a deletion as early as it costs nothing, and as short.
    fn trace(&self, found: &mut Vec<u32>) {
        let mut place = self.run.before;
        let mut cell = 0;
        for row in 1..self.rows() - 1 {
            let deletes = self.flags[self.begins[row - 1] + cell] & DELETES != 0;
            let here = self.row(row);
            cell = here.partition_point(|&at| at <= place);
            if deletes {
                cell += usize::from(here.get(cell) == Some(&(place + 1)));
                let flags = &self.flags[self.begins[row]..self.begins[row + 1]];
                cell += flags[cell..].iter().take_while(|&flag| flag & BEST_END == 0).count();
            }
            place = here[cell];
            found.push(place);
        }
    }
}
