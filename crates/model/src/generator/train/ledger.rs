//! What training tells while it goes on, and where it keeps what it needs to go on later.

use super::file::FloatsFile;

/// The figures of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metric {
    /// Which step; 0 is before the first.
    pub step: usize,
    /// How many there will be.
    pub steps: usize,
    /// Passes over the examples that were begun.
    pub epoch: usize,
    /// Mean loss a token of the step's programs, in nats.
    pub loss: f32,
    /// Share of these tokens that were held for the likeliest.
    pub accuracy: f32,
    /// Tokens of the step's examples.
    pub tokens: usize,
    /// Rows that were read for them: what they begin with in common counts once.
    pub rows: usize,
    /// Length of the gradient before it was cut.
    pub length: f32,
    /// How large the step was.
    pub rate: f32,
    /// Loss and accuracy of what is held back, if that was looked at.
    pub held: Option<(f32, f32)>,
}

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// All that is needed to go on.
    State,
    /// What had learnt where the loss of what is held back was least.
    Best,
}

/// Where training writes, and what it finds there of an earlier run.
pub trait Ledger {
    /// Takes the figures of a step.
    fn metric(&mut self, metric: &Metric);

    /// Keeps a file in place of the last one of its kind.
    fn keep(&mut self, what: Kept, file: &FloatsFile<'_>);

    /// The file that was kept last.
    fn kept(&mut self, what: Kept) -> Option<Vec<u8>>;

    /// Whether training is to end now, with what was best so far.
    fn ends(&mut self) -> bool {
        false
    }
}
