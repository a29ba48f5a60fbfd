//! Runs the worked examples of `docs/distill.md`.

#![allow(clippy::unwrap_used)]

use refinex_core::{DistillPolicy, Span, Verdict, distill, execute};

#[test]
fn every_example_of_the_page_holds() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/distill.md");
    let page = std::fs::read_to_string(path).unwrap();
    let examples: Vec<&str> =
        page.split("```distill\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 11, "expected the examples of the page, but found {examples:?}");
    examples.into_iter().for_each(check);
}

fn check(example: &str) {
    let values = |key: &'static str| values_of(example, key);
    let text = |key| serde_json::from_str::<String>(values(key).next().unwrap()).unwrap();
    let (raw, refined) = (text("raw"), text("refined"));
    let found = distill(&raw, &refined);
    assert_eq!(found.rebuild(&raw, &refined), refined, "{example}");
    if found.residue.is_empty() {
        assert_eq!(execute(&raw, &found.deletions), refined, "{example}");
    }

    if let Some(deletions) = values("deletions").next() {
        let wanted: Vec<(usize, usize)> = serde_json::from_str(deletions).unwrap();
        assert_eq!(
            found.deletions.spans().iter().map(ends).collect::<Vec<_>>(),
            wanted,
            "{example}"
        );
        let items = found.residue.items().iter().map(|item| {
            let ((a, b), (c, d)) = (ends(&item.raw), ends(&item.refined));
            format!("{} [{a}, {b}] [{c}, {d}]", item.kind.name())
        });
        assert_eq!(items.collect::<Vec<_>>(), values("residue").collect::<Vec<_>>(), "{example}");
    }
    for (key, policy) in
        [("verdict", DistillPolicy::Default), ("paper", DistillPolicy::RefinexPaper)]
    {
        if let Some(wanted) = values(key).next() {
            let verdict = Verdict::of(policy, &raw, &refined, &found);
            assert_eq!(said(&verdict), wanted, "{key} of {example}");
        }
    }
}

fn values_of<'e>(example: &'e str, key: &'static str) -> impl Iterator<Item = &'e str> {
    let lines = example.lines().filter_map(|line| line.split_once(": "));
    lines.filter(move |(name, _)| *name == key).map(|(_, value)| value)
}

fn ends(span: &Span) -> (usize, usize) {
    (span.start(), span.end())
}

fn said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Dropped(reason) => format!("dropped {}", reason.name()),
        other => other.name().to_owned(),
    }
}
