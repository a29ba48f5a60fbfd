//! How the tagger that ships is made: teachers who see hints label more pages for it.

use super::glue::glued;
use super::{
    Base, Hint, Label, LabelledDocument, Ledger, Reads, Set, Settings, Sight, TrainedModel,
    relabel, train,
};
use crate::error::ModelError;
use crate::parameters::EXPERT;

/// The documents to learn from.
#[derive(Clone, Default)]
pub struct Data {
    /// Labelled as the target is. Where another labelling of a page is known, it is its hint.
    pub expert: Vec<Set>,
    /// Labelled otherwise, each set in a labelling of its own, from 1.
    pub human: Vec<Set>,
    /// Not labelled.
    pub plain: Vec<Set>,
    /// With the expert's labels, held back from training: they say when to stop.
    pub held: Vec<LabelledDocument>,
    /// The encoder that networks start from that read the words; none for those that do not.
    pub base: Option<Base>,
}

impl Data {
    /// What is held back, as networks meet it in use: those that ship never learnt what a hint says.
    fn held_without_hints(&self) -> Vec<LabelledDocument> {
        self.held.iter().map(|d| LabelledDocument { hint: None, ..d.clone() }).collect()
    }
}

/// Teachers, then the networks that ship. All constants were measured: see `lab/LOG.md`.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Networks that label the human and the plain sets as the expert would; 0 for none.
    pub teachers: usize,
    /// Networks whose mean is the score of lines.
    pub members: usize,
    /// Passes over the expert's documents of the network that finds pieces inside lines; 0 for none.
    pub piece_epochs: usize,
    /// Share of what the teachers labelled in each of the last passes.
    pub relabelled_share: f32,
    /// Most lines of a sample of what the teachers labelled.
    pub relabelled_lines: usize,
    /// Share of a teacher's samples that show their hint.
    pub hint_share: f32,
    /// How each network is trained; the seed is the first one's.
    pub settings: Settings,
    /// How each teacher is trained; what a hint and a seed are is the recipe's.
    pub teacher: Settings,
}

impl Default for Recipe {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            teachers: 3,
            members: 4,
            piece_epochs: 3,
            relabelled_share: 0.2,
            relabelled_lines: Set::MOST_LINES,
            hint_share: 0.7,
            teacher: settings.clone(),
            settings,
        }
    }
}

/// Teachers draw from seeds of their own: those of the members and this.
const TEACHER_SEED: u64 = 100;

impl Recipe {
    /// Trains the networks of a tagger.
    ///
    /// # Errors
    /// If a state that `ledger` kept is not one of this training.
    pub fn train(
        &self,
        data: &Data,
        ledger: &mut dyn Ledger,
    ) -> Result<Vec<TrainedModel>, ModelError> {
        let labelled = [data.expert.as_slice(), &data.human].concat();
        let base = data.base.as_ref();
        let held = data.held_without_hints();
        if self.teachers == 0 {
            return train_all(
                "network",
                (&labelled, &held),
                self.members,
                &self.settings,
                base,
                ledger,
            );
        }
        let settings = Settings {
            hint_share: self.hint_share,
            seed: self.settings.seed + TEACHER_SEED,
            ..self.teacher.clone()
        };
        let teachers =
            train_all("teacher", (&labelled, &[]), self.teachers, &settings, None, ledger)?;
        let more = data.human.iter().chain(&data.plain);
        let more = more.map(|set| self.relabel_set(&teachers, set.clone()));
        let sets: Vec<Set> = data.expert.iter().cloned().chain(more).collect();
        train_all("network", (&sets, &held), self.members, &self.settings, base, ledger)
    }

    /// Trains the network that finds pieces inside lines, if there shall be one.
    ///
    /// # Errors
    /// If the state that `ledger` kept is not one of this training.
    pub fn train_pieces(
        &self,
        data: &Data,
        ledger: &mut dyn Ledger,
    ) -> Result<Option<TrainedModel>, ModelError> {
        if self.piece_epochs == 0 {
            return Ok(None);
        }
        let settings = Settings {
            reads: Reads::Units,
            sight: Sight::Near,
            broad_epochs: 0,
            expert_epochs: self.piece_epochs,
            hint_share: 0.0,
            embedding_rate: 0.4 * self.teacher.embedding_rate,
            ..self.teacher.clone()
        };
        let sets = glued(&data.expert, &data.human, settings.seed);
        let held = data.held_without_hints();
        train("pieces", (&sets, &held), &settings, None, ledger).map(Some)
    }

    /// The set as the teachers label it, who know its own labels as a hint.
    fn relabel_set(&self, teachers: &[TrainedModel], mut set: Set) -> Set {
        for document in &mut set.documents {
            document.hint = own_label_as_hint(document, set.labelling);
            document.label = Label::Lines(relabel(teachers, document));
            document.hint = None;
        }
        let most_lines = self.relabelled_lines;
        Set { labelling: EXPERT, weight: self.relabelled_share, most_lines, ..set }
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
    data: (&[Set], &[LabelledDocument]),
    count: usize,
    settings: &Settings,
    base: Option<&Base>,
    ledger: &mut dyn Ledger,
) -> Result<Vec<TrainedModel>, ModelError> {
    let one = |member: usize| {
        let settings = Settings { seed: settings.seed + member as u64, ..settings.clone() };
        let name = format!("{what} {} of {count}", member + 1);
        train(&name, data, &settings, base, ledger)
    };
    (0..count).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Watch;

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
        let (name, most_lines) = ("pages".to_owned(), Set::MOST_LINES);
        Set { name, labelling, weight: 1.0, care: 1.0, most_lines, documents }
    }

    #[test]
    fn teachers_label_for_the_tagger_what_they_learnt() {
        let data = Data {
            expert: vec![set(0, &[(0, 7)])],
            human: vec![set(1, &[(0, 7)])],
            plain: vec![set(0, &[])],
            held: Vec::new(),
            base: None,
        };
        let settings = Settings { broad_epochs: 6, expert_epochs: 6, ..Settings::default() };
        let teacher = settings.clone();
        let recipe = Recipe { teachers: 1, members: 1, settings, teacher, ..Recipe::default() };
        let mut names = Vec::new();
        let models =
            recipe.train(&data, &mut Watch(&mut |name, _| names.push(name.to_owned()))).unwrap();
        names.dedup();
        assert_eq!(names, ["teacher 1 of 1", "network 1 of 1"]);
        let plain = LabelledDocument { hint: None, ..data.expert[0].documents[0].clone() };
        let scores = relabel(&models, &plain);
        assert!(scores[0] > 0.5 && scores[1] < 0.5, "{scores:?}");
    }
}
