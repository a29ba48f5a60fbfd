//! Rules as what decides on documents, alone or before a refine model.

use refinex_core::{Identity, Lengths, Refiner, StepTally};
use refinex_rules::prox::Fate;
use refinex_rules::{Decision, Dropped, LineRule, Measured, Rules, Scratch};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rules, and the model that reads what they leave.
#[derive(Clone)]
pub struct Ruler {
    /// The rules.
    pub rules: Rules,
    /// The model; without one, rules alone decide.
    pub then: Option<Arc<dyn Refiner>>,
}

/// What rules found of a document, as its row in the sidecar says it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Found {
    /// Why the document was dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<Dropped>,
    /// Lines that C4 left out, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lines: BTreeMap<LineRule, u64>,
    /// Breaks between lines of which datatrove makes line feeds, and which stay as they are here.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub foreign_breaks: usize,
    /// What ProX's own executor says, where it is followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prox: Option<AsWritten>,
    /// What was measured, where it was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<Measured>,
}

/// What ProX's own executor says of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AsWritten {
    pub fate: Fate,
    pub errors: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The name under which a model is counted among steps.
pub(crate) const MODEL: &str = "refine";

thread_local! {
    /// Room for deciding. Decisions do not depend on it.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Ruler {
    /// Who decides.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let rules = self.rules.identity();
        let Some(model) = self.then.as_ref().map(|model| model.identity()) else { return rules };
        Identity {
            name: format!("{}, then {}", rules.name, model.name),
            fingerprint: format!("{} + {}", rules.fingerprint, model.fingerprint),
        }
    }

    /// What the rules decide; with `measure`, also what they measured.
    pub(crate) fn decide(&self, text: &str, measure: bool) -> Decision {
        SCRATCH.with_borrow_mut(|scratch| {
            let decide = if measure { Rules::measure } else { Rules::decide };
            decide(&self.rules, text, scratch)
        })
    }

    /// What each filter did with a document of `length` code points, of which rules decided this.
    pub(crate) fn steps(
        &self,
        decision: &Decision,
        mut length: u64,
    ) -> Vec<(&'static str, StepTally)> {
        let mut steps = Vec::new();
        let mut edits = decision.edits.iter().peekable();
        for step in self.rules.steps() {
            let mut tally = StepTally { documents: 1, ..StepTally::default() };
            if let Some(edit) = edits.next_if(|edit| edit.step == *step) {
                tally.edited = u64::from(edit.deleted_bytes > 0);
                tally.deleted_bytes = edit.deleted_bytes as u64;
                length -= edit.deleted_chars as u64;
            }
            let drops = decision.dropped.as_ref().is_some_and(|found| found.step == step.name());
            tally.dropped = u64::from(drops);
            if !drops {
                tally.lengths_after = Lengths::one(length);
            }
            steps.push((step.name(), tally));
            if drops {
                break;
            }
        }
        steps
    }
}

impl Found {
    pub(crate) fn of(decision: &Decision) -> Self {
        Self {
            dropped: decision.dropped.clone(),
            lines: decision.lines.clone(),
            foreign_breaks: decision.foreign_breaks,
            prox: None,
            measured: decision.measured.clone(),
        }
    }

    /// What a row says of rules, if it says anything.
    pub(crate) fn read(rules: Option<&serde_json::Value>) -> Result<Self, String> {
        let Some(rules) = rules else { return Ok(Self::default()) };
        serde_json::from_value(rules.clone())
            .map_err(|error| format!("expected what rules found, but found: {error}"))
    }

    /// As a value for the row; `None` if there is nothing to say.
    pub(crate) fn value(&self) -> Option<serde_json::Value> {
        if *self == Self::default() { None } else { serde_json::to_value(self).ok() }
    }
}

/// A reason as it stands in counts: `gopher-quality/gopher_short_doc`.
pub(crate) fn reason_of(dropped: &Dropped) -> String {
    format!("{}/{}", dropped.step, dropped.rule)
}
