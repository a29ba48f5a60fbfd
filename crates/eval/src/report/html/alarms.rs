//! Over-deletion alarms, as cards.

use crate::report::figures::{count, escaped, many, part, percent};
use crate::report::group::GROUP_RULE;
use crate::report::record::{Alarm, Report};
use crate::report::summary::{far_groups, undecided};

/// Groups that are named.
const GROUPS: usize = 12;
/// Patterns that are named.
const PATTERNS: usize = 8;

/// A card, and whether nothing was found.
struct Card {
    calm: bool,
    html: String,
}

/// What a person should look at first: what was found before what was not.
pub(super) fn alarms(report: &Report) -> String {
    let mut cards: Vec<Card> = report.alarms.iter().map(alarm).collect();
    cards.push(far(report));
    cards.push(open(report));
    cards.sort_by_key(|card| card.calm);
    let cards: String = cards.into_iter().map(|card| card.html).collect();
    format!(
        "<section class=\"s-alarms\"><h2>Over-deletion alarms</h2>\
         <p class=\"quiet\">Signs, not verdicts: each says where to look first. The signs are simple \
         rules on lines; a menu can look like a heading.</p><div class=\"cards\">{cards}</div></section>"
    )
}

fn alarm(alarm: &Alarm) -> Card {
    let (documents, share) = (many(alarm.documents, "document"), part(alarm.documents, alarm.of));
    let figure = format!("{documents} ({share} of those that lost text)");
    let (name, places) = (alarm.kind.name(), many(alarm.places, "place"));
    let more = format!(
        "<p>{places}. <button type=\"button\" class=\"jump\" data-finding=\"{name}\">Show \
         examples<span class=\"skip\"> of: {}</span></button></p>",
        alarm.title
    );
    let calm = alarm.documents == 0;
    card(calm, &figure, alarm.title, alarm.rule, if calm { "" } else { &more })
}

/// Groups far off the rest.
fn far(report: &Report) -> Card {
    let far = far_groups(report);
    let tested: u64 = report.groups.iter().map(|table| table.tested).sum();
    let named = far.iter().take(GROUPS).map(|(column, group, z)| {
        let way = if *z > 0.0 { "more" } else { "less" };
        let (column, name) = (escaped(column), escaped(&group.name));
        let share = percent(group.mean_share);
        format!("<li>{column} <b>{name}</b>: {share} on average, far {way} than the rest</li>")
    });
    let figure = format!("{} of {} tested", many(far.len() as u64, "group"), count(tested));
    card(far.is_empty(), &figure, "Groups far off the rest", GROUP_RULE, &list(named))
}

/// Patterns that are deleted here and kept there.
fn open(report: &Report) -> Card {
    let open = undecided(report);
    let named = open.iter().take(PATTERNS).map(|pattern| {
        let (normal, deleted, kept) = (escaped(&pattern.normal), pattern.deleted, pattern.kept);
        format!("<li>deleted {}, kept {}: <q>{normal}</q></li>", count(deleted), count(kept))
    });
    card(
        open.is_empty(),
        &many(open.len() as u64, "pattern"),
        "Lines deleted here and kept there",
        "of the patterns that are listed, those with 5 deletions or more that are kept as lines in 30 to \
         90 % of all cases",
        &list(named),
    )
}

fn card(calm: bool, figure: &str, title: &str, rule: &str, more: &str) -> Card {
    let (class, sign) = if calm { ("card calm", "none") } else { ("card", "look") };
    let html = format!(
        "<article class=\"{class}\"><h3><span class=\"sign\">{sign}</span> {title}</h3>\
         <p><b>{figure}</b></p>{more}<p class=\"quiet rule\">Rule: {rule}.</p></article>"
    );
    Card { calm, html }
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: String = items.collect();
    if items.is_empty() { items } else { format!("<ul>{items}</ul>") }
}
