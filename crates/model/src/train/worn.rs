//! Documents as they might also have come: with other lines missing, in another case, without
//! punctuation. A network that only ever reads careful writing leans on it, and one that sees the same
//! pages again and again learns them by heart.

use super::{Hint, Label, LabelledDocument, clip};
use crate::lines::lines;
use crate::random::Random;

/// Share of samples that come otherwise than they stand (guess; what it gives is in lab/LOG.md).
const WORN: f32 = 0.12;
/// Share of samples from which lines are missing (measured: lab/LOG.md).
const THINNED: f32 = 0.5;
/// Of such a sample this share of lines is missing at most (measured with THINNED).
const MOST_MISSING: f32 = 0.24;
/// Samples of fewer lines are not thinned.
const FEWEST_LINES: usize = 6;
/// The marks that are lost.
const MARKS: [char; 8] = ['.', ',', ';', ':', '!', '?', '"', '\''];

/// How a text comes otherwise. Each line stays as long as it is in bytes, so that labels still fit it.
const WAYS: [fn(&str) -> String; 3] = [capitals, small_letters, without_marks];

impl LabelledDocument {
    /// The document, or now and then as it might also have come.
    pub(crate) fn worn(self, random: &mut Random) -> Self {
        if !random.chance(WORN) {
            return self;
        }
        let way = WAYS[random.below(WAYS.len())];
        Self { text: way(&self.text), ..self }
    }

    /// The document, or half of the time the document with some lines missing.
    pub(crate) fn thinned(self, random: &mut Random) -> Self {
        let all = lines(&self.text);
        if all.len() < FEWEST_LINES || !random.chance(THINNED) {
            return self;
        }
        let missing = MOST_MISSING * random.uniform();
        let kept: Vec<usize> = (0..all.len()).filter(|_| !random.chance(missing)).collect();
        self.lines_at(&all, &kept)
    }

    /// Some of `all` its lines, by their numbers from 0.
    fn lines_at(&self, all: &[(usize, usize)], kept: &[usize]) -> Self {
        let mut text = String::with_capacity(self.text.len());
        let mut places = Vec::with_capacity(kept.len());
        for &at in kept {
            let (start, end) = all[at];
            places.push((start, end, text.len()));
            text.push_str(&self.text[start..end]);
            text.push('\n');
        }
        let moved = |spans: &[(usize, usize)]| {
            let of_line = |&(start, end, to): &(usize, usize, usize)| {
                clip(spans, start, end).into_iter().map(move |(a, b)| (to + a, to + b))
            };
            places.iter().flat_map(of_line).collect()
        };
        let label = match &self.label {
            Label::Spans(spans) => Label::Spans(moved(spans)),
            Label::Lines(scores) => Label::Lines(kept.iter().map(|&at| scores[at]).collect()),
        };
        let hint = self.hint.as_ref();
        let hint = hint.map(|h| Hint { labelling: h.labelling, deletions: moved(&h.deletions) });
        Self { text, label, hint }
    }
}

fn capitals(text: &str) -> String {
    text.chars().map(|letter| same_length(letter, letter.to_uppercase())).collect()
}

fn small_letters(text: &str) -> String {
    text.chars().map(|letter| same_length(letter, letter.to_lowercase())).collect()
}

/// The other case of a letter, if it is one character of as many bytes.
fn same_length(letter: char, mut other: impl Iterator<Item = char>) -> char {
    let first = other.next().filter(|first| first.len_utf8() == letter.len_utf8());
    first.filter(|_| other.next().is_none()).unwrap_or(letter)
}

/// Spaces at the ends of lines make up for the marks.
fn without_marks(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (content, end) = line.strip_suffix('\n').map_or((line, ""), |content| (content, "\n"));
        let start = kept.len();
        kept.extend(content.chars().filter(|letter| !MARKS.contains(letter)));
        let lost = content.len() - (kept.len() - start);
        kept.extend(std::iter::repeat_n(' ', lost));
        kept.push_str(end);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Straße, \"Ünder\": ŉ!\n\n...\nİs it? Yes.\n";

    #[test]
    fn every_line_stays_as_long_as_it_is() {
        let lengths = |text: &str| text.split('\n').map(str::len).collect::<Vec<_>>();
        for way in WAYS {
            assert_eq!(lengths(&way(TEXT)), lengths(TEXT), "{}", way(TEXT));
        }
    }

    #[test]
    fn labels_stay_with_the_lines_that_are_left() {
        let document = LabelledDocument {
            text: "a\nbcd\n\nef".to_owned(),
            label: Label::Spans(vec![(0, 1), (3, 6), (8, 9)]),
            hint: Some(Hint { labelling: 2, deletions: vec![(2, 5)] }),
        };
        let all = lines(&document.text);
        let thin = document.lines_at(&all, &[1, 3]);
        assert_eq!(thin.text, "bcd\nef\n");
        let Label::Spans(spans) = &thin.label else { panic!("spans stay spans") };
        assert_eq!(spans, &[(1, 3), (5, 6)]);
        assert_eq!(thin.hint.unwrap().deletions, [(0, 3)]);
        let scored = LabelledDocument { label: Label::Lines(vec![0.1, 0.2, 0.3, 0.4]), ..document };
        let Label::Lines(scores) = scored.lines_at(&all, &[0, 3]).label else {
            panic!("scores too")
        };
        assert_eq!(scores, [0.1, 0.4]);
    }

    #[test]
    fn marks_go_and_case_changes() {
        assert_eq!(without_marks("A, \"b\".\nc\n"), "A b    \nc\n");
        assert_eq!(
            (capitals("straße é").as_str(), small_letters("É X").as_str()),
            ("STRAßE É", "é x")
        );
    }
}
