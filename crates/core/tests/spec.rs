//! Runs the literate specification in `spec/`.

#![allow(clippy::unwrap_used)]

use refinex_core::{Chunk, describe, execute, parse, resolve_draft, verify};

/// One `edit` block.
#[derive(Default)]
struct Case {
    line: usize,
    text: String,
    program: String,
    result: Option<String>,
    refused: Vec<String>,
    canonical: Option<String>,
    deletions: Option<Vec<(usize, usize)>>,
}

#[test]
fn every_case_of_the_specification_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/spec");
    let mut cases = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let markdown = std::fs::read_to_string(&path).unwrap();
        for case in read_cases(&markdown) {
            case.run(&path.display().to_string());
            cases += 1;
        }
    }
    assert!(cases >= 25, "expected the cases of the specification, but found {cases}");
}

impl Case {
    fn run(&self, path: &str) {
        let place = format!("{path}:{}", self.line);
        let resolved = resolve_draft(parse(&self.program), &Chunk::whole(&self.text));
        let refused: Vec<String> =
            resolved.refused.iter().map(|r| format!("{} {}", r.call, r.reason.name())).collect();
        assert_eq!(refused, self.refused, "refused calls of {place}");

        let deletions = resolved.selection.into_deletions(&self.text);
        let result = execute(&self.text, &deletions);
        assert_eq!(Some(&result), self.result.as_ref(), "result of {place}");
        assert!(verify(&self.text, &result, &deletions).is_ok(), "verification of {place}");
        if let Some(wanted) = &self.deletions {
            let spans: Vec<_> = deletions.spans().iter().map(|s| (s.start(), s.end())).collect();
            assert_eq!(&spans, wanted, "deletions of {place}");
        }
        if let Some(wanted) = &self.canonical {
            assert_eq!(&describe(&self.text, &deletions).to_string(), wanted, "canonical {place}");
        }
    }
}

fn read_cases(markdown: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut lines = markdown.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if line == "```edit" {
            let body: Vec<&str> =
                lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            cases.push(read_case(number + 1, &body));
        }
    }
    cases
}

fn read_case(line: usize, body: &[&str]) -> Case {
    let mut case = Case { line, ..Case::default() };
    let mut at = 0;
    while let Some(entry) = body.get(at) {
        at += 1;
        let (key, value) = entry.split_once(':').expect("a key and a value");
        let block = body[at..].iter().take_while(|l| l.starts_with("  ")).map(|l| &l[2..]);
        let block = block.collect::<Vec<_>>().join("\n");
        match key {
            "text" => case.text = serde_json::from_str(value).expect("text is a JSON string"),
            "result" => case.result = Some(serde_json::from_str(value).expect("a JSON string")),
            "deletions" => case.deletions = Some(serde_json::from_str(value).expect("JSON spans")),
            "refused" => case.refused.push(value.trim().to_owned()),
            "program" => case.program = block,
            "canonical" => case.canonical = Some(block),
            other => panic!("expected a key of the specification, but found {other}"),
        }
        while body.get(at).is_some_and(|l| l.starts_with("  ")) {
            at += 1;
        }
    }
    assert!(case.result.is_some(), "the case at line {line} states no result");
    case
}
