//! What a rule decides.

use serde::{Deserialize, Serialize};

/// Why a document is dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dropped {
    /// The step, by its stable name.
    pub step: String,
    /// The rule, by the reason that datatrove gives.
    pub rule: String,
    /// What was measured; none where a rule only looks for something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What it was measured against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
}

/// A rule that a document breaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Broken {
    pub(crate) rule: &'static str,
    pub(crate) value: Option<f64>,
    pub(crate) threshold: Option<f64>,
}

impl Broken {
    /// A rule that measures nothing.
    pub(crate) const fn plain(rule: &'static str) -> Self {
        Self { rule, value: None, threshold: None }
    }

    pub(crate) fn dropped(self, step: &str) -> Dropped {
        let (step, rule) = (step.to_owned(), self.rule.to_owned());
        // A mean of nothing is no number, and JSON has none.
        let value = self.value.filter(|value| value.is_finite());
        Dropped { step, rule, value, threshold: self.threshold }
    }
}

/// What a filter finds: nothing, or the first rule that is broken.
pub(crate) type Verdict = Result<(), Broken>;

/// Breaks a rule where the value is above the threshold.
pub(crate) fn at_most(rule: &'static str, value: f64, threshold: f64) -> Verdict {
    breaks(value > threshold, rule, value, threshold)
}

/// Breaks a rule where the value is below the threshold.
pub(crate) fn at_least(rule: &'static str, value: f64, threshold: f64) -> Verdict {
    breaks(value < threshold, rule, value, threshold)
}

pub(crate) fn breaks(is: bool, rule: &'static str, value: f64, threshold: f64) -> Verdict {
    let (value, threshold) = (Some(value), Some(threshold));
    if is { Err(Broken { rule, value, threshold }) } else { Ok(()) }
}

/// A quotient of counts, as Python divides them. Counts are below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts of a text are far below 2^53")]
pub(crate) fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}
