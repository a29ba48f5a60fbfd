//! The table of what was measured.

use crate::clock::Took;

/// Rows of the table, and the targets that were missed.
#[derive(Default)]
pub struct Table {
    rows: Vec<[String; 6]>,
    missed: usize,
}

impl Table {
    /// A row without a target.
    pub fn say(&mut self, what: &str, bytes: u64, took: Took) {
        self.row(what, bytes, took, String::new(), String::new());
    }

    /// A row whose time is a multiple of that of `rival`, and should be at most `most`.
    pub fn ratio(&mut self, what: &str, bytes: u64, took: Took, rival: Took, most: f64) {
        let wall = took.wall.as_secs_f64() / rival.wall.as_secs_f64();
        let cpu = took.cpu.as_secs_f64() / rival.cpu.as_secs_f64();
        let verdict = self.verdict(wall <= most, &format!("at most {most:.1} x"));
        self.row(what, bytes, took, format!("{wall:.2} x ({cpu:.2} x)"), verdict);
    }

    /// A row that should reach `least` megabytes of text a second of one core.
    pub fn rate(&mut self, what: &str, bytes: u64, took: Took, least: f64) {
        let reached = bytes as f64 / 1e6 / took.wall.as_secs_f64();
        let verdict = self.verdict(reached >= least, &format!("at least {least:.0} MB/s"));
        self.row(what, bytes, took, String::new(), verdict);
    }

    /// Counts a target that is told elsewhere.
    pub fn verdict(&mut self, reached: bool, target: &str) -> String {
        self.missed += usize::from(!reached);
        format!("{target}: {}", if reached { "reached" } else { "MISSED" })
    }

    fn row(&mut self, what: &str, bytes: u64, took: Took, ratio: String, verdict: String) {
        let rate = |seconds: f64| format!("{:.1}", bytes as f64 / 1e6 / seconds);
        let seconds = format!("{:.2} s", took.wall.as_secs_f64());
        let (wall, cpu) = (rate(took.wall.as_secs_f64()), rate(took.cpu.as_secs_f64()));
        self.rows.push([what.to_owned(), seconds, wall, cpu, ratio, verdict]);
    }

    /// Prints the rows.
    pub fn print(&self) {
        let head = ["", "time", "MB text/s", "MB text/cpu s", "ratio, wall (cpu)", "target"];
        let rows = std::iter::once(head.map(str::to_owned)).chain(self.rows.iter().cloned());
        for [what, time, wall, cpu, ratio, verdict] in rows {
            println!("{what:<52} {time:>9} {wall:>10} {cpu:>14} {ratio:>18}  {verdict}");
        }
        println!();
    }

    /// How many targets were missed.
    pub const fn missed(&self) -> usize {
        self.missed
    }
}
