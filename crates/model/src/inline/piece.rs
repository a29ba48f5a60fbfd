//! From scores of units to pieces of lines.

use super::sheet::Place;
use crate::lines::is_blank;
use refinex_core::Span;

/// The least score by which a unit joins a piece. A piece's score is the mean of its units, so that
/// thresholds can be set later without the units. (measured: see lab/LOG.md)
const JOINS: f32 = 0.5;

/// Pieces of `text`, whose `lines` are given, from a score for each of `places`: sorted, disjoint,
/// never a whole line.
pub(crate) fn pieces(
    text: &str,
    lines: &[(usize, usize)],
    places: &[Option<Place>],
    scores: &[f32],
) -> Vec<(Span, f32)> {
    let mut found = Vec::new();
    let mut run: Option<Run> = None;
    for (place, &score) in places.iter().zip(scores) {
        let Some(place) = place.filter(|_| score >= JOINS) else {
            found.extend(run.take());
            continue;
        };
        match &mut run {
            Some(run) if place.joined => run.add(place, score),
            _ => {
                found.extend(run.take());
                run = Some(Run::new(place, score));
            }
        }
    }
    found.extend(run);
    found.iter().filter_map(|run| run.piece(text, lines[run.line])).collect()
}

/// The odds of noise are so many times lower in pages than in the documents that the network learnt
/// from, most of which have noise glued in. (measured: of the pieces that a threshold of 0.55 then
/// takes, half of the characters on web pages are noise by the labels, three quarters in corpora)
const ODDS: f32 = 3.3;

/// The probability in pages of what was one in training.
fn calibrated(score: f32) -> f32 {
    score / (score + ODDS * (1.0 - score))
}

/// Units that follow each other.
struct Run {
    line: usize,
    start: usize,
    end: usize,
    sum: f32,
    count: f32,
}

impl Run {
    const fn new(place: Place, score: f32) -> Self {
        Self { line: place.line, start: place.start, end: place.end, sum: score, count: 1.0 }
    }

    fn add(&mut self, place: Place, score: f32) {
        self.end = place.end;
        self.sum += score;
        self.count += 1.0;
    }

    /// The piece with the blanks that would be left over: those before it, or behind it where it
    /// begins the line. None if nothing of the line would stay.
    fn piece(&self, text: &str, (from, to): (usize, usize)) -> Option<(Span, f32)> {
        let (before, after) = (&text[from..self.start], &text[self.end..to]);
        let (before, after) = (before.trim_end(), after.trim_start());
        if is_blank(before) && is_blank(after) || self.breaks_a_word(text, from) {
            return None;
        }
        let start = if after.is_empty() || starts_apart(text, self.end) {
            from + before.len()
        } else {
            self.start
        };
        let (start, end) = if before.is_empty() {
            (from, to - after.len())
        } else if after.is_empty() {
            (start, to)
        } else {
            (start, self.end)
        };
        Some((Span::new(start, end), calibrated(self.sum / self.count)))
    }
}

/// Characters of what is glued to a word from which on it is a word of its own: "2026Comment", not
/// "$235K". (guess)
const GLUED: usize = 3;

impl Run {
    /// Whether the run begins inside a word with less than a word.
    fn breaks_a_word(&self, text: &str, from: usize) -> bool {
        let glued = text[from..self.start].chars().next_back().is_some_and(char::is_alphanumeric);
        let word = text[self.start..self.end].chars().take_while(|c| c.is_alphanumeric()).count();
        glued && (1..GLUED).contains(&word)
    }
}

/// Whether a blank follows: then the one before a piece may go with it.
fn starts_apart(text: &str, at: usize) -> bool {
    text[at..].starts_with(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inline::Sheet;
    use crate::lines::lines;
    use proptest::prelude::*;

    /// The pieces of `text` where the units in `noise` score 0.9.
    fn found<'a>(text: &'a str, noise: &[&str]) -> Vec<&'a str> {
        let lines = lines(text);
        let sheet = Sheet::read(text, &lines, |_| true);
        let is_noise =
            |place: &Option<Place>| place.is_some_and(|p| noise.contains(&&text[p.start..p.end]));
        let scores: Vec<f32> =
            sheet.places.iter().map(|p| if is_noise(p) { 0.9 } else { 0.1 }).collect();
        let found = pieces(text, &lines, &sheet.places, &scores);
        found.iter().map(|(span, _)| span.of(text)).collect()
    }

    #[test]
    fn a_piece_takes_the_blank_that_would_be_left_over() {
        assert_eq!(found("A title | Site", &["|", "Site"]), [" | Site"]);
        assert_eq!(found("Reply I agree", &["Reply"]), ["Reply "]);
        assert_eq!(found("one [edit] two", &["[", "edit", "]"]), [" [edit]"]);
        assert_eq!(found("end.Read more", &["Read", "more"]), ["Read more"]);
        assert_eq!(found("9, 2026Comment", &["Comment"]), ["Comment"]);
        assert!(found("sold for $235K", &["K"]).is_empty());
        assert_eq!(found("派(pai)出", &["(", "pai", ")"]), ["(pai)"]);
    }

    #[test]
    fn a_piece_is_never_a_whole_line() {
        assert!(found("Share this", &["Share", "this"]).is_empty());
        assert_eq!(found("Share this\nand a word", &["Share", "this", "and"]), ["and "]);
    }

    proptest! {
        #[test]
        fn pieces_are_sorted_disjoint_and_inside_their_lines(
            text in "([a-c.|\\[ éX]{0,12}\n?){0,8}", seed in 0u64..1000
        ) {
            let lines = lines(&text);
            let sheet = Sheet::read(&text, &lines, |_| true);
            let score = |at: usize| (seed.wrapping_mul(at as u64 + 7) % 10) as f32 / 10.0;
            let scores: Vec<f32> = (0..sheet.places.len()).map(score).collect();
            let mut last = 0;
            for (span, score) in pieces(&text, &lines, &sheet.places, &scores) {
                prop_assert!(span.start() >= last && span.end() > span.start());
                prop_assert!(span.fits(&text) && (calibrated(JOINS)..=1.0).contains(&score));
                let line = lines.iter().find(|(a, b)| *a <= span.start() && span.end() <= *b);
                prop_assert!(line.is_some_and(|&line| line != (span.start(), span.end())));
                last = span.end();
            }
        }
    }
}
