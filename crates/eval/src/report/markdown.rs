//! Reports as Markdown, short enough for a pull request.

use crate::calibration::Reliability;
use crate::evaluation::{Evaluation, RefinerScores};
use crate::report::comparison::Comparison;
use crate::report::figures::{bytes, count, many, part, percent};
use crate::report::record::{Report, Reports};
use crate::report::summary::{far_groups, undecided};
use refinex_core::Tally;
use std::fmt::Write;

/// Patterns that are listed.
const PATTERNS: usize = 15;
/// Groups that are listed of each column.
const GROUPS: usize = 8;
/// Most characters of a pattern.
const PATTERN_CHARACTERS: usize = 80;

/// The summary of one or more reports.
#[must_use]
pub fn markdown(reports: &Reports) -> String {
    let mut out = String::from("# refinex report\n\n");
    headline(&mut out, &reports.runs);
    gold(&mut out, reports.gold.as_ref());
    for report in &reports.runs {
        if reports.runs.len() > 1 {
            let _ = write!(out, "\n## {}\n", plain(&report.run.location));
        }
        steps(&mut out, &report.tally);
        alarms(&mut out, report);
        patterns(&mut out, report);
        groups(&mut out, report);
    }
    reports.comparisons.iter().for_each(|comparison| compared(&mut out, comparison));
    out
}

fn headline(out: &mut String, runs: &[Report]) {
    out.push_str("| run | model | threshold | documents | dropped by rules | edited | emptied | text | deleted | failed rows |\n");
    out.push_str("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    for report in runs {
        let (run, tally, text) = (&report.run, &report.tally, report.text);
        let documents = tally.documents();
        let _ = writeln!(
            out,
            "| {} | {} | {:.3} | {} | {} | {} | {} | {} | {} | {} |",
            cell(&run.location),
            cell(&run.model),
            run.threshold,
            count(documents),
            part(tally.dropped, documents + tally.dropped),
            part(tally.edited, documents),
            part(tally.emptied, documents),
            bytes(text.read),
            part(text.read - text.left, text.read),
            count(tally.failed)
        );
    }
}

/// What each step did, where there are several, and why documents were dropped.
fn steps(out: &mut String, tally: &Tally) {
    let steps = tally.steps_in_order();
    if !steps.is_empty() {
        out.push_str("\n**Steps**, in their order\n\n");
        out.push_str(
            "| step | documents | dropped | edited | deleted |\n|---|---:|---:|---:|---:|\n",
        );
    }
    for (name, step) in steps {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            cell(name),
            count(step.documents),
            count(step.dropped),
            count(step.edited),
            bytes(step.deleted_bytes)
        );
    }
    if tally.dropped > 0 {
        let text = bytes(tally.dropped_bytes);
        let _ = writeln!(
            out,
            "\n**Dropped by rules**: {}, {text} of text that is in no other figure\n",
            many(tally.dropped, "document")
        );
    }
    for (reason, dropped) in &tally.dropped_by_reason {
        let _ = writeln!(out, "- {}: {}", cell(reason), count(*dropped));
    }
}

/// How right the runs are, and whether their scores are probabilities.
fn gold(out: &mut String, evaluation: Option<&Evaluation>) {
    let Some(all) = evaluation else {
        out.push_str(
            "\nNo gold was given (`--gold GOLD`), so nothing here says how right this is.\n",
        );
        return;
    };
    let documents = all.refiners.first().map_or(0, |run| run.scores.documents);
    let documents = many(documents, "document");
    let _ = write!(out, "\n**Against gold** ({}, {documents})\n\n", plain(&all.gold));
    out.push_str(
        "| run | F1 | precision | recall | kept recall | calibration error | Brier score |\n",
    );
    out.push_str("|---|---:|---:|---:|---:|---:|---:|\n");
    for run in &all.refiners {
        let scores = &run.scores;
        let lines = run.calibration.as_ref().map(|calibration| &calibration.lines);
        let of_lines = |figure: fn(&Reliability) -> f64| {
            lines.map_or("–".to_owned(), |lines| format!("{:.3}", figure(lines)))
        };
        let _ = writeln!(
            out,
            "| {} | {:.3} | {:.3} | {:.3} | {:.3} | {} | {} |",
            cell(&run.name),
            scores.text.deletion_f1,
            scores.text.deletion_precision,
            scores.text.deletion_recall,
            scores.text.kept_recall,
            of_lines(|lines| lines.expected_calibration_error),
            of_lines(|lines| lines.brier_score)
        );
    }
    all.refiners.iter().for_each(|run| reliability(out, run));
}

/// The diagrams of a run as tables.
fn reliability(out: &mut String, run: &RefinerScores) {
    let Some(calibration) = &run.calibration else { return };
    let pieces = calibration.pieces.iter().map(|pieces| ("pieces inside lines", pieces));
    for (units, of) in std::iter::once(("lines", &calibration.lines)).chain(pieces) {
        let name = cell(&run.name);
        let _ = write!(
            out,
            "\nReliability of the scores of {units}, {name}: a probability has as much noise as its \
             mean score.\n\n| score | {units} | mean score | noise |\n|---|---:|---:|---:|\n"
        );
        for bin in of.bins.iter().filter(|bin| bin.units > 0) {
            let (from, to, units) = (bin.from, bin.to, count(bin.units));
            let (mean, noise) = (bin.mean_score, bin.noise_share);
            let _ = writeln!(out, "| {from:.1} to {to:.1} | {units} | {mean:.3} | {noise:.3} |");
        }
    }
}

fn alarms(out: &mut String, report: &Report) {
    out.push_str("\n**Over-deletion alarms** (signs by simple rules, not verdicts)\n\n");
    for alarm in &report.alarms {
        let (documents, share) =
            (many(alarm.documents, "document"), part(alarm.documents, alarm.of));
        let _ = writeln!(out, "- {}: {documents} ({share} of those that lost text)", alarm.title);
    }
    let far = far_groups(report);
    let tested: u64 = report.groups.iter().map(|table| table.tested).sum();
    let _ = writeln!(out, "- Groups far off the rest: {} of {}", far.len(), count(tested));
    for (column, group, z) in far.iter().take(GROUPS) {
        let way = if *z > 0.0 { "more" } else { "less" };
        let (name, share) = (plain(&group.name), percent(group.mean_share));
        let _ = writeln!(out, "  - {column} {name}: {share} on average, far {way} than the rest");
    }
    let _ =
        writeln!(out, "- Lines deleted here and kept there: {} patterns", undecided(report).len());
}

fn patterns(out: &mut String, report: &Report) {
    out.push_str("\n**Most deleted** (numbers, dates, hosts and case folded)\n\n");
    out.push_str("| deleted | kept elsewhere | pattern |\n|---:|---:|---|\n");
    for pattern in report.patterns.top.iter().take(PATTERNS) {
        let (deleted, kept) = (count(pattern.deleted), percent(pattern.kept_share));
        let _ = writeln!(out, "| {deleted} | {kept} | {} |", cell(&pattern.normal));
    }
}

fn groups(out: &mut String, report: &Report) {
    for table in &report.groups {
        let column = cell(&table.column);
        let _ = write!(
            out,
            "\n| {column} | documents | text deleted | emptied |\n|---|---:|---:|---:|\n"
        );
        for group in table.groups.iter().take(GROUPS) {
            let (name, share) = (cell(&group.name), percent(group.deleted_share()));
            let (documents, emptied) = (count(group.documents), count(group.emptied));
            let _ = writeln!(out, "| {name} | {documents} | {share} | {emptied} |");
        }
        let more = table.distinct.saturating_sub(GROUPS as u64);
        if more > 0 {
            let _ = writeln!(out, "\n… and {} more.", count(more));
        }
    }
}

fn compared(out: &mut String, found: &Comparison) {
    let (first, second) = (plain(&found.first), plain(&found.second));
    let sides = found.bytes;
    let all = sides.both + sides.first + sides.second + sides.neither;
    let apart = found.documents - found.alike;
    let _ = write!(
        out,
        "\n## {first} beside {second}\n\n{} of {} documents are treated differently. Of the text, {} is \
         deleted by both, {} by the first alone, {} by the second alone. {} documents are emptied by the \
         first alone, {} by the second alone.\n",
        count(apart),
        count(found.documents),
        part(sides.both, all),
        part(sides.first, all),
        part(sides.second, all),
        count(found.emptied_by_first),
        count(found.emptied_by_second)
    );
    for (name, patterns) in [("first", &found.only_first), ("second", &found.only_second)] {
        if patterns.is_empty() {
            continue;
        }
        let _ =
            write!(out, "\nMost deleted by the {name} alone:\n\n| times | pattern |\n|---:|---|\n");
        for pattern in patterns.iter().take(PATTERNS) {
            let _ = writeln!(out, "| {} | {} |", count(pattern.count), cell(&pattern.normal));
        }
    }
}

/// Text of a corpus in a cell of a table: as code, on one line, so that nothing in it is markup.
fn cell(text: &str) -> String {
    let mut short: String = text.chars().take(PATTERN_CHARACTERS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    let clean = |c: char| if c.is_control() || c == '`' { ' ' } else { c };
    let short: String = short.chars().map(clean).collect();
    format!("`{}`", short.replace('|', "\\|"))
}

/// Text in running words.
fn plain(text: &str) -> String {
    cell(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_corpus_does_not_leave_its_cell() {
        assert_eq!(cell("a|b`c\nd"), "`a\\|b c d`");
        assert_eq!(cell(&"x".repeat(100)).chars().count(), 83);
    }

    #[test]
    fn gold_is_said_with_the_reliability_of_the_scores_or_that_there_is_none() {
        let mut reports = crate::report::html::tests::hostile();
        assert!(markdown(&reports).contains("No gold was given"));
        reports.gold = Some(crate::report::html::gold::tests::evaluation(true));
        let text = markdown(&reports);
        assert!(text.contains("**Against gold** (`gold<1>`, 1 document)"), "{text}");
        assert!(text.contains("| 0.6 to 0.7 | 1 | 0.620 | 0.000 |"), "{text}");
        assert!(text.contains("| pieces inside lines | mean score |"), "{text}");
        reports.gold = Some(crate::report::html::gold::tests::evaluation(false));
        assert!(markdown(&reports).contains("| – | – |"));
    }

    #[test]
    fn the_summary_of_any_report_is_one_table_after_the_other() {
        let text = markdown(&crate::report::html::tests::hostile());
        assert!(text.starts_with("# refinex report\n\n| run |"), "{text}");
        assert!(text.contains("| `out/<run>` |") && text.contains("## `a` beside `b`"), "{text}");
        let widths = |line: &str| line.replace("\\|", "").matches('|').count();
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert!(rows.iter().all(|row| matches!(widths(row), 3 | 4 | 5 | 11)), "{rows:#?}");
    }
}
