//! Documents by a column, and the groups that lose far more or less than the others.

use crate::report::bounded::{BoundedCounts, hash};
use crate::report::pattern::clipped;
use serde::Serialize;

/// Most groups of one column that are counted at once. Beyond it the rarest are forgotten.
const MOST_GROUPS: usize = 100_000;
/// Most bytes of a name.
const NAME_BYTES: usize = 120;
/// Fewest documents of a group that is tested (guess: below it the normal law is a poor guess).
const TESTED_DOCUMENTS: u64 = 20;
/// How far the mean share of a group must be off the rest to be told, in shares (guess: less may be sure
/// but does not matter).
const FAR: f64 = 0.10;
/// How often a column would raise an alarm by chance.
const CHANCE: f64 = 0.01;

/// The rule by which a group is said to lose more or less than the rest, for people.
pub const GROUP_RULE: &str = "the mean deleted share of its documents differs by 0.10 or more from that of all other documents \
     of the column, and Welch's test of the two means gives p × (groups tested) < 0.01; groups of 20 \
     documents or more, and at most half of all, are tested";

/// Documents by the values of one column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupTable {
    /// The column.
    pub column: String,
    /// The groups with most documents, and those with an alarm.
    pub groups: Vec<Group>,
    /// How many groups there are; at least so many, if groups were forgotten.
    pub distinct: u64,
    /// How many were tested.
    pub tested: u64,
    /// By how many documents a group may be counted too low.
    pub missed_at_most: u64,
    /// Documents whose row does not have the column.
    pub without: u64,
}

/// Documents of one value of a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The value.
    pub name: String,
    /// Documents.
    pub documents: u64,
    /// Documents of which nothing was left.
    pub emptied: u64,
    /// Bytes of text.
    pub text_bytes: u64,
    /// Deleted bytes.
    pub deleted_bytes: u64,
    /// Mean of the deleted shares of its documents.
    pub mean_share: f64,
    /// How far off the rest it is, if it is.
    pub alarm: Option<GroupAlarm>,
}

/// A group that is far off the rest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GroupAlarm {
    /// Mean share of all other documents of the column.
    pub rest_share: f64,
    /// Welch's statistic; above 0 where the group loses more.
    pub z: f64,
    /// p times the groups tested.
    pub p: f64,
}

impl Group {
    /// Share of its text that was deleted.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    pub fn deleted_share(&self) -> f64 {
        self.deleted_bytes as f64 / self.text_bytes.max(1) as f64
    }
}

/// Sums of shares.
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, share: f64) {
        self.count += 1.0;
        self.sum += share;
        self.squares += share * share;
    }

    fn without(self, part: Self) -> Self {
        Self {
            count: self.count - part.count,
            sum: self.sum - part.sum,
            squares: self.squares - part.squares,
        }
    }

    fn mean(self) -> f64 {
        self.sum / self.count.max(1.0)
    }

    /// Variance of the mean.
    fn error(self) -> f64 {
        let mean = self.mean();
        let spread = (self.squares / self.count.max(1.0) - mean * mean).max(0.0);
        spread / (self.count - 1.0).max(1.0)
    }
}

/// Sums of one group.
struct Sums {
    name: String,
    emptied: u64,
    text_bytes: u64,
    deleted_bytes: u64,
    moments: Moments,
}

/// Counts the groups of one column.
pub(crate) struct Grouping {
    column: String,
    groups: BoundedCounts<Sums>,
    all: Moments,
    without: u64,
}

/// What counts of a document in its group.
pub(crate) struct Share {
    pub text_bytes: u64,
    pub deleted_bytes: u64,
    pub share: f64,
    pub emptied: bool,
}

impl Grouping {
    pub(crate) fn new(column: &str) -> Self {
        let (column, groups) = (column.to_owned(), BoundedCounts::new(MOST_GROUPS));
        Self { column, groups, all: Moments::default(), without: 0 }
    }

    pub(crate) fn take(&mut self, value: Option<&str>, share: &Share) {
        let Some(name) = value.filter(|value| !value.is_empty()) else {
            self.without += 1;
            return;
        };
        let sums = self.groups.add(hash(name.as_bytes()), || Sums {
            name: clipped(name, NAME_BYTES).to_owned(),
            emptied: 0,
            text_bytes: 0,
            deleted_bytes: 0,
            moments: Moments::default(),
        });
        sums.emptied += u64::from(share.emptied);
        sums.text_bytes += share.text_bytes;
        sums.deleted_bytes += share.deleted_bytes;
        sums.moments.add(share.share);
        self.all.add(share.share);
    }

    /// The table of the largest groups and of those with an alarm; `None` if no row has the column.
    #[expect(clippy::cast_precision_loss, reason = "a few groups")]
    pub(crate) fn finish(self, most: usize) -> Option<GroupTable> {
        if self.groups.len() == 0 {
            return None;
        }
        let all = self.all.count;
        let is_tested = |count: u64| count >= TESTED_DOCUMENTS && 2.0 * (count as f64) <= all;
        let tested = self.groups.iter().filter(|(_, held)| is_tested(held.count)).count();
        let held = self.groups.iter().map(|(_, held)| {
            let rest = self.all.without(held.value.moments);
            let alarm = is_tested(held.count)
                .then(|| alarm(held.value.moments, rest, tested as f64))
                .flatten();
            held.value.group(held.count, alarm)
        });
        let mut groups: Vec<Group> = held.collect();
        groups.sort_by(|a, b| b.documents.cmp(&a.documents).then_with(|| a.name.cmp(&b.name)));
        let distinct = groups.len() as u64;
        let mut place = 0;
        groups.retain(|group| {
            place += 1;
            place <= most || group.alarm.is_some()
        });
        groups.truncate(2 * most);
        let (missed_at_most, without) = (self.groups.floor(), self.without);
        let (column, tested) = (self.column, tested as u64);
        Some(GroupTable { column, groups, distinct, tested, missed_at_most, without })
    }
}

impl Sums {
    fn group(&self, documents: u64, alarm: Option<GroupAlarm>) -> Group {
        let Self { name, emptied, text_bytes, deleted_bytes, moments } = self;
        Group {
            name: name.clone(),
            documents,
            emptied: *emptied,
            text_bytes: *text_bytes,
            deleted_bytes: *deleted_bytes,
            mean_share: moments.mean(),
            alarm,
        }
    }
}

/// Welch's test of a group against the rest, by the rule that [`GROUP_RULE`] states.
fn alarm(group: Moments, rest: Moments, tested: f64) -> Option<GroupAlarm> {
    let difference = group.mean() - rest.mean();
    if rest.count < 2.0 || difference.abs() < FAR {
        return None;
    }
    let error = (group.error() + rest.error()).sqrt();
    // Means without any spread that differ are as far apart as can be.
    let z = if error > 0.0 { difference / error } else { difference.signum() * 99.0 };
    let p = (two_sided(z) * tested).min(1.0);
    (p < CHANCE).then(|| GroupAlarm { rest_share: rest.mean(), z, p })
}

/// The chance that a normal value is as far off as `z` on either side (Numerical Recipes' `erfcc`,
/// within 1.2e-7 of the true value, relatively).
fn two_sided(z: f64) -> f64 {
    const TERMS: [f64; 10] = [
        0.170_872_77,
        -0.822_152_23,
        1.488_515_87,
        -1.135_203_98,
        0.278_868_07,
        -0.186_288_06,
        0.096_784_18,
        0.374_091_96,
        1.000_023_68,
        -1.265_512_23,
    ];
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * x);
    let series = TERMS.iter().fold(0.0, |sum, term| sum * t + term);
    t * (-x * x + series).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_those_of_the_tables() {
        for (z, p) in [(0.0, 1.0), (1.959_964, 0.05), (-2.575_829, 0.01), (6.0, 1.973e-9)] {
            assert!((two_sided(z) / p - 1.0).abs() < 1e-3, "{z}: {}", two_sided(z));
        }
    }

    fn table(rows: impl Iterator<Item = (&'static str, f64)>) -> GroupTable {
        let mut grouping = Grouping::new("host");
        for (name, share) in rows {
            let of = Share { text_bytes: 100, deleted_bytes: 7, share, emptied: share >= 1.0 };
            grouping.take(Some(name), &of);
        }
        grouping.take(None, &Share { text_bytes: 1, deleted_bytes: 0, share: 0.0, emptied: false });
        grouping.finish(10).unwrap()
    }

    #[test]
    fn a_group_that_loses_far_more_is_found_and_a_small_or_like_one_is_not() {
        let spread = |n: u32| f64::from(n % 5) * 0.1;
        let usual = (0..200).map(|n| ("usual", spread(n)));
        let like = (0..40).map(|n| ("like", spread(n + 1)));
        let more = (0..40).map(|n| ("more", spread(n) + 0.4));
        let small = (0..5).map(|_| ("small", 1.0));
        let found = table(usual.chain(like).chain(more).chain(small));
        let alarms: Vec<&str> =
            found.groups.iter().filter(|g| g.alarm.is_some()).map(|g| g.name.as_str()).collect();
        assert_eq!(alarms, ["more"]);
        assert_eq!((found.distinct, found.tested, found.without), (4, 2, 1));
        assert_eq!(found.groups[0].name, "usual");
        assert_eq!(found.groups.iter().find(|g| g.name == "small").unwrap().emptied, 5);
    }

    #[test]
    fn a_column_that_no_row_has_is_no_table() {
        let mut grouping = Grouping::new("lang");
        grouping
            .take(Some(""), &Share { text_bytes: 1, deleted_bytes: 0, share: 0.0, emptied: false });
        assert_eq!(grouping.finish(5), None);
    }
}
