//! Pure deletion of a few spans, found by search and proven to be of least cost without a table.
//!
//! The proof has two parts. Around each deletion there is a window of the refined text that stands
//! nowhere in the raw text, so that every alignment has a deletion inside it; the windows do not
//! overlap, so none has fewer deletions, and those with as many have one in each window. Between
//! two windows the text is therefore kept in one piece, and since that piece stands only once in
//! the raw text, every one of these alignments keeps it where we do. All that is left to choose is
//! how far each deletion slides. Without a proof there is no answer.

use super::cost::edge_cost_at;
use crate::deletions::Deletions;
use crate::span::Span;
use memchr::memmem;
use std::ops::Range;

/// Most deletions that are looked for: each costs two searches of the raw text (guess).
const MOST: usize = 96;
/// Bytes of a window on either side of a deletion, at most.
const WINDOW: usize = 16;
/// Bytes that are looked for to find where the text goes on, the longest first.
const NEEDLES: [usize; 3] = [24, 12, 6];
/// Bytes of a piece that are looked at to see that it stands only once.
const CORE: usize = 64;

/// The deletions of least cost that make `refined` of `raw`, if the proof succeeds.
pub(super) fn proven_runs(raw: &str, refined: &str) -> Option<Deletions> {
    let search = Search { raw: raw.as_bytes(), refined: refined.as_bytes() };
    let joints = search.joints()?;
    if !search.proves(&joints) {
        return None;
    }
    let spans: Option<Vec<Span>> = joints.iter().map(|joint| joint.cheapest(raw)).collect();
    Some(Deletions::union(spans?))
}

struct Search<'t> {
    raw: &'t [u8],
    refined: &'t [u8],
}

/// A deletion that can stand before any of some bytes of the refined text.
struct Joint {
    /// The first of them.
    lowest: usize,
    /// The last.
    highest: usize,
    /// How much further on than the refined text the raw text is before the deletion.
    before: usize,
    /// And behind it.
    behind: usize,
}

impl Joint {
    fn cheapest(&self, raw: &str) -> Option<Span> {
        let spans = (self.lowest..=self.highest)
            .map(|at| Span::new(at + self.before, at + self.behind))
            .filter(|span| span.fits(raw));
        spans.min_by_key(|span| edge_cost_at(raw, span.start()) + edge_cost_at(raw, span.end()))
    }
}

impl Search<'_> {
    /// Follows the raw text, and at each difference looks for the nearest place where it goes on.
    fn joints(&self) -> Option<Vec<Joint>> {
        let all_gone = self.raw.len() - self.refined.len();
        let (mut joints, mut at, mut gone, mut begin) = (Vec::new(), 0, 0, 0);
        while gone < all_gone && joints.len() < MOST {
            at += common_prefix(&self.raw[at + gone..], &self.refined[at..]);
            let behind = if at == self.refined.len() { all_gone } else { self.next(at, gone)? };
            let slides = self.slides(begin, at, behind);
            if slides == at - begin && begin > 0 {
                return None;
            }
            joints.push(Joint { lowest: at - slides, highest: at, before: gone, behind });
            (gone, begin) = (behind, at);
        }
        let rest = self.refined.get(at..)? == self.raw.get(at + gone..)?;
        (rest && gone == all_gone).then_some(joints)
    }

    /// How much further on the raw text goes on as the refined one does from `at`.
    fn next(&self, at: usize, gone: usize) -> Option<usize> {
        let from = at + gone + 1;
        let rest = self.raw.get(from..)?;
        let find = |length: usize| {
            let wanted = &self.refined[at..self.refined.len().min(at + length)];
            memmem::find(rest, wanted).map(|found| found + from - at)
        };
        let behind = NEEDLES.into_iter().find_map(find)?;
        (behind <= self.raw.len() - self.refined.len()).then_some(behind)
    }

    /// By how many bytes a deletion before `at` can stand earlier, down to `begin`.
    fn slides(&self, begin: usize, at: usize, behind: usize) -> usize {
        let kept = &self.refined[begin..at];
        let raw = &self.raw[begin + behind..at + behind];
        kept.iter().rev().zip(raw.iter().rev()).take_while(|(a, b)| a == b).count()
    }

    fn proves(&self, joints: &[Joint]) -> bool {
        let mut piece_begin = 0;
        for (number, joint) in joints.iter().enumerate() {
            let room_before = number
                .checked_sub(1)
                .map_or(joint.lowest, |last| joint.lowest - joints[last].highest.min(joint.lowest));
            let next = joints.get(number + 1).map_or(self.refined.len(), |next| next.lowest);
            let room_behind = next - joint.highest.min(next);
            let Some(window) = self.window(joint, room_before, room_behind) else { return false };
            if window.start < piece_begin || !self.is_sure(joint, &window) {
                return false;
            }
            // Before the first window nothing is deleted at all.
            let piece = piece_begin..window.start + 1;
            if number > 0 && joint.before > 0 && !self.stands_once(&piece, joint.before) {
                return false;
            }
            piece_begin = window.end - 1;
        }
        true
    }

    /// The bytes around a joint that are looked at: a third of what is kept on either side.
    fn window(&self, joint: &Joint, before: usize, behind: usize) -> Option<Range<usize>> {
        let at_begin = joint.lowest == 0;
        let at_end = joint.highest == self.refined.len();
        let before = if at_begin { 0 } else { WINDOW.min(before / 3) };
        let behind = if at_end { 0 } else { WINDOW.min(behind / 3) };
        if before == 0 && !at_begin || behind == 0 && !at_end {
            return None;
        }
        Some(joint.lowest - before..joint.highest + behind)
    }

    /// Whether every alignment has a deletion in the window: at either end of the text since the
    /// texts differ there, else since the window stands nowhere in the raw text.
    fn is_sure(&self, joint: &Joint, window: &Range<usize>) -> bool {
        let at_begin = joint.lowest == 0 && joint.before == 0;
        let at_end = joint.highest == self.refined.len();
        at_begin || at_end || memmem::find(self.raw, &self.refined[window.clone()]).is_none()
    }

    /// Whether a piece of the refined text stands in the raw text only `gone` bytes further on.
    fn stands_once(&self, piece: &Range<usize>, gone: usize) -> bool {
        let wanted = &self.refined[piece.start..piece.end.min(piece.start + CORE)];
        let expected = piece.start + gone;
        memmem::find(self.raw, wanted) == Some(expected)
            && memmem::find(&self.raw[expected + 1..], wanted).is_none()
    }
}

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    let same = 8 * words.take_while(|(a, b)| a == b).count();
    same + a[same..].iter().zip(&b[same..]).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::super::effort::Effort;
    use super::super::subsequence::by_characters;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn deletions_inside_lines_are_proven() {
        let raw =
            "Home | Login\nThe title stands here | Site\nSome text of it. Share More text.\nEnd";
        let refined = "The title stands here\nSome text of it. More text.";
        let found = proven_runs(raw, refined).unwrap();
        let gone: Vec<&str> = found.spans().iter().map(|span| span.of(raw)).collect();
        assert_eq!(gone, ["Home | Login\n", " | Site", " Share", "\nEnd"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// What is proven is what the alignment of characters finds.
        #[test]
        fn a_proof_is_never_wrong(
            words in prop::collection::vec(("(menu |thé cat |sat\n|a |mat. |\n|[abc]{1,6} |[a-z]{8} )", 0usize..4), 1..30),
        ) {
            let raw: String = words.iter().map(|(word, _)| word.as_str()).collect();
            let cut = |(word, kept): &(String, usize)| match kept {
                0 => String::new(),
                1 => word.chars().skip(2).collect(),
                _ => word.clone(),
            };
            let refined: String = words.iter().map(cut).collect();
            prop_assume!(raw != refined && !refined.is_empty());
            if let Some(proven) = proven_runs(&raw, &refined) {
                prop_assert_eq!(Some(proven), by_characters(&raw, &refined, &mut Effort::default()));
            }
        }

        /// The same with long pieces, most of which are proven.
        #[test]
        fn a_proof_of_long_pieces_is_never_wrong(
            pieces in prop::collection::vec(("([a-z]{1,7} ){1,12}\n?", any::<bool>()), 1..12),
        ) {
            let raw: String = pieces.iter().map(|(piece, _)| piece.as_str()).collect();
            let refined: String = pieces.iter().filter(|(_, kept)| *kept).map(|(piece, _)| piece.as_str()).collect();
            prop_assume!(raw != refined && !refined.is_empty());
            if let Some(proven) = proven_runs(&raw, &refined) {
                prop_assert_eq!(Some(proven), by_characters(&raw, &refined, &mut Effort::default()));
            }
        }
    }
}
