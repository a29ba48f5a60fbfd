//! Takes documents with the predictions of several refiners, and sums them up.

use crate::bootstrap::{Comparison, Resamples, Resampling};
use crate::breakdown::Groups;
use crate::calibration::Calibrating;
use crate::counts::SpanOutside;
use crate::deletion_scores::Sums;
use crate::evaluation::{Evaluation, Outcomes, RefinerScores};
use crate::judged::Judged;
use crate::marks::Marks;
use crate::rewriting::Rewriting;
use refinex_core::{Deletions, Lines, Scores};
use std::collections::HashMap;
use std::fmt;

/// A document, and what is right to delete from it.
pub struct Subject<'a> {
    /// Its text.
    pub text: &'a str,
    /// What is right to delete.
    pub gold: &'a Deletions,
    /// The page that it was cut from. Pages are what is resampled: documents of one page are not
    /// independent.
    pub page: &'a str,
    /// What else is known of it, such as its source: what groups differ in, and its group.
    pub facts: &'a [(String, String)],
}

/// What a refiner says of a document.
#[derive(Clone, Copy, Default)]
pub struct Predicted<'a> {
    /// What it deletes; `None` if it says nothing.
    pub deletions: Option<&'a Deletions>,
    /// Scores of lines and pieces, if it gives any.
    pub scores: Option<&'a Scores>,
    /// What it rewrote, if it is a rewriter.
    pub rewriting: Option<Rewriting>,
}

/// A prediction that does not belong to its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// A span does not lie in the text.
    Span(SpanOutside),
    /// There are not as many scores as lines.
    Scores {
        /// Lines of the text.
        lines: usize,
        /// Scores.
        scores: usize,
    },
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Span(outside) => outside.fmt(f),
            Self::Scores { lines, scores } => {
                write!(f, "expected a score for each of {lines} lines, but found {scores}")
            }
        }
    }
}

impl std::error::Error for Misfit {}

impl From<SpanOutside> for Misfit {
    fn from(outside: SpanOutside) -> Self {
        Self::Span(outside)
    }
}

/// Sums of several refiners over the same documents.
pub struct Evaluator {
    refiners: Vec<OfRefiner>,
    pages: HashMap<String, usize>,
}

#[derive(Default)]
struct OfRefiner {
    name: String,
    pages: Vec<Sums>,
    outcomes: Outcomes,
    groups: Groups,
    calibrating: Calibrating,
    rewriting: Rewriting,
}

impl Evaluator {
    /// An evaluator of refiners of these names.
    #[must_use]
    pub fn new(names: &[String]) -> Self {
        let refiner = |name: &String| OfRefiner { name: name.clone(), ..OfRefiner::default() };
        Self { refiners: names.iter().map(refiner).collect(), pages: HashMap::new() }
    }

    /// Takes in a document with the prediction of each refiner, in the order of their names.
    ///
    /// # Errors
    /// If a prediction does not belong to the text: the place of its refiner, and why.
    pub fn take(
        &mut self,
        subject: &Subject<'_>,
        predicted: &[Predicted<'_>],
    ) -> Result<(), (usize, Misfit)> {
        let next = self.pages.len();
        let page = *self.pages.entry(subject.page.to_owned()).or_insert(next);
        for (at, (refiner, predicted)) in self.refiners.iter_mut().zip(predicted).enumerate() {
            refiner.take(subject, page, predicted).map_err(|misfit| (at, misfit))?;
        }
        Ok(())
    }

    /// The figures.
    #[must_use]
    pub fn finish(self, gold: &str, resampling: Resampling) -> Evaluation {
        let names: Vec<String> = self.refiners.iter().map(|refiner| refiner.name.clone()).collect();
        let pages: Vec<Vec<Sums>> =
            self.refiners.iter().map(|refiner| refiner.pages.clone()).collect();
        let resamples = Resamples::draw(&pages, resampling);
        let pairs = (0..names.len()).flat_map(|b| (0..b).map(move |a| (a, b)));
        let mut comparisons: Vec<_> = pairs.collect();
        comparisons.sort_unstable();
        let compare = |(first, second): (usize, usize)| Comparison {
            first: names[first].clone(),
            second: names[second].clone(),
            differences: resamples.compare(&pages, (first, second), resampling),
        };
        let comparisons = comparisons.into_iter().map(compare).collect();
        let refiners = self.refiners.into_iter().enumerate();
        let refiners = refiners.map(|(at, refiner)| refiner.scores(&resamples, at)).collect();
        let pages = self.pages.len() as u64;
        Evaluation {
            gold: gold.to_owned(),
            pages,
            resampling,
            unjudged: 0,
            absent: 0,
            refiners,
            comparisons,
        }
    }
}

impl OfRefiner {
    fn take(
        &mut self,
        subject: &Subject<'_>,
        page: usize,
        predicted: &Predicted<'_>,
    ) -> Result<(), Misfit> {
        let judged = Judged::of(subject.text, subject.gold, predicted.deletions)?;
        if let Some(scores) = predicted.scores {
            self.calibrate(subject, scores)?;
        }
        if self.pages.len() <= page {
            self.pages.resize(page + 1, Sums::default());
        }
        self.pages[page].add(&Sums::of(&judged));
        self.outcomes.count(judged.gold_share(), judged.share());
        self.groups.count(&judged, subject.facts);
        if let Some(rewriting) = &predicted.rewriting {
            self.rewriting.add(rewriting);
        }
        Ok(())
    }

    fn calibrate(&mut self, subject: &Subject<'_>, scored: &Scores) -> Result<(), Misfit> {
        let (lines, scores) = (Lines::of(subject.text).len(), scored.lines.len());
        if lines != scores {
            return Err(Misfit::Scores { lines, scores });
        }
        let length = subject.text.len();
        if let Some((span, _)) = scored.pieces.iter().find(|(span, _)| span.end() > length) {
            let span = (span.start(), span.end());
            return Err(Misfit::Span(SpanOutside { span, length }));
        }
        let marks = Marks::of(subject.text, subject.gold, &Deletions::none())?;
        self.calibrating.count(&marks, scored);
        Ok(())
    }

    fn scores(self, resamples: &Resamples, at: usize) -> RefinerScores {
        let mut all = Sums::default();
        self.pages.iter().for_each(|page| all.add(page));
        RefinerScores {
            name: self.name,
            scores: all.scores(),
            intervals: resamples.intervals(at),
            outcomes: self.outcomes,
            breakdowns: self.groups.breakdowns(),
            calibration: self.calibrating.calibration(),
            rewriting: self.rewriting.scores(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marks::tests::deletions;
    use refinex_core::Score;

    const TEXT: &str = "menu\nstory\n";

    fn subject<'a>(page: &'a str, gold: &'a Deletions) -> Subject<'a> {
        Subject { text: TEXT, gold, page, facts: &[] }
    }

    #[test]
    fn refiners_stand_side_by_side_and_documents_of_one_page_together() {
        let names = ["nothing", "right", "wrong"].map(str::to_owned);
        let mut evaluator = Evaluator::new(&names);
        let (gold, wrong) = (deletions(TEXT, &[(0, 5)]), deletions(TEXT, &[(5, 11)]));
        for page in ["a", "a", "b"] {
            let predicted = [None, Some(&gold), Some(&wrong)]
                .map(|deletions| Predicted { deletions, ..Predicted::default() });
            evaluator.take(&subject(page, &gold), &predicted).unwrap();
        }
        let found = evaluator.finish("gold", Resampling { rounds: 20, seed: 1 });
        assert_eq!(found.pages, 2);
        let f1: Vec<f64> = found.refiners.iter().map(|of| of.scores.text.deletion_f1).collect();
        assert_eq!(f1, [0.0, 1.0, 0.0]);
        assert_eq!(found.refiners[0].scores.missing, 3);
        let pairs: Vec<(&str, &str)> =
            found.comparisons.iter().map(|of| (of.first.as_str(), of.second.as_str())).collect();
        assert_eq!(pairs, [("nothing", "right"), ("nothing", "wrong"), ("right", "wrong")]);
        assert_eq!(found.comparisons[0].differences["deletion_f1"].difference, 1.0);
        assert!(found.refiners[1].calibration.is_none() && found.refiners[1].rewriting.is_none());
    }

    #[test]
    fn a_prediction_for_another_text_is_an_error_that_says_whose() {
        let gold = Deletions::none();
        let longer = "menu\nstory\nand more\n";
        let outside = deletions(longer, &[(11, 20)]);
        let mut evaluator = Evaluator::new(&["a".to_owned(), "b".to_owned()]);
        let fine = Predicted::default();
        let bad = Predicted { deletions: Some(&outside), ..fine };
        let error = evaluator.take(&subject("p", &gold), &[fine, bad]).unwrap_err();
        assert_eq!(error.0, 1);
        let wanted = "expected spans within a text of 11 bytes, but found 11..20";
        assert_eq!(error.1.to_string(), wanted);
        let scores = Scores { lines: vec![Score::ONE; 3], pieces: vec![] };
        let bad = Predicted { scores: Some(&scores), ..fine };
        let error = evaluator.take(&subject("p", &gold), &[bad, fine]).unwrap_err();
        assert_eq!(error, (0, Misfit::Scores { lines: 2, scores: 3 }));
    }
}
