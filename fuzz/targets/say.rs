//! Any deletions of any document can be said, and what is said means them (L2); put back, the
//! deleted text gives the original (L7).
#![no_main]

use libfuzzer_sys::fuzz_target;
use refinex_core::{Deletions, Span, describe, execute, parse, resolve_document, restore};

fuzz_target!(|input: (&str, Vec<(u16, u16)>)| {
    let (document, raw) = input;
    let spans = raw.iter().map(|&(a, b)| Span::new(a.min(b).into(), a.max(b).into()));
    let fitting = spans.filter(|span| span.fits(document));
    let Ok(deletions) = Deletions::from_spans(document, fitting) else {
        panic!("fitting spans were refused")
    };
    let said = describe(document, &deletions);
    let read = parse(&said.to_string());
    assert!(read.refused.is_empty());
    assert_eq!(read.program, said);
    let (again, refused) = resolve_document(&read.program, document);
    assert!(refused.is_empty(), "{refused:?}");
    assert_eq!(again, deletions);

    let pieces: Vec<&str> = deletions.spans().iter().map(|span| span.of(document)).collect();
    let refined = execute(document, &deletions);
    assert_eq!(restore(&refined, &deletions, &pieces).expect("its own pieces"), document);
});
