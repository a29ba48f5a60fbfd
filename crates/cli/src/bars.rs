//! Progress: bars on a terminal, plain lines elsewhere.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use refinex::Progress;
use refinex::core::Tally;
use refinex::corpus::InputShard;
use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a plain line is printed where there is no terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// Bars for a run, one a shard that is being done, and one in total.
pub struct Bars {
    bars: Option<MultiProgress>,
    total: ProgressBar,
    state: Mutex<State>,
    begun: Instant,
    total_bytes: u64,
}

struct State {
    shards: HashMap<String, (ProgressBar, u64)>,
    rows: u64,
    text_bytes: u64,
    done_bytes: u64,
    last_line: Instant,
}

impl Bars {
    /// Bars for these shards.
    pub fn over(shards: &[&InputShard]) -> Self {
        let total_bytes = shards.iter().map(|shard| shard.size).sum();
        let bars = std::io::stderr().is_terminal().then(MultiProgress::new);
        let total = bar(bars.as_ref(), "total", total_bytes);
        let begun = Instant::now();
        let state = State {
            shards: HashMap::new(),
            rows: 0,
            text_bytes: 0,
            done_bytes: 0,
            last_line: begun,
        };
        Self { bars, total, state: Mutex::new(state), begun, total_bytes }
    }

    /// Takes the bars away.
    pub fn finish(&self) {
        self.total.finish_and_clear();
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, line: &str) {
        match &self.bars {
            Some(bars) => drop(bars.println(line)),
            None => anstream::eprintln!("{line}"),
        }
    }

    fn show_total(&self, state: &mut State) {
        let seconds = self.begun.elapsed().as_secs_f64().max(1e-3);
        let (rows, text) = (state.rows as f64 / seconds, state.text_bytes as f64 / 1e6 / seconds);
        self.total.set_position(state.done_bytes);
        self.total.set_message(format!("{rows:.0} rows/s, {text:.1} MB/s of text"));
        if self.bars.is_none() && state.last_line.elapsed() >= PLAIN_EVERY {
            state.last_line = Instant::now();
            let share = state.done_bytes as f64 / self.total_bytes.max(1) as f64;
            let left = if share > 0.0 { seconds / share - seconds } else { 0.0 };
            anstream::eprintln!(
                "{:.0} %: {} rows, {rows:.0} rows/s, {text:.1} MB/s of text, about {left:.0} s left",
                100.0 * share,
                state.rows
            );
        }
    }
}

fn bar(bars: Option<&MultiProgress>, name: &str, bytes: u64) -> ProgressBar {
    let template = "{prefix:28!} {bar:24} {bytes:>10}/{total_bytes:10} {eta:>6} left {msg}";
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let Some(bars) = bars else { return ProgressBar::hidden() };
    bars.add(ProgressBar::new(bytes)).with_style(style).with_prefix(name.to_owned())
}

impl Progress for Bars {
    fn shard_begins(&self, shard: &str, stored_bytes: u64) {
        let bar = bar(self.bars.as_ref(), shard, stored_bytes);
        self.state().shards.insert(shard.to_owned(), (bar, 0));
    }

    fn shard_advances(&self, shard: &str, more: &Tally, stored_bytes_read: u64) {
        let mut state = self.state();
        state.rows += more.rows;
        state.text_bytes += more.text_bytes;
        if let Some((bar, before)) = state.shards.get_mut(shard) {
            bar.set_position(stored_bytes_read);
            let gained = stored_bytes_read.saturating_sub(*before);
            *before = stored_bytes_read;
            state.done_bytes += gained;
        }
        self.show_total(&mut state);
    }

    fn shard_ends(&self, shard: &str, failure: Option<&str>) {
        if let Some((bar, _)) = self.state().shards.remove(shard) {
            bar.finish_and_clear();
        }
        match failure {
            Some(why) => self.say(&format!("failed: {shard}: {why}")),
            None => self.say(&format!("done: {shard}")),
        }
    }

    fn shard_skipped(&self, shard: &str, stored_bytes: u64) {
        self.state().done_bytes += stored_bytes;
        self.say(&format!("done before: {shard}"));
    }
}
