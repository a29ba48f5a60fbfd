//! How the tagger that ships is made: teachers who see hints label more pages for it.

use super::{Hint, Label, LabelledDocument, Metric, Set, Settings, TrainedModel, relabel, train};
use crate::parameters::EXPERT;

/// The documents to learn from.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// Labelled as the target is. Where another labelling of a page is known, it is its hint.
    pub expert: Vec<Set>,
    /// Labelled otherwise, each set in a labelling of its own, from 1.
    pub human: Vec<Set>,
    /// Not labelled.
    pub plain: Vec<Set>,
}

/// Teachers, then the networks that ship. All constants were measured: see `lab/LOG.md`.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Networks that label the human and the plain sets as the expert would; 0 for none.
    pub teachers: usize,
    /// Networks whose mean is the tagger.
    pub members: usize,
    /// Share of what the teachers labelled in each of the last passes.
    pub relabelled_share: f32,
    /// Share of a teacher's samples that show their hint.
    pub hint_share: f32,
    /// How each network is trained; the seed is the first one's.
    pub settings: Settings,
}

impl Default for Recipe {
    fn default() -> Self {
        let settings = Settings::default();
        Self { teachers: 3, members: 4, relabelled_share: 0.2, hint_share: 0.7, settings }
    }
}

/// Teachers draw from seeds of their own: those of the members and this.
const TEACHER_SEED: u64 = 100;

impl Recipe {
    /// Trains the networks of a tagger; `progress` gets the name of each.
    pub fn train(&self, data: &Data, progress: &mut dyn FnMut(&str, Metric)) -> Vec<TrainedModel> {
        let labelled = [data.expert.as_slice(), &data.human].concat();
        if self.teachers == 0 {
            return train_all("network", &labelled, self.members, &self.settings, progress);
        }
        let settings = Settings {
            hint_share: self.hint_share,
            seed: self.settings.seed + TEACHER_SEED,
            ..self.settings.clone()
        };
        let teachers = train_all("teacher", &labelled, self.teachers, &settings, progress);
        let more = data.human.iter().chain(&data.plain);
        let more = more.map(|set| self.relabel_set(&teachers, set.clone()));
        let sets: Vec<Set> = data.expert.iter().cloned().chain(more).collect();
        train_all("network", &sets, self.members, &self.settings, progress)
    }

    /// The set as the teachers label it, who know its own labels as a hint.
    fn relabel_set(&self, teachers: &[TrainedModel], mut set: Set) -> Set {
        for document in &mut set.documents {
            document.hint = own_label_as_hint(document, set.labelling);
            document.label = Label::Lines(relabel(teachers, document));
            document.hint = None;
        }
        Set { labelling: EXPERT, weight: self.relabelled_share, ..set }
    }
}

fn own_label_as_hint(document: &LabelledDocument, labelling: usize) -> Option<Hint> {
    match &document.label {
        Label::Spans(spans) if labelling != EXPERT => {
            Some(Hint { labelling, deletions: spans.clone() })
        }
        _ => None,
    }
}

fn train_all(
    what: &str,
    sets: &[Set],
    count: usize,
    settings: &Settings,
    progress: &mut dyn FnMut(&str, Metric),
) -> Vec<TrainedModel> {
    let one = |member: usize| {
        let settings = Settings { seed: settings.seed + member as u64, ..settings.clone() };
        let name = format!("{what} {} of {count}", member + 1);
        train(sets, &settings, &mut |metric| progress(&name, metric))
    };
    (0..count).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(labelling: usize, deletions: &[(usize, usize)]) -> Set {
        let document = |at: usize| LabelledDocument {
            text: format!(
                "Sign in\nThe ferry sails every ten minutes, and the bridge is shut until {at} \
                 March.\nSubscribe"
            ),
            label: Label::Spans(deletions.to_vec()),
            hint: (labelling == 0).then(|| Hint { labelling: 1, deletions: vec![(0, 7)] }),
        };
        let documents = (0..24).map(document).collect();
        Set { name: "pages".to_owned(), labelling, weight: 1.0, care: 1.0, documents }
    }

    #[test]
    fn teachers_label_for_the_tagger_what_they_learnt() {
        let data = Data {
            expert: vec![set(0, &[(0, 7)])],
            human: vec![set(1, &[(0, 7)])],
            plain: vec![set(0, &[])],
        };
        let settings = Settings { broad_epochs: 6, expert_epochs: 6, ..Settings::default() };
        let recipe = Recipe { teachers: 1, members: 1, settings, ..Recipe::default() };
        let mut names = Vec::new();
        let models = recipe.train(&data, &mut |name, _| names.push(name.to_owned()));
        names.dedup();
        assert_eq!(names, ["teacher 1 of 1", "network 1 of 1"]);
        let plain = LabelledDocument { hint: None, ..data.expert[0].documents[0].clone() };
        let scores = relabel(&models, &plain);
        assert!(scores[0] > 0.5 && scores[1] < 0.5, "{scores:?}");
    }
}
