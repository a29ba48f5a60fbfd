//! ProX as a baseline: its stored programs carried out on the main road, as they were meant or as its
//! own executor does it.

use crate::decider::{Decided, scored_row, step_of, unrefined};
use crate::prox_source::{ProxPrograms, ProxReader, ProxSource};
use crate::ruler::{AsWritten, Found};
use refinex_core::{Deletions, Identity, Lengths, Policy, RefineError, Score, StepTally, distill};
use refinex_corpus::InputShard;
use refinex_rules::Dropped;
use refinex_rules::prox::{self, Executed, Fate, RefusedCall};
use serde_json::json;

/// The step that decides on whole documents.
const DOCUMENT: &str = "prox-document";
/// The step that edits them.
const CHUNK: &str = "prox-chunk";

/// What stands in the sidecar of a document that stays as it is, since what ProX's own executor makes
/// of it is no deletion.
pub const ADDS_TEXT: &str = "adds_text";

/// Stored programs of ProX, and how they are carried out.
#[derive(Clone, Debug)]
pub struct Prox {
    /// Where they are.
    pub source: ProxSource,
    /// Whether they are carried out as ProX's own executor does it, with its defects.
    pub as_written: bool,
    /// Whether documents may be without programs; they stay as they are.
    pub partial: bool,
}

impl Prox {
    /// Who decides.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let how = if self.as_written { "as written" } else { "as meant" };
        let partial = if self.partial { " partial" } else { "" };
        Identity {
            name: format!("programs of ProX {}, {how}", self.source.name()),
            fingerprint: format!("prox-1 {how}{partial}"),
        }
    }

    /// The programs of one shard.
    pub(crate) fn open(&self, shard: &InputShard) -> Result<ProxReader, String> {
        self.source.open_shard(&shard.name, self.partial)
    }

    /// What these programs make of a text.
    pub(crate) fn decide(&self, text: &str, programs: &ProxPrograms, policy: Policy) -> Decided {
        if programs.is_empty() {
            let why = "expected a program of ProX for this document, but found none";
            let decided = unrefined(text, &RefineError::skip("no_program", why));
            return Decided { rewritten: self.as_written.then(|| text.to_owned()), ..decided };
        }
        let mut found = Carrying::default();
        let decided = if found.drops(text, programs.document.as_deref(), self.as_written) {
            dropped(text, Dropped { step: DOCUMENT.to_owned(), ..drop_of("drop_doc") })
        } else {
            match &programs.chunk {
                None => plain(text, Deletions::none()),
                Some(chunk) if self.as_written => found.as_written(text, chunk),
                Some(chunk) => found.as_meant(text, chunk, policy),
            }
        };
        found.onto(text, decided, self.as_written)
    }
}

/// What is found while the programs of a document are carried out.
#[derive(Default)]
struct Carrying {
    steps: Vec<(&'static str, StepTally)>,
    refused: Vec<RefusedCall>,
    voided: bool,
    /// What ProX's own executor says, and its text.
    fate: Option<AsWritten>,
    rewritten: Option<String>,
}

impl Carrying {
    /// Whether the document is dropped as a whole.
    fn drops(&mut self, text: &str, program: Option<&str>, as_written: bool) -> bool {
        let Some(program) = program else { return false };
        let drops = if as_written {
            prox::drops_document(program)
        } else {
            let choice = prox::read_document(program);
            self.refused.extend(choice.refused);
            choice.drops
        };
        let step = step_of(text, &Deletions::none());
        self.steps.push((DOCUMENT, if drops { dropping(&step) } else { step }));
        drops
    }

    /// The program as it was meant; with too many refused calls it is void, as on every road.
    fn as_meant(&mut self, text: &str, program: &str, policy: Policy) -> Decided {
        let taken = prox::read(program, text);
        self.voided = taken.refused.len() > policy.max_refused;
        self.refused.extend(taken.refused);
        let deletions = if self.voided { Deletions::none() } else { taken.deletions };
        self.steps.push((CHUNK, step_of(text, &deletions)));
        plain(text, deletions)
    }

    /// The program as ProX carries it out. What it makes of the text is taken over where it is a
    /// deletion; a document to which it adds text stays as it is.
    fn as_written(&mut self, text: &str, program: &str) -> Decided {
        let done = prox::execute_as_written(text, program);
        self.fate = Some(AsWritten { fate: done.fate, errors: done.errors });
        self.voided = done.fate == Fate::Voided;
        let mut step = step_of(text, &Deletions::none());
        let decided = match done.fate {
            Fate::NearlyEmptied | Fate::TooShort => {
                step = dropping(&step);
                dropped(text, left_too_little(&done))
            }
            Fate::Crashed => {
                let why = "expected a word, by whose number ProX divides, but found none";
                unrefined(text, &RefineError::skip("prox_crashes", why))
            }
            Fate::Voided => plain(text, Deletions::none()),
            Fate::Refined => match deletions_of(text, &done.text) {
                Some(deletions) => {
                    step = step_of(text, &deletions);
                    plain(text, deletions)
                }
                None => {
                    let mut decided = plain(text, Deletions::none());
                    decided.row.withheld = Some(ADDS_TEXT.to_owned());
                    decided
                }
            },
        };
        self.steps.push((CHUNK, step));
        self.rewritten = Some(done.text);
        decided
    }

    fn onto(self, text: &str, decided: Decided, as_written: bool) -> Decided {
        let Self { steps, refused, voided, fate, rewritten } = self;
        let found = Found { dropped: decided.dropped.clone(), prox: fate, ..Found::default() };
        let mut row = decided.row;
        row.rules = found.value();
        row.refused = refused.iter().map(|call| json!(call)).collect();
        let left = || if decided.dropped.is_some() { String::new() } else { text.to_owned() };
        Decided {
            row,
            steps,
            refused: refused.iter().map(|call| call.reason).collect(),
            voided_chunks: u64::from(voided),
            rewritten: as_written.then(|| rewritten.unwrap_or_else(left)),
            ..decided
        }
    }
}

/// What is deleted from `text` to leave `refined`, if that can be said.
fn deletions_of(text: &str, refined: &str) -> Option<Deletions> {
    if text == refined {
        return Some(Deletions::none());
    }
    let distilled = distill(text, refined);
    distilled.residue.is_empty().then_some(distilled.deletions)
}

#[expect(clippy::cast_precision_loss, reason = "words of a text are far fewer than 2^53")]
fn left_too_little(done: &Executed) -> Dropped {
    let (left, all) = (done.words_left as f64, done.words as f64);
    let (rule, value, threshold) = match done.fate {
        Fate::NearlyEmptied => ("nearly_emptied", left / all, prox::LEAST_LEFT),
        _ => ("too_short", left, prox::SHORT as f64),
    };
    Dropped { value: Some(value), threshold: Some(threshold), ..drop_of(rule) }
}

fn drop_of(rule: &str) -> Dropped {
    Dropped { step: CHUNK.to_owned(), rule: rule.to_owned(), value: None, threshold: None }
}

fn dropping(step: &StepTally) -> StepTally {
    StepTally { dropped: 1, lengths_after: Lengths::default(), ..*step }
}

fn plain(text: &str, deletions: Deletions) -> Decided {
    let row = scored_row(text, &deletions, None, Score::ONE);
    Decided::plain(deletions, row)
}

fn dropped(text: &str, dropped: Dropped) -> Decided {
    Decided { dropped: Some(dropped), ..plain(text, Deletions::none()) }
}
