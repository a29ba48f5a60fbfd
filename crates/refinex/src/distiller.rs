//! The side road's decision: what an expert deleted from a document.

use crate::decider::{Decided, Row, scored_row};
use refinex_core::{
    Deletions, DistillPolicy, DistillTally, Distilled, DropReason, Identity, ResidueItem, Score,
    Span, Verdict, describe, distill,
};
use refinex_corpus::SecondText;
use serde_json::{Value, json};

/// Distills rows that hold an expert's version of their text.
#[derive(Clone, Debug)]
pub struct Distiller {
    /// Key or column of the expert's version.
    pub refined_key: String,
    /// Which pairs are examples.
    pub policy: DistillPolicy,
}

impl Distiller {
    /// Who decides: this version of the aligner, the policy and the key.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let Self { refined_key, policy } = self;
        let policy = policy.name();
        Identity {
            name: format!("distilled from {refined_key:?} by the policy {policy}"),
            fingerprint: format!("distill-1 {policy} {refined_key}"),
        }
    }

    /// What is deleted from `raw`. A pair that is no example deletes nothing and says why.
    pub(crate) fn decide(&self, raw: &str, refined: SecondText<'_>) -> Decided {
        let mut tally = Box::<DistillTally>::default();
        let decided = match refined {
            SecondText::Text(refined) => self.compare(raw, &refined, &mut tally),
            SecondText::Missing => drop_pair(raw, DropReason::RefinedMissing, &mut tally),
            SecondText::Null => drop_pair(raw, DropReason::RefinedNull, &mut tally),
            SecondText::NotAString => drop_pair(raw, DropReason::RefinedNotAString, &mut tally),
            SecondText::Twice => drop_pair(raw, DropReason::RefinedTwice, &mut tally),
            SecondText::LoneSurrogate => {
                drop_pair(raw, DropReason::RefinedLoneSurrogate, &mut tally)
            }
        };
        Decided { distill: Some(tally), ..decided }
    }

    fn compare(&self, raw: &str, refined: &str, tally: &mut DistillTally) -> Decided {
        let distilled = distill(raw, refined);
        let verdict = Verdict::of(self.policy, raw, refined, &distilled);
        tally.count_pair(raw, refined, &distilled);
        tally.count_verdict(&verdict);
        let said = said(raw, refined, &distilled, &verdict);
        let deletions = verdict.trusted(distilled.deletions);
        if !matches!(verdict, Verdict::Dropped(_)) {
            tally.count_example(raw, &deletions, &describe(raw, &deletions));
        }
        decided(raw, deletions, said)
    }
}

fn drop_pair(raw: &str, reason: DropReason, tally: &mut DistillTally) -> Decided {
    let verdict = Verdict::Dropped(reason);
    tally.count_verdict(&verdict);
    decided(raw, Deletions::none(), json!({"verdict": verdict.name(), "drop_reason": reason}))
}

fn decided(raw: &str, deletions: Deletions, said: Value) -> Decided {
    let row = Row { distilled: Some(said), ..scored_row(raw, &deletions, None, Score::ONE) };
    Decided::plain(deletions, row)
}

/// What the sidecar says of a pair.
fn said(raw: &str, refined: &str, distilled: &Distilled, verdict: &Verdict) -> Value {
    let mut said = json!({
        "verdict": verdict.name(),
        "pure_deletion": distilled.residue.is_empty(),
    });
    match verdict {
        Verdict::Whole => {}
        Verdict::Salvaged(parts) => {
            said["trusted"] = parts.iter().map(|part| pair(*part)).collect();
        }
        Verdict::Dropped(reason) => said["drop_reason"] = json!(reason),
    }
    if !distilled.residue.is_empty() {
        let items = distilled.residue.items().iter();
        said["residue"] = items.map(|item| item_said(raw, refined, item)).collect();
    }
    if !distilled.effort.is_exact() {
        said["fallback"] = json!(distilled.effort);
    }
    said
}

fn item_said(raw: &str, refined: &str, item: &ResidueItem) -> Value {
    let (raw_size, refined_size) = item.sizes(raw, refined);
    let mut said = json!({
        "kind": item.kind,
        "raw": pair(item.raw),
        "refined": pair(item.refined),
        "characters": [raw_size, refined_size],
    });
    if let Some(from) = item.from {
        said["from"] = pair(from);
    }
    said
}

fn pair(span: Span) -> Value {
    json!([span.start(), span.end()])
}
