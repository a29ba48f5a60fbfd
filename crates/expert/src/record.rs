//! What was sent and what came of it: sums, and a log if one is wanted.

use crate::request::Asking;
use refinex_core::{Answer, Chunk, Identity, RewriteError, Rewriter, Usage};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Sums over requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Requests that were sent, repeated ones included.
    pub requests: u64,
    /// Answers that came back, whatever they say.
    pub answers: u64,
    /// Answers that were taken from the cache, for which nothing was sent.
    pub from_cache: u64,
    /// Requests that failed, by reason.
    pub failed_by_reason: BTreeMap<String, u64>,
    /// Tokens of the answers that came back.
    pub usage: Usage,
    /// Why the log is not whole, if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_error: Option<String>,
}

/// Sums that are kept while a run goes on, and its log.
#[derive(Default)]
pub struct Ledger {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sums: Sums,
    log: Option<Box<dyn Write + Send>>,
}

/// A line of the log. It holds neither the document nor the answer, and never a key.
#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    chunk_bytes: usize,
    milliseconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

impl Ledger {
    /// A ledger that writes a line of JSON a request to `log`.
    #[must_use]
    pub fn logging(log: Box<dyn Write + Send>) -> Self {
        Self { state: Mutex::new(State { log: Some(log), ..State::default() }) }
    }

    /// The sums so far.
    #[must_use]
    pub fn sums(&self) -> Sums {
        self.state().sums.clone()
    }

    /// Counts an answer from the cache.
    pub(crate) fn count_hit(&self) {
        self.state().sums.from_cache += 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&mut self, answer: &Result<Answer, RewriteError>) {
        self.sums.requests += 1;
        match answer {
            Ok(answer) => {
                self.sums.answers += 1;
                self.sums.usage.add(answer.usage.unwrap_or_default());
            }
            Err(error) => {
                let reason = error.fault.name().to_owned();
                *self.sums.failed_by_reason.entry(reason).or_default() += 1;
            }
        }
    }

    fn write(&mut self, line: &Line<'_>) {
        let Some(log) = &mut self.log else { return };
        let written =
            serde_json::to_vec(line).map_err(std::io::Error::from).and_then(|mut line| {
                line.push(b'\n');
                log.write_all(&line).and_then(|()| log.flush())
            });
        if let Err(error) = written {
            self.sums.log_error.get_or_insert_with(|| error.to_string());
        }
    }
}

/// Records every request of `inner`.
pub struct Record<R> {
    inner: R,
    asking: Arc<Asking>,
    ledger: Arc<Ledger>,
}

impl<R: Rewriter> Record<R> {
    /// `inner`, recorded in `ledger`.
    pub const fn new(inner: R, asking: Arc<Asking>, ledger: Arc<Ledger>) -> Self {
        Self { inner, asking, ledger }
    }
}

fn line<'a>(
    key: &'a str,
    chunk: &Chunk<'_>,
    took: Duration,
    answer: Result<&'a Answer, &'a RewriteError>,
) -> Line<'a> {
    let (said, error) = (answer.ok(), answer.err());
    Line {
        key,
        chunk_bytes: chunk.text().len(),
        milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        finish_reason: said.and_then(|answer| answer.finish_reason.as_deref()),
        usage: said.and_then(|answer| answer.usage),
        fault: error.map(|error| error.fault.name()),
        message: error.map(|error| error.message.as_str()),
    }
}

impl<R: Rewriter> Rewriter for Record<R> {
    fn identity(&self) -> Identity {
        self.inner.identity()
    }

    fn rewrite_one(&self, chunk: &Chunk<'_>) -> Result<Answer, RewriteError> {
        let begun = Instant::now();
        let answer = self.inner.rewrite_one(chunk);
        let took = begun.elapsed();
        let mut state = self.ledger.state();
        state.count(&answer);
        if state.log.is_some() {
            let key = self.asking.key(chunk);
            state.write(&line(key.as_str(), chunk, took, answer.as_ref()));
        }
        answer
    }
}
