//! Scores: how surely a line, or a piece inside a line, is noise.

use crate::chunk::Chunk;
use crate::deletions::Deletions;
use crate::line::Lines;
use crate::selection::Selection;
use crate::span::Span;
use serde::{Deserialize, Serialize};

/// A probability to be noise, in thousandths.
///
/// Scores are stored in sidecars and thresholds are applied to them again later; being whole
/// numbers, they give the same decision then as now (law L8).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Score(u16);

impl Score {
    /// Surely not noise.
    pub const ZERO: Self = Self(0);
    /// Surely noise.
    pub const ONE: Self = Self(1000);

    /// The score of a probability; what is not a number counts as 0, what is beyond 0..=1 is cut.
    #[must_use]
    pub fn from_probability(probability: f32) -> Self {
        if probability.is_nan() {
            return Self::ZERO;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        Self((probability.clamp(0.0, 1.0) * 1000.0).round() as u16)
    }

    /// The score of so many thousandths, at most 1000.
    #[must_use]
    pub const fn from_thousandths(thousandths: u16) -> Self {
        if thousandths > 1000 { Self::ONE } else { Self(thousandths) }
    }

    /// In thousandths.
    #[must_use]
    pub const fn thousandths(self) -> u16 {
        self.0
    }

    /// As a probability.
    #[must_use]
    pub fn probability(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

/// The scores of one text: of every line, and of pieces inside lines.
///
/// In a [proposal](crate::Proposal) the lines and offsets are those of the chunk's view; in a
/// document's scores those of the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scores {
    /// One score a line, in order.
    pub lines: Vec<Score>,
    /// Pieces inside lines, sorted by place. They count where their line stays.
    pub pieces: Vec<(Span, Score)>,
}

impl Scores {
    /// The document's scores from the scores of its chunks, each for what it owns.
    ///
    /// A line that was cut into several chunks gets the least of its fragments' scores, so that it
    /// goes whole only if each of them goes, and every fragment becomes a piece.
    #[must_use]
    pub fn assemble<'a>(
        document: &str,
        chunks: impl IntoIterator<Item = (&'a Chunk<'a>, Self)>,
    ) -> Self {
        let lines = Lines::of(document);
        let mut all = Self { lines: vec![Score::ONE; lines.len()], pieces: Vec::new() };
        for (chunk, scores) in chunks {
            all.take_in(&lines, chunk, scores);
        }
        all.pieces.sort_unstable();
        all
    }

    fn take_in(&mut self, lines: &Lines, chunk: &Chunk<'_>, scores: Self) {
        let (view, owned) = (chunk.view(), chunk.owned());
        let mut scores_of_view = scores.lines.into_iter();
        for line in lines.touching(view) {
            let score = scores_of_view.next().unwrap_or(Score::ZERO);
            let Some(part) = line.full().intersect(owned) else { continue };
            let slot = &mut self.lines[line.number() - 1];
            *slot = (*slot).min(score);
            if part != line.full() {
                let piece = part.intersect(line.content());
                self.pieces.extend(piece.map(|piece| (piece, score)));
            }
        }
        let pieces =
            scores.pieces.into_iter().map(|(span, score)| (span.shift(view.start()), score));
        self.pieces.extend(pieces.filter(|(span, _)| owned.contains(*span)));
    }

    /// What goes at this threshold: lines and pieces that score at least as much.
    #[must_use]
    pub fn select(&self, document: &str, threshold: Score) -> Selection {
        let mut selection = Selection::default();
        for (line, &score) in Lines::of(document).iter().zip(&self.lines) {
            if score >= threshold {
                selection.choose_line(line, 0, document);
            }
        }
        for &(span, score) in &self.pieces {
            if score >= threshold && span.fits(document) {
                selection.choose_piece(span);
            }
        }
        selection
    }

    /// The score of a deleted span: the least score among what it deletes, which is the threshold
    /// from which on it would not have gone as one.
    #[must_use]
    pub fn of_span(&self, lines: &Lines, span: Span, threshold: Score) -> Score {
        let of_lines = lines
            .touching(span)
            .filter(|line| line.full().intersect(span).is_some())
            .filter_map(|line| self.lines.get(line.number() - 1).copied());
        let from = self.pieces.partition_point(|(piece, _)| piece.end() <= span.start());
        let of_pieces = self.pieces[from..]
            .iter()
            .take_while(|(piece, _)| piece.start() < span.end())
            .map(|&(_, score)| score);
        of_lines.chain(of_pieces).filter(|&score| score >= threshold).min().unwrap_or(threshold)
    }
}

/// The deletions of `scores` at `threshold`.
#[must_use]
pub fn deletions_at(document: &str, scores: &Scores, threshold: Score) -> Deletions {
    scores.select(document, threshold).into_deletions(document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunker::Chunker;
    use crate::measure::Bytes;
    use proptest::prelude::*;

    fn scores(lines: &[u16]) -> Scores {
        let lines = lines.iter().map(|&t| Score::from_thousandths(t)).collect();
        Scores { lines, pieces: Vec::new() }
    }

    #[test]
    fn lines_at_the_threshold_go_and_pieces_count_where_their_line_stays() {
        let mut all = scores(&[900, 100]);
        all.pieces.push((Span::new(2, 3), Score::from_thousandths(600)));
        let gone = deletions_at("a\nbcd\n", &all, Score::from_thousandths(600));
        assert_eq!(gone.spans(), [Span::new(0, 3)]);
        let gone = deletions_at("a\nbcd\n", &all, Score::from_thousandths(901));
        assert!(gone.is_empty());
    }

    #[test]
    fn a_score_is_total() {
        assert_eq!(Score::from_probability(f32::NAN), Score::ZERO);
        assert_eq!(Score::from_probability(f32::INFINITY), Score::ONE);
        assert_eq!(Score::from_probability(0.8736).thousandths(), 874);
    }

    proptest! {
        /// Law L5 for scores: chunks give the document's own scores back, in any order, where no
        /// line was cut.
        #[test]
        fn chunks_change_nothing(document in "([a-c]{0,5}\n){0,20}", seed in 0u16..1000, reverse: bool) {
            let of_line = |number: usize| Score::from_thousandths((seed as usize * number * 37 % 1001) as u16);
            let whole = Scores { lines: (1..=Lines::of(&document).len()).map(of_line).collect(), pieces: vec![] };
            let chunks = Chunker::new(20, 6).unwrap().chunks(&document, &Bytes);
            let lines = Lines::of(&document);
            let mut parts: Vec<_> = chunks.iter().map(|chunk| {
                let seen = lines.touching(chunk.view()).map(|line| of_line(line.number())).collect();
                (chunk, Scores { lines: seen, pieces: vec![] })
            }).collect();
            if reverse {
                parts.reverse();
            }
            prop_assert_eq!(Scores::assemble(&document, parts), whole);
        }
    }
}
