//! Documents by column, as tables.

use crate::report::figures::{bytes, count, escaped, percent};
use crate::report::group::{Group, GroupTable};

/// The tables of all columns.
pub(super) fn groups(tables: &[GroupTable]) -> String {
    if tables.is_empty() {
        return "<section class=\"s-groups\"><h2>By source, language and \
                host</h2><p class=\"quiet\">The rows have no column source, lang, language or url, nor \
                one of these below metadata. <code>--by COLUMN</code> names others.</p></section>"
            .to_owned();
    }
    let names: Vec<&str> = tables.iter().map(|table| table.column.as_str()).collect();
    let title = escaped(&names.join(", "));
    let tables: String = tables.iter().map(table).collect();
    format!(
        "<section class=\"s-groups\"><h2>By {title}</h2>\
         <div class=\"groups\">{tables}</div></section>"
    )
}

fn table(table: &GroupTable) -> String {
    let column = escaped(&table.column);
    let rows: String = table.groups.iter().map(row).collect();
    let shown = table.groups.len() as u64;
    let mut note = format!("{} of {} shown", count(shown), count(table.distinct));
    if table.missed_at_most > 0 {
        note += &format!(", counts up to {} too low", count(table.missed_at_most));
    }
    if table.without > 0 {
        note += &format!(", {} documents without", count(table.without));
    }
    format!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Documents by {column}\">\
         <table><caption>{column} <span class=\"quiet\">{note}</span></caption><thead><tr>\
         <th scope=\"col\">{column}</th><th scope=\"col\" class=\"n\">documents</th>\
         <th scope=\"col\" class=\"n\">text</th><th scope=\"col\" class=\"n\">emptied</th>\
         <th scope=\"col\" class=\"n\">mean deleted</th><th scope=\"col\">text deleted</th></tr></thead>\
         <tbody>{rows}</tbody></table></div>"
    )
}

fn row(group: &Group) -> String {
    let (name, share) = (escaped(&group.name), group.deleted_share());
    let flag = group.alarm.map_or(String::new(), |alarm| {
        let way = if alarm.z > 0.0 { "more" } else { "less" };
        let (rest, z) = (percent(alarm.rest_share), alarm.z);
        format!(
            " <span class=\"flag {way}\" title=\"the rest: {rest}; z = {z:.1}\">far {way}</span>"
        )
    });
    format!(
        "<tr><th scope=\"row\">{name}{flag}</th><td class=\"n\">{}</td><td class=\"n\">{}</td>\
         <td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
        count(group.documents),
        bytes(group.text_bytes),
        count(group.emptied),
        percent(group.mean_share),
        bar(share)
    )
}

/// A share as a bar beside its figure.
pub(super) fn bar(share: f64) -> String {
    let wide = 100.0 * share.clamp(0.0, 1.0);
    format!(
        "<span class=\"meter\" aria-hidden=\"true\"><i style=\"width:{wide:.1}%\"></i></span>\
         <span class=\"n\">{}</span>",
        percent(share)
    )
}
