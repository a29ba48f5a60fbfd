//! What training tells while it goes on, and where it keeps what it needs to go on later.

use super::Metric;

/// Where training writes, and what it finds there of an earlier run.
pub trait Ledger {
    /// Takes the figures of an epoch of a network.
    fn metric(&mut self, network: &str, metric: Metric);

    /// Keeps the state of a network.
    fn keep(&mut self, network: &str, state: Vec<u8>);

    /// The state of a network that was kept last.
    fn kept(&mut self, network: &str) -> Option<Vec<u8>>;

    /// Whether states are kept: making one takes time.
    fn keeps(&self) -> bool;
}

/// A ledger that only hands figures on.
pub struct Watch<'a>(pub &'a mut dyn FnMut(&str, Metric));

impl Ledger for Watch<'_> {
    fn metric(&mut self, network: &str, metric: Metric) {
        (self.0)(network, metric);
    }

    fn keep(&mut self, _: &str, _: Vec<u8>) {}

    fn kept(&mut self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn keeps(&self) -> bool {
        false
    }
}
