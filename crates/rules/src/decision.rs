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

/// What a rule measured on a document, whether it broke the rule or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The step, by its stable name.
    pub step: String,
    /// The rule, by the reason that datatrove gives where it is broken.
    pub rule: String,
    /// What was measured; none where it is no number, such as a mean of nothing.
    pub value: Option<f64>,
    /// What it was measured against.
    pub threshold: f64,
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

/// Holds values against thresholds, and remembers them if it is asked to.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Whether values are remembered.
    remembers: bool,
    /// The step that measures.
    step: &'static str,
    found: Vec<Measured>,
}

impl Meter {
    pub(crate) fn remembering(remembers: bool) -> Self {
        Self { remembers, ..Self::default() }
    }

    /// What follows is measured by this step.
    pub(crate) const fn enter(&mut self, step: &'static str) {
        self.step = step;
    }

    /// What was measured, in order.
    pub(crate) fn found(self) -> Vec<Measured> {
        self.found
    }

    /// Breaks a rule where the value is above the threshold.
    pub(crate) fn at_most(&mut self, rule: &'static str, value: f64, threshold: f64) -> Verdict {
        self.breaks(value > threshold, rule, value, threshold)
    }

    /// Breaks a rule where the value is below the threshold.
    pub(crate) fn at_least(&mut self, rule: &'static str, value: f64, threshold: f64) -> Verdict {
        self.breaks(value < threshold, rule, value, threshold)
    }

    pub(crate) fn breaks(
        &mut self,
        is: bool,
        rule: &'static str,
        value: f64,
        threshold: f64,
    ) -> Verdict {
        if self.remembers {
            let (step, rule) = (self.step.to_owned(), rule.to_owned());
            // JSON has no number for a mean of nothing.
            let value = Some(value).filter(|value| value.is_finite());
            self.found.push(Measured { step, rule, value, threshold });
        }
        let (value, threshold) = (Some(value), Some(threshold));
        if is { Err(Broken { rule, value, threshold }) } else { Ok(()) }
    }
}

/// A quotient of counts, as Python divides them. Counts are below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts of a text are far below 2^53")]
pub(crate) fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}
