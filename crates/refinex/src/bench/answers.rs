//! The answers of one refiner.

use super::shares::Subject;
use crate::error::RunError;
use crate::judge::Prediction;
use refinex_core::{Deletions, Outcome, execute};
use refinex_eval::{Predicted, Rewriting};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// The answers of one refiner, by the place of the document.
pub(crate) struct Answers {
    of: Vec<Option<Answer>>,
    /// Documents without an answer, by reason.
    pub(crate) failed: BTreeMap<String, u64>,
}

struct Answer {
    deletions: Deletions,
    prediction: Prediction,
    rewriting: Option<Rewriting>,
}

/// What the answers add up to.
pub(crate) struct AnswerSums {
    pub(crate) documents: u64,
    pub(crate) deleted_share: f64,
    pub(crate) emptied: u64,
}

impl Answers {
    pub(crate) fn new(documents: usize) -> Self {
        let of = std::iter::repeat_with(|| None).take(documents).collect();
        Self { of, failed: BTreeMap::new() }
    }

    /// Takes the answers for some documents in. What cannot be used counts as failed.
    pub(crate) fn take(&mut self, lines: &[String], documents: &[usize], subjects: &[Subject]) {
        let mut open: Vec<usize> = documents.to_vec();
        for line in lines {
            if let Err(reason) = self.take_one(line, &mut open, subjects) {
                *self.failed.entry(reason).or_default() += 1;
            }
        }
    }

    fn take_one(
        &mut self,
        line: &str,
        open: &mut Vec<usize>,
        subjects: &[Subject],
    ) -> Result<(), String> {
        let row: Map<String, Value> = serde_json::from_str(line)
            .map_err(|_| "an answer that is no JSON object".to_owned())?;
        let id = row.get("id").and_then(Value::as_str).and_then(|id| id.parse::<usize>().ok());
        let place = open.iter().position(|&at| Some(at) == id);
        let at = open.swap_remove(place.ok_or("an answer for no document of its share")?);
        if let Some(why) = row.get("failed").and_then(Value::as_str) {
            return Err(why.to_owned());
        }
        if let Some(why) = row.get("unrefined").and_then(|why| why["reason"].as_str()) {
            return Err(why.to_owned());
        }
        let prediction = Prediction::read(&row, "refined")?;
        let (deletions, rewriting) = prediction.deletions(&subjects[at].text)?;
        self.of[at] = Some(Answer { deletions, prediction, rewriting });
        Ok(())
    }

    /// The answer for a document, as the judge takes it.
    pub(crate) fn predicted(&self, at: usize) -> Predicted<'_> {
        self.of[at].as_ref().map_or_else(Predicted::default, |answer| Predicted {
            deletions: Some(&answer.deletions),
            scores: answer.prediction.scores(),
            rewriting: answer.rewriting,
        })
    }

    pub(crate) fn sums(&self, subjects: &[Subject]) -> AnswerSums {
        let answered = || self.of.iter().zip(subjects).filter_map(|(a, s)| Some((a.as_ref()?, s)));
        let bytes: usize = answered().map(|(_, subject)| subject.text.len()).sum();
        let gone: usize = answered().map(|(answer, _)| answer.deletions.deleted_bytes()).sum();
        let emptied = answered().filter(|(answer, subject)| {
            let refined = execute(&subject.text, &answer.deletions);
            Outcome::of(&refined, &answer.deletions) == Outcome::Emptied
        });
        AnswerSums {
            documents: answered().count() as u64,
            deleted_share: gone as f64 / bytes.max(1) as f64,
            emptied: emptied.count() as u64,
        }
    }

    /// Writes the deletions as rows under the ids of the corpus.
    pub(crate) fn write(
        &self,
        folder: &Path,
        name: &str,
        subjects: &[Subject],
    ) -> Result<(), RunError> {
        let safe: String = name
            .chars()
            .map(|c| if c.is_alphanumeric() || "-_.@".contains(c) { c } else { '_' })
            .collect();
        let path = folder.join(format!("{safe}.jsonl"));
        let fail = |error: std::io::Error| {
            RunError::new(format!("expected to write {}, but found: {error}", path.display()))
        };
        std::fs::create_dir_all(folder).map_err(fail)?;
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path).map_err(fail)?);
        for (answer, subject) in self.of.iter().zip(subjects) {
            let Some(answer) = answer else { continue };
            let spans = answer.deletions.spans().iter().map(|span| (span.start(), span.end()));
            let row = json!({"id": subject.id, "deletions": spans.collect::<Vec<_>>()});
            writeln!(file, "{row}").map_err(fail)?;
        }
        file.flush().map_err(fail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subjects() -> Vec<Subject> {
        let subject = |id: &str, text: &str| Subject {
            id: id.to_owned(),
            page: id.to_owned(),
            text: text.to_owned(),
            gold: None,
            facts: Vec::new(),
        };
        vec![subject("a", "menu\nstory"), subject("b", "ad"), subject("c", "text")]
    }

    #[test]
    fn answers_are_taken_in_any_order_and_what_is_none_is_counted() {
        let mut answers = Answers::new(3);
        let lines = [
            r#"{"id":"1","program":"remove_lines(1, 1)"}"#,
            r#"{"id":"0","refined":"story"}"#,
            r#"{"id":"0","deletions":[]}"#,
            r#"{"id":"2","failed":"too long"}"#,
            "no JSON",
        ];
        answers.take(&lines.map(str::to_owned), &[0, 1, 2], &subjects());
        let sums = answers.sums(&subjects());
        assert_eq!((sums.documents, sums.emptied), (2, 1));
        assert!((sums.deleted_share - 7.0 / 12.0).abs() < 1e-12);
        assert_eq!(answers.failed.values().sum::<u64>(), 3);
        assert_eq!(answers.failed["too long"], 1);
        assert!(answers.predicted(2).deletions.is_none());
        assert!(answers.predicted(0).rewriting.is_some());
    }

    #[test]
    fn answers_are_written_under_the_ids_of_the_corpus() {
        let folder = tempfile::tempdir().unwrap();
        let mut answers = Answers::new(3);
        answers.take(&[r#"{"id":"1","deletions":[[0,2]]}"#.to_owned()], &[1], &subjects());
        answers.write(folder.path(), "a/b c", &subjects()).unwrap();
        let written = std::fs::read_to_string(folder.path().join("a_b_c.jsonl")).unwrap();
        assert_eq!(written, "{\"deletions\":[[0,2]],\"id\":\"b\"}\n");
    }
}
