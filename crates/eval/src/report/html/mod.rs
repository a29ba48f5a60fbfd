//! Reports as one page of HTML that needs nothing else: no network, no other file.

mod alarms;
mod charts;
mod diagram;
mod embed;
pub(super) mod gold;
mod groups;
mod sections;

use crate::evaluation::{Evaluation, RefinerScores};
use crate::report::comparison::Comparison;
use crate::report::figures::{escaped, json_in_script};
use crate::report::record::{Report, Reports};

const PAGE: &str = include_str!("../page/page.html");
const STYLE: &str = include_str!("../page/style.css");
const SCRIPT: &str = include_str!("../page/script.js");

/// The page of one or more reports.
#[must_use]
pub fn html(reports: &Reports) -> String {
    let title = reports.runs.first().map_or("", |report| report.run.location.as_str());
    let data = serde_json::to_string(&embed::sets(reports)).unwrap_or_else(|_| "[]".to_owned());
    let parts = [
        ("title", escaped(title)),
        ("style", STYLE.to_owned()),
        ("views", views(reports)),
        ("choice", choice(reports)),
        ("data", json_in_script(&data)),
        ("script", SCRIPT.to_owned()),
    ];
    filled(PAGE, &parts)
}

/// A template with its `{{name}}` replaced; what is put in is not looked at again.
fn filled(template: &str, parts: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, behind)) = after.split_once("}}") else { break };
        out.push_str(before);
        let part = parts.iter().find(|(known, _)| *known == name);
        out.push_str(part.map_or("", |(_, text)| text.as_str()));
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// The choice of what is looked at, if there is more than one thing.
fn choice(reports: &Reports) -> String {
    let names = names(reports);
    if names.len() < 2 {
        return String::new();
    }
    let options = names.iter().enumerate().map(|(at, name)| {
        let name = escaped(name);
        format!("<option value=\"{at}\">{name}</option>")
    });
    let options: String = options.collect();
    format!("<label class=\"choice\">Show <select id=\"view\">{options}</select></label>")
}

/// What can be looked at: runs, then comparisons.
fn names(reports: &Reports) -> Vec<String> {
    let beside = |pair: &Comparison| format!("{} beside {}", pair.first, pair.second);
    let runs = reports.runs.iter().map(|report| report.run.location.clone());
    runs.chain(reports.comparisons.iter().map(beside)).collect()
}

fn views(reports: &Reports) -> String {
    let runs = reports.runs.iter().enumerate().map(|(at, report)| {
        let gold = reports.gold.as_ref().and_then(|all| Some((all, all.refiners.get(at)?)));
        run_view(report, gold)
    });
    let comparisons = reports.comparisons.iter().map(sections::comparison);
    let view = |(at, inside): (usize, String)| {
        let hidden = if at == 0 { "" } else { " hidden" };
        format!("<div class=\"view\" data-view=\"{at}\"{hidden}>{inside}</div>\n")
    };
    runs.chain(comparisons).enumerate().map(view).collect()
}

fn run_view(report: &Report, gold: Option<(&Evaluation, &RefinerScores)>) -> String {
    [
        sections::facts(report),
        sections::headline(report),
        alarms::alarms(report),
        sections::funnels(report),
        gold::gold(gold, report.run.threshold),
        charts::histograms(&report.histograms),
        sections::patterns(&report.patterns),
        groups::groups(&report.groups),
        sections::method(report),
    ]
    .concat()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::report::digest::tests::{deletions, observed};
    use crate::report::{
        Collector, Comparer, Digest, Observation, ReportSettings, RunFacts, markdown,
    };
    use refinex_core::{Outcome, StepTally, Tally};

    /// A report of one document with hostile text and id.
    pub(crate) fn hostile() -> Reports {
        let text =
            "</script><script>alert(1)</script>\u{2028}\n<img src=x onerror=alert(2)>\n{{views}}";
        let gone = deletions(&[(0, 12), (37, 60)]);
        let columns = [Some("<b>host</b>".to_owned())];
        let seen = Observation { id: "\"'><i>", columns: &columns, ..observed(text, &gone) };
        let mut collector = Collector::new(ReportSettings::default(), &["<u>".to_owned()]);
        collector.take(&seen, &Digest::of(&seen, 0));
        let mut comparer = Comparer::new(0, 1 << 20);
        comparer.take(&seen, &[]);
        let run = RunFacts { location: "out/<run>".to_owned(), ..RunFacts::default() };
        let report = collector.finish(run, Tally::default());
        let comparisons = vec![comparer.finish("a", "b")];
        Reports { version: 1, runs: vec![report], comparisons, gold: None }
    }

    #[test]
    fn nothing_of_a_document_becomes_markup() {
        let page = html(&hostile());
        assert!(!page.contains("<img") && !page.contains("alert(1)</script>"));
        assert!(
            !page.contains("<i>")
                && !page.contains("<b>host")
                && !page.contains("<u>")
                && !page.contains("<run>")
        );
        assert_eq!(page.matches("<script").count(), 2, "data and program");
        assert!(page.contains("\\u2028") && !page.contains('\u{2028}'));
        assert!(page.contains("{{views}}"), "what is put in is not looked at again");
    }

    #[test]
    fn what_rules_dropped_is_shown_with_its_reasons_and_steps() {
        let mut reports = hostile();
        assert!(!html(&reports).contains("dropped by rules"), "nothing was dropped");
        let tally = &mut reports.runs[0].tally;
        tally.count_document(Outcome::Dropped, 1234, 0);
        tally.count_drop("a-step/<rule>");
        let step = StepTally { documents: 7, dropped: 1, ..StepTally::default() };
        tally.count_step("a-step", &step);
        let page = html(&reports);
        let tile =
            "<b>100.0 %</b><span>dropped by rules</span><small class=\"quiet\">1, 1.2 kB of text";
        assert!(page.contains(tile), "{page}");
        assert!(page.contains("– a-step/<wbr>&lt;rule&gt;") && !page.contains("<rule>"));
        assert!(page.contains("<th scope=\"row\">a-step</th><td class=\"n\">7</td>"));
        let summary = markdown(&reports);
        assert!(summary.contains("| `a-step` | 7 | 1 | 0 | 0 B |"), "{summary}");
        assert!(summary.contains("**Dropped by rules**: 1 document, 1.2 kB"), "{summary}");
        assert!(summary.contains("- `a-step/<rule>`: 1"), "{summary}");
    }

    #[test]
    fn the_page_names_no_other_file_or_host() {
        let page = html(&hostile());
        for sign in ["http://", "https://", "src=\"", "@import", "url("] {
            let found = page.find(sign);
            let near = found.map(|at| page.get(at..at + 40));
            assert!(found.is_none(), "{sign}: {near:?}");
        }
        let links = page.split("href=\"").skip(1);
        links.for_each(|link| assert!(link.starts_with('#') || link.starts_with("data:,")));
    }

    #[test]
    fn a_template_is_filled_once() {
        let parts = [("a", "{{b}}".to_owned()), ("b", "x".to_owned())];
        assert_eq!(filled("1{{a}}2{{b}}3{{c}}4{{", &parts), "1{{b}}2x34{{");
    }
}
