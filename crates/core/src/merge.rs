//! From the proposals for a document's chunks to the document's deletions.

use crate::chunk::Chunk;
use crate::deletions::Deletions;
use crate::policy::Policy;
use crate::program::{Parsed, parse, parse_cut_off};
use crate::refiner::Proposal;
use crate::refusal::Refusal;
use crate::resolve::resolve_draft;
use crate::score::{Score, Scores};
use crate::selection::Selection;

/// What is to be done with one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// What goes.
    pub deletions: Deletions,
    /// The scores of all lines and pieces, where a tagger gave them.
    pub scores: Option<Scores>,
    /// Calls that were refused, with the number of their chunk, counted from 1.
    pub refused: Vec<ChunkRefusal>,
    /// Chunks that stay as they are because of their refusals.
    pub voided_chunks: usize,
}

/// A refused call and its chunk.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ChunkRefusal {
    /// The chunk's number in its document, counted from 1.
    pub chunk: usize,
    /// The call and the reason.
    #[serde(flatten)]
    pub refusal: Refusal,
    /// Whether the chunk's program was void, so that none of its calls was carried out.
    pub voided: bool,
}

/// Merges the proposals for the chunks of `document`. The chunks may come in any order; what they
/// own does not overlap, so neither do their edits (law L5).
#[must_use]
pub fn merge<'a>(
    document: &str,
    proposals: impl IntoIterator<Item = (&'a Chunk<'a>, Proposal)>,
    threshold: Score,
    policy: Policy,
) -> Decision {
    let mut merging = Merging { policy, ..Merging::default() };
    for (index, (chunk, proposal)) in proposals.into_iter().enumerate() {
        match proposal {
            Proposal::Draft(draft) => merging.draft(index + 1, chunk, parse(&draft)),
            Proposal::CutOff(draft) => merging.draft(index + 1, chunk, parse_cut_off(&draft)),
            Proposal::Scores(scores) => merging.scored.push((chunk, scores)),
        }
    }
    merging.finish(document, threshold)
}

#[derive(Default)]
struct Merging<'a> {
    policy: Policy,
    selection: Selection,
    scored: Vec<(&'a Chunk<'a>, Scores)>,
    refused: Vec<ChunkRefusal>,
    voided_chunks: usize,
}

impl Merging<'_> {
    fn draft(&mut self, number: usize, chunk: &Chunk<'_>, parsed: Parsed) {
        let resolved = resolve_draft(parsed, chunk);
        let voided = self.policy.voids(&resolved.refused);
        self.refused.extend(resolved.refused.into_iter().map(|refusal| ChunkRefusal {
            chunk: number,
            refusal,
            voided,
        }));
        if voided {
            self.voided_chunks += 1;
        } else {
            self.selection.join(resolved.selection);
        }
    }

    fn finish(mut self, document: &str, threshold: Score) -> Decision {
        let scores = (!self.scored.is_empty()).then(|| Scores::assemble(document, self.scored));
        if let Some(scores) = &scores {
            self.selection.join(scores.select(document, threshold));
        }
        Decision {
            deletions: self.selection.into_deletions(document),
            scores,
            refused: self.refused,
            voided_chunks: self.voided_chunks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunker::Chunker;
    use crate::execute::execute;
    use crate::line::Lines;
    use crate::measure::Bytes;
    use crate::program::describe;
    use crate::resolve::resolve_document;
    use crate::span::Span;
    use proptest::prelude::*;

    #[test]
    fn a_void_program_leaves_its_chunk_and_no_other() {
        let document = "aa\nbb\n";
        let chunks = Chunker::new(4, 0).unwrap().chunks(document, &Bytes);
        let drafts = ["remove_lines(1, 1)\nremove_lines(7, 8)\nblah", "remove_lines(1, 1)"];
        let proposals = chunks.iter().zip(drafts.map(|draft| Proposal::Draft(draft.to_owned())));
        let decision = merge(document, proposals, Score::ONE, Policy::default());
        assert_eq!(execute(document, &decision.deletions), "aa\n");
        assert_eq!((decision.voided_chunks, decision.refused.len()), (1, 2));
        assert!(decision.refused.iter().all(|r| r.chunk == 1 && r.voided));
    }

    #[test]
    fn a_draft_that_was_cut_off_is_carried_out_as_far_as_it_goes_and_counted() {
        let document = "aa\nbb\n";
        let proposal = Proposal::CutOff("remove_lines(1, 1)\n".to_owned());
        let chunk = Chunk::whole(document);
        let decision = merge(document, [(&chunk, proposal)], Score::ONE, Policy::default());
        assert_eq!(execute(document, &decision.deletions), "bb\n");
        let refused: Vec<_> = decision.refused.iter().map(|r| r.refusal.reason.name()).collect();
        assert_eq!((refused, decision.voided_chunks), (vec!["cut_off"], 0));
    }

    #[test]
    fn the_terminator_that_goes_with_the_last_line_may_stand_in_another_chunk() {
        let document = "aa\nbb";
        let chunks = Chunker::new(4, 0).unwrap().chunks(document, &Bytes);
        let drafts = ["keep_all()", "remove_lines(1, 1)"];
        let proposals = chunks.iter().zip(drafts.map(|d| Proposal::Draft(d.to_owned())));
        let decision = merge(document, proposals, Score::ONE, Policy::default());
        assert_eq!(execute(document, &decision.deletions), "aa");
    }

    proptest! {
        /// Law L5: a document program, said chunk by chunk with context edits thrown in, gives the
        /// same deletions whatever the order of the chunks.
        #[test]
        fn chunks_and_their_order_change_nothing(
            document in "([ab]{0,6}\n){0,12}[ab]{0,4}", gone in prop::collection::vec(any::<bool>(), 13), reverse: bool,
        ) {
            let lines = Lines::of(&document);
            let calls: Vec<String> = lines.iter().filter(|l| gone[l.number() - 1])
                .map(|l| format!("remove_lines({0}, {0})", l.number())).collect();
            let whole = resolve_document(&parse(&calls.join("\n")).program, &document).0;

            let chunks = Chunker::new(16, 4).unwrap().chunks(&document, &Bytes);
            let mut proposals: Vec<_> = chunks.iter().map(|chunk| {
                let first = lines.at(chunk.view().start()).map_or(1, |l| l.number());
                let calls: Vec<String> = lines.touching(chunk.view()).filter(|l| gone[l.number() - 1])
                    .map(|l| format!("remove_lines({0}, {0})", l.number() + 1 - first)).collect();
                let draft = if calls.is_empty() { "keep_all()".to_owned() } else { calls.join("\n") };
                (chunk, Proposal::Draft(draft))
            }).collect();
            if reverse {
                proposals.reverse();
            }
            let merged = merge(&document, proposals, Score::ONE, Policy { max_refused: 0, ..Policy::default() });
            prop_assert_eq!(merged.deletions, whole);
        }

        /// Law L5: edits outside what a chunk owns are refused.
        #[test]
        fn no_edit_leaves_what_its_chunk_owns(document in "([ab]{0,6}\n){1,12}", a in 0usize..30, b in 0usize..30) {
            let chunks = Chunker::new(16, 4).unwrap().chunks(&document, &Bytes);
            let chunk = chunks[a % chunks.len()];
            let everything = Deletions::from_spans(chunk.text(), [Span::new(b % chunk.text().len(), chunk.text().len())]).unwrap();
            let draft = Proposal::Draft(describe(chunk.text(), &everything).to_string());
            let merged = merge(&document, [(&chunk, draft)], Score::ONE, Policy { max_refused: 9, ..Policy::default() });
            let outside = merged.deletions.spans().iter().any(|s| !chunk.owned().contains(*s));
            prop_assert!(!outside, "{:?} outside {:?}", merged.deletions, chunk.owned());
        }
    }
}
