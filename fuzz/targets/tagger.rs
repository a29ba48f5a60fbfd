//! The embedded tagger is total: any text gives one finite score a line (L9), twice the same (L8).
#![no_main]

use libfuzzer_sys::fuzz_target;
use refinex_core::{Lines, Span};
use refinex_model::Tagger;
use std::sync::LazyLock;

static TAGGER: LazyLock<Tagger> = LazyLock::new(|| Tagger::fast().expect("shipped weights"));

fuzz_target!(|document: &str| {
    let all = Span::new(0, document.len());
    let scores = TAGGER.score_lines(document, all);
    assert_eq!(scores.len(), Lines::of(document).len());
    assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
    assert_eq!(scores, TAGGER.score_lines(document, all));
});
