//! Rules as what decides on documents, alone or before a refine model.

use refinex_core::{Deletions, Identity, Refiner, Span, StepTally};
use refinex_rules::{Decision, Dropped, LineRule, Rules, Scratch};
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

    pub(crate) fn decide(&self, text: &str) -> Decision {
        SCRATCH.with_borrow_mut(|scratch| self.rules.decide(text, scratch))
    }

    /// What each filter did with a document of which rules decided this.
    pub(crate) fn steps(&self, decision: &Decision) -> Vec<(&'static str, StepTally)> {
        let mut steps = Vec::new();
        for step in self.rules.steps() {
            let mut tally = StepTally { documents: 1, ..StepTally::default() };
            let drops = decision.dropped.as_ref().is_some_and(|found| found.step == step.name());
            if step.edits() && !decision.deletions.is_empty() {
                tally.edited = 1;
                tally.deleted_bytes = decision.deletions.deleted_bytes() as u64;
            }
            tally.dropped = u64::from(drops);
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

/// Deletions from a text of which `first` was deleted before, together with `first`, as deletions
/// from the text before both.
pub(crate) fn together(text: &str, first: &Deletions, second: &Deletions) -> Deletions {
    let mut spans = first.spans().to_vec();
    let (mut gone, mut passed) = (0, first.spans().iter().peekable());
    for span in second.spans() {
        let mut at = span.start();
        // What was deleted before a place moves it to the right.
        while at < span.end() {
            while let Some(before) = passed.next_if(|before| before.start() - gone <= at) {
                gone += before.len();
            }
            let next = passed.peek().map_or(usize::MAX, |before| before.start() - gone);
            let end = span.end().min(next);
            spans.push(Span::new(at + gone, end + gone));
            at = end;
        }
    }
    // Both lie on character boundaries of their texts.
    Deletions::from_spans(text, spans).unwrap_or_default()
}

/// A reason as it stands in counts: `gopher-quality/gopher_short_doc`.
pub(crate) fn reason_of(dropped: &Dropped) -> String {
    format!("{}/{}", dropped.step, dropped.rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use refinex_core::execute;

    fn spans(places: &[(usize, usize)]) -> Vec<Span> {
        places.iter().map(|&(start, end)| Span::new(start, end)).collect()
    }

    #[test]
    fn two_deletions_one_after_the_other_are_one() {
        let text = "0123456789abcdef";
        let all: Vec<(usize, usize)> =
            (0..16).flat_map(|start| (start + 1..=16).map(move |end| (start, end))).collect();
        for first in [&[][..], &[(0, 3)], &[(2, 4), (6, 9)], &[(1, 2), (3, 4), (10, 16)]] {
            let first = Deletions::from_spans(text, spans(first)).unwrap();
            let between = execute(text, &first);
            for place in all.iter().filter(|(_, end)| *end <= between.len()) {
                let second = Deletions::from_spans(&between, spans(&[*place])).unwrap();
                let both = together(text, &first, &second);
                assert_eq!(execute(text, &both), execute(&between, &second), "{place:?}");
            }
        }
    }
}
