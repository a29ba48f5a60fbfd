//! Labelled documents, and what a step sees of them.

use crate::lines::lines;
use crate::page::Page;
use crate::random::Random;

/// A document and what is noise in it.
#[derive(Clone, Debug)]
pub struct LabelledDocument {
    /// The text.
    pub text: String,
    /// Spans of noise in bytes, sorted and disjoint.
    pub deletions: Vec<(usize, usize)>,
}

/// Documents that were labelled in one way.
#[derive(Clone, Debug)]
pub struct Set {
    /// Its name.
    pub name: String,
    /// Whether the labels are the target's, the expert's.
    pub expert: bool,
    /// The documents.
    pub documents: Vec<LabelledDocument>,
}

/// Most lines of a sample (guess: longer than the excerpts of the expert's sets).
const MOST_LINES: usize = 300;
/// Share of samples that are cut to an excerpt.
const CROPPED: f32 = 0.35;

/// The document, or an excerpt of whole lines: documents are met cut off at both ends.
pub(crate) fn crop(document: &LabelledDocument, random: &mut Random) -> LabelledDocument {
    let lines = lines(&document.text);
    let long = lines.len() > MOST_LINES;
    if lines.len() < 8 || !(long || random.chance(CROPPED)) {
        return document.clone();
    }
    let most = lines.len().min(MOST_LINES);
    let count = if long { most } else { 4 + random.below(most - 4) };
    let first = random.below(lines.len() - count + 1);
    let (start, end) = (lines[first].0, lines[first + count - 1].1);
    let deletions = document.deletions.iter().filter_map(|&(a, b)| {
        let (a, b) = (a.max(start), b.min(end));
        (a < b).then(|| (a - start, b - start))
    });
    LabelledDocument { text: document.text[start..end].to_owned(), deletions: deletions.collect() }
}

/// What the lines of a page that are not blank should get.
pub(crate) struct Labels {
    /// 1 for noise.
    pub(crate) noise: Vec<f32>,
    /// How much the line counts: the root of its characters, so that a paragraph weighs more than
    /// a menu entry, but not all.
    pub(crate) weight: Vec<f32>,
    /// Its characters that are not white space.
    pub(crate) characters: Vec<f32>,
}

impl Labels {
    pub(crate) fn of(document: &LabelledDocument, page: &Page) -> Self {
        let spans = lines(&document.text);
        let mut labels = Self { noise: Vec::new(), weight: Vec::new(), characters: Vec::new() };
        for &row in &page.rows {
            let (start, end) = spans[row];
            let count = |from: usize, to: usize| {
                let text = document.text.get(from..to).unwrap_or_default();
                text.chars().filter(|c| !c.is_whitespace()).count() as f32
            };
            let characters = count(start, end).max(1.0);
            let from = document.deletions.partition_point(|&(_, b)| b <= start);
            let gone: f32 = document.deletions[from..]
                .iter()
                .take_while(|&&(a, _)| a < end)
                .map(|&(a, b)| count(a.max(start), b.min(end)))
                .sum();
            labels.noise.push(if gone / characters > 0.5 { 1.0 } else { 0.0 });
            labels.weight.push(characters.sqrt().min(30.0));
            labels.characters.push(characters);
        }
        labels
    }
}
