//! What follows from a report and is said in more than one of its forms.

use crate::report::group::Group;
use crate::report::record::{Pattern, Report};

/// Fewest deletions of a pattern about which it is asked whether it is decided (guess).
const TIMES: u64 = 5;

/// Groups that are far off the rest: column, group, statistic; those that lose most beyond
/// the rest first, those that lose least last.
pub(crate) fn far_groups(report: &Report) -> Vec<(&str, &Group, f64)> {
    let tables = report.groups.iter();
    let all =
        tables.flat_map(|table| table.groups.iter().map(|group| (table.column.as_str(), group)));
    let mut far: Vec<_> = all
        .filter_map(|(column, group)| group.alarm.map(|alarm| (column, group, alarm.z)))
        .collect();
    far.sort_by(|a, b| b.2.total_cmp(&a.2));
    far
}

/// Patterns that are deleted here and kept there, those with most deletions first.
pub(crate) fn undecided(report: &Report) -> Vec<&Pattern> {
    let top = report.patterns.top.iter();
    let open = top.filter(|pattern| pattern.deleted >= TIMES);
    open.filter(|pattern| (0.3..=0.9).contains(&pattern.kept_share)).collect()
}
