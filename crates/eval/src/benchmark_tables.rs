//! A benchmark as tables, and as a page of HTML.

use crate::benchmark::{Benched, Benchmark};
use crate::benchmark_page::page;
use crate::report::figures::{bytes, count};
use crate::share::{as_float, share};
use crate::table::Table;

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
            "{} documents, {} of text, {}",
            count(corpus.documents),
            bytes(corpus.bytes),
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
            quality.map_or_else(none, |scores| format!("{:.4}", scores.text.deletion_f1)),
            quality.map_or_else(none, |scores| format!("{:.4}", scores.text.kept_recall)),
            three_digits(speed.megabytes_per_core_second),
            format!("{}–{}", three_digits(low), three_digits(high)),
            count(speed.tokens_per_core_second as u64),
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
        page(self)
    }
}

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
pub(crate) mod tests {
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

    pub(crate) fn benchmark() -> Benchmark {
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
            "12,500",
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
    fn figures_keep_three_digits() {
        let all = [0.0, 1234.5, 12.34, 1.234, 0.1234, 0.01234].map(three_digits);
        assert_eq!(all, ["0", "1234", "12.3", "1.23", "0.123", "0.0123"]);
    }
}
