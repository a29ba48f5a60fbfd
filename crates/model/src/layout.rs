//! The measured features of a line: its own, its neighbours', its place in the document.

use std::collections::HashMap;

use crate::facts::Facts;
use crate::kernel::log;
use crate::topic::Topic;
use crate::words::Kind;

/// Measured features of a line. A test counts them.
pub(crate) const DENSE: usize = 96;

/// Where the lines of a view stand in their document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) document_bytes: usize,
    /// Lines of the document before the view, counted up to [`FAR`].
    pub(crate) lines_before: usize,
    /// Lines of the document after the view, counted up to [`FAR`].
    pub(crate) lines_after: usize,
}

/// Lines beyond which the distance to an end of the document does not matter. (guess)
pub(crate) const FAR: usize = 64;

/// Writes the measured features of all lines, [`DENSE`] a line.
pub(crate) fn measure(facts: &[Facts], topic: &Topic, place: Place) -> Vec<f32> {
    let repeats = Repeats::of(facts);
    let near_prose = NearProse::of(facts);
    let overall = Overall::of(facts);
    let mut dense = vec![0.0; facts.len() * DENSE];
    for (at, row) in dense.chunks_exact_mut(DENSE).enumerate() {
        let mut row = Row::new(row);
        row.write_size(&facts[at]);
        row.write_characters(&facts[at]);
        row.write_ends(&facts[at]);
        row.write_neighbours(facts, at);
        row.write_repeats(&repeats, &facts[at], at);
        row.write_place(facts, at, place);
        row.write_surroundings(&near_prose, at, topic.share(at), topic.title_share(at));
        row.write_overall(&overall);
        debug_assert!(row.at <= DENSE);
    }
    dense
}

/// The measured features of one row, written from the left.
pub(crate) struct Row<'a> {
    row: &'a mut [f32],
    at: usize,
}

impl<'a> Row<'a> {
    pub(crate) const fn new(row: &'a mut [f32]) -> Self {
        Self { row, at: 0 }
    }

    pub(crate) fn push(&mut self, value: f32) {
        self.row[self.at] = value;
        self.at += 1;
    }

    pub(crate) fn flag(&mut self, value: bool) {
        self.push(f32::from(u8::from(value)));
    }
}

impl Row<'_> {
    fn share(&mut self, part: u32, whole: u32) {
        self.push(part as f32 / whole.max(1) as f32);
    }

    fn write_size(&mut self, f: &Facts) {
        let bytes = f.bytes as f32;
        self.push(f.length() / 8.0);
        self.push(log(f.words as f32) / 6.0);
        for limit in [4, 10, 20, 35, 60, 100, 180, 350] {
            self.flag(f.bytes >= limit);
        }
        self.push(bytes.min(600.0) / 600.0);
        self.push(log(f.sentences as f32) / 3.0);
    }

    fn write_characters(&mut self, f: &Facts) {
        let (c, visible) = (&f.counts, f.counts.visible());
        for part in [c.upper, c.digits, c.marks, c.foreign, c.ideographs, c.spaces] {
            self.share(part, visible);
        }
        self.share(f.stops, f.words);
        self.share(f.capitals, f.words);
        self.share(f.distinct, f.tokens.min(64));
        self.share(f.numbers, f.tokens);
        self.push(f.letters_in_words as f32 / f.words.max(1) as f32 / 10.0);
        self.push(f.longest.min(40) as f32 / 20.0);
        self.push(log(f.stops as f32) / 4.0);
        for count in f.marks {
            self.push(log(count as f32) / 3.0);
        }
        self.flag(f.has_url);
        self.flag(f.is_prose());
        self.flag(c.upper > 3 && c.lower == 0);
        self.flag(f.words == 0);
    }

    fn write_ends(&mut self, f: &Facts) {
        self.flag(matches!(f.last_mark, '.' | '。'));
        self.flag(matches!(f.last_mark, '!' | '?' | '！' | '？'));
        self.flag(matches!(f.last_mark, ':' | '：'));
        self.flag(matches!(f.last_mark, ',' | ';' | '，'));
        self.flag(matches!(f.last_mark, '"' | '”' | '\'' | '’' | '»'));
        self.flag(f.last_mark == '…' || (f.last_mark == '.' && f.marks[0] >= 3));
        self.flag(matches!(f.last_mark, ')' | ']'));
        self.flag(f.last_kind == Some(Kind::Number));
        self.flag(f.last_kind == Some(Kind::Word));
        self.flag(f.first_kind == Some(Kind::Number));
        self.flag(f.first_kind == Some(Kind::Mark));
        self.flag(matches!(f.first_mark, '•' | '*' | '-' | '·' | '–' | '●'));
        self.flag(f.first_kind == Some(Kind::Word) && !f.first_capital);
    }

    fn write_neighbours(&mut self, facts: &[Facts], at: usize) {
        let f = &facts[at];
        let before = at.checked_sub(1).map(|i| &facts[i]);
        let after = facts.get(at + 1);
        for other in [before, after] {
            self.push(other.map_or(0.0, |o| (f.length() - o.length()) / 6.0));
            self.flag(other.is_some_and(|o| o.shape == f.shape));
            self.flag(other.is_some_and(|o| o.first == f.first));
            self.flag(other.is_some_and(|o| o.last == f.last));
            self.flag(other.is_some_and(|o| o.content == f.content));
        }
    }

    fn write_repeats(&mut self, repeats: &Repeats, f: &Facts, at: usize) {
        let group = repeats.of_line(f);
        self.flag(group.first < at);
        self.flag(group.last > at);
        self.push(log(group.count as f32 - 1.0) / 4.0);
        let long = if f.bytes >= 60 { 1.0 } else { 0.0 };
        self.push(if group.first < at { long } else { 0.0 });
        self.push(if group.last > at { long } else { 0.0 });
        self.flag(f.tokens > 0 && group.first < at && at - group.first <= 3);
    }

    fn write_place(&mut self, facts: &[Facts], at: usize, place: Place) {
        let f = &facts[at];
        let rest = place.document_bytes.saturating_sub(f.offset + f.bytes);
        let before = (place.lines_before + at).min(FAR);
        let after = (place.lines_after + facts.len() - 1 - at).min(FAR);
        self.push(log(f.offset as f32) / 16.0);
        self.push(log(rest as f32) / 16.0);
        self.push(f.offset as f32 / place.document_bytes.max(1) as f32);
        self.push(before as f32 / FAR as f32);
        self.push(after as f32 / FAR as f32);
        self.flag(before == 0);
        self.flag(after == 0);
        self.push(1.0 - before.min(8) as f32 / 8.0);
        self.push(1.0 - after.min(8) as f32 / 8.0);
    }

    fn write_surroundings(&mut self, near: &NearProse, at: usize, topic: f32, title: f32) {
        self.push(near.before[at]);
        self.push(near.after[at]);
        self.push(topic);
        self.push(title);
    }

    fn write_overall(&mut self, overall: &Overall) {
        self.push(overall.lines);
        self.push(overall.bytes);
        self.push(overall.prose_share);
        self.push(overall.stop_share);
    }
}

/// Lines of one content.
struct Group {
    first: usize,
    last: usize,
    count: usize,
}

struct Repeats(HashMap<u64, Group, Hashed>);

/// For keys that are hashes already.
pub(crate) type Hashed = std::hash::BuildHasherDefault<PassThrough>;

#[derive(Default)]
pub(crate) struct PassThrough(u64);

impl std::hash::Hasher for PassThrough {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

impl Repeats {
    fn of(facts: &[Facts]) -> Self {
        let mut groups: HashMap<u64, Group, Hashed> = HashMap::default();
        groups.reserve(facts.len());
        for (at, f) in facts.iter().enumerate() {
            let group = groups.entry(f.content).or_insert(Group { first: at, last: at, count: 0 });
            group.last = at;
            group.count += 1;
        }
        Self(groups)
    }

    fn of_line(&self, f: &Facts) -> &Group {
        &self.0[&f.content]
    }
}

/// How near the next line of prose is, before and after each line: 1 beside it, halving every 4
/// lines.
struct NearProse {
    before: Vec<f32>,
    after: Vec<f32>,
}

impl NearProse {
    fn of(facts: &[Facts]) -> Self {
        let mut after = nearness(facts.iter().rev());
        after.reverse();
        Self { before: nearness(facts.iter()), after }
    }
}

fn nearness<'a>(facts: impl Iterator<Item = &'a Facts>) -> Vec<f32> {
    /// The fourth root of one half.
    const DECAY: f32 = 0.840_896_4;
    let mut near = 0.0;
    facts
        .map(|f| {
            let now = near;
            near = if f.is_prose() { 1.0 } else { near * DECAY };
            now
        })
        .collect()
}

struct Overall {
    lines: f32,
    bytes: f32,
    prose_share: f32,
    stop_share: f32,
}

impl Overall {
    fn of(facts: &[Facts]) -> Self {
        let sum = |value: fn(&Facts) -> usize| facts.iter().map(value).sum::<usize>();
        let bytes = sum(|f| f.bytes);
        let prose = sum(|f| if f.is_prose() { f.bytes } else { 0 });
        let (words, stops) = (sum(|f| f.words as usize), sum(|f| f.stops as usize));
        Self {
            lines: log(facts.len() as f32) / 10.0,
            bytes: log(bytes as f32) / 16.0,
            prose_share: prose as f32 / bytes.max(1) as f32,
            stop_share: stops as f32 / words.max(1) as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Page;

    #[test]
    fn every_measured_feature_is_written_and_in_range() {
        let text = "A title\nSome words, 12 of them!\nA title\n";
        let page = Page::read(text, refinex_core::Span::new(0, text.len()));
        assert_eq!(page.dense.len(), 3 * DENSE);
        assert!(page.dense.iter().all(|v| v.is_finite() && v.abs() <= 4.0), "{:?}", page.dense);
        assert!((0..DENSE).any(|i| page.dense[i] != 0.0));
    }
}
