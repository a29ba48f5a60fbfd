//! The units of many lines as the network sees them: a row each, and a row of its own before each
//! line, so that neighbouring lines are context but do not blur.

use super::reach::{is_seam, is_separator, reached};
use super::unit::{Unit, scan};
use crate::facts::{MARK_KINDS, mark_kind};
use crate::kernel::log;
use crate::layout::{DENSE, Hashed, Row};
use crate::page::{Page, bucket};
use crate::stopwords::is_stop_word;
use crate::words::{Kind, mix};
use std::collections::HashMap;

/// Units of a fragment at a line's end or start that is a feature as a whole. (guess)
const FRAGMENT: usize = 5;

/// A unit that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which line.
    pub(crate) line: usize,
    /// Bytes in the text.
    pub(crate) start: usize,
    /// Byte behind the last one.
    pub(crate) end: usize,
    /// Whether the unit before it in its line was read as well, or there is none.
    pub(crate) joined: bool,
}

/// The units of lines.
pub(crate) struct Sheet {
    /// A row for every unit, and one before every line.
    pub(crate) page: Page,
    /// Where the row's unit stands; none for the row before a line.
    pub(crate) places: Vec<Option<Place>>,
}

/// A line with its units.
struct Line<'a> {
    line: usize,
    start: usize,
    units: &'a [Unit],
}

impl Sheet {
    /// Reads the lines of `text` for which `wanted` is true; `lines` are the byte ranges of all.
    pub(crate) fn read(
        text: &str,
        lines: &[(usize, usize)],
        wanted: impl Fn(usize) -> bool,
    ) -> Self {
        let (mut all, mut units, mut taken) = (Vec::new(), Vec::new(), Vec::new());
        for (at, &(start, end)) in lines.iter().enumerate().filter(|&(at, _)| wanted(at)) {
            scan(&text[start..end], &mut units);
            if !units.is_empty() {
                taken.push((at, start, all.len(), all.len() + units.len()));
                all.append(&mut units);
            }
        }
        let rows: Vec<Line<'_>> = taken
            .into_iter()
            .map(|(line, start, from, to)| Line { line, start, units: &all[from..to] })
            .collect();
        let mut sheet = Self { page: Page::empty(), places: Vec::new() };
        let ends = Ends::of(&rows);
        for row in &rows {
            let reached = reached(row.units);
            if reached.contains(&true) {
                sheet.add_edge(row);
                sheet.add(row, &reached, &ends);
            }
        }
        sheet.page.lines = sheet.places.len();
        sheet.page.rows = (0..sheet.places.len()).collect();
        sheet
    }

    /// The row before a line: how long it is.
    fn add_edge(&mut self, row: &Line<'_>) {
        self.page.features.push(bucket(0xED6E));
        self.page.ends.push(self.page.features.len());
        self.places.push(None);
        let mut dense = one_more(&mut self.page.dense);
        dense.flag(true);
        dense.push(log(row.units.len() as f32) / 6.0);
    }

    fn add(&mut self, row: &Line<'_>, reached: &[bool], ends: &Ends) {
        let facts = LineFacts::of(row, ends);
        let mut state = Walk::default();
        for (at, unit) in row.units.iter().enumerate() {
            state.step(row.units, at);
            if !reached[at] {
                continue;
            }
            let joined = at == 0 || reached[at - 1];
            let (start, end) = (row.start + unit.start, row.start + unit.end);
            self.places.push(Some(Place { line: row.line, start, end, joined }));
            let features = &mut self.page.features;
            emit(row.units, at, |hash| features.push(bucket(hash)));
            self.page.ends.push(features.len());
            measure(&mut one_more(&mut self.page.dense), row.units, at, &facts, &state, joined);
        }
    }
}

/// The hashed features of a unit.
fn emit(units: &[Unit], at: usize, mut emit: impl FnMut(u64)) {
    let unit = &units[at];
    let salted =
        |salt: u64, of: &[Unit]| of.iter().fold(salt, |hash, unit| mix(hash, unit.token.hash));
    emit(mix(0x11E, unit.token.hash));
    emit(salted(0x22E, &units[at.saturating_sub(1)..=at]));
    emit(salted(0x33E, &units[at..(at + 2).min(units.len())]));
    emit(salted(0x44E, &units[at.saturating_sub(1)..(at + 2).min(units.len())]));
    if unit.token.kind == Kind::Word && unit.token.chars >= 5 {
        emit(mix(0x55E, unit.token.prefix));
        emit(mix(0x66E, unit.token.suffix));
    }
    if units.len() - at <= FRAGMENT {
        emit(salted(0x77E, &units[at..]));
    }
    if at < FRAGMENT {
        emit(salted(0x88E, &units[..=at]));
    }
}

/// What was passed on the way to a unit.
#[derive(Default)]
struct Walk {
    separators: u32,
    since_separator: u32,
    depth: u32,
    since_sentence: u32,
}

impl Walk {
    fn step(&mut self, units: &[Unit], at: usize) {
        let unit = &units[at];
        let before = at.checked_sub(1).map(|at| &units[at]);
        if before.is_some_and(|before| matches!(before.token.mark, ')' | ']' | '）' | '】')) {
            self.depth = self.depth.saturating_sub(1);
        }
        self.since_separator += 1;
        self.since_sentence += 1;
        if is_separator(unit.token.mark) {
            self.separators += 1;
            self.since_separator = 0;
        }
        if matches!(unit.token.mark, '(' | '[' | '（' | '【') {
            self.depth += 1;
        }
        let ended = |mark: char| matches!(mark, '.' | '!' | '?' | '。' | '！' | '？');
        if before.is_some_and(|before| ended(before.token.mark) || is_seam(before, unit)) {
            self.since_sentence = 0;
        }
    }
}

/// What is the same for all units of a line.
struct LineFacts {
    count: usize,
    words: u32,
    stops: u32,
    /// How many of the lines end, begin alike.
    same_end: f32,
    same_start: f32,
    place: f32,
    separators: u32,
}

impl LineFacts {
    fn of(row: &Line<'_>, ends: &Ends) -> Self {
        let words = row.units.iter().filter(|unit| unit.token.kind == Kind::Word);
        let times =
            |map: &HashMap<u64, u32, Hashed>, hash| map.get(&hash).copied().unwrap_or(1) as f32;
        Self {
            count: row.units.len(),
            words: words.clone().count() as u32,
            stops: words.filter(|unit| is_stop_word(unit.token.hash)).count() as u32,
            same_end: log(times(&ends.last, end_of(row.units)) - 1.0) / 4.0,
            same_start: log(times(&ends.first, start_of(row.units)) - 1.0) / 4.0,
            place: row.line.min(16) as f32 / 16.0,
            separators: row.units.iter().filter(|unit| is_separator(unit.token.mark)).count()
                as u32,
        }
    }
}

/// How often lines end and begin alike.
struct Ends {
    last: HashMap<u64, u32, Hashed>,
    first: HashMap<u64, u32, Hashed>,
}

impl Ends {
    fn of(rows: &[Line<'_>]) -> Self {
        let mut ends = Self { last: HashMap::default(), first: HashMap::default() };
        for row in rows {
            *ends.last.entry(end_of(row.units)).or_default() += 1;
            *ends.first.entry(start_of(row.units)).or_default() += 1;
        }
        ends
    }
}

fn end_of(units: &[Unit]) -> u64 {
    units[units.len().saturating_sub(2)..].iter().fold(1, |hash, unit| mix(hash, unit.token.hash))
}

fn start_of(units: &[Unit]) -> u64 {
    units.iter().take(2).fold(2, |hash, unit| mix(hash, unit.token.hash))
}

/// Room for the measured features of one more row.
fn one_more(dense: &mut Vec<f32>) -> Row<'_> {
    let from = dense.len();
    dense.resize(from + DENSE, 0.0);
    Row::new(&mut dense[from..])
}

fn measure(
    dense: &mut Row<'_>,
    units: &[Unit],
    at: usize,
    line: &LineFacts,
    walk: &Walk,
    joined: bool,
) {
    dense.flag(false);
    dense.push(log(line.count as f32) / 6.0);
    write_unit(dense, &units[at]);
    let before = at.checked_sub(1).map(|at| &units[at]);
    let after = units.get(at + 1);
    dense.flag(before.is_some_and(|before| before.end == units[at].start));
    dense.flag(after.is_some_and(|after| after.start == units[at].end));
    dense.flag(before.is_some_and(|before| is_seam(before, &units[at])));
    dense.flag(after.is_some_and(|after| is_seam(&units[at], after)));
    dense.flag(!joined);
    let rest = line.count - 1 - at;
    for distance in [at, rest] {
        for limit in 1..=4 {
            dense.flag(distance < limit);
        }
        dense.push(log(distance as f32) / 6.0);
        dense.push(1.0 - distance.min(12) as f32 / 12.0);
    }
    write_line(dense, line);
    dense.push(log(walk.separators as f32) / 3.0);
    dense.push(log((line.separators - walk.separators.min(line.separators)) as f32) / 3.0);
    dense.push(1.0 - walk.since_separator.min(12) as f32 / 12.0);
    dense.push(1.0 - walk.since_sentence.min(12) as f32 / 12.0);
    dense.flag(walk.depth > 0);
}

fn write_unit(dense: &mut Row<'_>, unit: &Unit) {
    for kind in [Kind::Word, Kind::Number, Kind::Ideograph, Kind::Mark] {
        dense.flag(unit.token.kind == kind);
    }
    let mark = (unit.token.kind == Kind::Mark).then(|| mark_kind(unit.token.mark));
    for kind in 0..MARK_KINDS {
        dense.flag(mark == Some(kind));
    }
    dense.push(log(unit.token.chars as f32) / 4.0);
    dense.flag(unit.token.capital);
    dense.flag(unit.all_capitals);
    dense.flag(unit.token.kind == Kind::Word && is_stop_word(unit.token.hash));
}

fn write_line(dense: &mut Row<'_>, line: &LineFacts) {
    dense.push(line.same_end);
    dense.push(line.same_start);
    dense.push(line.place);
    dense.push(line.stops as f32 / line.words.max(1) as f32);
    dense.push(line.words as f32 / line.count.max(1) as f32);
    dense.flag(line.words >= 12 && line.stops * 5 >= line.words);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::lines;

    #[test]
    fn every_unit_has_a_row_and_every_line_one_before_it() {
        let text = "Group C[edit]\n\nOne word";
        let sheet = Sheet::read(text, &lines(text), |_| true);
        let words: Vec<Option<&str>> =
            sheet.places.iter().map(|place| place.map(|p| &text[p.start..p.end])).collect();
        let wanted = [
            None,
            Some("Group"),
            Some("C"),
            Some("["),
            Some("edit"),
            Some("]"),
            None,
            Some("One"),
            Some("word"),
        ];
        assert_eq!(words, wanted);
        assert_eq!(sheet.page.dense.len(), words.len() * DENSE);
        assert_eq!(sheet.page.ends.len(), words.len());
        assert!(sheet.page.dense.iter().all(|v| v.is_finite() && v.abs() <= 4.0));
    }

    #[test]
    fn lines_that_are_not_wanted_have_no_row() {
        let text = "a b\nc d\n";
        let sheet = Sheet::read(text, &lines(text), |line| line == 1);
        assert_eq!(sheet.places.iter().flatten().map(|p| p.start).collect::<Vec<_>>(), [4, 6]);
    }
}
