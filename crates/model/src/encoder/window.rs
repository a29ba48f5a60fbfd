//! How the lines of a page are laid into windows, and what the states of a window say of its lines.

use super::wordpiece::{Token, WordPiece};

/// First tokens of a line that are read. (measured: lab/LOG.md)
const HEAD: usize = 16;
/// Last tokens of a longer line that are read.
const TAIL: usize = 4;
/// Most tokens of a window, `[CLS]` among them. (measured)
pub(crate) const WINDOW: usize = 256;
/// How far windows begin apart: a line stands at least an eighth of a window inside one of them.
const STEP: usize = WINDOW * 3 / 4;

/// The tokens of lines: each cut to its first and last ones, and ended by `[SEP]`.
pub(crate) struct LineTokens {
    tokens: Vec<Token>,
    /// Where each line ends.
    ends: Vec<usize>,
}

/// Reads lines.
pub(crate) fn read_lines<'a>(
    pieces: &WordPiece,
    end: Token,
    lines: impl Iterator<Item = &'a str>,
) -> LineTokens {
    let mut read = LineTokens { tokens: Vec::new(), ends: Vec::new() };
    for line in lines {
        pieces.cut(line, HEAD, TAIL, &mut read.tokens);
        read.tokens.push(end);
        read.ends.push(read.tokens.len());
    }
    read
}

/// Where a line's tokens stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    window: usize,
    /// First token in the window, and the one behind its last.
    start: usize,
    end: usize,
}

/// The windows of the lines of a page that are read, one behind the other; those between are not
/// there.
pub(crate) struct Windows {
    /// The tokens of each, `[CLS]` first.
    pub(crate) tokens: Vec<Vec<Token>>,
    /// The place of each line that is read in the window that it is read from.
    places: Vec<Place>,
    /// Which row of the page each of them is.
    rows: Vec<usize>,
    /// All rows of the page.
    count: usize,
}

impl Windows {
    /// Lays lines, which are `rows` of a page of `count`, into windows that begin with the token
    /// `start`.
    pub(crate) fn lay(lines: &LineTokens, start: Token, rows: Vec<usize>, count: usize) -> Self {
        let ranges = ranges(&lines.ends);
        let from = |line: usize| line.checked_sub(1).map_or(0, |before| lines.ends[before]);
        let cut = |&(first, end): &(usize, usize)| {
            let tokens = &lines.tokens[from(first)..from(end)];
            std::iter::once(start).chain(tokens.iter().copied()).collect()
        };
        let tokens = ranges.iter().map(cut).collect();
        let mut places = Vec::with_capacity(lines.ends.len());
        let mut earliest = 0;
        for line in 0..lines.ends.len() {
            while ranges[earliest].1 <= line {
                earliest += 1;
            }
            let holding = ranges[earliest..].iter().take_while(|(first, _)| *first <= line);
            let inside = |(first, end): &(usize, usize)| {
                (from(line) - from(*first)).min(from(*end) - from(line + 1))
            };
            // The first of equals, so that the choice is one.
            let best =
                holding.map(inside).enumerate().max_by_key(|&(at, depth)| (depth, usize::MAX - at));
            let window = earliest + best.map_or(0, |(at, _)| at);
            let shift = from(ranges[window].0);
            let (start, end) = (from(line) - shift + 1, from(line + 1) - shift + 1);
            places.push(Place { window, start, end });
        }
        Self { tokens, places, rows, count }
    }

    /// What the states of the windows' tokens say of each row: their mean, then the last one; twice
    /// `width` values a row, zeros where none is read.
    pub(crate) fn meanings(&self, states: &[Vec<f32>], width: usize) -> Vec<f32> {
        let mut out = vec![0.0; self.count * 2 * width];
        for (place, &row) in self.places.iter().zip(&self.rows) {
            let meaning = &mut out[row * 2 * width..][..2 * width];
            let rows = &states[place.window][place.start * width..place.end * width];
            let (mean, last) = meaning.split_at_mut(width);
            crate::kernel::sum_rows(mean, rows);
            let count = (place.end - place.start) as f32;
            mean.iter_mut().for_each(|value| *value /= count);
            last.copy_from_slice(&rows[rows.len() - width..]);
        }
        out
    }

    /// The gradient of the states of each window from that of the meanings; none for a window from
    /// which no line is read.
    pub(crate) fn meanings_back(&self, d: &[f32], width: usize) -> Vec<Option<Vec<f32>>> {
        let mut out: Vec<Option<Vec<f32>>> = vec![None; self.tokens.len()];
        for (place, &row) in self.places.iter().zip(&self.rows) {
            let d = &d[row * 2 * width..][..2 * width];
            let states = out[place.window]
                .get_or_insert_with(|| vec![0.0; self.tokens[place.window].len() * width]);
            let share = 1.0 / (place.end - place.start) as f32;
            let rows = &mut states[place.start * width..place.end * width];
            for row in rows.chunks_exact_mut(width) {
                row.iter_mut().zip(d).for_each(|(row, d)| *row += share * d);
            }
            let last = rows.len() - width;
            crate::kernel::add(&mut rows[last..], &d[width..]);
        }
        out
    }
}

/// Which lines stand in each window, from where each line ends.
fn ranges(ends: &[usize]) -> Vec<(usize, usize)> {
    let room = WINDOW - 1;
    let from = |line: usize| line.checked_sub(1).map_or(0, |before| ends[before]);
    let mut out = Vec::new();
    let mut start = 0;
    while out.last().is_none_or(|&(_, end)| end < ends.len()) && !ends.is_empty() {
        // The first line that begins at `start` or later.
        let first = if start == 0 { 0 } else { ends.partition_point(|&end| end < start) + 1 };
        let fits = ends[first..].partition_point(|&end| end - from(first) <= room);
        out.push((first, first + fits));
        start += STEP;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(sizes: &[usize]) -> LineTokens {
        let mut lines = LineTokens { tokens: Vec::new(), ends: Vec::new() };
        for (at, &size) in sizes.iter().enumerate() {
            lines.tokens.extend(std::iter::repeat_n(at as Token + 10, size));
            lines.ends.push(lines.tokens.len());
        }
        lines
    }

    fn lay(lines: &LineTokens) -> Windows {
        let count = lines.ends.len();
        Windows::lay(lines, 1, (0..count).collect(), count)
    }

    #[test]
    fn rows_that_are_not_read_mean_nothing_and_the_others_stand_where_they_stood() {
        let windows = Windows::lay(&lines(&[2, 1]), 1, vec![1, 3], 4);
        let states = [vec![9.0, 1.0, 3.0, 7.0]];
        assert_eq!(windows.meanings(&states, 1), [0.0, 0.0, 2.0, 3.0, 0.0, 0.0, 7.0, 7.0]);
        let d = windows.meanings_back(&[5.0, 5.0, 2.0, 1.0, 5.0, 5.0, 4.0, 1.0], 1);
        assert_eq!(d, [Some(vec![0.0, 1.0, 2.0, 5.0])]);
    }

    #[test]
    fn a_short_page_is_one_window() {
        let windows = lay(&lines(&[3, 1, 2]));
        assert_eq!(windows.tokens, [vec![1, 10, 10, 10, 11, 12, 12]]);
        assert_eq!(windows.places[1], Place { window: 0, start: 4, end: 5 });
    }

    #[test]
    fn every_line_of_a_long_page_is_read_whole_and_away_from_the_edges() {
        let sizes: Vec<usize> = (0..700).map(|at| 1 + at * 7 % 25).collect();
        let read = lines(&sizes);
        let windows = lay(&read);
        assert!(windows.tokens.len() > 10);
        assert!(windows.tokens.iter().all(|tokens| tokens.len() <= WINDOW));
        for (line, place) in windows.places.iter().enumerate() {
            let tokens = &windows.tokens[place.window];
            let own = &tokens[place.start..place.end];
            assert!(own.len() == sizes[line] && own.iter().all(|&t| t == line as Token + 10));
            let first = place.window == 0;
            let last = place.window + 1 == windows.tokens.len();
            assert!(first || place.start >= (WINDOW - STEP) / 2 - 26, "{place:?}");
            assert!(last || tokens.len() - place.end >= (WINDOW - STEP) / 2 - 26, "{place:?}");
        }
    }

    #[test]
    fn no_line_gives_no_window() {
        let windows = lay(&lines(&[]));
        assert!(windows.tokens.is_empty() && windows.places.is_empty());
    }
}
