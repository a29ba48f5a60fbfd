//! Pure deletion of a few spans, found by search and proven to be of least cost without a table.
//!
//! The proof: around each deletion there is a window of the refined text that stands nowhere in the
//! raw text, so that every alignment has a deletion inside it; the windows do not overlap, so none
//! has fewer deletions, and those with as many have one in each window and none elsewhere. Between
//! two windows the text is therefore kept in one piece, at one of the few places where that piece
//! stands in the raw text. What is left to choose is a place for each piece and how far each
//! deletion slides: a table of a handful of cells. Without a proof there is no answer.

use super::pieces::{Window, cheapest};
use crate::deletions::Deletions;
use memchr::memmem;
use std::ops::Range;

/// Most deletions that are looked for: each costs two searches of the raw text (guess).
const MOST: usize = 96;
/// Bytes of a window on either side of a deletion, at most.
const WINDOW: usize = 16;
/// Bytes that are looked for to find where the text goes on, the longest first.
const NEEDLES: [usize; 5] = [64, 24, 12, 6, 4];

/// The deletions of least cost that make `refined` of `raw`, if the proof succeeds.
pub(super) fn proven_runs(raw: &str, refined: &str) -> Option<Deletions> {
    let search = Search { raw: raw.as_bytes(), refined: refined.as_bytes() };
    let joints = search.joints()?;
    let windows = search.windows(&joints)?;
    cheapest(raw, refined, &windows).map(Deletions::union)
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
}

impl Search<'_> {
    /// Follows the raw text, and at each difference looks for the nearest place where it goes on.
    fn joints(&self) -> Option<Vec<Joint>> {
        let all_gone = self.raw.len() - self.refined.len();
        let (mut joints, mut at, mut gone) = (Vec::new(), 0, 0);
        while gone < all_gone && joints.len() < MOST {
            at += common_prefix(&self.raw[at + gone..], &self.refined[at..]);
            let behind = if at == self.refined.len() { all_gone } else { self.next(at, gone)? };
            let joint = self.joint(at, gone, behind, &mut joints);
            joints.push(joint);
            gone = behind;
        }
        let rest = self.refined.get(at..)? == self.raw.get(at + gone..)?;
        (rest && gone == all_gone).then_some(joints)
    }

    /// The deletion before `at`. Where all that is kept between it and those before it stands
    /// behind it as well, they are one.
    fn joint(&self, at: usize, before: usize, behind: usize, joints: &mut Vec<Joint>) -> Joint {
        let mut joint = Joint { lowest: at, highest: at, before };
        loop {
            let begin = joints.last().map_or(0, |last| last.highest);
            joint.lowest = joint.highest - self.slides(begin, joint.highest, behind);
            if joint.lowest > begin || joints.is_empty() {
                return joint;
            }
            if let Some(last) = joints.pop() {
                (joint.highest, joint.before) = (last.highest, last.before);
            }
        }
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

    /// The windows of the joints, if they make the proof.
    fn windows(&self, joints: &[Joint]) -> Option<Vec<Window>> {
        let mut windows: Vec<Window> = Vec::with_capacity(joints.len());
        for (number, joint) in joints.iter().enumerate() {
            let begin = number.checked_sub(1).map_or(0, |last| joints[last].highest);
            let end = joints.get(number + 1).map_or(self.refined.len(), |next| next.lowest);
            let window = self.window(
                joint,
                joint.lowest.checked_sub(begin)?,
                end.checked_sub(joint.highest)?,
            )?;
            let apart = windows.last().is_none_or(|last| last.highest < window.start + 1);
            if !apart || !self.is_sure(joint, &window) {
                return None;
            }
            windows.push(Window {
                lowest: if joint.lowest == 0 { 0 } else { window.start + 1 },
                highest: if window.end == self.refined.len() { window.end } else { window.end - 1 },
            });
        }
        Some(windows)
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
