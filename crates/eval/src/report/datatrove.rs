//! A report in the shape of datatrove's `stats.json`, so that what reads those reads this: a list of the
//! steps of a pipeline, each with `name`, `time_stats` and `stats`.

use crate::report::record::{Report, Reports};
use crate::report::spread::Spread;
use serde_json::{Map, Value, json};

/// The steps of the first run: reader, refiner as an editor that may drop, writer.
///
/// As in datatrove, a metric of which nothing was counted is 0, lengths are in code points, and `dropped`
/// has its reasons as `dropped_…`: rows that failed, and documents of which nothing was left (which are
/// written too, without text). A report has no clock, so `time_stats` are 0, which datatrove reads as "time
/// not computed".
///
/// # Errors
/// Never for a report that was collected.
pub fn datatrove(reports: &Reports) -> Result<String, serde_json::Error> {
    let steps = reports.runs.first().map(steps).unwrap_or_default();
    serde_json::to_string_pretty(&steps).map(|json| json + "\n")
}

fn steps(report: &Report) -> Vec<Value> {
    let tally = &report.tally;
    let documents = tally.documents();
    let reader = [
        ("input_files".to_owned(), json!(report.run.shards)),
        ("documents".to_owned(), json!(tally.rows)),
        ("doc_len".to_owned(), metric(&report.lengths_before)),
    ];
    let mut refiner = vec![
        ("total".to_owned(), json!(tally.rows)),
        ("forwarded".to_owned(), json!(tally.kept + tally.edited)),
        ("dropped".to_owned(), json!(tally.dropped + tally.emptied + tally.failed)),
        ("dropped_emptied".to_owned(), json!(tally.emptied)),
        ("edited".to_owned(), json!(tally.edited)),
        ("kept".to_owned(), json!(tally.kept)),
        ("deleted_bytes".to_owned(), json!(tally.deleted_bytes)),
        ("deletions".to_owned(), json!(tally.deletions)),
        ("doc_len".to_owned(), metric(&report.lengths_after)),
    ];
    let reasons = tally.failed_by_reason.iter();
    refiner.extend(reasons.map(|(reason, count)| (format!("dropped_{reason}"), json!(count))));
    let writer = [
        ("total".to_owned(), json!(documents)),
        ("doc_len".to_owned(), metric(&report.lengths_after)),
    ];
    let name = format!("🔻 - FILTER: refinex {} ({})", report.run.command, report.run.model);
    vec![
        step("📖 - READER: refinex", reader),
        step(&name, refiner),
        step("💽 - WRITER: refinex", writer),
    ]
}

fn step(name: &str, stats: impl IntoIterator<Item = (String, Value)>) -> Value {
    let stats: Map<String, Value> = stats.into_iter().collect();
    json!({"name": name, "time_stats": 0, "stats": stats})
}

/// A metric as datatrove writes it.
fn metric(spread: &Spread) -> Value {
    if spread.total == 0 {
        return json!(0);
    }
    let variance = spread.variance();
    json!({
        "total": spread.total, "n": spread.n, "mean": spread.mean, "variance": variance,
        "std_dev": variance.sqrt(), "min": spread.min, "max": spread.max,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_the_keys_of_datatrove() {
        let text = datatrove(&crate::report::html::tests::hostile()).unwrap();
        let steps: Vec<Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(steps.len(), 3);
        for step in &steps {
            let mut keys: Vec<&String> = step.as_object().unwrap().keys().collect();
            keys.sort();
            assert_eq!(keys, ["name", "stats", "time_stats"]);
        }
        assert_eq!(steps[0]["stats"]["doc_len"]["n"], 1);
    }
}
