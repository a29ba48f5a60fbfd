//! Self-made training text for pieces: real noise glued to lines that stay.
//!
//! Documents with noise inside lines are rare: one or two places a page. So fragments that were cut
//! off lines, and short lines that went on several pages ("Reply", "Read more"), are glued to lines of
//! other documents, at their ends, their starts and behind their sentences.

use super::joined::Joined;
use super::sample::lines_gone;
use super::{Label, LabelledDocument, Set};
use crate::lines::lines;
use crate::random::Random;
use std::collections::HashMap;

/// Copies of every document with noise glued in, beside itself. (guess)
const COPIES: usize = 8;
/// Share of the copies and originals in one pass: each pass has other fragments. (guess)
const SHARE: f32 = 0.33;
/// Share of a copy's lines that get a fragment. (guess: five times what is found)
const GLUED: f32 = 0.08;
/// Share of a document's fragments that are one it has had: residue repeats. (guess)
const REPEATED: f32 = 0.3;
/// Longest line that went, in bytes, that is a fragment. (guess)
const SHORT: usize = 48;
/// Documents that a line must have gone from to be noise by itself. (guess)
const PAGES: usize = 4;
/// Share of the glued lines that have another one glued behind. (guess)
const CHAINED: f32 = 0.4;
/// What stands between a line and a line that was glued behind it.
const SEAMS: [&str; 8] = ["", "", "", " ", " ", " | ", " - ", " · "];

/// Fragments of noise by where they stood.
#[derive(Default)]
struct Fragments {
    tails: Vec<String>,
    heads: Vec<String>,
    middles: Vec<String>,
    /// Whole lines.
    lines: Vec<String>,
    /// Short lines that stay, for the names of sites.
    names: Vec<String>,
}

/// The sets with their own documents and copies that have noise glued in: fragments of theirs, and
/// lines that went from the pages of `others` too.
pub(crate) fn glued(sets: &[Set], others: &[Set], seed: u64) -> Vec<Set> {
    let fragments = Fragments::of(sets, others);
    let with_copies = |set: &Set| {
        let mut all = Vec::new();
        for (at, document) in set.documents.iter().enumerate() {
            if !matches!(document.label, Label::Spans(_)) {
                continue;
            }
            let own = LabelledDocument { hint: None, ..document.clone() };
            for copy in 0..COPIES {
                let mut random = Random::of(&[seed, 3, at as u64, copy as u64]);
                all.push(fragments.glue(&own, &mut random));
            }
            all.push(own);
        }
        Set { documents: all, weight: SHARE, ..set.clone() }
    };
    sets.iter().map(with_copies).collect()
}

impl Fragments {
    fn of(sets: &[Set], others: &[Set]) -> Self {
        let mut fragments = Self::default();
        let mut pages: HashMap<String, (usize, String)> = HashMap::new();
        for document in sets.iter().flat_map(|set| &set.documents) {
            fragments.take(document);
            count_lines(document, &mut pages);
        }
        for document in others.iter().flat_map(|set| &set.documents) {
            count_lines(document, &mut pages);
        }
        let mut common: Vec<(usize, String)> =
            pages.into_values().filter(|(count, _)| *count >= PAGES).collect();
        common.sort_unstable();
        // The more pages a line went from, the more often it is drawn, by the root.
        let times = |(count, line): (usize, String)| vec![line; count.isqrt()];
        fragments.lines = common.into_iter().flat_map(times).collect();
        fragments
    }

    /// The fragments of the lines that stay.
    fn take(&mut self, document: &LabelledDocument) {
        let Label::Spans(spans) = &document.label else { return };
        let gone = lines_gone(document);
        for (&line, &gone) in lines(&document.text).iter().zip(&gone) {
            if !gone {
                self.take_inside(&document.text, line, spans);
            }
        }
    }

    /// The fragments cut off a line that stays, and the line as a name if it is short.
    fn take_inside(&mut self, text: &str, (start, end): (usize, usize), spans: &[(usize, usize)]) {
        let from = spans.partition_point(|&(_, b)| b <= start);
        let mut whole = true;
        for &(a, b) in spans[from..].iter().take_while(|&&(a, _)| a < end) {
            whole = false;
            let (a, b) = (a.max(start), b.min(end));
            let fragment = text[a..b].to_owned();
            let (before, after) = (text[start..a].trim(), text[b..end].trim());
            match (before.is_empty(), after.is_empty()) {
                _ if fragment.trim().is_empty() => {}
                (false, true) => self.tails.push(fragment),
                (true, false) => self.heads.push(fragment),
                _ => self.middles.push(fragment),
            }
        }
        let line = text[start..end].trim();
        if whole && (4..=30).contains(&line.len()) && line.starts_with(char::is_uppercase) {
            self.names.push(line.to_owned());
        }
    }

    /// A copy of `document` with fragments in some of the lines that stay.
    fn glue(&self, document: &LabelledDocument, random: &mut Random) -> LabelledDocument {
        let Label::Spans(spans) = &document.label else { return document.clone() };
        let gone = lines_gone(document);
        let mut out = Joined::default();
        let mut had: Vec<Fragment> = Vec::new();
        let mut at = 0;
        for (&(start, end), &gone) in lines(&document.text).iter().zip(&gone) {
            let touched = spans.iter().any(|&(a, b)| a < end && start < b);
            if gone || touched || !random.chance(GLUED) {
                continue;
            }
            let again = !had.is_empty() && random.chance(REPEATED);
            let fragment =
                if again { had.get(random.below(had.len())).cloned() } else { self.draw(random) };
            let Some(fragment) = fragment else { continue };
            let place = fragment.place(&document.text, (start, end), random);
            out.copy(&document.text, spans, at..place);
            out.insert(&fragment.text);
            at = place;
            had.push(fragment);
        }
        out.copy(&document.text, spans, at..document.text.len());
        LabelledDocument { text: out.text, label: Label::Spans(out.spans), hint: None }
    }

    /// Lines that went, one or several behind each other.
    fn chain(&self, random: &mut Random) -> Option<String> {
        let mut chain = String::new();
        loop {
            chain.push_str(SEAMS[random.below(SEAMS.len())]);
            chain.push_str(self.lines.get(random.below(self.lines.len()))?);
            if !random.chance(CHAINED) {
                return Some(chain);
            }
        }
    }

    fn draw(&self, random: &mut Random) -> Option<Fragment> {
        let choice = random.uniform();
        let pick =
            |from: &[String], random: &mut Random| from.get(random.below(from.len())).cloned();
        let (side, text) = match choice {
            0.0..0.33 => (Side::End, pick(&self.tails, random)?),
            0.33..0.65 => (Side::End, self.chain(random)?),
            0.65..0.72 => (Side::Start, pick(&self.heads, random)?),
            0.72..0.78 => (Side::Start, format!("{} ", pick(&self.lines, random)?)),
            0.78..0.87 => (Side::Inside, pick(&self.middles, random)?),
            0.87..0.94 => (Side::Inside, format!("{} ", pick(&self.lines, random)?)),
            _ => (Side::End, format!(" | {}", pick(&self.names, random)?)),
        };
        Some(Fragment { side, text })
    }
}

/// Counts the page of a document for each of the short lines that went from it.
fn count_lines(document: &LabelledDocument, pages: &mut HashMap<String, (usize, String)>) {
    let text = &document.text;
    let gone = lines_gone(document);
    let gone = lines(text).into_iter().zip(gone).filter(|(_, gone)| *gone);
    let mut own: Vec<&str> = gone.map(|((start, end), _)| text[start..end].trim()).collect();
    own.retain(|line| (2..=SHORT).contains(&line.len()));
    own.sort_unstable();
    own.dedup();
    for line in own {
        let letters = line.to_lowercase();
        let key: String = letters.chars().filter(|c| c.is_alphabetic() || *c == ' ').collect();
        if !key.is_empty() {
            pages.entry(key).or_insert_with(|| (0, line.to_owned())).0 += 1;
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    Start,
    End,
    /// Behind a sentence inside the line, what is in brackets behind a word; at the end if there is
    /// no such place.
    Inside,
}

#[derive(Clone)]
struct Fragment {
    side: Side,
    text: String,
}

impl Fragment {
    /// Where in `text` it goes, for a line.
    fn place(&self, text: &str, (start, end): (usize, usize), random: &mut Random) -> usize {
        match self.side {
            Side::Start => start,
            Side::End => end,
            Side::Inside => {
                let gap = if self.text.trim_start().starts_with(['[', '(']) { " " } else { ". " };
                let gaps = text[start..end].match_indices(gap);
                let ends: Vec<usize> = gaps.map(|(at, gap)| start + at + gap.len()).collect();
                ends.get(random.below(ends.len())).copied().unwrap_or(end)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> Set {
        let text = "Group C[edit]\nReply\nThe ferry sails. It is slow.\nAnna writes\n";
        let document = LabelledDocument {
            text: text.to_owned(),
            label: Label::Spans(vec![(7, 13), (14, 20)]),
            hint: None,
        };
        Set {
            name: "pages".to_owned(),
            labelling: 0,
            weight: 1.0,
            care: 1.0,
            most_lines: Set::MOST_LINES,
            documents: vec![document; 30],
        }
    }

    #[test]
    fn what_is_left_of_a_glued_document_is_what_was_left_of_the_document() {
        let set = set();
        let rest = |document: &LabelledDocument| {
            let Label::Spans(spans) = &document.label else { panic!("spans") };
            let mut text = document.text.clone();
            spans.iter().rev().for_each(|&(a, b)| text.replace_range(a..b, ""));
            text
        };
        let glued = &glued(std::slice::from_ref(&set), &[], 1)[0];
        assert_eq!(glued.documents.len(), 30 * (COPIES + 1));
        assert!(glued.documents.iter().all(|document| rest(document) == rest(&set.documents[0])));
        let longer = glued.documents.iter().filter(|d| d.text.len() > set.documents[0].text.len());
        assert!(longer.count() >= 3);
    }

    #[test]
    fn lines_that_went_on_several_pages_are_fragments_and_others_are_not() {
        let fragments = Fragments::of(&[set()], &[]);
        assert_eq!(fragments.lines, ["Reply"; 5]);
        assert_eq!(fragments.tails[0], "[edit]");
        let one = Set { documents: set().documents[..2].to_vec(), ..set() };
        assert!(Fragments::of(&[one], &[]).lines.is_empty());
    }
}
