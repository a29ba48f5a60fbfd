//! Self-made training text for lines: noise of other pages among the lines of a page.
//!
//! Blocks that went whole from pages of the expert's labelling take the place of such a block of another
//! page, or stand where nothing went. So a network learns what noise is like by more than the company
//! that it happens to keep, and that clean text stays clean amid it.

use super::joined::Joined;
use super::sample::lines_gone;
use super::{Label, LabelledDocument, Set};
use crate::lines::{is_blank, lines};
use crate::parameters::EXPERT;
use crate::random::Random;
use std::ops::Range;

/// Share of samples that get blocks of other pages. (measured: lab/LOG.md)
const SPLICED: f32 = 0.3;
/// Most blocks that a sample gets. (guess)
const MOST_BLOCKS: usize = 3;
/// Share of the blocks that take the place of one, where there is one. (guess)
const REPLACING: f32 = 0.6;
/// Share of the other blocks that stand at one of the ends. (guess: menus and footers)
const AT_ENDS: f32 = 0.6;
/// Lines of the longest block: of longer ones the first are taken. (guess)
const LONGEST: usize = 40;
/// A line whose probability to be noise is this goes.
const SURE: f32 = 0.9;

/// Where in its document a block stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Head,
    Middle,
    Tail,
}

/// Blocks of lines that went whole, each with its last line's end, by their place.
#[derive(Default)]
pub(crate) struct Blocks([Vec<String>; 3]);

impl Blocks {
    /// The blocks of what has the expert's labels.
    pub(crate) fn of(sets: &[Set]) -> Self {
        let mut blocks = Self::default();
        for document in
            sets.iter().filter(|set| set.labelling == EXPERT).flat_map(|set| &set.documents)
        {
            if matches!(document.label, Label::Spans(_)) {
                blocks.take(document);
            }
        }
        blocks
    }

    fn take(&mut self, document: &LabelledDocument) {
        let all = lines(&document.text);
        for run in noise(document) {
            let last = run.end.min(run.start + LONGEST) - 1;
            let block = format!("{}\n", &document.text[all[run.start].0..all[last].1]);
            self.0[place(&run, all.len()) as usize].push(block);
        }
    }

    fn draw(&self, place: Place, random: &mut Random) -> Option<&str> {
        let blocks = &self.0[place as usize];
        blocks.get(random.below(blocks.len())).map(String::as_str)
    }
}

/// Where lines stand of a document of so many.
fn place(run: &Range<usize>, lines: usize) -> Place {
    if run.start == 0 {
        Place::Head
    } else if run.end == lines {
        Place::Tail
    } else {
        Place::Middle
    }
}

/// Runs of lines that go whole, but not one of all lines.
fn noise(document: &LabelledDocument) -> Vec<Range<usize>> {
    let text = &document.text;
    let blank: Vec<bool> = lines(text).iter().map(|&(a, b)| is_blank(&text[a..b])).collect();
    let gone = match &document.label {
        Label::Spans(_) => lines_gone(document),
        Label::Lines(scores) => scores.iter().zip(&blank).map(|(&s, &b)| b || s >= SURE).collect(),
    };
    let mut runs = Vec::new();
    let mut start = 0;
    for same in gone.chunk_by(|a, b| a == b) {
        let run = start..start + same.len();
        start = run.end;
        if same[0] && !blank[run.clone()].iter().all(|&blank| blank) && run.len() < gone.len() {
            runs.push(run);
        }
    }
    runs
}

impl LabelledDocument {
    /// The document, or now and then with noise of other pages.
    pub(crate) fn spliced(mut self, blocks: &Blocks, random: &mut Random) -> Self {
        // What a hint says of noise from elsewhere is not known.
        if self.hint.is_some() || !random.chance(SPLICED) {
            return self;
        }
        for _ in 0..=random.below(MOST_BLOCKS) {
            let count = lines(&self.text).len();
            let at = self.draw_place(count, random);
            if let Some(block) = blocks.draw(place(&at, count), random) {
                self = self.with_block(at, block);
            }
        }
        self
    }

    /// Which lines a block shall take the place of: those of a block, or none.
    fn draw_place(&self, count: usize, random: &mut Random) -> Range<usize> {
        let mut own = noise(self);
        if !own.is_empty() && random.chance(REPLACING) {
            return own.swap_remove(random.below(own.len()));
        }
        let at = match (random.chance(AT_ENDS), random.chance(0.5)) {
            (true, true) => 0,
            (true, false) => count,
            (false, _) => random.below(count + 1),
        };
        at..at
    }

    /// The document with a block in the place of some lines.
    fn with_block(mut self, at: Range<usize>, block: &str) -> Self {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        let all = lines(&self.text);
        let offset = |line: usize| all.get(line).map_or(self.text.len(), |line| line.0);
        let (start, end) = (offset(at.start), offset(at.end));
        match self.label {
            Label::Spans(spans) => {
                let mut joined = Joined::default();
                joined.copy(&self.text, &spans, 0..start);
                joined.insert(block);
                joined.copy(&self.text, &spans, end..self.text.len());
                Self { text: joined.text, label: Label::Spans(joined.spans), hint: self.hint }
            }
            Label::Lines(mut scores) => {
                scores.splice(at, std::iter::repeat_n(1.0, lines(block).len()));
                self.text.replace_range(start..end, block);
                Self { label: Label::Lines(scores), ..self }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str, label: Label) -> LabelledDocument {
        LabelledDocument { text: text.to_owned(), label, hint: None }
    }

    #[test]
    fn a_block_takes_the_place_of_another_and_labels_move_with_their_lines() {
        let page =
            document("menu\n\nText.\nmore\nEnd.", Label::Spans(vec![(0, 6), (12, 17), (17, 19)]));
        assert_eq!(noise(&page), [0..2, 3..4]);
        let page = page.with_block(3..4, "share\nlike\n");
        assert_eq!(page.text, "menu\n\nText.\nshare\nlike\nEnd.\n");
        let Label::Spans(spans) = &page.label else { panic!("spans stay spans") };
        assert_eq!(spans, &[(0, 6), (12, 23), (23, 25)]);
    }

    #[test]
    fn a_block_stands_between_lines_that_have_scores() {
        let page = document("a\nb", Label::Lines(vec![0.1, 0.95]));
        let page = page.with_block(2..2, "x\n").with_block(0..0, "y\nz\n");
        assert_eq!(page.text, "y\nz\na\nb\nx\n");
        let Label::Lines(scores) = &page.label else { panic!("scores stay scores") };
        assert_eq!(scores, &[1.0, 1.0, 0.1, 0.95, 1.0]);
        assert_eq!(noise(&page), [0..2, 3..5]);
    }

    #[test]
    fn blocks_are_kept_by_their_place_and_pages_of_noise_give_none() {
        let of =
            |text: &str, spans: &[(usize, usize)]| document(text, Label::Spans(spans.to_vec()));
        let documents =
            vec![of("menu\nText.\nfoot\n", &[(0, 5), (11, 16)]), of("a\nb\n", &[(0, 4)])];
        let (name, most_lines) = ("pages".to_owned(), Set::MOST_LINES);
        let set = Set { name, labelling: EXPERT, weight: 1.0, care: 1.0, most_lines, documents };
        let Blocks([heads, middles, tails]) = Blocks::of(&[set]);
        assert_eq!(
            (heads, middles, tails),
            (vec!["menu\n".to_owned()], vec![], vec!["foot\n".to_owned()])
        );
    }

    #[test]
    fn clean_text_stays_labelled_clean_amid_noise() {
        let blocks =
            Blocks([vec!["menu\n".to_owned()], vec!["ad\n".to_owned()], vec!["foot\n".to_owned()]]);
        let mut random = Random::of(&[3]);
        let mut changed = 0;
        for _ in 0..200 {
            let page =
                document("One.\nTwo.\n", Label::Spans(Vec::new())).spliced(&blocks, &mut random);
            let Label::Spans(spans) = &page.label else { panic!("spans stay spans") };
            let mut left = page.text.clone();
            spans.iter().rev().for_each(|&(a, b)| left.replace_range(a..b, ""));
            assert_eq!(left, "One.\nTwo.\n");
            changed += usize::from(!spans.is_empty());
        }
        assert!((30..90).contains(&changed), "{changed}");
    }
}
