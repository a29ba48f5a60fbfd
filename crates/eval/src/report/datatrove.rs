//! The figures of a run in the shape of datatrove's `stats.json`, so that what reads those reads this: a
//! list of the steps of a pipeline, each with `name`, `time_stats` and `stats`.

use crate::report::record::Reports;
use crate::report::spread::Spread;
use refinex_core::{Lengths, StepTally, Tally};
use serde_json::{Map, Value, json};

/// A run as a pipeline.
#[derive(Clone, Copy, Debug)]
pub struct Pipeline<'a> {
    /// The command.
    pub command: &'a str,
    /// Who decides.
    pub model: &'a str,
    /// Shards that are done.
    pub shards: u64,
}

/// Lengths before and after, as datatrove writes a metric.
struct DocumentLengths {
    before: Value,
    after: Value,
}

/// The steps of the first run: reader, refiner as an editor that may drop or each of its steps, writer.
///
/// # Errors
/// Never for a report that was collected.
pub fn datatrove(reports: &Reports) -> Result<String, serde_json::Error> {
    let Some(report) = reports.runs.first() else { return Ok("[]\n".to_owned()) };
    let (run, tally) = (&report.run, &report.tally);
    let pipeline = Pipeline { command: &run.command, model: &run.model, shards: run.shards };
    // Runs of older versions did not count lengths; a report has read the documents again.
    let lengths = if tally.lengths_before.is_empty() {
        let (before, after) = (of_spread(&report.lengths_before), of_spread(&report.lengths_after));
        DocumentLengths { before, after }
    } else {
        lengths_of(tally)
    };
    said(&pipeline, tally, lengths)
}

/// The steps of a run, from its counts alone.
///
/// As in datatrove, a metric of which nothing was counted is 0, lengths are in code points, and `dropped`
/// has its reasons as `dropped_…`. Of one step these are rows that failed, and documents of which nothing
/// was left (which are written too, without text); of several, each has its own, and rows that failed
/// stand at the reader. There is no clock, so that the same work gives the same bytes: `time_stats` are
/// 0, which datatrove reads as "time not computed".
///
/// # Errors
/// Never for counts.
pub fn datatrove_of(pipeline: &Pipeline<'_>, tally: &Tally) -> Result<String, serde_json::Error> {
    said(pipeline, tally, lengths_of(tally))
}

fn said(
    pipeline: &Pipeline<'_>,
    tally: &Tally,
    lengths: DocumentLengths,
) -> Result<String, serde_json::Error> {
    let DocumentLengths { before, after } = lengths;
    let several = !tally.steps.is_empty();
    let mut reader = vec![
        ("input_files".to_owned(), json!(pipeline.shards)),
        (
            "documents".to_owned(),
            json!(if several { tally.rows - tally.failed } else { tally.rows }),
        ),
        ("doc_len".to_owned(), before),
    ];
    if several && tally.failed > 0 {
        reader.push(("failed".to_owned(), json!(tally.failed)));
        reader.extend(reasons("failed_", &tally.failed_by_reason, ""));
    }
    let mut steps = vec![step("📖 - READER: refinex", reader)];
    if several {
        let name = |name: &str| format!("🔻 - FILTER: refinex {name}");
        let each = tally.steps_in_order().into_iter();
        steps.extend(each.map(|(of, counts)| step(&name(of), one_of_several(of, counts, tally))));
    } else {
        let name = format!("🔻 - FILTER: refinex {} ({})", pipeline.command, pipeline.model);
        steps.push(step(&name, the_only(tally, after.clone())));
    }
    let written = [("total".to_owned(), json!(tally.documents())), ("doc_len".to_owned(), after)];
    steps.push(step("💽 - WRITER: refinex", written));
    serde_json::to_string_pretty(&steps).map(|json| json + "\n")
}

/// What the only step of a run did.
fn the_only(tally: &Tally, after: Value) -> Vec<(String, Value)> {
    let mut stats = vec![
        ("total".to_owned(), json!(tally.rows)),
        ("forwarded".to_owned(), json!(tally.kept + tally.edited)),
        ("dropped".to_owned(), json!(tally.dropped + tally.emptied + tally.failed)),
        ("dropped_emptied".to_owned(), json!(tally.emptied)),
        ("edited".to_owned(), json!(tally.edited)),
        ("kept".to_owned(), json!(tally.kept)),
        ("deleted_bytes".to_owned(), json!(tally.deleted_bytes)),
        ("deletions".to_owned(), json!(tally.deletions)),
        ("doc_len".to_owned(), after),
    ];
    stats.extend(reasons("dropped_", &tally.failed_by_reason, ""));
    stats.extend(reasons("dropped_", &tally.dropped_by_reason, ""));
    stats
}

/// What one step of several did. The rules of its documents stand in the sums as `step/rule`.
fn one_of_several(name: &str, counts: &StepTally, tally: &Tally) -> Vec<(String, Value)> {
    let mut stats = vec![
        ("total".to_owned(), json!(counts.documents)),
        ("forwarded".to_owned(), json!(counts.documents - counts.dropped)),
        ("dropped".to_owned(), json!(counts.dropped)),
        ("edited".to_owned(), json!(counts.edited)),
        ("deleted_bytes".to_owned(), json!(counts.deleted_bytes)),
        ("doc_len".to_owned(), of_lengths(&counts.lengths_after)),
    ];
    stats.extend(reasons("dropped_", &tally.dropped_by_reason, &format!("{name}/")));
    stats
}

/// Counts by reason, those that begin with `of`, without that.
fn reasons<'a>(
    key: &'a str,
    counts: &'a std::collections::BTreeMap<String, u64>,
    of: &'a str,
) -> impl Iterator<Item = (String, Value)> + 'a {
    let own =
        counts.iter().filter_map(move |(reason, count)| Some((reason.strip_prefix(of)?, count)));
    own.map(move |(reason, count)| (format!("{key}{reason}"), json!(count)))
}

fn step(name: &str, stats: impl IntoIterator<Item = (String, Value)>) -> Value {
    let stats: Map<String, Value> = stats.into_iter().collect();
    json!({"name": name, "time_stats": 0, "stats": stats})
}

fn lengths_of(tally: &Tally) -> DocumentLengths {
    let (before, after) = (of_lengths(&tally.lengths_before), of_lengths(&tally.lengths_after));
    DocumentLengths { before, after }
}

fn of_lengths(lengths: &Lengths) -> Value {
    let (mean, variance) = (lengths.mean(), lengths.variance());
    let Lengths { n, total, min, max, .. } = *lengths;
    metric([total, n, min, max], mean, variance)
}

fn of_spread(spread: &Spread) -> Value {
    metric([spread.total, spread.n, spread.min, spread.max], spread.mean, spread.variance())
}

/// A metric as datatrove writes it.
fn metric([total, n, min, max]: [u64; 4], mean: f64, variance: f64) -> Value {
    if total == 0 {
        return json!(0);
    }
    json!({
        "total": total, "n": n, "mean": mean, "variance": variance,
        "std_dev": variance.sqrt(), "min": min, "max": max,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use refinex_core::Outcome;

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

    #[test]
    fn each_of_several_steps_has_its_own_reasons_and_stands_in_its_place() {
        let mut tally = Tally::default();
        let step =
            |place, dropped| StepTally { place, documents: 2, dropped, ..StepTally::default() };
        tally.count_step("zeta", &step(0, 0));
        tally.count_step("alpha", &step(1, 1));
        tally.count_document(Outcome::Dropped, 9, 0);
        tally.count_drop("alpha/too_short");
        tally.count_document(Outcome::Kept, 9, 0);
        tally.count_failure("text_null");
        let pipeline = Pipeline { command: "filter", model: "rules", shards: 1 };
        let steps: Value = serde_json::from_str(&datatrove_of(&pipeline, &tally).unwrap()).unwrap();
        let names: Vec<_> = (0..4).map(|at| steps[at]["name"].as_str().unwrap()).collect();
        assert!(names[1].ends_with("zeta") && names[2].ends_with("alpha"), "{names:?}");
        assert_eq!(steps[0]["stats"]["documents"], 2);
        assert_eq!(steps[0]["stats"]["failed_text_null"], 1);
        assert_eq!(steps[1]["stats"].get("dropped_too_short"), None);
        assert_eq!(steps[2]["stats"]["dropped_too_short"], 1);
        assert_eq!(steps[2]["stats"]["forwarded"], 1);
        assert_eq!(steps[3]["stats"]["total"], 1);
    }
}
