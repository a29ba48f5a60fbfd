//! Line rules as refiners: what they delete, they delete as any refiner does.

use crate::c4::{self, LineRule};
use crate::chars::{CharClasses, TERMINAL};
use crate::patterns::{Mark, kept};
use crate::python;
use refinex_core::{
    Chunk, Deletions, Identity, Lines, Proposal, RefineError, Refiner, Score, Scores, deletions_at,
};
use std::collections::BTreeMap;

/// C4's line rules: a line goes if it has a word of more than 1,000 code points, fewer than three
/// words, no mark that ends a sentence at its end, the word javascript or a phrase of terms and
/// cookies; citations go from lines that stay. Rules for whole documents are not asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct C4Lines {
    /// Keep lines whatever they end in, as FineWeb does.
    pub any_end: bool,
}

impl Refiner for C4Lines {
    fn identity(&self) -> Identity {
        let name = if self.any_end { "c4-lines-any-end" } else { "c4-lines" };
        Identity { name: name.to_owned(), fingerprint: format!("{name}-1") }
    }

    fn refine(&self, chunks: &[Chunk<'_>]) -> Vec<Result<Proposal, RefineError>> {
        let scores = |chunk: &Chunk<'_>| {
            let mut left = BTreeMap::new();
            self.scores(chunk.text(), &chunk.lines(), &mut left)
        };
        chunks.iter().map(|chunk| Ok(Proposal::Scores(scores(chunk)))).collect()
    }
}

impl C4Lines {
    /// What is deleted from a text. Lines that go are counted in `left` by reason.
    pub(crate) fn deletions(self, text: &str, left: &mut BTreeMap<LineRule, u64>) -> Deletions {
        deletions_at(text, &self.scores(text, &Lines::of(text), left), Score::ONE)
    }

    fn scores(self, text: &str, lines: &Lines, left: &mut BTreeMap<LineRule, u64>) -> Scores {
        let mut scores = Scores::default();
        for line in lines.iter() {
            let content = line.content();
            let found = c4::line_deletions(content.of(text), self.any_end, left);
            scores.lines.push(if found.is_none() { Score::ONE } else { Score::ZERO });
            let pieces = found.into_iter().flatten();
            scores.pieces.extend(pieces.map(|piece| (piece.shift(content.start()), Score::ONE)));
        }
        scores
    }
}

/// Trailing punctuation, looked at in its sequence (PTF of arXiv:2510.24139): lines that end a
/// sentence are good, others undecided; what stays are runs of two or more good lines, and
/// undecided lines between such runs. So a heading inside an article stays, which a plain rule of
/// trailing punctuation deletes, and a single sentence in a menu goes.
///
/// The patterns are those that summaries of the paper give for PLD, `g{2,}` and `g{2,}(y+g+)+g`;
/// that PTF has the same ones is an assumption (the paper was not at hand). Blank lines are left
/// out of the sequence, and go only with lines on both sides of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct PunctuatedRuns;

impl Refiner for PunctuatedRuns {
    fn identity(&self) -> Identity {
        let name = "punctuated-runs".to_owned();
        Identity { name, fingerprint: "punctuated-runs-1".to_owned() }
    }

    fn refine(&self, chunks: &[Chunk<'_>]) -> Vec<Result<Proposal, RefineError>> {
        let scores = |chunk: &Chunk<'_>| scores(chunk.text(), &chunk.lines(), end_mark);
        chunks.iter().map(|chunk| Ok(Proposal::Scores(scores(chunk)))).collect()
    }
}

impl PunctuatedRuns {
    /// What is deleted from a text.
    pub(crate) fn deletions(text: &str) -> Deletions {
        deletions_at(text, &scores(text, &Lines::of(text), end_mark), Score::ONE)
    }
}

fn end_mark(line: &str) -> Mark {
    let line = python::strip_end(line).trim_end_matches(['"', '\'', '”', '’', '»', ')', ']']);
    let ends = CharClasses::get().before(line, line.len()) & TERMINAL != 0;
    if ends { Mark::Good } else { Mark::Undecided }
}

/// Lines that are repeated over a corpus, looked at in their sequence (PLD of arXiv:2510.24139): a
/// line that stands once is good, one that stands more than `frequent` times bad, and the others are
/// undecided; what stays is as for [`PunctuatedRuns`], and a bad line never stays.
pub struct RepeatedRuns<F> {
    /// How often a line stands in the corpus, white space at its ends aside.
    pub count: F,
    /// From how many times on a line is bad: 1,000 for English, 50 for Korean (paper, as summaries
    /// of it say).
    pub frequent: u64,
    /// Up to how many times a line is good: 1 for English, 3 for Korean.
    pub rare: u64,
    /// What the counts are of, for provenance.
    pub corpus: String,
}

impl<F: Fn(&str) -> u64 + Send + Sync> Refiner for RepeatedRuns<F> {
    fn identity(&self) -> Identity {
        let Self { frequent, rare, corpus, .. } = self;
        let fingerprint = format!("repeated-runs-1 {rare} {frequent} {corpus}");
        Identity { name: "repeated-runs".to_owned(), fingerprint }
    }

    fn refine(&self, chunks: &[Chunk<'_>]) -> Vec<Result<Proposal, RefineError>> {
        let mark = |line: &str| match (self.count)(python::strip(line)) {
            count if count > self.frequent => Mark::Bad,
            count if count > self.rare => Mark::Undecided,
            _ => Mark::Good,
        };
        let scores = |chunk: &Chunk<'_>| scores(chunk.text(), &chunk.lines(), mark);
        chunks.iter().map(|chunk| Ok(Proposal::Scores(scores(chunk)))).collect()
    }
}

/// Deletes the lines that the patterns do not keep.
fn scores(text: &str, lines: &Lines, mark: impl Fn(&str) -> Mark) -> Scores {
    let contents: Vec<&str> = lines.iter().map(|line| line.content().of(text)).collect();
    let is_blank = |line: &&str| python::strip_start(line).is_empty();
    let marks: Vec<Mark> =
        contents.iter().filter(|line| !is_blank(line)).map(|line| mark(line)).collect();
    let mut kept = kept(&marks).into_iter();
    let mut stays: Vec<Option<bool>> =
        contents.iter().map(|line| if is_blank(line) { None } else { kept.next() }).collect();
    settle_blank(&mut stays);
    let score = |stays: &Option<bool>| if *stays == Some(false) { Score::ONE } else { Score::ZERO };
    Scores { lines: stays.iter().map(score).collect(), pieces: Vec::new() }
}

/// A blank line goes where the lines next to it on both sides go, or are none.
fn settle_blank(stays: &mut [Option<bool>]) {
    let mut at = 0;
    while at < stays.len() {
        let run = stays[at..].iter().take_while(|stays| stays.is_none()).count();
        let before = at.checked_sub(1).and_then(|before| stays[before]);
        let after = stays.get(at + run).copied().flatten();
        let goes = before != Some(true) && after != Some(true) && (before.or(after)).is_some();
        stays[at..at + run].fill(Some(!goes));
        at += run.max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use refinex_core::{Bytes, Chunker, execute};

    fn refined(refiner: &dyn Refiner, text: &str) -> String {
        let chunks = Chunker::new(1 << 20, 0).unwrap().chunks(text, &Bytes);
        let mut answers = refiner.refine(&chunks);
        match answers.pop() {
            Some(Ok(Proposal::Scores(scores))) => {
                execute(text, &deletions_at(text, &scores, Score::ONE))
            }
            None => String::new(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn c4_lines_go_and_citations_go_from_those_that_stay() {
        let text =
            "Home\nOne two three.[12]\nThis needs JavaScript to run.\r\n  Four five [edit] six!\n";
        assert_eq!(refined(&C4Lines::default(), text), "One two three.\n  Four five  six!\n");
        assert_eq!(refined(&C4Lines { any_end: true }, "One two three\nOne two"), "One two three");
    }

    #[test]
    fn a_heading_between_sentences_stays_and_a_sentence_in_a_menu_goes() {
        let text =
            "Home\nSign in now!\nAbout\n\nOne two.\nThree four.\n\nA heading\nFive.\nSix.\nShare";
        let wanted = "One two.\nThree four.\n\nA heading\nFive.\nSix.";
        assert_eq!(refined(&PunctuatedRuns, text).trim(), wanted);
    }

    #[test]
    fn frequent_lines_never_stay() {
        let count = |line: &str| match line {
            "Share this" => 5000,
            "Read on" => 7,
            _ => 1,
        };
        let rules = RepeatedRuns { count, frequent: 1000, rare: 1, corpus: "test".to_owned() };
        let text = "a\nb\nRead on\nc\nd\nShare this\ne\nShare this\nf\ng";
        assert_eq!(refined(&rules, text), "a\nb\nRead on\nc\nd\nf\ng");
    }

    proptest! {
        #[test]
        fn every_line_has_a_score(text in "[a.\n \u{2028}\r\\[\\]1]{0,60}") {
            for refiner in [&C4Lines::default() as &dyn Refiner, &PunctuatedRuns] {
                let left = refined(refiner, &text);
                prop_assert!(left.len() <= text.len());
            }
        }
    }
}
