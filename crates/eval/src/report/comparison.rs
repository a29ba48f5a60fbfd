//! Two runs over the same documents: what one deletes and the other keeps.

use crate::report::bounded::BoundedCounts;
use crate::report::figures::bytes_in_script;
use crate::report::observation::{Deletion, Observation};
use crate::report::pattern::{Folder, clipped};
use crate::report::sample::{Reservoir, sample_key};
use refinex_core::Span;
use serde::Serialize;

/// Most patterns that are counted at once, for each side.
const MOST_PATTERNS: usize = 100_000;
/// Patterns that are listed, for each side.
const LISTED: usize = 60;
/// Most bytes of an example.
const EXAMPLE_BYTES: usize = 240;
/// Most bytes of an id that is shown.
const NAME_BYTES: usize = 600;
/// Documents that are shown.
const SHOWN: usize = 60;
/// Most bytes of a text that is shown.
const TEXT_BYTES: usize = 12 << 10;

/// Two runs over the same documents.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Where the first run is.
    pub first: String,
    /// Where the second is.
    pub second: String,
    /// Documents.
    pub documents: u64,
    /// Documents that both treat alike, byte for byte.
    pub alike: u64,
    /// Deleted bytes, by who deletes them.
    pub bytes: SidesOfBytes,
    /// Documents that only the first empties.
    pub emptied_by_first: u64,
    /// Documents that only the second empties.
    pub emptied_by_second: u64,
    /// What only the first deletes, most frequent first.
    pub only_first: Vec<SidePattern>,
    /// What only the second deletes.
    pub only_second: Vec<SidePattern>,
    /// By how much the count of a pattern may be too low.
    pub missed_at_most: u64,
    /// Some documents that they treat differently.
    pub differing: Vec<DifferingDocument>,
}

/// Bytes by who deletes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SidesOfBytes {
    /// Both runs.
    pub both: u64,
    /// The first alone.
    pub first: u64,
    /// The second alone.
    pub second: u64,
    /// None.
    pub neither: u64,
}

/// A pattern that only one of the runs deletes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SidePattern {
    /// The normal form.
    pub normal: String,
    /// A line as it stood.
    pub example: String,
    /// How often.
    pub count: u64,
}

/// A document that two runs treat differently.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DifferingDocument {
    /// Name of its shard.
    pub shard: String,
    /// Its number among the documents of the shard, from 1.
    pub row: u64,
    /// Its id.
    pub id: String,
    /// Its text, or the first of it.
    pub text: String,
    /// Length of its whole text in bytes.
    pub text_bytes: u64,
    /// Deleted spans (bytes) and by whom: 0 both, 1 the first alone, 2 the second alone.
    pub spans: Vec<(usize, usize, u8)>,
}

/// Who deletes a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Both,
    First,
    Second,
}

/// Compares two runs, document by document.
pub struct Comparer {
    seed: u64,
    page_bytes: usize,
    documents: u64,
    alike: u64,
    bytes: SidesOfBytes,
    emptied: [u64; 2],
    patterns: [BoundedCounts<String>; 2],
    sample: Reservoir<DifferingDocument>,
    folder: Folder,
}

impl Comparer {
    /// A comparison of nothing yet; the documents that it shows take at most `page_bytes` in a page.
    #[must_use]
    pub fn new(seed: u64, page_bytes: usize) -> Self {
        Self {
            seed,
            page_bytes,
            documents: 0,
            alike: 0,
            bytes: SidesOfBytes::default(),
            emptied: [0; 2],
            patterns: [MOST_PATTERNS; 2].map(BoundedCounts::new),
            sample: Reservoir::new(SHOWN),
            folder: Folder::default(),
        }
    }

    /// Takes in a document as the first run treats it, and what the second deletes from it.
    pub fn take(&mut self, seen: &Observation<'_>, second: &[Deletion]) {
        self.documents += 1;
        let spans = sides(seen.deletions, second);
        let mut deleted = 0;
        for (span, side) in &spans {
            let bytes = span.len() as u64;
            deleted += bytes;
            match side {
                Side::Both => self.bytes.both += bytes,
                Side::First => self.bytes.first += bytes,
                Side::Second => self.bytes.second += bytes,
            }
        }
        self.bytes.neither += seen.text.len() as u64 - deleted;
        if spans.iter().all(|(_, side)| *side == Side::Both) {
            self.alike += 1;
            return;
        }
        self.take_difference(seen, second, &spans);
    }

    fn take_difference(
        &mut self,
        seen: &Observation<'_>,
        second: &[Deletion],
        spans: &[(Span, Side)],
    ) {
        let by_first = is_empty_without(seen.text, seen.deletions);
        let by_second = is_empty_without(seen.text, second);
        self.emptied[0] += u64::from(by_first && !by_second);
        self.emptied[1] += u64::from(by_second && !by_first);
        for (span, side) in spans {
            let counts = match side {
                Side::Both => continue,
                Side::First => &mut self.patterns[0],
                Side::Second => &mut self.patterns[1],
            };
            let lines = span.of(seen.text).split('\n').map(str::trim);
            for line in lines.filter(|line| !line.is_empty()) {
                counts.add(self.folder.key(line), || clipped(line, EXAMPLE_BYTES).to_owned());
            }
        }
        let key = sample_key(seen.shard, seen.row, 0, self.seed);
        self.sample.offer(key, || differing(seen, spans));
    }

    /// The comparison of the runs at these places.
    #[must_use]
    pub fn finish(self, first: &str, second: &str) -> Comparison {
        let [of_first, of_second] = &self.patterns;
        Comparison {
            first: first.to_owned(),
            second: second.to_owned(),
            documents: self.documents,
            alike: self.alike,
            bytes: self.bytes,
            emptied_by_first: self.emptied[0],
            emptied_by_second: self.emptied[1],
            only_first: listed(of_first),
            only_second: listed(of_second),
            missed_at_most: of_first.floor().max(of_second.floor()),
            differing: within(self.sample, self.page_bytes),
        }
    }
}

/// As many documents as the budget allows.
fn within(sample: Reservoir<DifferingDocument>, most_bytes: usize) -> Vec<DifferingDocument> {
    let mut bytes = 0;
    let drawn = sample.into_drawn().map(|(_, document)| document);
    drawn
        .take_while(|document| {
            let DifferingDocument { text, spans, id, .. } = document;
            bytes += bytes_in_script(text) + bytes_in_script(id) + 12 * spans.len() + 400;
            bytes <= most_bytes
        })
        .collect()
}

fn is_empty_without(text: &str, deletions: &[Deletion]) -> bool {
    let mut next = 0;
    let mut kept = String::new();
    for deletion in deletions {
        kept.push_str(text[next..deletion.span.start()].trim());
        next = deletion.span.end();
    }
    kept.push_str(text[next..].trim());
    !deletions.is_empty() && kept.is_empty()
}

/// Deleted spans, cut where it changes who deletes them; sorted, neighbours of one side joined.
fn sides(first: &[Deletion], second: &[Deletion]) -> Vec<(Span, Side)> {
    let mut edges: Vec<usize> = Vec::new();
    for deletion in first.iter().chain(second) {
        edges.extend([deletion.span.start(), deletion.span.end()]);
    }
    edges.sort_unstable();
    edges.dedup();
    let mut spans: Vec<(Span, Side)> = Vec::new();
    for pair in edges.windows(2) {
        let span = Span::new(pair[0], pair[1]);
        let side = match (holds(first, span), holds(second, span)) {
            (true, true) => Side::Both,
            (true, false) => Side::First,
            (false, true) => Side::Second,
            (false, false) => continue,
        };
        match spans.last_mut() {
            Some((last, of)) if *of == side && last.end() == span.start() => {
                *last = Span::new(last.start(), span.end());
            }
            _ => spans.push((span, side)),
        }
    }
    spans
}

fn holds(deletions: &[Deletion], span: Span) -> bool {
    let at = deletions.partition_point(|deletion| deletion.span.end() <= span.start());
    deletions.get(at).is_some_and(|deletion| deletion.span.contains(span))
}

fn differing(seen: &Observation<'_>, spans: &[(Span, Side)]) -> DifferingDocument {
    let text = clipped(seen.text, TEXT_BYTES);
    let shown = spans.iter().filter(|(span, _)| span.start() < text.len());
    let spans = shown.map(|(span, side)| {
        let side = match side {
            Side::Both => 0,
            Side::First => 1,
            Side::Second => 2,
        };
        (span.start(), span.end().min(text.len()), side)
    });
    DifferingDocument {
        shard: seen.shard.to_owned(),
        row: seen.row,
        id: clipped(seen.id, NAME_BYTES).to_owned(),
        text: text.to_owned(),
        text_bytes: seen.text.len() as u64,
        spans: spans.collect(),
    }
}

fn listed(counts: &BoundedCounts<String>) -> Vec<SidePattern> {
    let mut held: Vec<_> = counts.iter().collect();
    held.sort_by(|(a_key, a), (b_key, b)| b.count.cmp(&a.count).then(a_key.cmp(b_key)));
    let mut folder = Folder::default();
    let pattern = |counted: &(u64, &crate::report::bounded::Counted<String>)| SidePattern {
        normal: folder.fold(&counted.1.value).to_owned(),
        example: counted.1.value.clone(),
        count: counted.1.count,
    };
    held.iter().take(LISTED).map(pattern).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::digest::tests::{deletions, observed};

    #[test]
    fn bytes_go_to_the_side_that_deletes_them() {
        let (first, second) = (deletions(&[(0, 6), (8, 10)]), deletions(&[(4, 8), (12, 13)]));
        let found: Vec<_> = sides(&first, &second)
            .into_iter()
            .map(|(span, side)| (span.start(), span.end(), side))
            .collect();
        let wanted = [
            (0, 4, Side::First),
            (4, 6, Side::Both),
            (6, 8, Side::Second),
            (8, 10, Side::First),
            (12, 13, Side::Second),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn documents_that_differ_are_counted_and_shown() {
        let mut comparer = Comparer::new(0, 1 << 20);
        let (one, all) = (deletions(&[(0, 5)]), deletions(&[(0, 10)]));
        comparer.take(&observed("Menu\nstory", &one), &all);
        comparer.take(&observed("Menu\nstory", &one), &one);
        let found = comparer.finish("a", "b");
        assert_eq!((found.documents, found.alike, found.emptied_by_second), (2, 1, 1));
        let wanted = SidesOfBytes { both: 10, first: 0, second: 5, neither: 5 };
        assert_eq!(found.bytes, wanted);
        assert_eq!((found.only_second[0].normal.as_str(), found.differing.len()), ("story", 1));
        assert_eq!(found.differing[0].spans, [(0, 5, 0), (5, 10, 2)]);
    }
}
