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
}

struct State {
    shards: HashMap<String, Shown>,
    all: Done,
    /// Stored bytes of all shards that are to be done now.
    total_bytes: u64,
    last_line: Instant,
}

/// A shard that is being done.
struct Shown {
    bar: ProgressBar,
    done: Done,
}

/// What was done since a moment.
struct Done {
    since: Instant,
    rows: u64,
    text_bytes: u64,
    stored_bytes: u64,
}

impl Done {
    fn nothing() -> Self {
        Self { since: Instant::now(), rows: 0, text_bytes: 0, stored_bytes: 0 }
    }

    fn add(&mut self, more: &Tally, stored_bytes: u64) {
        self.rows += more.rows;
        self.text_bytes += more.text_bytes;
        self.stored_bytes += stored_bytes;
    }

    fn seconds(&self) -> f64 {
        self.since.elapsed().as_secs_f64().max(1e-3)
    }

    fn speed(&self) -> String {
        let per_second = |count: f64| count / self.seconds();
        let (rows, text) = (self.rows as f64, self.text_bytes as f64 / 1e6);
        format!("{:.0} rows/s, {:.1} MB/s of text", per_second(rows), per_second(text))
    }
}

impl Bars {
    /// Bars for these shards.
    pub fn over(shards: &[&InputShard]) -> Self {
        let total_bytes = shards.iter().map(|shard| shard.size).sum();
        let bars = std::io::stderr().is_terminal().then(MultiProgress::new);
        let total = bar(bars.as_ref(), "total", total_bytes);
        let (shards, all) = (HashMap::new(), Done::nothing());
        let state = State { shards, all, total_bytes, last_line: Instant::now() };
        Self { bars, total, state: Mutex::new(state) }
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
        self.total.set_position(state.all.stored_bytes);
        self.total.set_message(state.all.speed());
        if self.bars.is_none() && state.last_line.elapsed() >= PLAIN_EVERY {
            state.last_line = Instant::now();
            anstream::eprintln!("{}", plain_line(&state.all, state.total_bytes));
        }
    }
}

/// `37 %: 12000 rows, 800 rows/s, 3.1 MB/s of text, about 25 s left`
fn plain_line(all: &Done, total_bytes: u64) -> String {
    let share = all.stored_bytes as f64 / total_bytes.max(1) as f64;
    let left = if share > 0.0 { all.seconds() * (1.0 / share - 1.0) } else { 0.0 };
    let left = left.max(0.0);
    format!("{:.0} %: {} rows, {}, about {left:.0} s left", 100.0 * share, all.rows, all.speed())
}

fn bar(bars: Option<&MultiProgress>, name: &str, bytes: u64) -> ProgressBar {
    let template = "{prefix:28!} {bar:20} {percent:>3} % {eta:>4} left, {msg}";
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let Some(bars) = bars else { return ProgressBar::hidden() };
    bars.add(ProgressBar::new(bytes)).with_style(style).with_prefix(name.to_owned())
}

impl Progress for Bars {
    fn shard_begins(&self, shard: &str, stored_bytes: u64) {
        let bar = bar(self.bars.as_ref(), shard, stored_bytes);
        self.state().shards.insert(shard.to_owned(), Shown { bar, done: Done::nothing() });
    }

    fn shard_advances(&self, shard: &str, more: &Tally, stored_bytes_read: u64) {
        let mut state = self.state();
        let mut gained = 0;
        if let Some(Shown { bar, done }) = state.shards.get_mut(shard) {
            gained = stored_bytes_read.saturating_sub(done.stored_bytes);
            done.add(more, gained);
            bar.set_position(done.stored_bytes);
            bar.set_message(done.speed());
        }
        state.all.add(more, gained);
        self.show_total(&mut state);
    }

    fn shard_ends(&self, shard: &str, failure: Option<&str>) {
        if let Some(Shown { bar, .. }) = self.state().shards.remove(shard) {
            bar.finish_and_clear();
        }
        match failure {
            Some(why) => self.say(&format!("failed: {shard}: {why}")),
            None => self.say(&format!("done: {shard}")),
        }
    }

    fn shard_skipped(&self, shard: &str, stored_bytes: u64) {
        // What is not done now must not count for the time that is left.
        let mut state = self.state();
        state.total_bytes = state.total_bytes.saturating_sub(stored_bytes);
        self.total.set_length(state.total_bytes);
        drop(state);
        self.say(&format!("done before: {shard}"));
    }
}
