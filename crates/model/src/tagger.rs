//! The tagger: one score a line, in one pass.

use crate::error::ModelError;
use crate::inline::{Sheet, pieces};
use crate::lines::lines;
use crate::network::{Input, Labelling, assemble, logits};
use crate::page::Page;
use crate::parameters::{EMBED, EXPERT};
use crate::weights::{self, Member, Points, TaggerFile};
use refinex_core::Span;
use xxhash_rust::xxh3::xxh3_64;

/// The weights that ship with the program: of the fast tagger, and of the networks that the best one
/// has beside them.
static FAST: &[u8] = include_bytes!("../weights/tagger.safetensors");
static PAGES: &[u8] = include_bytes!("../weights/pages.safetensors");

/// Between these scores of the quick networks a line is read by those that read its words.
/// (measured: lab/LOG.md)
const UNSURE: std::ops::Range<f32> = 0.15..0.85;
/// How many lines before and behind such a line are read with it. (guess)
const AROUND: usize = 1;

/// A line tagger: gives every line of a text the probability that it is noise.
///
/// Where a weights file has networks of both kinds, a cascade: quick networks score every line, and
/// what they are unsure of is read again, word by word, by those with an encoder.
pub struct Tagger {
    /// Networks that were trained from several seeds; their mean is the score.
    quick: Vec<Member>,
    /// Networks that see every line of a page beside all others; where there are quick ones too, both kinds
    /// count the same.
    whole: Vec<Member>,
    /// Networks with an encoder. Where there are quick ones too, they read what those are unsure of,
    /// and the score is the mean of both kinds.
    reading: Vec<Member>,
    /// Reads the units inside lines.
    pieces: Option<Member>,
    points: Points,
    fingerprint: u64,
}

impl Tagger {
    /// The fast tagger, which ships with the program.
    ///
    /// # Errors
    /// If the program was built with damaged weights.
    pub fn fast() -> Result<Self, ModelError> {
        Self::from_bytes(FAST)
    }

    /// The best tagger that ships with the program: the fast one and networks that see whole pages.
    ///
    /// # Errors
    /// If the program was built with damaged weights.
    pub fn best() -> Result<Self, ModelError> {
        Ok(Self::fast()?.beside(Self::from_bytes(PAGES)?))
    }

    /// The networks for lines of both taggers; pieces are those of the first, thresholds those of `other`.
    fn beside(mut self, other: Self) -> Self {
        self.quick.extend(other.quick);
        self.whole.extend(other.whole);
        self.reading.extend(other.reading);
        self.points = other.points;
        self.fingerprint ^= other.fingerprint.rotate_left(1);
        self
    }

    /// A tagger of a weights file.
    ///
    /// # Errors
    /// If it is not a whole weights file of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let TaggerFile { members, pieces, points } = weights::from_bytes(bytes)?;
        let (reading, others): (Vec<_>, Vec<_>) =
            members.into_iter().partition(|member| member.reader.is_some());
        let (whole, quick) =
            others.into_iter().partition(|member: &Member| member.parameters.1.layers > 0);
        Ok(Self { quick, whole, reading, pieces, points, fingerprint: xxh3_64(bytes) })
    }

    /// Its name for people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if !self.reading.is_empty() {
            "reading-tagger-2"
        } else if !self.whole.is_empty() {
            "page-tagger-2"
        } else {
            "line-tagger-7"
        }
    }

    /// A fingerprint of its weights, 16 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("{:016x}", self.fingerprint)
    }

    /// The thresholds that were chosen when it was trained.
    #[must_use]
    pub const fn points(&self) -> Points {
        self.points
    }

    /// One score in `0..=1` for each line of `document[view]`: the probability that it is noise.
    ///
    /// Blank lines have no score of their own. Those behind a deleted block go with it, and those
    /// at the end go if all that stands after their block goes, at whatever threshold.
    #[must_use]
    pub fn score_lines(&self, document: &str, view: Span) -> Vec<f32> {
        let page = Page::read(document, view);
        let scores = self.score_rows(view.of(document), &page);
        spread(page.lines, &page.rows, &scores)
    }

    fn score_rows(&self, text: &str, page: &Page) -> Vec<f32> {
        let kinds = [&self.quick, &self.whole].into_iter().filter(|members| !members.is_empty());
        let of_kinds = kinds.map(|members| mean_score(members, (text, page), None));
        let Some(mut scores) = mean(of_kinds.collect()) else {
            return mean_score(&self.reading, (text, page), None);
        };
        let unsure: Vec<bool> = scores.iter().map(|score| UNSURE.contains(score)).collect();
        if self.reading.is_empty() || !unsure.contains(&true) {
            return scores;
        }
        let wanted = widened(&unsure);
        let read = mean_score(&self.reading, (text, page), Some(&wanted));
        for ((score, read), _) in
            scores.iter_mut().zip(read).zip(unsure).filter(|(_, unsure)| *unsure)
        {
            *score = 0.5 * (*score + read);
        }
        scores
    }
}

/// The mean score of `members` for the rows of a page, which read the words of those `wanted`.
fn mean_score(
    members: &[Member],
    (text, page): (&str, &Page),
    wanted: Option<&[bool]>,
) -> Vec<f32> {
    let of_members = members.iter().map(|member| member.score((text, page), wanted));
    mean(of_members.collect()).unwrap_or_else(|| vec![0.0; page.rows.len()])
}

/// The mean of rows of scores, one by one; none of no row.
fn mean(rows: Vec<Vec<f32>>) -> Option<Vec<f32>> {
    let count = rows.len() as f32;
    let add = |mut sum: Vec<f32>, row: Vec<f32>| {
        sum.iter_mut().zip(row).for_each(|(sum, score)| *sum += score);
        sum
    };
    let mut sum = rows.into_iter().reduce(add)?;
    sum.iter_mut().for_each(|sum| *sum /= count);
    Some(sum)
}

/// Marks the rows [`AROUND`] those that are marked, too.
fn widened(marks: &[bool]) -> Vec<bool> {
    let around = |at: usize| at.saturating_sub(AROUND)..(at + AROUND + 1).min(marks.len());
    (0..marks.len()).map(|at| marks[around(at)].contains(&true)).collect()
}

/// Lines that score more than this go at any threshold in use: nothing in them is read again.
/// (guess)
const SURE: f32 = 0.95;

impl Tagger {
    /// Pieces inside the lines of `document[view]`, whose scores are `of_lines`, with the
    /// probability that they are noise: sorted, disjoint, in bytes of the view.
    #[must_use]
    pub fn score_pieces(&self, document: &str, view: Span, of_lines: &[f32]) -> Vec<(Span, f32)> {
        let Some(member) = &self.pieces else { return Vec::new() };
        let text = view.of(document);
        let found = lines(text);
        let wanted = |at: usize| of_lines.get(at).is_some_and(|&score| score < SURE);
        let sheet = Sheet::read(text, &found, wanted);
        let scores = member.score((text, &sheet.page), None);
        pieces(text, &found, &sheet.places, &scores)
    }
}

impl Member {
    /// Scores of the rows of a page; an encoder reads the words of those that are wanted, or of all.
    fn score(&self, (text, page): (&str, &Page), wanted: Option<&[bool]>) -> Vec<f32> {
        let rows = assemble(&embed(&self.embeddings, page, |_| true), &page.dense);
        let meanings = self.reader.as_ref().map(|reader| reader.read(text, page, wanted));
        let input = Input { rows, meanings };
        let logits = logits(&self.parameters, &input, Labelling::of(EXPERT));
        logits.into_iter().map(sigmoid).collect()
    }
}

/// The mean of the embeddings of the features of every line, of those that are kept alone: what is left out
/// in training must not make the mean smaller than it is in use.
pub(crate) fn embed(table: &[f32], page: &Page, mut keep: impl FnMut(usize) -> bool) -> Vec<f32> {
    let mut all = vec![0.0; page.rows.len() * EMBED];
    let mut index = 0;
    for (at, sum) in all.chunks_exact_mut(EMBED).enumerate() {
        let mut count = 0;
        for &feature in page.features_of(at) {
            if keep(index) {
                count += 1;
                let row = &table[feature as usize * EMBED..][..EMBED];
                sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
            }
            index += 1;
        }
        let count = count.max(1) as f32;
        sum.iter_mut().for_each(|sum| *sum /= count);
    }
    all
}

pub(crate) fn sigmoid(logit: f32) -> f32 {
    let score = 1.0 / (1.0 + (-logit).exp());
    if score.is_nan() { 0.0 } else { score }
}

/// Gives blank lines their scores.
fn spread(lines: usize, rows: &[usize], scores: &[f32]) -> Vec<f32> {
    let mut all = vec![f32::NAN; lines];
    for (&row, &score) in rows.iter().zip(scores) {
        all[row] = score;
    }
    let mut least_after = if rows.is_empty() { 0.0 } else { 1.0f32 };
    let mut after = vec![0.0; lines];
    for at in (0..lines).rev() {
        after[at] = least_after;
        if !all[at].is_nan() {
            least_after = least_after.min(all[at]);
        }
    }
    let mut before = rows.first().map_or(0.0, |&first| all[first]);
    for at in 0..lines {
        if all[at].is_nan() {
            // Trailing blanks have nothing after them: only the block before decides.
            let trailing = rows.last().is_some_and(|&last| last < at);
            all[at] = if trailing { before } else { before.max(after[at]) };
        } else {
            before = all[at];
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_behind_a_deleted_block_go_with_it() {
        // kept, blank, gone, blank, kept, blank
        let all = spread(6, &[0, 2, 4], &[0.1, 0.9, 0.2]);
        assert_eq!(all, [0.1, 0.2, 0.9, 0.9, 0.2, 0.2]);
    }

    #[test]
    fn blanks_before_a_deleted_end_go_and_leading_ones_follow_the_first_line() {
        let all = spread(5, &[1, 3], &[0.1, 0.9]);
        assert_eq!(all, [0.1, 0.1, 0.9, 0.9, 0.9]);
    }

    #[test]
    fn a_line_on_either_side_is_read_with_an_unsure_one() {
        let marks: Vec<bool> = (0..8).map(|at| at == 1 || at == 7).collect();
        let wide: Vec<usize> = (0..8).filter(|&at| widened(&marks)[at]).collect();
        assert_eq!(wide, [0, 1, 2, 6, 7]);
    }

    #[test]
    fn features_that_are_left_out_do_not_shrink_the_mean() {
        let text = "one two three";
        let page = Page::read(text, Span::new(0, text.len()));
        let table = vec![0.5; crate::page::BUCKETS * EMBED];
        assert!(page.features.len() > 3);
        for kept in [vec![], vec![1], vec![0, 2], (0..page.features.len()).collect()] {
            let mean = embed(&table, &page, |at| kept.contains(&at));
            let wanted = if kept.is_empty() { 0.0 } else { 0.5 };
            assert!(mean.iter().all(|&value| value == wanted), "{kept:?}: {mean:?}");
        }
    }

    #[test]
    fn the_best_tagger_has_the_networks_of_the_fast_one_and_others_beside_them() {
        let (fast, best) = (Tagger::fast().unwrap(), Tagger::best().unwrap());
        assert_eq!(best.quick.len(), fast.quick.len());
        assert!(fast.whole.is_empty() && !best.whole.is_empty());
        assert_ne!(best.fingerprint(), fast.fingerprint());
        let text = "Sign in\nThe ferry sails every ten minutes, and the bridge is shut.\n";
        let view = Span::new(0, text.len());
        let alone = Tagger { whole: Vec::new(), ..Tagger::best().unwrap() };
        assert_eq!(alone.score_lines(text, view), fast.score_lines(text, view));
        let others = Tagger { quick: Vec::new(), ..Tagger::best().unwrap() };
        let (a, b) = (alone.score_lines(text, view), others.score_lines(text, view));
        let mean: Vec<f32> = a.iter().zip(b).map(|(a, b)| (a + b) / 2.0).collect();
        assert_eq!(best.score_lines(text, view), mean);
    }

    #[test]
    fn only_blank_lines_stay() {
        assert_eq!(spread(2, &[], &[]), [0.0, 0.0]);
    }
}
