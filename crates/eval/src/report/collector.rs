//! From documents, one after the other, to a report: in memory that does not grow with the corpus.

use crate::report::bounded::BoundedCounts;
use crate::report::digest::{Digest, Gone};
use crate::report::figures::bytes_in_script;
use crate::report::finding::{Finding, FindingKind};
use crate::report::group::{Grouping, Share};
use crate::report::histogram::Histogram;
use crate::report::observation::Observation;
use crate::report::pattern::{Folder, clipped};
use crate::report::record::{
    Alarm, Pattern, Patterns, Report, RunFacts, SampledDocument, Sampling, TextFunnel,
};
use crate::report::sample::{Reservoir, sample_key};
use crate::report::spread::Spread;
use refinex_core::{Outcome, Tally};
use std::collections::BTreeMap;

/// Most patterns of deleted lines that are counted at once (some 40 MB).
const MOST_PATTERNS: usize = 200_000;
/// Most patterns of kept lines that are counted at once (some 50 MB).
const MOST_KEPT: usize = 1_000_000;
/// Most bytes of an example of a pattern.
const EXAMPLE_BYTES: usize = 240;
/// Most bytes of an id or an address that is shown.
const NAME_BYTES: usize = 600;
/// Examples of a pattern.
const EXAMPLES: usize = 3;
/// What stands for the part in the sample keys of dropped documents, which are numbered by themselves.
const DROPPED: u64 = u64::MAX;

/// What a report holds, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSettings {
    /// Seed of the samples.
    pub seed: u64,
    /// Documents that are shown, beside those of alarms; a quarter as many of those that rules dropped
    /// come to them.
    pub documents: usize,
    /// Documents that are shown of each alarm.
    pub of_alarm: usize,
    /// Patterns that are listed.
    pub patterns: usize,
    /// Groups of a column that are listed.
    pub groups: usize,
    /// Most bytes of a text that is shown.
    pub text_bytes: usize,
    /// Most bytes that all documents that are shown take in a page.
    pub page_bytes: usize,
}

impl Default for ReportSettings {
    /// Guesses: what fits into a page of less than 5 MB that a person can go through.
    fn default() -> Self {
        Self {
            seed: 0,
            documents: 200,
            of_alarm: 12,
            patterns: 200,
            groups: 40,
            text_bytes: 16 << 10,
            page_bytes: 3 << 20,
        }
    }
}

/// Collects what a report says.
pub struct Collector {
    settings: ReportSettings,
    columns: Vec<String>,
    documents: u64,
    text: TextFunnel,
    lengths: (Spread, Spread),
    shares: Histogram,
    before: Histogram,
    after: Histogram,
    span_scores: Histogram,
    line_scores: Histogram,
    places: Histogram,
    gone: BoundedCounts<GonePattern>,
    gone_all: u64,
    kept: BoundedCounts<()>,
    groupings: Vec<Grouping>,
    touched: u64,
    alarms: BTreeMap<FindingKind, AlarmTally>,
    /// By outcome: edited, emptied, kept, dropped.
    samples: [Reservoir<SampledDocument>; 4],
    dropped: u64,
}

struct AlarmTally {
    documents: u64,
    places: u64,
    sample: Reservoir<SampledDocument>,
}

/// What is known of a pattern beside its count.
struct GonePattern {
    examples: Vec<String>,
    bytes: u64,
    scores: f64,
    scored: u64,
}

impl Collector {
    /// A collector of nothing yet; `columns` are those by which documents are grouped.
    #[must_use]
    pub fn new(settings: ReportSettings, columns: &[String]) -> Self {
        let (n, alarm) = (settings.documents, settings.of_alarm);
        let tally =
            |kind| (kind, AlarmTally { documents: 0, places: 0, sample: Reservoir::new(alarm) });
        Self {
            columns: columns.to_vec(),
            documents: 0,
            text: TextFunnel::default(),
            lengths: Default::default(),
            shares: Histogram::of_shares("deleted_share", "Share deleted, by document", 20, true),
            before: Histogram::of_lengths("length_before", "Length before, bytes"),
            after: Histogram::of_lengths("length_after", "Length after, bytes"),
            span_scores: Histogram::of_shares("span_scores", "Scores of deletions", 20, false),
            line_scores: Histogram::of_shares("line_scores", "Scores of all lines", 20, false),
            places: Histogram::of_shares(
                "places",
                "Where deletions begin in their document",
                20,
                false,
            ),
            gone: BoundedCounts::new(MOST_PATTERNS),
            gone_all: 0,
            kept: BoundedCounts::new(MOST_KEPT),
            groupings: columns.iter().map(|column| Grouping::new(column)).collect(),
            touched: 0,
            alarms: FindingKind::ALL.into_iter().map(tally).collect(),
            samples: [n / 2, n / 4, n - n / 2 - n / 4, n / 4].map(Reservoir::new),
            dropped: 0,
            settings,
        }
    }

    /// The seed, which a [`Digest`] needs too.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.settings.seed
    }

    /// Takes in a document and its digest.
    pub fn take(&mut self, seen: &Observation<'_>, digest: &Digest) {
        self.documents += 1;
        self.touched += u64::from(!seen.deletions.is_empty());
        self.lengths.0.take(digest.lengths.0);
        self.lengths.1.take(digest.lengths.1);
        self.take_text(seen, digest);
        self.take_histograms(seen);
        self.take_groups(seen);
        for gone in &digest.gone {
            self.take_gone(seen, gone);
        }
        for &key in &digest.kept {
            self.kept.add(key, || ());
        }
        self.take_samples(seen, digest);
    }

    /// Takes in a document that rules dropped: it is shown, and it is in no figure of the text.
    pub fn take_dropped(&mut self, seen: &Observation<'_>) {
        self.dropped += 1;
        let key = sample_key(seen.shard, seen.row, DROPPED, self.settings.seed);
        let make = || shown(seen, &[], &self.columns, self.settings.text_bytes);
        self.samples[sample_of(seen.outcome)].offer(key, make);
    }

    fn take_text(&mut self, seen: &Observation<'_>, digest: &Digest) {
        let deleted = seen.deleted_bytes() as u64;
        let text = &mut self.text;
        text.read += seen.text.len() as u64;
        text.left += seen.text.len() as u64 - deleted;
        text.lines += digest.lines;
        text.deleted_lines += digest.deleted_lines;
        text.spans += seen.deletions.len() as u64;
        if seen.outcome == Outcome::Emptied {
            text.in_emptied += deleted;
        } else {
            text.in_whole_lines += digest.whole_line_bytes;
            text.inside_lines += deleted - digest.whole_line_bytes;
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "places in a text, for a histogram")]
    fn take_histograms(&mut self, seen: &Observation<'_>) {
        self.shares.count_share(seen.deleted_share());
        self.before.count_length(seen.text.len());
        self.after.count_length(seen.text.len() - seen.deleted_bytes());
        for deletion in seen.deletions {
            self.places.count_share(deletion.span.start() as f64 / seen.text.len() as f64);
            if let Some(score) = deletion.score {
                self.span_scores.count_share(f64::from(score));
            }
        }
        for &score in seen.line_scores.unwrap_or_default() {
            self.line_scores.count_share(f64::from(score) / 1000.0);
        }
    }

    fn take_groups(&mut self, seen: &Observation<'_>) {
        let share = Share {
            text_bytes: seen.text.len() as u64,
            deleted_bytes: seen.deleted_bytes() as u64,
            share: seen.deleted_share(),
            emptied: seen.outcome == Outcome::Emptied,
        };
        for (grouping, value) in self.groupings.iter_mut().zip(seen.columns) {
            grouping.take(value.as_deref(), &share);
        }
    }

    fn take_gone(&mut self, seen: &Observation<'_>, gone: &Gone) {
        let text = clipped(gone.span.of(seen.text), EXAMPLE_BYTES);
        let new = || GonePattern { examples: Vec::new(), bytes: 0, scores: 0.0, scored: 0 };
        let pattern = self.gone.add(gone.key, new);
        self.gone_all += 1;
        pattern.bytes += gone.span.len() as u64;
        if let Some(score) = gone.score {
            pattern.scores += f64::from(score);
            pattern.scored += 1;
        }
        if pattern.examples.len() < EXAMPLES && pattern.examples.iter().all(|e| e != text) {
            pattern.examples.push(text.to_owned());
        }
    }

    fn take_samples(&mut self, seen: &Observation<'_>, digest: &Digest) {
        let make = || shown(seen, &digest.findings, &self.columns, self.settings.text_bytes);
        self.samples[sample_of(seen.outcome)].offer(digest.key, make);
        for (kind, alarm) in &mut self.alarms {
            let places = digest.findings.iter().filter(|finding| finding.kind == *kind).count();
            if places > 0 {
                alarm.documents += 1;
                alarm.places += places as u64;
                alarm.sample.offer(digest.key, make);
            }
        }
    }

    /// The report of what was taken in.
    #[must_use]
    pub fn finish(self, run: RunFacts, tally: Tally) -> Report {
        let patterns = patterns(&self.gone, &self.kept, self.gone_all, self.settings.patterns);
        let Self { settings, documents, text, touched, groupings, alarms, samples, .. } = self;
        let mut drawn = Vec::new();
        let mut told = Vec::new();
        for kind in FindingKind::ALL {
            let Some((_, alarm)) = alarms.iter().find(|(of, _)| **of == kind) else { continue };
            let (title, rule) = (kind.title(), kind.rule());
            let (documents, places) = (alarm.documents, alarm.places);
            told.push(Alarm { kind, title, rule, documents, of: touched, places });
        }
        for (_, alarm) in alarms {
            drawn.extend(alarm.sample.into_drawn());
        }
        drawn.extend(samples.into_iter().flat_map(Reservoir::into_drawn));
        let (shown, left_out) = within(drawn, settings.page_bytes);
        let sampling = Sampling {
            seed: settings.seed,
            documents,
            dropped: self.dropped,
            shown: shown.len() as u64,
            left_out,
            most_text_bytes: settings.text_bytes as u64,
        };
        let histograms = vec![
            self.shares,
            self.span_scores,
            self.line_scores,
            self.places,
            self.before,
            self.after,
        ];
        Report {
            run,
            tally,
            text,
            lengths_before: self.lengths.0,
            lengths_after: self.lengths.1,
            alarms: told,
            histograms: histograms.into_iter().filter(|h| h.total() > 0).collect(),
            patterns,
            groups: groupings.into_iter().filter_map(|g| g.finish(settings.groups)).collect(),
            documents: shown,
            sampling,
        }
    }
}

/// Which of the samples documents of an outcome are drawn into.
const fn sample_of(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Edited => 0,
        Outcome::Emptied => 1,
        Outcome::Kept => 2,
        Outcome::Dropped => 3,
    }
}

fn patterns(
    gone: &BoundedCounts<GonePattern>,
    kept: &BoundedCounts<()>,
    deleted: u64,
    most: usize,
) -> Patterns {
    let mut held: Vec<_> = gone.iter().collect();
    held.sort_by(|(a_key, a), (b_key, b)| b.count.cmp(&a.count).then(a_key.cmp(b_key)));
    let mut folder = Folder::default();
    let top = held.iter().take(most).map(|(key, counted)| {
        let of = &counted.value;
        pattern(&mut folder, of, counted.count, kept.count(*key))
    });
    Patterns {
        top: top.collect(),
        deleted,
        held: gone.len() as u64,
        deleted_missed_at_most: gone.floor(),
        kept_missed_at_most: kept.floor(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "shares and means for people")]
fn pattern(folder: &mut Folder, of: &GonePattern, deleted: u64, kept: u64) -> Pattern {
    let example = of.examples.first().map(String::as_str).unwrap_or_default();
    Pattern {
        normal: folder.fold(example).to_owned(),
        examples: of.examples.clone(),
        deleted,
        kept,
        kept_share: kept as f64 / (deleted + kept).max(1) as f64,
        bytes: of.bytes,
        mean_score: (of.scored > 0).then(|| of.scores / of.scored as f64),
    }
}

/// A document as it is shown.
fn shown(
    seen: &Observation<'_>,
    findings: &[Finding],
    columns: &[String],
    text_bytes: usize,
) -> SampledDocument {
    let text = clipped(seen.text, text_bytes);
    let end = text.len();
    let columns = columns.iter().zip(seen.columns);
    let columns = columns.filter_map(|(name, value)| {
        Some((name.clone(), clipped(value.as_deref()?, NAME_BYTES).to_owned()))
    });
    let deletions = seen.deletions.iter().filter(|d| d.span.start() < end);
    let findings = findings.iter().filter(|f| f.span.start() < end);
    SampledDocument {
        shard: seen.shard.to_owned(),
        row: seen.row,
        id: clipped(seen.id, NAME_BYTES).to_owned(),
        outcome: seen.outcome,
        reason: seen.reason.map(str::to_owned),
        url: seen.url.map(|url| clipped(url, NAME_BYTES).to_owned()),
        columns: columns.collect(),
        text: text.to_owned(),
        text_bytes: seen.text.len() as u64,
        deleted_bytes: seen.deleted_bytes() as u64,
        deletions: deletions.map(|d| (d.span.start(), d.span.end().min(end), d.score)).collect(),
        line_scores: seen
            .line_scores
            .unwrap_or_default()
            .iter()
            .take(lines_of(text))
            .copied()
            .collect(),
        findings: findings.map(|f| (f.kind, f.span.start(), f.span.end().min(end))).collect(),
    }
}

fn lines_of(text: &str) -> usize {
    refinex_core::Lines::of(text).len()
}

/// Each document once, those of alarms first, as many as the budget of bytes allows; and how many are
/// left out.
fn within(drawn: Vec<(u64, SampledDocument)>, most_bytes: usize) -> (Vec<SampledDocument>, u64) {
    let mut keys = std::collections::HashSet::new();
    let (mut shown, mut bytes, mut left_out) = (Vec::new(), 0, 0);
    for (key, document) in drawn {
        if !keys.insert(key) {
            continue;
        }
        let more = bytes_in_page(&document);
        if bytes + more > most_bytes {
            left_out += 1;
        } else {
            bytes += more;
            shown.push(document);
        }
    }
    (shown, left_out)
}

/// What a document takes in a page, generously: its text, 5 bytes a score of a line, 16 a deletion, and 400
/// for the rest.
fn bytes_in_page(document: &SampledDocument) -> usize {
    let SampledDocument { text, line_scores, deletions, id, url, .. } = document;
    let names = bytes_in_script(id) + url.as_deref().map_or(0, bytes_in_script);
    let columns: usize = document.columns.iter().map(|(_, value)| bytes_in_script(value)).sum();
    bytes_in_script(text) + columns + 5 * line_scores.len() + 16 * deletions.len() + names + 400
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::digest::tests::{deletions, observed};

    fn collected(texts: &[(&str, &[(usize, usize)])], settings: ReportSettings) -> Report {
        let mut collector = Collector::new(settings, &["source".to_owned()]);
        for (row, (text, spans)) in (1..).zip(texts) {
            let gone = deletions(spans);
            let source = [Some(format!("s{}", row % 2))];
            let seen = Observation { row, columns: &source, ..observed(text, &gone) };
            let digest = Digest::of(&seen, collector.seed());
            collector.take(&seen, &digest);
        }
        collector.finish(RunFacts::default(), Tally::default())
    }

    #[test]
    fn bytes_and_patterns_add_up() {
        let texts: [(&str, &[(usize, usize)]); 4] = [
            ("Share 12\nstory\n", &[(0, 9)]),
            ("share 3\n", &[(0, 8)]),
            ("SHARE 7\nb", &[]),
            ("a long story here", &[(2, 7)]),
        ];
        let report = collected(&texts, ReportSettings::default());
        let TextFunnel { read, in_emptied, in_whole_lines, inside_lines, left, .. } = report.text;
        assert_eq!((in_emptied, in_whole_lines, inside_lines), (8, 9, 5));
        assert_eq!(read, in_emptied + in_whole_lines + inside_lines + left);
        let first = &report.patterns.top[0];
        assert_eq!((first.normal.as_str(), first.deleted, first.kept), ("share 0", 2, 1));
        assert_eq!(first.examples, ["Share 12", "share 3"]);
        assert_eq!((report.patterns.deleted, report.groups[0].distinct), (3, 2));
        assert_eq!((report.documents.len(), report.sampling.documents), (4, 4));
    }

    #[test]
    fn a_budget_leaves_documents_out_and_says_so() {
        let text = "word ".repeat(100);
        let texts = vec![(text.as_str(), &[(0, 5)][..]); 50];
        let settings = ReportSettings {
            text_bytes: 99,
            page_bytes: 10 * (99 + 16 + 1 + 2 + 400),
            ..ReportSettings::default()
        };
        let report = collected(&texts, settings);
        let Sampling { shown, left_out, .. } = report.sampling;
        assert_eq!((shown, left_out), (10, 40));
        assert!(report.documents.iter().all(|d| d.text.len() == 99 && d.text_bytes == 500));
    }
}
