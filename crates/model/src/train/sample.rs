//! Labelled documents, and what a step sees of them.

use crate::inline::Sheet;
use crate::lines::{is_blank, lines};
use crate::page::Page;
use crate::random::Random;

/// A document and what is noise in it.
#[derive(Clone, Debug)]
pub struct LabelledDocument {
    /// The text.
    pub text: String,
    /// What is noise.
    pub label: Label,
    /// What another labelling says, if it is known.
    pub hint: Option<Hint>,
}

/// What of a document is noise.
#[derive(Clone, Debug)]
pub enum Label {
    /// Spans of noise in bytes, sorted and disjoint.
    Spans(Vec<(usize, usize)>),
    /// A probability for every line, from a model that labels for another.
    Lines(Vec<f32>),
}

/// What the labelling of another set says about a document.
#[derive(Clone, Debug)]
pub struct Hint {
    /// Which labelling, from 1.
    pub labelling: usize,
    /// Its spans of noise in bytes, sorted and disjoint.
    pub deletions: Vec<(usize, usize)>,
}

/// Documents that were labelled in one way.
#[derive(Clone, Debug)]
pub struct Set {
    /// Its name.
    pub name: String,
    /// Which labelling: 0 is the target's, the expert's.
    pub labelling: usize,
    /// Share of its documents in a pass over the expert's labelling.
    pub weight: f32,
    /// How much more its lines that stay count than those that go: over 1 for text that was cleaned
    /// already, which a refiner must not cut into.
    pub care: f32,
    /// Most lines of a sample: of a longer document an excerpt is taken.
    pub most_lines: usize,
    /// The documents.
    pub documents: Vec<LabelledDocument>,
}

impl Set {
    /// Most lines of a sample if nothing else is said (guess: longer than the excerpts of the
    /// expert's sets).
    pub const MOST_LINES: usize = 300;
}

/// Share of samples that are cut to an excerpt.
const CROPPED: f32 = 0.35;
impl LabelledDocument {
    /// The document, or an excerpt of whole lines: documents are met cut off at both ends.
    pub(crate) fn crop(&self, most_lines: usize, random: &mut Random) -> Self {
        let lines = lines(&self.text);
        let long = lines.len() > most_lines;
        if lines.len() < 8 || !(long || random.chance(CROPPED)) {
            return self.clone();
        }
        let most = lines.len().min(most_lines);
        let count = if long { most } else { 4 + random.below(most - 4) };
        let first = random.below(lines.len() - count + 1);
        let (start, end) = (lines[first].0, lines[first + count - 1].1);
        let label = match &self.label {
            Label::Spans(spans) => Label::Spans(clip(spans, start, end)),
            Label::Lines(scores) => Label::Lines(scores[first..first + count].to_vec()),
        };
        let hint = self.hint.as_ref().map(|hint| Hint {
            labelling: hint.labelling,
            deletions: clip(&hint.deletions, start, end),
        });
        Self { text: self.text[start..end].to_owned(), label, hint }
    }
}

/// The parts of `spans` inside `start..end`, counted from `start`.
#[must_use]
pub fn clip(spans: &[(usize, usize)], start: usize, end: usize) -> Vec<(usize, usize)> {
    let cut = spans.iter().map(|&(a, b)| (a.max(start), b.min(end)));
    cut.filter(|(a, b)| a < b).map(|(a, b)| (a - start, b - start)).collect()
}

/// What the rows that a network reads should get.
pub(crate) struct Targets {
    /// The probability to be noise.
    pub(crate) noise: Vec<f32>,
    /// How much a row counts: of a line the root of its characters, so that a paragraph weighs more
    /// than a menu entry, but not all.
    pub(crate) weight: Vec<f32>,
}

impl Targets {
    pub(crate) fn of(document: &LabelledDocument, page: &Page, care: f32) -> Self {
        let shares;
        let noise = match &document.label {
            Label::Lines(scores) => page.rows.iter().map(|&row| scores[row]).collect(),
            Label::Spans(spans) => {
                shares = shares_gone(&document.text, spans, page);
                shares.iter().map(|&share| if share > 0.5 { 1.0 } else { 0.0 }).collect()
            }
        };
        let noise: Vec<f32> = noise;
        let sizes = sizes(&document.text, page);
        let weight = sizes.into_iter().map(|size| size.sqrt().min(30.0)).collect();
        Self { noise, weight }.with_care(care)
    }

    /// The same for units. The row before a line counts nothing.
    pub(crate) fn of_units(document: &LabelledDocument, sheet: &Sheet, care: f32) -> Self {
        let Label::Spans(spans) = &document.label else {
            return Self { noise: Vec::new(), weight: Vec::new() };
        };
        let (mut noise, mut weight) = (Vec::new(), Vec::new());
        for place in &sheet.places {
            let share = place.map(|p| share_gone(&document.text, spans, (p.start, p.end)));
            noise.push(if share.is_some_and(|share| share > 0.5) { 1.0 } else { 0.0 });
            weight.push(if share.is_some() { 1.0 } else { 0.0 });
        }
        Self { noise, weight }.with_care(care)
    }

    /// Rows that stay count `care` times.
    fn with_care(mut self, care: f32) -> Self {
        for (noise, weight) in self.noise.iter_mut().zip(&mut self.weight) {
            let share = *noise + (1.0 - *noise) * care;
            *weight *= share;
            *noise /= share;
        }
        self
    }
}

/// Lines of which this share of the characters is gone are no business of the units' network.
const WHOLE: f32 = 0.9;

/// Whether each line goes whole, as good as.
pub(crate) fn lines_gone(document: &LabelledDocument) -> Vec<bool> {
    let text = &document.text;
    let Label::Spans(spans) = &document.label else { return vec![true; lines(text).len()] };
    let gone = |&(start, end): &(usize, usize)| share_gone(text, spans, (start, end)) > WHOLE;
    lines(text).iter().map(|line| is_blank(&text[line.0..line.1]) || gone(line)).collect()
}

/// Characters, white space left out, of the lines of a page that are not blank.
fn sizes(text: &str, page: &Page) -> Vec<f32> {
    let spans = lines(text);
    page.rows.iter().map(|&row| visible(text, spans[row].0, spans[row].1).max(1.0)).collect()
}

/// Which share of the characters of each line that is not blank lies in `spans`.
pub(crate) fn shares_gone(text: &str, spans: &[(usize, usize)], page: &Page) -> Vec<f32> {
    let all = lines(text);
    page.rows.iter().map(|&row| share_gone(text, spans, all[row])).collect()
}

/// Which share of the characters of `start..end` lies in `spans`.
fn share_gone(text: &str, spans: &[(usize, usize)], (start, end): (usize, usize)) -> f32 {
    let from = spans.partition_point(|&(_, b)| b <= start);
    let inside = spans[from..].iter().take_while(|&&(a, _)| a < end);
    let gone: f32 = inside.map(|&(a, b)| visible(text, a.max(start), b.min(end))).sum();
    gone / visible(text, start, end).max(1.0)
}

fn visible(text: &str, from: usize, to: usize) -> f32 {
    let text = text.get(from..to).unwrap_or_default();
    text.chars().filter(|c| !c.is_whitespace()).count() as f32
}
