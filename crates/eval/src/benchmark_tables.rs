//! A benchmark as tables, and as a page of HTML.

use crate::benchmark::{Benched, Benchmark};
use crate::share::{as_float, share};
use crate::table::{Table, escaped};

impl Benchmark {
    /// Everything, laid out for people.
    #[must_use]
    pub fn tables(&self) -> Vec<Table> {
        let mut tables = vec![self.speeds(), self.work()];
        tables.extend(self.evaluation.iter().flat_map(|evaluation| evaluation.tables()));
        tables
    }

    /// Quality, speed and cost in one line each.
    fn speeds(&self) -> Table {
        let corpus = &self.corpus;
        let title = format!(
            "{} documents, {:.1} MB of text, {}",
            corpus.documents,
            as_float(corpus.bytes) / 1e6,
            corpus.location
        );
        let heads = [
            "refiner",
            "F1",
            "kept recall",
            "MB/s a core",
            "slowest–fastest",
            "tokens/s a core",
            "× first",
            "$ for 10¹² tokens",
            "peak MB",
        ];
        let mut table = Table::new(&title, &heads);
        self.refiners.iter().for_each(|refiner| table.push(self.speed_row(refiner)));
        table.note(format!(
            "Tokens are {}. Cost: ${} for a core hour × 10¹² / (tokens a second of a core × 3600).",
            corpus.tokens_are, self.usd_per_core_hour
        ));
        table.note(format!(
            "{} rounds, in each of which every refiner reads the same share in turn; × first is the \
             median of the rounds. A second of a core is one of processor time{}, reading and \
             writing rows of JSON included. {}, {} cores, {}.",
            self.rounds,
            if self.refiners.iter().all(|of| of.speed.of_processor) { "" } else { " (of the clock where that is unknown)" },
            self.machine.processor,
            self.machine.cores,
            self.machine.system
        ));
        if let Some(evaluation) = &self.evaluation {
            let documents = evaluation.refiners.first().map_or(0, |of| of.scores.documents);
            table.note(format!("F1 and kept recall over the {documents} documents with gold."));
        }
        table
    }

    fn speed_row(&self, refiner: &Benched) -> Vec<String> {
        let speed = &refiner.speed;
        let (low, high) = speed.megabytes_per_core_second_range;
        let none = || "–".to_owned();
        let quality = self.evaluation.as_ref().and_then(|evaluation| {
            evaluation.refiners.iter().find(|of| of.name == refiner.name).map(|of| of.scores)
        });
        vec![
            refiner.name.clone(),
            quality.map_or_else(none, |scores| format!("{:.4}", scores.deletion_f1)),
            quality.map_or_else(none, |scores| format!("{:.4}", scores.kept_recall)),
            three_digits(speed.megabytes_per_core_second),
            format!("{}–{}", three_digits(low), three_digits(high)),
            format!("{:.0}", speed.tokens_per_core_second),
            three_digits(speed.times_the_first),
            three_digits(speed.usd_per_trillion_tokens),
            refiner
                .peak_memory_bytes
                .map_or_else(none, |bytes| format!("{:.0}", as_float(bytes) / 1e6)),
        ]
    }

    /// What the refiners did.
    fn work(&self) -> Table {
        let heads = [
            "refiner",
            "what",
            "stopped",
            "documents",
            "failed",
            "deleted",
            "emptied",
            "s to first answer",
            "s of a core",
            "MB/s",
        ];
        let mut table = Table::new("What they did", &heads).with_words(3);
        for refiner in &self.refiners {
            let failed: u64 = refiner.failed.values().sum();
            table.push(vec![
                refiner.name.clone(),
                refiner.refiner.clone(),
                refiner.stopped.clone().unwrap_or_default(),
                refiner.documents.to_string(),
                failed.to_string(),
                format!("{:.4}", refiner.deleted_share),
                format!("{:.4}", share(refiner.emptied, refiner.documents)),
                three_digits(refiner.seconds_to_first_answer),
                three_digits(refiner.speed.seconds),
                three_digits(refiner.speed.megabytes_per_second),
            ]);
            for (reason, count) in &refiner.failed {
                table.note(format!("{}: {count} documents failed: {reason}", refiner.name));
            }
        }
        table.note(
            "Deleted: share of the bytes. Emptied: share of the documents. MB/s: of the clock.",
        );
        table
    }

    /// A page that needs nothing beside itself.
    #[must_use]
    pub fn html(&self) -> String {
        let tables: String = self.tables().iter().map(Table::html).collect();
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
             content=\"width=device-width, initial-scale=1\">\n<title>refinex bench: {}</title>\n\
             <style>{STYLE}</style>\n<main>\n<h1>Refiners on {}</h1>\n{}{tables}</main>\n</html>\n",
            escaped(&self.corpus.location),
            escaped(&self.corpus.location),
            self.plot()
        )
    }

    /// Quality over speed, where there is gold.
    fn plot(&self) -> String {
        let Some(evaluation) = &self.evaluation else { return String::new() };
        let points: Vec<(f64, f64, &str)> = self
            .refiners
            .iter()
            .filter(|refiner| refiner.speed.megabytes_per_core_second > 0.0)
            .filter_map(|refiner| {
                let of = evaluation.refiners.iter().find(|of| of.name == refiner.name)?;
                let speed = refiner.speed.megabytes_per_core_second.log10();
                Some((speed, of.scores.deletion_f1, refiner.name.as_str()))
            })
            .collect();
        let Some(first) = points.first() else { return String::new() };
        let (low, high) = points
            .iter()
            .fold((first.0, first.0), |(low, high), point| (low.min(point.0), high.max(point.0)));
        let (low, high) = (low.floor(), (high.floor() + 1.0).max(low.floor() + 1.0));
        let place = |speed: f64| LEFT + (speed - low) / (high - low) * WIDTH;
        let mut marks = String::new();
        for decade in low as i32..=high as i32 {
            marks += &tick(place(f64::from(decade)), decade);
        }
        for fifth in 0..=5 {
            marks += &rule(f64::from(fifth) / 5.0);
        }
        marks.extend(points.iter().map(|&(speed, f1, name)| dot(place(speed), f1, name)));
        format!(
            "<figure><svg viewBox=\"0 0 720 360\" role=\"img\" aria-label=\"deletion F1 over speed\">\
             {marks}</svg><figcaption>Deletion F1 over MB of text a second of a core (logarithmic)\
             </figcaption></figure>\n"
        )
    }
}

/// Where the plot lies in its picture, in the picture's units.
const LEFT: f64 = 50.0;
const WIDTH: f64 = 560.0;
const TOP: f64 = 20.0;
const HEIGHT: f64 = 290.0;

fn height(f1: f64) -> f64 {
    TOP + (1.0 - f1) * HEIGHT
}

fn tick(x: f64, decade: i32) -> String {
    let (bottom, label) = (TOP + HEIGHT, 10f64.powi(decade));
    format!(
        "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
         <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
        bottom + 20.0
    )
}

fn rule(f1: f64) -> String {
    let (y, right) = (height(f1), LEFT + WIDTH);
    format!(
        "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{f1:.1}</text>",
        LEFT - 6.0,
        y + 4.0
    )
}

fn dot(x: f64, f1: f64, name: &str) -> String {
    let y = height(f1);
    format!(
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/><text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
        x + 9.0,
        y + 4.0,
        escaped(name)
    )
}

/// Light and dark, as the reader has it; wide tables scroll by themselves.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--line:#d8d8d8;--dot:#0b62c4}\
@media(prefers-color-scheme:dark){:root{--ink:#e8e8e8;--paper:#161616;--line:#3a3a3a;--dot:#6db3ff}}\
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}\
main{max-width:76rem;margin:auto;padding:1rem}\
h1{font-size:1.4rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin-top:2rem;overflow-wrap:anywhere}\
.scroll{overflow-x:auto}table{border-collapse:collapse}\
th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);white-space:nowrap}\
.word{text-align:left}.figure{text-align:right;font-variant-numeric:tabular-nums}\
figure{margin:0;max-width:46rem}svg{width:100%;height:auto;font-size:12px}\
svg line{stroke:var(--line)}svg text{fill:var(--ink)}svg circle{fill:var(--dot)}";

/// A figure with three digits that matter.
fn three_digits(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        size if size >= 0.1 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmark::{CorpusFacts, Machine, Speed, Timed};
    use crate::bootstrap::Resampling;
    use crate::evaluator::{Evaluator, Predicted, Subject};
    use crate::marks::tests::deletions;
    use std::collections::BTreeMap;

    fn benched(name: &str, seconds: f64) -> Benched {
        let share = Timed {
            bytes: 3_000_000,
            tokens: 750_000,
            wall_seconds: seconds,
            cpu_seconds: Some(seconds),
        };
        let first = Timed { cpu_seconds: Some(1.0), ..share };
        Benched {
            name: name.to_owned(),
            refiner: "command:<x>".to_owned(),
            stopped: None,
            seconds_to_first_answer: 0.5,
            shares: vec![share],
            speed: Speed::of(&[share], &[first], 0.04),
            peak_memory_bytes: Some(12_000_000),
            documents: 2,
            failed: BTreeMap::from([("timeout".to_owned(), 1)]),
            deleted_share: 0.25,
            emptied: 1,
        }
    }

    fn benchmark() -> Benchmark {
        let text = "menu\nstory\n";
        let gold = deletions(text, &[(0, 5)]);
        let mut evaluator = Evaluator::new(&["ours".to_owned(), "theirs".to_owned()]);
        let subject = Subject { text, gold: &gold, page: "a", facts: &[] };
        let ours = Predicted { deletions: Some(&gold), ..Predicted::default() };
        evaluator.take(&subject, &[ours, Predicted::default()]).unwrap();
        Benchmark {
            machine: Machine::default(),
            corpus: CorpusFacts { location: "web & co".to_owned(), ..CorpusFacts::default() },
            rounds: 1,
            usd_per_core_hour: 0.04,
            refiners: vec![benched("ours", 1.0), benched("theirs", 60.0)],
            evaluation: Some(evaluator.finish("gold", Resampling { rounds: 9, seed: 1 })),
        }
    }

    #[test]
    fn quality_speed_and_cost_stand_in_one_row() {
        let table = benchmark().speeds();
        let row: Vec<&str> = table.rows[1].iter().map(String::as_str).collect();
        let wanted = [
            "theirs",
            "0.0000",
            "1.0000",
            "0.0500",
            "0.0500–0.0500",
            "12500",
            "0.0167",
            "889",
            "12",
        ];
        assert_eq!(row, wanted);
        assert!(table.notes[0].contains("$0.04 for a core hour"), "{:?}", table.notes);
    }

    #[test]
    fn failures_are_told_with_their_reason() {
        let table = benchmark().work();
        assert_eq!(table.rows[0][4], "1");
        assert_eq!(table.notes[0], "ours: 1 documents failed: timeout");
        assert!(table.rows.iter().all(|row| row.len() == table.heads.len()));
    }

    #[test]
    fn the_page_holds_all_tables_and_asks_for_nothing_from_elsewhere() {
        let html = benchmark().html();
        assert!(html.contains("Refiners on web &amp; co") && html.contains("command:&lt;x&gt;"));
        assert_eq!(html.matches("<circle").count(), 2);
        assert!(!html.contains("http") && !html.contains("src="), "{html}");
        assert_eq!(html.matches("<table>").count(), benchmark().tables().len());
    }

    #[test]
    fn figures_keep_three_digits() {
        let all = [0.0, 1234.5, 12.34, 1.234, 0.1234, 0.01234].map(three_digits);
        assert_eq!(all, ["0", "1234", "12.3", "1.23", "0.123", "0.0123"]);
    }
}
