//! One row of predictions, in any of its forms.

use refinex_core::{
    Deletions, Outcome, Score, Scores, Span, distill, execute, parse, resolve_document,
};
use refinex_corpus::ScoredSpan;
use refinex_eval::Rewriting;
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_64;

/// What a refiner says of one document.
pub(crate) struct Prediction {
    said: Said,
    scores: Option<Scores>,
    check: Option<Check>,
}

/// In which words it says it.
enum Said {
    /// All of it is left out.
    Dropped,
    Spans(Vec<Span>),
    Program(String),
    Rewritten(String),
}

/// What is known of the text, to see that it is that of gold.
#[derive(Clone, Copy)]
pub(crate) enum Check {
    /// The hash of the raw text.
    Raw(u64),
    /// The hash of the text that was left.
    Refined(u64),
}

impl Prediction {
    /// Reads a row. What it has under `refined_key` counts only where it has no deletions.
    pub(crate) fn read(row: &Map<String, Value>, refined_key: &str) -> Result<Self, String> {
        let string = |key: &str| row.get(key).and_then(Value::as_str);
        let said = match (row.get("deletions"), string("program"), string(refined_key)) {
            _ if is_dropped(row) => Said::Dropped,
            // A row that was written by hand may have its deletions as a program alone.
            (Some(Value::Array(none)), Some(program), _)
                if none.is_empty() && program != "keep_all()" =>
            {
                Said::Program(program.to_owned())
            }
            (Some(spans), _, _) => Said::Spans(spans_of(spans)?),
            (None, Some(program), _) => Said::Program(program.to_owned()),
            (None, None, Some(refined)) => Said::Rewritten(refined.to_owned()),
            (None, None, None) => {
                return Err(format!(
                    "expected a key deletions, program or {refined_key}, but found none"
                ));
            }
        };
        let check = string("text").map(|text| Check::Raw(xxh3_64(text.as_bytes())));
        Ok(Self { said, scores: scores_of(row)?, check })
    }

    /// The same with the hash of the text that was left.
    pub(crate) fn leaving(mut self, refined: &str) -> Self {
        self.check = Some(Check::Refined(xxh3_64(refined.as_bytes())));
        self
    }

    /// What is deleted from `text`, and what else was done if it was rewritten.
    pub(crate) fn deletions(&self, text: &str) -> Result<(Deletions, Option<Rewriting>), String> {
        match &self.said {
            Said::Dropped => Ok((Deletions::all(text), None)),
            Said::Spans(spans) => {
                let deletions = Deletions::from_spans(text, spans.iter().copied());
                Ok((deletions.map_err(|error| error.to_string())?, None))
            }
            Said::Program(program) => Ok((of_program(text, program)?, None)),
            Said::Rewritten(refined) => {
                let distilled = distill(text, refined);
                let rewriting = Rewriting::of(text, refined, &distilled);
                Ok((distilled.deletions, Some(rewriting)))
            }
        }
    }

    /// Checks that the text is the one that the refiner has read.
    pub(crate) fn check(&self, text: &str, deletions: &Deletions) -> Result<(), String> {
        let (same, wanted) = match self.check {
            None => return Ok(()),
            Some(Check::Raw(hash)) => {
                (hash == xxh3_64(text.as_bytes()), "the text to be that of gold")
            }
            Some(Check::Refined(hash)) => (
                hash == xxh3_64(execute(text, deletions).as_bytes()),
                "the refined text to be that of gold less the deletions",
            ),
        };
        if same { Ok(()) } else { Err(format!("expected {wanted}, but found another text")) }
    }

    pub(crate) const fn scores(&self) -> Option<&Scores> {
        self.scores.as_ref()
    }
}

/// Whether a row of a sidecar says that rules left its document out.
pub(crate) fn is_dropped(row: &Map<String, Value>) -> bool {
    row.get("outcome").and_then(Value::as_str) == Some(Outcome::Dropped.name())
}

fn of_program(text: &str, program: &str) -> Result<Deletions, String> {
    let parsed = parse(program);
    let (deletions, refused) = resolve_document(&parsed.program, text);
    match parsed.refused.first().or(refused.first()) {
        None => Ok(deletions),
        Some(refusal) => {
            Err(format!("expected a program that can be carried out, but found {refusal}"))
        }
    }
}

/// `[[start, end], …]`, each with a score behind it or without.
fn spans_of(spans: &Value) -> Result<Vec<Span>, String> {
    let wrong = |found: &Value| format!("expected [start, end] in bytes, but found {found}");
    let list = spans.as_array().ok_or_else(|| wrong(spans))?;
    let span = |value: &Value| {
        if let Ok(scored) = serde_json::from_value::<ScoredSpan>(value.clone()) {
            return Ok(scored.span);
        }
        match serde_json::from_value::<(usize, usize)>(value.clone()) {
            Ok((start, end)) if start <= end => Ok(Span::new(start, end)),
            _ => Err(wrong(value)),
        }
    };
    list.iter().map(span).collect()
}

/// The scores of lines and pieces, as a sidecar has them.
fn scores_of(row: &Map<String, Value>) -> Result<Option<Scores>, String> {
    let Some(lines) = row.get("scores").filter(|scores| scores.is_array()) else { return Ok(None) };
    let wrong = |key: &str, error: serde_json::Error| {
        format!("expected {key} as a sidecar has them, but found: {error}")
    };
    let lines: Vec<u16> =
        serde_json::from_value(lines.clone()).map_err(|error| wrong("scores", error))?;
    let pieces: Vec<(usize, usize, u16)> = match row.get("pieces") {
        None => Vec::new(),
        Some(pieces) => {
            serde_json::from_value(pieces.clone()).map_err(|error| wrong("pieces", error))?
        }
    };
    if let Some((start, end, _)) = pieces.iter().find(|(start, end, _)| start > end) {
        return Err(format!(
            "expected pieces that begin before they end, but found {start}..{end}"
        ));
    }
    let piece = |&(start, end, score): &(usize, usize, u16)| {
        (Span::new(start, end), Score::from_thousandths(score))
    };
    Ok(Some(Scores {
        lines: lines.into_iter().map(Score::from_thousandths).collect(),
        pieces: pieces.iter().map(piece).collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TEXT: &str = "menu\nstory\n";

    fn read(row: Value) -> Result<Prediction, String> {
        Prediction::read(row.as_object().unwrap(), "refined")
    }

    #[test]
    fn deletions_can_be_said_as_spans_as_a_program_and_as_a_rewrite() {
        for row in [
            json!({"deletions": [[0, 5]]}),
            json!({"deletions": [[0, 5, 0.5]], "program": "keep_all()"}),
            json!({"deletions": [[0, 5, null]]}),
            json!({"program": "remove_lines(1, 1)"}),
            json!({"deletions": [], "program": "remove_lines(1, 1)"}),
            json!({"refined": "story\n"}),
            json!({"refined": "story\n", "text": TEXT}),
        ] {
            let prediction = read(row.clone()).unwrap();
            let (deletions, rewriting) = prediction.deletions(TEXT).unwrap();
            assert_eq!(deletions.spans(), [Span::new(0, 5)], "{row}");
            assert_eq!(rewriting.is_some(), row.get("refined").is_some());
            assert!(prediction.check(TEXT, &deletions).is_ok());
        }
    }

    #[test]
    fn what_is_no_prediction_is_refused_with_what_was_found() {
        let error = |row| read(row).map(|_| ()).unwrap_err();
        let wanted = "expected a key deletions, program or refined, but found none";
        assert_eq!(error(json!({"id": "a"})), wanted);
        let wanted = "expected [start, end] in bytes, but found [3,1]";
        assert_eq!(error(json!({"deletions": [[3, 1]]})), wanted);
        assert!(error(json!({"deletions": [], "scores": ["high"]})).contains("expected scores"));
        let program = read(json!({"program": "remove_lines(9, 9)"})).unwrap();
        assert!(program.deletions(TEXT).unwrap_err().starts_with("expected a program that can"));
        let outside = read(json!({"deletions": [[0, 50]]})).unwrap();
        assert!(outside.deletions(TEXT).unwrap_err().contains("but found 0..50"));
    }

    #[test]
    fn another_text_is_seen_by_the_raw_and_by_the_refined_one() {
        let prediction = read(json!({"deletions": [[0, 5]], "text": "menu\nstorY\n"})).unwrap();
        let (deletions, _) = prediction.deletions(TEXT).unwrap();
        let wanted = "expected the text to be that of gold, but found another text";
        assert_eq!(prediction.check(TEXT, &deletions).unwrap_err(), wanted);
        assert!(prediction.leaving("story\n").check(TEXT, &deletions).is_ok());
        let other = read(json!({"deletions": [[0, 5]]})).unwrap().leaving("storY\n");
        assert!(other.check(TEXT, &deletions).unwrap_err().contains("less the deletions"));
    }
}
