//! The other side of the adapter: rows come in, rows of a sidecar go out.

use crate::decider::{Decided, Decider, Deciding, scored_row};
use crate::error::RunError;
use crate::not_done::NotDone;
use crate::settings::Settings;
use refinex_core::{Deletions, Document, Score, execute, verify};
use serde::Deserialize;
use std::borrow::Cow;
use std::io::{BufRead, Write};

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

/// Answers rows `{"id", "text"}` with rows of a sidecar, one each, in order, on one thread. A blank
/// line asks for all answers so far.
///
/// # Errors
/// If a row is none, or rows cannot be read or written.
pub fn answer_rows(
    decider: &Decider,
    settings: &Settings,
    mut input: impl BufRead,
    output: impl Write,
) -> Result<(), RunError> {
    let deciding = Deciding { decider, settings, chunker: settings.chunker()? };
    let mut output = std::io::BufWriter::new(output);
    let (mut line, mut row) = (String::new(), Vec::new());
    loop {
        line.clear();
        if input.read_line(&mut line).map_err(broken)? == 0 {
            return output.flush().map_err(broken);
        }
        if line.trim().is_empty() {
            output.flush().map_err(broken)?;
            continue;
        }
        row.clear();
        answer_onto(&mut row, &line, &deciding)?;
        output.write_all(&row).map_err(broken)?;
    }
}

fn answer_onto(row: &mut Vec<u8>, line: &str, deciding: &Deciding<'_>) -> Result<(), RunError> {
    let asked: Asked<'_> = serde_json::from_str(line).map_err(|error| {
        RunError::new(format!("expected rows with id and text, but found: {error}"))
    })?;
    let document = Document { id: &asked.id, text: &asked.text };
    let proposed = deciding.propose(std::iter::once(document.clone())).map_err(not_done)?.pop();
    let mut decided = deciding.decide(&document, None, proposed, None).map_err(not_done)?;
    if decided.dropped.is_some() {
        decided = whole(document.text);
    }
    let refined = execute(document.text, &decided.deletions);
    let outcome = verify(document.text, &refined, &decided.deletions)
        .map_err(|violation| RunError::new(violation.to_string()))?;
    let mut answer = decided.row;
    document.id.clone_into(&mut answer.id);
    outcome.name().clone_into(&mut answer.outcome);
    answer.encode_onto(row);
    Ok(())
}

/// A document that is dropped is one of which everything goes.
fn whole(text: &str) -> Decided {
    let all = Deletions::all(text);
    let row = scored_row(text, &all, None, Score::ONE);
    Decided::plain(all, row)
}

fn not_done(why: NotDone) -> RunError {
    match why {
        NotDone::Failed(why) | NotDone::Stopped(why) => RunError::new(why),
    }
}

fn broken(error: std::io::Error) -> RunError {
    RunError::new(format!("expected to read and to answer rows, but found: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::RefinerSpec;
    use refinex_core::KeepAll;
    use serde_json::Value;
    use std::sync::Arc;

    fn answered_by(decider: &Decider, rows: &str) -> Result<String, RunError> {
        let mut out = Vec::new();
        answer_rows(decider, &Settings::default(), rows.as_bytes(), &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn answered(rows: &str) -> Result<String, RunError> {
        answered_by(&Decider::Model(Arc::new(KeepAll)), rows)
    }

    #[test]
    fn of_a_document_that_rules_drop_everything_goes() {
        let spec: RefinerSpec = "rules:gopher-quality".parse().unwrap();
        let (decider, _) = spec.decider().unwrap();
        let out = answered_by(&decider, "{\"id\":\"a\",\"text\":\"too short\"}").unwrap();
        let row: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            (&row["outcome"], &row["deletions"]),
            (&"emptied".into(), &serde_json::json!([[0, 9, null]]))
        );
    }

    #[test]
    fn each_row_has_one_answer_in_its_order() {
        let out =
            answered("{\"id\":\"a\",\"text\":\"x\\ny\"}\n\n{\"id\":\"b\",\"text\":\"\"}").unwrap();
        let rows: Vec<Value> = out.lines().map(|row| serde_json::from_str(row).unwrap()).collect();
        assert_eq!((&rows[0]["id"], &rows[1]["id"]), (&"a".into(), &"b".into()));
        assert_eq!(rows[0]["deletions"], serde_json::json!([]));
    }

    #[test]
    fn a_row_that_is_none_is_an_error() {
        assert!(
            answered("{\"id\":1}").unwrap_err().to_string().starts_with("expected rows with id")
        );
    }
}
