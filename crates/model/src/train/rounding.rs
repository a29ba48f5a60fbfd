//! What is lost between training and use: weights are rounded to bytes, and other code runs them.

use super::{LabelledDocument, TrainedModel, relabel};
use crate::lines::{is_blank, lines};
use crate::tagger::Tagger;
use refinex_core::Span;

/// How a tagger's scores of lines differ from those of the networks that it was written from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rounding {
    /// Lines that are not blank.
    pub lines: usize,
    /// Lines of which one would go and the other would not.
    pub unequal: usize,
    /// The largest difference of two scores.
    pub most: f32,
}

impl Rounding {
    /// Scores `documents` with both; `threshold` decides.
    #[must_use]
    pub fn of(
        models: &[TrainedModel],
        tagger: &Tagger,
        documents: &[LabelledDocument],
        threshold: f32,
    ) -> Self {
        let mut sum = Self::default();
        for document in documents {
            let document = LabelledDocument { hint: None, ..document.clone() };
            let trained = relabel(models, &document);
            let text = &document.text;
            let used = tagger.score_lines(text, Span::new(0, text.len()));
            let pairs = lines(text).into_iter().zip(trained.into_iter().zip(used));
            for (_, (trained, used)) in pairs.filter(|((a, b), _)| !is_blank(&text[*a..*b])) {
                sum.lines += 1;
                sum.unequal += usize::from((trained >= threshold) != (used >= threshold));
                sum.most = sum.most.max((trained - used).abs());
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Label, Points, Set, Settings, Watch, train, weights_file};
    use super::*;

    fn document(at: usize) -> LabelledDocument {
        let text = format!("Sign in\n\nThe ferry sails every {at} minutes.\nSubscribe\n");
        LabelledDocument { text, label: Label::Spans(vec![(0, 8)]), hint: None }
    }

    #[test]
    fn a_written_tagger_says_nearly_what_its_networks_said_and_another_does_not() {
        let documents: Vec<LabelledDocument> = (2..30).map(document).collect();
        let set = Set {
            name: "pages".to_owned(),
            labelling: 0,
            weight: 1.0,
            care: 1.0,
            most_lines: Set::MOST_LINES,
            documents: documents.clone(),
        };
        let trained = |seed: u64| {
            let settings =
                Settings { broad_epochs: 2, expert_epochs: 2, seed, ..Settings::default() };
            train(
                "network",
                (std::slice::from_ref(&set), &[]),
                &settings,
                None,
                &mut Watch(&mut |_, _| ()),
            )
            .unwrap()
        };
        let models = [trained(1)];
        let tagger = |models: &[TrainedModel]| {
            let file = weights_file(models, None, Points::default()).unwrap();
            Tagger::from_bytes(&file).unwrap()
        };
        let same = Rounding::of(&models, &tagger(&models), &documents, 0.5);
        assert_eq!(same.lines, 3 * documents.len());
        assert!(same.most > 0.0 && same.most < 0.02, "{same:?}");
        let other = Rounding::of(&models, &tagger(&[trained(2)]), &documents, 0.5);
        assert!(other.most > 5.0 * same.most, "{other:?}");
    }
}
