//! Chunks own every byte once and stay in budget; drafts for them, in any order, merge to the same
//! deletions, none outside what their chunk owns (L5).
#![no_main]

use libfuzzer_sys::fuzz_target;
use refinex_core::{Bytes, Chunker, CodePoints, Measure, Policy, Proposal, Score, merge};

fuzz_target!(|input: (&str, u8, u8, Vec<&str>)| {
    let (document, budget, overlap, drafts) = input;
    let Ok(chunker) = Chunker::new(budget.into(), overlap.into()) else { return };
    for measure in [&Bytes as &dyn Measure, &CodePoints] {
        let chunks = chunker.chunks(document, measure);
        let mut next = 0;
        for chunk in &chunks {
            assert_eq!(chunk.owned().start(), next);
            assert!(measure.measure(chunk.text()) <= budget.into());
            next = chunk.owned().end();
        }
        assert_eq!(next, document.len());

        let proposals = |reverse: bool| {
            let drafts = drafts.iter().chain(std::iter::repeat(&"keep_all()"));
            let mut all: Vec<_> =
                chunks.iter().zip(drafts).map(|(c, d)| (c, Proposal::Draft((*d).to_owned()))).collect();
            if reverse {
                all.reverse();
            }
            all
        };
        let policy = Policy::default();
        let forward = merge(document, proposals(false), Score::ONE, policy);
        let backward = merge(document, proposals(true), Score::ONE, policy);
        assert_eq!(forward.deletions, backward.deletions);
        assert!(forward.deletions.fit(document));
    }
});
