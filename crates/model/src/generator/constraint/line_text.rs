//! The text of one line as it is written inside a JSON string, with its suffixes in order, so that
//! what may follow any part of it is found by search.

use super::vocabulary::Vocabulary;

/// What stands for a character that the vocabulary cannot write; a line holds none of its own.
const BARRIER: u8 = b'\n';

/// The part of a line that may be deleted, escaped.
#[derive(Debug)]
pub(super) struct LineText {
    escaped: Vec<u8>,
    /// For each byte of `escaped`, and its end: the byte of the line's content where its character
    /// begins, or [`INSIDE`] within a character.
    raw: Vec<u32>,
    /// The places of `escaped` where a text may begin, by what follows them.
    sorted: Vec<u32>,
}

/// Not the beginning of a character.
const INSIDE: u32 = u32::MAX;

/// An interval of the sorted places, all of which go on with the same `length` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Match {
    low: u32,
    high: u32,
    length: u32,
}

impl Match {
    /// Whether no byte is written yet.
    pub(super) const fn is_begin(self) -> bool {
        self.length == 0
    }
}

impl LineText {
    /// The text of `content`, which begins at byte `at` of its line.
    pub(super) fn of(content: &str, at: usize, vocabulary: &Vocabulary) -> Self {
        let (mut escaped, mut raw) = (Vec::with_capacity(content.len()), Vec::new());
        let (mut starts, mut unit) = (Vec::new(), Vec::with_capacity(6));
        for (offset, character) in content.char_indices() {
            escape(character, &mut unit);
            if vocabulary.can_write(&unit) {
                starts.push(escaped.len() as u32);
            } else {
                unit.clear();
                unit.push(BARRIER);
            }
            raw.push((at + offset) as u32);
            raw.resize(escaped.len() + unit.len(), INSIDE);
            escaped.extend_from_slice(&unit);
        }
        raw.push((at + content.len()) as u32);
        let sorted = sorted_suffixes(&escaped, starts);
        Self { escaped, raw, sorted }
    }

    /// All places: no byte is written yet.
    pub(super) fn begin(&self) -> Match {
        Match { low: 0, high: self.sorted.len() as u32, length: 0 }
    }

    /// Whether a text may begin at or behind byte `from` of the line.
    pub(super) fn may_begin_from(&self, from: u32) -> bool {
        self.holds(self.begin(), from)
    }

    /// Whether one of the places of `at` stands at or behind byte `from` of the line.
    pub(super) fn holds(&self, at: Match, from: u32) -> bool {
        let places = &self.sorted[at.low as usize..at.high as usize];
        if from == 0 || self.raw[0] >= from {
            return !places.is_empty();
        }
        places.iter().any(|&place| self.raw[place as usize] >= from)
    }

    /// Where one of the texts of `at` stands in the line, if it is not empty and ends with a
    /// character.
    pub(super) fn whole(&self, at: Match) -> Option<(u32, u32)> {
        let place = *self.sorted.get(at.low as usize)?;
        let end = self.raw[(place + at.length) as usize];
        (at.length > 0 && end != INSIDE).then(|| (self.raw[place as usize], end))
    }

    /// The bytes that may follow, in order, with the places where they do.
    pub(super) fn each(&self, at: Match, mut tell: impl FnMut(u8, Match)) {
        let (mut low, high) = (at.low as usize, at.high as usize);
        while low < high {
            let byte = self.byte(low, at.length);
            let same = &self.sorted[low..high];
            let end = low + run(same, |&place| self.after(place, at.length) == byte);
            if let Some(byte) = byte.filter(|&byte| byte != BARRIER) {
                let (low, high, length) = (low as u32, end as u32, at.length + 1);
                tell(byte, Match { low, high, length });
            }
            low = end;
        }
    }

    fn byte(&self, index: usize, length: u32) -> Option<u8> {
        self.after(self.sorted[index], length)
    }

    fn after(&self, place: u32, length: u32) -> Option<u8> {
        self.escaped.get((place + length) as usize).copied()
    }
}

/// How many of the first items are alike: a search that doubles its step, since runs are short
/// where there are many.
fn run<T>(items: &[T], alike: impl Fn(&T) -> bool) -> usize {
    let mut step = 1;
    while step < items.len() && alike(&items[step]) {
        step *= 2;
    }
    let (from, to) = (step / 2, items.len().min(step));
    from + items[from..to].partition_point(alike)
}

/// A character as `serde_json` writes it inside a string.
fn escape(character: char, into: &mut Vec<u8>) {
    into.clear();
    let short = match character {
        '"' | '\\' => character,
        '\u{8}' => 'b',
        '\u{9}' => 't',
        '\u{a}' => 'n',
        '\u{c}' => 'f',
        '\u{d}' => 'r',
        '\0'..='\u{1f}' => {
            return into.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
        }
        _ => {
            let mut bytes = [0; 4];
            return into.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
        }
    };
    into.extend_from_slice(&[b'\\', short as u8]);
}

/// The places `starts` of `text`, sorted by what follows them (prefix doubling, from eight bytes
/// on, so that a line of one letter is no trap).
fn sorted_suffixes(text: &[u8], starts: Vec<u32>) -> Vec<u32> {
    let mut order: Vec<u32> = (0..text.len() as u32).collect();
    order.sort_unstable_by_key(|&place| first_bytes(text, place as usize));
    let mut ranks = vec![0; text.len()];
    let mut tied = ranked(&order, &mut ranks, |&a, &b| {
        first_bytes(text, a as usize) == first_bytes(text, b as usize)
    });
    let mut length = FIRST;
    while tied {
        let next = |place: u32| ranks.get(place as usize + length).map_or(0, |rank| rank + 1);
        let pairs: Vec<(u32, u32)> =
            (0..text.len() as u32).map(|place| (ranks[place as usize], next(place))).collect();
        order.sort_unstable_by_key(|&place| pairs[place as usize]);
        tied = ranked(&order, &mut ranks, |&a, &b| pairs[a as usize] == pairs[b as usize]);
        length *= 2;
    }
    let mut is_start = vec![false; text.len()];
    starts.iter().for_each(|&start| is_start[start as usize] = true);
    order.retain(|&place| is_start[place as usize]);
    order
}

/// Bytes that the first sort looks at.
const FIRST: usize = 8;

/// The next eight bytes, and how many there are: a suffix that ends comes first.
fn first_bytes(text: &[u8], place: usize) -> (u64, usize) {
    let rest = &text[place..text.len().min(place + FIRST)];
    let mut bytes = [0; FIRST];
    bytes[..rest.len()].copy_from_slice(rest);
    (u64::from_be_bytes(bytes), rest.len())
}

/// Gives each place the rank of its run of equals; the answer is whether a run has several.
fn ranked(order: &[u32], ranks: &mut [u32], alike: impl Fn(&u32, &u32) -> bool) -> bool {
    let (mut rank, mut tied) = (0, false);
    for (index, place) in order.iter().enumerate() {
        if index > 0 {
            let same = alike(&order[index - 1], place);
            tied |= same;
            rank = if same { rank } else { index as u32 };
        }
        ranks[*place as usize] = rank;
    }
    tied
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vocabulary() -> Vocabulary {
        Vocabulary::new((0..=255).map(|byte| vec![byte]).collect(), 0).unwrap()
    }

    #[test]
    fn a_line_of_one_letter_is_sorted_in_a_moment() {
        let text = LineText::of(&"a".repeat(1 << 17), 0, &vocabulary());
        assert_eq!((text.sorted[0], text.sorted.len()), ((1 << 17) - 1, 1 << 17));
    }

    #[test]
    fn characters_that_cannot_be_written_part_the_text() {
        let mut tokens: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).collect();
        tokens[0xF1].clear();
        let text = LineText::of("ab\u{40000}ab", 0, &Vocabulary::new(tokens, 0).unwrap());
        assert_eq!(text.escaped, b"ab\nab");
        assert_eq!(text.raw, [0, 1, 2, 6, 7, 8]);
        let mut seen = Vec::new();
        text.each(text.begin(), |byte, _| seen.push(byte));
        assert_eq!(seen, b"ab");
    }

    proptest! {
        #[test]
        fn escapes_are_those_of_serde_json(text in "\\PC{0,20}|[\\x00-\\x1f\"\\\\\\x7f\u{2028}]{0,20}") {
            let (mut all, mut unit) = (Vec::new(), Vec::new());
            for character in text.chars() {
                escape(character, &mut unit);
                all.extend_from_slice(&unit);
            }
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(&all, &json.as_bytes()[1..json.len() - 1]);
        }

        #[test]
        fn suffixes_are_sorted(text in "[ab]{0,60}|[ab\"\u{1}é]{0,40}|(abab){0,20}") {
            let line = LineText::of(&text, 0, &vocabulary());
            let suffixes: Vec<&[u8]> =
                line.sorted.iter().map(|&place| &line.escaped[place as usize..]).collect();
            prop_assert!(suffixes.is_sorted());
            prop_assert_eq!(suffixes.len(), text.chars().count());
        }

        #[test]
        fn what_may_follow_is_what_follows_somewhere(text in "[abé\"]{1,20}", part in "[abé\"]{1,3}") {
            let line = LineText::of(&text, 0, &vocabulary());
            let json = serde_json::to_string(&part).unwrap();
            let mut at = Some(line.begin());
            for &byte in &json.as_bytes()[1..json.len() - 1] {
                let before = at.take();
                before.into_iter().for_each(|before| line.each(before, |next, there| {
                    if next == byte { at = Some(there); }
                }));
            }
            prop_assert_eq!(at.is_some(), text.contains(&part));
            if let Some(at) = at {
                let (start, end) = line.whole(at).unwrap();
                prop_assert_eq!(&text[start as usize..end as usize], &part);
            }
        }
    }
}
