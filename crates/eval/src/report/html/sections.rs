//! The sections of a page: what stands above the documents.

use crate::report::comparison::{Comparison, SidePattern};
use crate::report::figures::{bytes, count, escaped, many, part, share};
use crate::report::html::groups::bar;
use crate::report::record::{Pattern, Patterns, Report};
use crate::report::summary::far_groups;
use refinex_core::{StepTally, Tally};

/// Which run it is.
pub(super) fn facts(report: &Report) -> String {
    let run = &report.run;
    let mut facts = vec![
        ("made by", format!("refinex {} {}", run.command, run.inputs.join(" "))),
        ("model", format!("{} ({})", run.model, run.model_fingerprint)),
        ("threshold", format!("{:.3}", run.threshold)),
        ("shards", count(run.shards)),
    ];
    if !run.complete {
        facts.push(("state", "not complete: only the shards that are done".to_owned()));
    }
    let settings = run.settings.iter().map(|(name, value)| (name.as_str(), value.clone()));
    let facts = facts.into_iter().chain(settings);
    let pairs = facts.map(|(name, value)| {
        format!("<div><dt>{}</dt><dd>{}</dd></div>", escaped(name), escaped(&value))
    });
    format!("<dl class=\"facts\">{}</dl>", pairs.collect::<String>())
}

/// The figures that come first.
pub(super) fn headline(report: &Report) -> String {
    let Tally { kept, edited, emptied, failed, rows, dropped, dropped_bytes, .. } = report.tally;
    let documents = report.tally.documents();
    let text = report.text;
    let deleted = text.read - text.left;
    let alarms = report.alarms.iter().filter(|alarm| alarm.documents > 0).count()
        + usize::from(!far_groups(report).is_empty());
    let (written, left_out) = match dropped {
        0 => ("documents", String::new()),
        _ => {
            let more = format!("{}, {} of text", count(dropped), bytes(dropped_bytes));
            (
                "documents written",
                tile(&part(dropped, documents + dropped), "dropped by rules", &more),
            )
        }
    };
    let tiles = [
        tile(&count(documents), written, &format!("{} of text", bytes(text.read))),
        left_out,
        tile(&part(deleted, text.read), "of the text deleted", &bytes(deleted)),
        tile(&part(edited, documents), "edited", &count(edited)),
        tile(&part(emptied, documents), "emptied", &count(emptied)),
        tile(&part(kept, documents), "untouched", &count(kept)),
        tile(&count(failed), "rows failed", &format!("of {}", count(rows))),
        tile(&alarms.to_string(), "kinds of alarm", "see below"),
    ];
    format!("<div class=\"tiles\">{}</div>", tiles.concat())
}

pub(super) fn tile(figure: &str, what: &str, more: &str) -> String {
    format!(
        "<div class=\"tile\"><b>{figure}</b><span>{what}</span><small class=\"quiet\">{more}</small></div>"
    )
}

/// What became of documents and text.
pub(super) fn funnels(report: &Report) -> String {
    format!(
        "<section class=\"s-funnel\"><h2>What became of it</h2>\
         <div class=\"pair\">{}{}</div>{}</section>",
        documents(&report.tally),
        text(report),
        steps(&report.tally)
    )
}

/// What each step did, where there are several.
fn steps(tally: &Tally) -> String {
    let row = |(name, step): (&str, &StepTally)| {
        let figures = [
            count(step.documents),
            count(step.dropped),
            count(step.edited),
            bytes(step.deleted_bytes),
        ];
        let cells: String = figures.iter().map(|of| format!("<td class=\"n\">{of}</td>")).collect();
        format!("<tr><th scope=\"row\">{}</th>{cells}</tr>", escaped(name))
    };
    let rows: String = tally.steps_in_order().into_iter().map(row).collect();
    if rows.is_empty() {
        return rows;
    }
    let heads = ["documents", "dropped", "edited", "deleted"];
    let heads = heads.map(|head| format!("<th scope=\"col\" class=\"n\">{head}</th>")).concat();
    format!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Steps\"><table class=\"steps\">\
         <caption>Steps, in their order</caption><thead><tr><th scope=\"col\">step</th>{heads}</tr></thead>\
         <tbody>{rows}</tbody></table></div>"
    )
}

fn documents(tally: &Tally) -> String {
    let rows = tally.rows;
    let mut lines = vec![step("rows read", rows, rows, &count(rows), "")];
    let mut put = |name: &str, found: u64, class: &str| {
        lines.push(step(name, found, rows, &count(found), class));
    };
    put("failed", tally.failed, "bad");
    reasons(&tally.failed_by_reason, &mut put);
    if tally.dropped > 0 {
        put("dropped by rules", tally.dropped, "gone");
        reasons(&tally.dropped_by_reason, &mut put);
    }
    put("kept as they are", tally.kept, "");
    reasons(&tally.withheld_by_reason, &mut put);
    reasons(&tally.unrefined_by_reason, &mut put);
    put("edited", tally.edited, "gone");
    put("emptied", tally.emptied, "gone");
    funnel("Documents", &lines.concat())
}

fn reasons(
    by_reason: &std::collections::BTreeMap<String, u64>,
    put: &mut impl FnMut(&str, u64, &str),
) {
    by_reason.iter().for_each(|(reason, found)| put(&format!("– {reason}"), *found, "sub"));
}

fn text(report: &Report) -> String {
    let text = report.text;
    let line = |name, found, class| step(name, found, text.read, &bytes(found), class);
    let lines = [
        line("text read", text.read, ""),
        line("deleted with emptied documents", text.in_emptied, "gone"),
        line("deleted as whole lines", text.in_whole_lines, "gone"),
        line("deleted inside of lines", text.inside_lines, "gone"),
        line("left", text.left, ""),
    ];
    let note = format!(
        "<p class=\"quiet\">{} of {} lines deleted whole ({}); {} deleted spans.</p>",
        count(text.deleted_lines),
        count(text.lines),
        part(text.deleted_lines, text.lines),
        count(text.spans)
    );
    let table = funnel("Text", &lines.concat());
    format!("<div>{table}{note}{}</div>", text_of_dropped(&report.tally))
}

/// Documents that were dropped are in no figure of the text.
fn text_of_dropped(tally: &Tally) -> String {
    match tally.dropped {
        0 => String::new(),
        dropped => format!(
            "<p class=\"quiet\">Without the text of the {} that rules dropped ({}).</p>",
            many(dropped, "document"),
            bytes(tally.dropped_bytes)
        ),
    }
}

fn step(name: &str, found: u64, of: u64, figure: &str, class: &str) -> String {
    let wide = 100.0 * share(found, of);
    // Names of rules are long, and break where their words end.
    let name = escaped(name).replace('/', "/<wbr>").replace('_', "_<wbr>");
    format!(
        "<tr class=\"{class}\"><th scope=\"row\">{name}</th><td class=\"n\">{figure}</td>\
         <td class=\"n\">{}</td><td class=\"wide\"><span class=\"meter\" aria-hidden=\"true\">\
         <i style=\"width:{wide:.2}%\"></i></span></td></tr>",
        part(found, of)
    )
}

fn funnel(title: &str, lines: &str) -> String {
    format!("<table class=\"funnel\"><caption>{title}</caption><tbody>{lines}</tbody></table>")
}

/// What was deleted most often.
pub(super) fn patterns(patterns: &Patterns) -> String {
    let listed: u64 = patterns.top.iter().map(|pattern| pattern.deleted).sum();
    let rows: String = patterns.top.iter().map(pattern).collect();
    let lead = format!(
        "<p>The {} most frequent patterns are {} of all {} deleted lines. Numbers, dates, hosts and case \
         are folded. “Kept” counts whole lines of the same pattern that stayed.{}</p>",
        count(patterns.top.len() as u64),
        part(listed, patterns.deleted),
        count(patterns.deleted),
        missed(patterns)
    );
    let head =
        [("deleted", "deleted"), ("kept", "kept"), ("share", "kept share"), ("score", "score")];
    let head = head.map(|(name, title)| {
        format!(
            "<th scope=\"col\" class=\"n\"><button type=\"button\" class=\"sort\" data-by=\"{name}\">\
             {title}</button></th>"
        )
    });
    format!(
        "<section class=\"s-patterns\"><h2>What was deleted</h2>{lead}\
         <label class=\"find\">Find a pattern <input type=\"search\" class=\"find-pattern\"></label>\
         <div class=\"scroll tall\" role=\"region\" tabindex=\"0\" aria-label=\"Patterns\">\
         <table class=\"patterns\"><thead><tr>{}<th scope=\"col\">pattern</th></tr></thead>\
         <tbody>{rows}</tbody></table></div></section>",
        head.concat()
    )
}

fn missed(patterns: &Patterns) -> String {
    let (deleted, kept) = (patterns.deleted_missed_at_most, patterns.kept_missed_at_most);
    if deleted == 0 && kept == 0 {
        return " All counts are exact.".to_owned();
    }
    format!(
        " Memory is bounded: a count of deletions may be up to {} too low, one of kept lines up to {}.",
        count(deleted),
        count(kept)
    )
}

fn pattern(pattern: &Pattern) -> String {
    let Pattern { normal, examples, deleted, kept, kept_share, mean_score, .. } = pattern;
    let score = mean_score.map_or("–".to_owned(), |score| format!("{score:.2}"));
    let examples: String =
        examples.iter().map(|example| format!("<li>{}</li>", escaped(example))).collect();
    format!(
        "<tr data-deleted=\"{deleted}\" data-kept=\"{kept}\" data-share=\"{kept_share:.4}\" \
         data-score=\"{}\"><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td>\
         <td class=\"n\">{score}</td><td class=\"said\"><details><summary>{}</summary>\
         <ul>{examples}</ul></details></td></tr>",
        mean_score.unwrap_or(-1.0),
        count(*deleted),
        count(*kept),
        bar(*kept_share),
        escaped(normal)
    )
}

/// What was counted, what was sampled, and how.
pub(super) fn method(report: &Report) -> String {
    let sampling = &report.sampling;
    let left_out = match sampling.left_out {
        0 => String::new(),
        n => format!(" {} more were drawn and left out to keep the page small.", count(n)),
    };
    let dropped = match (sampling.dropped, report.tally.dropped) {
        (_, 0) => "",
        (0, _) => " None of those that rules dropped is among them: the run has no text of them.",
        _ => " Beside them are some that rules dropped, numbered by themselves.",
    };
    format!(
        "<details class=\"method\"><summary>How this was counted</summary><p>Figures, histograms, groups, \
         alarms and patterns are over all {} documents. The {} documents below are a sample (seed {}): \
         those with the least hashes of each outcome, and of each alarm; a text is shown up to {}.{dropped}{} \
         Lengths and spans are in bytes of UTF-8. The same run gives the same report, whatever the number \
         of threads.</p></details>",
        count(sampling.documents),
        count(sampling.shown),
        sampling.seed,
        bytes(sampling.most_text_bytes),
        left_out
    )
}

/// Two runs beside each other.
pub(super) fn comparison(found: &Comparison) -> String {
    let (first, second) = (escaped(&found.first), escaped(&found.second));
    let sides = found.bytes;
    let all = sides.both + sides.first + sides.second + sides.neither;
    let line =
        |name: &str, bytes_of: u64, class: &str| step(name, bytes_of, all, &bytes(bytes_of), class);
    let lines = [
        line("both delete", sides.both, ""),
        line(&format!("only {} deletes", found.first), sides.first, "first"),
        line(&format!("only {} deletes", found.second), sides.second, "second"),
        line("neither deletes", sides.neither, ""),
    ];
    let apart = found.documents - found.alike;
    let tiles = [
        tile(&count(found.documents), "documents", "in both runs"),
        tile(&part(apart, found.documents), "treated differently", &count(apart)),
        tile(&part(sides.first, all), "of the text only the first deletes", &bytes(sides.first)),
        tile(&part(sides.second, all), "only the second", &bytes(sides.second)),
        tile(&count(found.emptied_by_first), "emptied only by the first", "documents"),
        tile(&count(found.emptied_by_second), "only by the second", "documents"),
    ];
    format!(
        "<dl class=\"facts\"><div><dt>first</dt><dd>{first}</dd></div><div><dt>second</dt>\
         <dd>{second}</dd></div></dl><div class=\"tiles\">{}</div><section class=\"s-sides\">\
         <h2>Who deletes what</h2>{}<p class=\"quiet\">Of the documents that differ, {} are shown below: a uniform sample.</p><div class=\"pair\">{}{}</div></section>",
        tiles.concat(),
        funnel("Text", &lines.concat()),
        count(found.differing.len() as u64),
        side("Only the first deletes", &found.only_first),
        side("Only the second deletes", &found.only_second)
    )
}

fn side(title: &str, patterns: &[SidePattern]) -> String {
    if patterns.is_empty() {
        return format!(
            "<div><table><caption>{title}</caption></table><p class=\"quiet\">Nothing.</p></div>"
        );
    }
    let rows: String = patterns
        .iter()
        .map(|pattern| {
            let (found, normal) = (count(pattern.count), escaped(&pattern.normal));
            format!("<tr><td class=\"n\">{found}</td><td class=\"said\">{normal}</td></tr>")
        })
        .collect();
    format!(
        "<div class=\"scroll tall\" role=\"region\" tabindex=\"0\" aria-label=\"{title}\"><table>\
         <caption>{title}</caption><thead><tr><th scope=\"col\" class=\"n\">times</th>\
         <th scope=\"col\">pattern</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
}
