//! Any two texts can be distilled: a subsequence exactly (L3), the rest with a residue that explains
//! it; no policy panics, and what it trusts fits the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use refinex_core::{DistillPolicy, Verdict, distill, execute};

fuzz_target!(|input: (&str, &str, Vec<bool>)| {
    let (raw, other, kept) = input;
    let kept = kept.iter().chain(std::iter::repeat(&true));
    let part: String = raw.chars().zip(kept).filter(|(_, kept)| **kept).map(|(c, _)| c).collect();
    let found = distill(raw, &part);
    assert!(found.residue.is_empty());
    assert_eq!(execute(raw, &found.deletions), part);

    for refined in [&part, other, raw] {
        let found = distill(raw, refined);
        assert!(found.deletions.fit(raw));
        assert_eq!(found.rebuild(raw, refined), refined);
        for policy in [DistillPolicy::Default, DistillPolicy::RefinexPaper] {
            let verdict = Verdict::of(policy, raw, refined, &found);
            assert!(verdict.trusted(found.deletions.clone()).fit(raw));
        }
    }
});
