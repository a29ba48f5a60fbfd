//! Any draft against any document: parsed, resolved, executed and verified without a panic (L1, L9).
#![no_main]

use libfuzzer_sys::fuzz_target;
use refinex_core::{Chunk, Program, execute, parse, resolve_draft, verify};

fuzz_target!(|input: (&str, &str)| {
    let (document, draft) = input;
    let parsed = parse(draft);
    let printed = parsed.program.to_string();
    assert_eq!(parse(&printed).program, parsed.program);
    assert!(parsed.program != Program::keep_all() || printed == "keep_all()");

    let calls = parsed.program.calls().len();
    let resolved = resolve_draft(parsed, &Chunk::whole(document));
    let done = calls.saturating_sub(resolved.refused.len());
    let deletions = resolved.selection.into_deletions(document);
    assert!(done <= calls);
    let refined = execute(document, &deletions);
    verify(document, &refined, &deletions).expect("a subsequence of the document");
});
