//! Pure deletion of whole lines, which is most of what experts do: solved by lines, with a proof
//! that no alignment by characters is better.
//!
//! The proof: where two lines were joined by a deletion, the characters around the joint, taken
//! together, stand nowhere in the raw text, so every alignment has a deletion among them. If these
//! surroundings do not overlap, there are at least as many deletions as joints. An alignment by
//! lines with no more deletions than that, all of whose edges are line edges, is therefore of
//! least cost, and so are only other alignments by lines, of which the leftmost is taken. Without
//! a proof there is no answer, and the characters are aligned.

use super::band::Band;
use super::cost::Edges;
use super::quick_hash::{QuickMap, key_hash};
use super::table::{self, Run};
use crate::deletions::Deletions;
use crate::span::Span;
use std::ops::Range;

/// Characters on either side of a joint's line end that belong to its surroundings.
const HALF: usize = 4;
/// Cells of the table by lines; with more the characters are aligned, whose bounds are wider.
const MOST_CELLS: usize = 1 << 18;

/// Most lines of a text; with more the characters are aligned. This bounds the time even if a hostile
/// text is made so that the quick hashes of all its lines are the same.
const MOST_LINES: usize = 1 << 14;

/// The deletions of least cost that make `refined` of `raw`, if they are proven to be whole lines
/// (and, behind the last line that stays, perhaps its end).
pub(super) fn whole_lines(raw: &str, refined: &str) -> Option<Deletions> {
    if u32::try_from(raw.len()).is_err() || refined.len() >= raw.len() {
        return None;
    }
    let pair = Pair::new(raw.as_bytes(), refined.as_bytes());
    if pair.raw_starts.len().max(pair.refined_starts.len()) > MOST_LINES {
        return None;
    }
    let rows = pair.rows(raw)?;
    let kept = rows.align(pair.raw_starts.len() - 1)?;
    let gaps = pair.gaps(&kept);
    pair.proves(&gaps).then(|| Deletions::union(gaps.into_iter().map(|gap| gap.raw).collect()))
}

/// Both texts and where their lines begin; the end of the text is the last entry.
struct Pair<'t> {
    raw: &'t [u8],
    refined: &'t [u8],
    raw_starts: Vec<u32>,
    refined_starts: Vec<u32>,
}

/// A deletion: its bytes of the raw text, and the byte of the refined text before which it stands.
struct Gap {
    raw: Span,
    refined: usize,
}

/// For each refined line the raw lines that it can be, counted from 1.
struct Rows {
    sorted: Vec<u32>,
    ranges: Vec<Range<u32>>,
}

impl<'t> Pair<'t> {
    fn new(raw: &'t [u8], refined: &'t [u8]) -> Self {
        Self { raw, refined, raw_starts: starts(raw), refined_starts: starts(refined) }
    }

    fn raw_line(&self, at: usize) -> &'t [u8] {
        &self.raw[self.raw_starts[at] as usize..self.raw_starts[at + 1] as usize]
    }

    /// The raw lines of each refined line; `None` if one has none.
    fn rows(&self, raw: &str) -> Option<Rows> {
        let mut numbers: QuickMap<&[u8], u32> = QuickMap::default();
        let mut counts: Vec<u32> = Vec::new();
        let mut rows: Vec<u32> = Vec::with_capacity(self.refined_starts.len());
        for line in self.refined_starts.windows(2) {
            let line = &self.refined[line[0] as usize..line[1] as usize];
            let next = u32::try_from(counts.len()).ok()?;
            let number = *numbers.entry(line).or_insert(next);
            if number == next {
                counts.push(0);
            }
            rows.push(number);
        }
        let lines = self.raw_starts.len() - 1;
        let of_raw: Vec<Option<u32>> =
            (0..lines).map(|at| numbers.get(self.raw_line(at)).copied()).collect();
        of_raw.iter().flatten().for_each(|&number| counts[number as usize] += 1);
        let mut sorted = Rows::sorted(&counts, &of_raw, &rows);
        if !self.refined.ends_with(b"\n") {
            self.add_tail(raw, &mut sorted)?;
        }
        sorted.ranges.iter().all(|range| !range.is_empty()).then_some(sorted)
    }

    /// The last refined line has no terminator: it is the begin of raw lines that goes on with
    /// another word. `None` where lines cannot tell whether something is deleted behind it.
    fn add_tail(&self, raw: &str, rows: &mut Rows) -> Option<()> {
        let tail = &self.refined[*self.refined_starts.iter().rev().nth(1)? as usize..];
        let lines = self.raw_starts.len() - 1;
        let begin = u32::try_from(rows.sorted.len()).ok()?;
        for at in (0..lines).filter(|&at| self.raw_line(at).starts_with(tail)) {
            let cut = self.raw_starts[at] as usize + tail.len();
            let is_last = at == lines - 1;
            if is_last && cut < self.raw.len() {
                return None;
            }
            if is_last || super::cost::is_word_edge_at(raw, cut) {
                rows.sorted.push(u32::try_from(at + 1).ok()?);
            }
        }
        *rows.ranges.last_mut()? = begin..u32::try_from(rows.sorted.len()).ok()?;
        Some(())
    }

    /// What is deleted if these raw lines stay.
    fn gaps(&self, kept: &[u32]) -> Vec<Gap> {
        let mut gaps = Vec::new();
        let mut next = 0;
        for (&line, &refined) in kept.iter().zip(&self.refined_starts) {
            self.push_gap(next, line as usize - 1, refined as usize, &mut gaps);
            next = line as usize;
        }
        let lines = self.raw_starts.len() - 1;
        if next < lines {
            let last = self.refined_starts[self.refined_starts.len() - 2] as usize;
            let start = self.raw_starts[next - 1] as usize + self.refined.len() - last;
            let raw = Span::new(start, self.raw.len());
            gaps.push(Gap { raw, refined: self.refined.len() });
        }
        gaps
    }

    fn push_gap(&self, from: usize, to: usize, refined: usize, gaps: &mut Vec<Gap>) {
        if from < to {
            let (start, end) = (self.raw_starts[from] as usize, self.raw_starts[to] as usize);
            gaps.push(Gap { raw: Span::new(start, end), refined });
        }
    }

    /// Whether no alignment has fewer deletions, and none as many with as many line edges but
    /// those by lines.
    fn proves(&self, gaps: &[Gap]) -> bool {
        let joints = Joints::of(self.raw, &self.raw_starts);
        let suffix = common_suffix(self.raw, self.refined);
        let mut free_from = 0;
        for gap in gaps {
            let around = if gap.refined == 0 {
                Some(0..common_prefix(self.raw, self.refined) + 1)
            } else if gap.refined == self.refined.len() {
                Some(gap.refined - suffix..gap.refined + 1)
            } else {
                joints.around(self.refined, gap.refined)
            };
            match around {
                Some(around) if around.start >= free_from => free_from = around.end,
                _ => return false,
            }
        }
        self.refined.ends_with(b"\n")
            || gaps.last().is_none_or(|gap| gap.refined < self.refined.len())
            || self.tail_is_off_line(suffix)
    }

    /// Whether the deletion at the end has an edge that is no line edge in every alignment, and two
    /// where it does not reach the end of the text.
    fn tail_is_off_line(&self, suffix: usize) -> bool {
        let end = |text: &[u8]| text.len().saturating_sub(suffix + 1);
        !self.refined[end(self.refined)..].contains(&b'\n')
            && !self.raw[end(self.raw)..self.raw.len() - 1].contains(&b'\n')
    }
}

impl Rows {
    /// The raw lines by number, side by side, and for each row the range of its number.
    fn sorted(counts: &[u32], of_raw: &[Option<u32>], rows: &[u32]) -> Self {
        let mut begins = Vec::with_capacity(counts.len() + 1);
        begins.push(0);
        for count in counts {
            begins.push(begins[begins.len() - 1] + count);
        }
        let mut sorted = vec![0; begins[counts.len()] as usize];
        let mut next = begins.clone();
        for (place, number) in (1..).zip(of_raw) {
            if let Some(number) = number {
                sorted[next[*number as usize] as usize] = place;
                next[*number as usize] += 1;
            }
        }
        let range = |&number: &u32| begins[number as usize]..begins[number as usize + 1];
        Self { ranges: rows.iter().map(range).collect(), sorted }
    }

    /// The raw line of each row with the fewest deletions, leftmost.
    fn align(&self, lines: usize) -> Option<Vec<u32>> {
        let band = self.band()?;
        if band.cells(0..self.ranges.len()) > MOST_CELLS {
            return None;
        }
        let after = u32::try_from(lines).ok()? + 1;
        let run = Run { refined: 0..self.ranges.len(), before: 0, after };
        let mut kept = Vec::with_capacity(self.ranges.len());
        table::fill(&run, &band, &self.sorted, &Edges::all_alike(lines), &mut kept);
        Some(kept)
    }

    fn band(&self) -> Option<Band> {
        let mut first = Vec::with_capacity(self.ranges.len());
        let mut place = 0;
        for range in &self.ranges {
            let places = &self.sorted[range.start as usize..range.end as usize];
            let skipped = places.iter().take_while(|&&at| at <= place).count();
            place = *places.get(skipped)?;
            first.push(range.start + u32::try_from(skipped).ok()?);
        }
        let mut last = Vec::with_capacity(self.ranges.len());
        let mut place = u32::MAX;
        for range in self.ranges.iter().rev() {
            let places = &self.sorted[range.start as usize..range.end as usize];
            let skipped = places.iter().rev().take_while(|&&at| at >= place).count();
            let at = places.len().checked_sub(skipped + 1)?;
            place = places[at];
            last.push(range.start + u32::try_from(at).ok()?);
        }
        last.reverse();
        Some(Band::new(first, last))
    }
}

/// What stands around the line ends of a raw text: a filter that says surely only of what does not.
struct Joints {
    seen: Vec<u64>,
}

impl Joints {
    fn of(raw: &[u8], starts: &[u32]) -> Self {
        let mut joints = Self { seen: vec![0; (starts.len() / 4).next_power_of_two()] };
        for &start in &starts[1..starts.len() - 1] {
            if let Some(key) = surroundings(raw, start as usize) {
                let (word, bit) = joints.place(key);
                joints.seen[word] |= bit;
            }
        }
        joints
    }

    fn place(&self, key: u64) -> (usize, u64) {
        let hash = key_hash(key);
        let word = usize::try_from(hash >> 6).unwrap_or(0) & (self.seen.len() - 1);
        (word, 1 << (hash & 63))
    }

    /// Bytes of the refined text before which every alignment has a deletion, around the one
    /// before the line that begins at `start`; `None` if that is not sure.
    fn around(&self, refined: &[u8], start: usize) -> Option<Range<usize>> {
        let (word, bit) = self.place(surroundings(refined, start)?);
        let is_new = self.seen[word] & bit == 0;
        is_new.then(|| start - HALF..start + HALF)
    }
}

/// The bytes on both sides of the line end before `start`.
fn surroundings(text: &[u8], start: usize) -> Option<u64> {
    let before = text.get(start.checked_sub(HALF + 1)?..start - 1)?;
    let after = text.get(start..start + HALF)?;
    let half = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).ok().map(u64::from);
    Some(half(before)? << 32 | half(after)?)
}

fn starts(text: &[u8]) -> Vec<u32> {
    let mut starts = Vec::with_capacity(text.len() / 24 + 2);
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    starts.push(0);
    starts.extend(memchr::memchr_iter(b'\n', text).map(|at| number(at + 1)));
    if !text.ends_with(b"\n") && !text.is_empty() {
        starts.push(number(text.len()));
    }
    starts
}

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::super::effort::Effort;
    use super::super::subsequence::by_characters;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_page_of_whole_lines_is_proven() {
        let raw =
            "Home | Login\nThe title stands here\nSome text of it.\nShare\nMore text.\nFooter";
        let refined = "The title stands here\nSome text of it.\nMore text.";
        let found = whole_lines(raw, refined).unwrap();
        let gone: Vec<&str> = found.spans().iter().map(|span| span.of(raw)).collect();
        assert_eq!(gone, ["Home | Login\n", "Share\n", "\nFooter"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// What is proven is what the alignment of characters finds.
        #[test]
        fn a_proof_is_never_wrong(
            lines in prop::collection::vec(("(menu|the cat sat|a|on a mat.|the cat|login here|)", any::<bool>()), 1..14),
            end: bool, tail in 0usize..3,
        ) {
            let mut raw: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
            let mut refined: Vec<&str> = lines.iter().filter(|(_, kept)| *kept).map(|(line, _)| line.as_str()).collect();
            if end {
                raw.push("");
            }
            if tail > 0 {
                refined.push("");
            }
            let (raw, mut refined) = (raw.join("\n"), refined.join("\n"));
            if tail == 2 {
                refined.truncate(refined.trim_end().len());
            }
            if let Some(proven) = whole_lines(&raw, &refined) {
                prop_assert_eq!(Some(proven), by_characters(&raw, &refined, &mut Effort::default()));
            }
        }
    }
}
