//! Labels in the rows themselves: `deletions` in bytes, or a `program` in the edit language.

use super::columns::Columns;
use super::set::{Label, LabelError, Labels};
use refinex_core::{Deletions, Span, parse, resolve_document};
use refinex_corpus::ScoredSpan;
use serde_json::Value;

/// Labels of rows that hold them.
#[derive(Default)]
pub(crate) struct RowLabels {
    /// Whether the last row had its labels as `deletions`.
    by_spans: bool,
    /// Whether its program is one that says the labels.
    by_program: bool,
}

impl Labels for RowLabels {
    fn next(&mut self, _: &str, text: &str, row: &Columns) -> Result<Label, LabelError> {
        let (spans, program) = (row.value("deletions"), row.value("program"));
        let program = program.as_ref().and_then(Value::as_str);
        (self.by_spans, self.by_program) = (spans.is_some(), false);
        let mut label = match (&spans, program) {
            (Some(spans), _) => by_spans(text, spans)?,
            (None, Some(program)) => Label::plain(text, of_program(text, program)?),
            (None, None) => {
                let why = "expected a key deletions or program, but found neither".to_owned();
                return Err(LabelError::Row("no_label", why));
            }
        };
        // A column of that name beside the spans may be about something else, and stays then.
        let said =
            program.map(|program| of_program(text, program).is_ok_and(|d| d == label.deletions));
        self.by_program = said.unwrap_or(false);
        label.row.distilled = row.value("distilled");
        Ok(label)
    }

    fn take_out(&self, columns: &mut Columns) {
        let used =
            [("deletions", self.by_spans), ("program", self.by_program), ("distilled", true)];
        used.iter().filter(|(_, used)| *used).for_each(|(name, _)| columns.remove(name));
    }
}

/// Labels of spans; scores are kept where no two spans touch, so that each has its own.
fn by_spans(text: &str, spans: &Value) -> Result<Label, LabelError> {
    let list = spans.as_array().ok_or_else(|| no_span(spans))?;
    let list: Vec<ScoredSpan> = list.iter().map(scored_span).collect::<Result<_, _>>()?;
    let deletions = Deletions::from_spans(text, list.iter().map(|scored| scored.span))
        .map_err(|error| LabelError::Row("span", error.to_string()))?;
    let mut label = Label::plain(text, deletions);
    if label.deletions.spans().iter().eq(list.iter().map(|scored| &scored.span)) {
        label.row.deletions = list;
    }
    Ok(label)
}

fn scored_span(span: &Value) -> Result<ScoredSpan, LabelError> {
    let edge = |at: usize| span[at].as_u64().and_then(|n| usize::try_from(n).ok());
    match (edge(0), edge(1)) {
        (Some(start), Some(end)) if start <= end => {
            let score = span[2].as_f64().map(|score| score as f32);
            Ok(ScoredSpan { span: Span::new(start, end), score })
        }
        _ => Err(no_span(span)),
    }
}

fn no_span(found: &Value) -> LabelError {
    LabelError::Row("span", format!("expected [start, end] in bytes, but found {found}"))
}

fn of_program(text: &str, program: &str) -> Result<Deletions, LabelError> {
    let parsed = parse(program);
    let (deletions, refused) = resolve_document(&parsed.program, text);
    match parsed.refused.first().or(refused.first()) {
        None => Ok(deletions),
        Some(refusal) => Err(LabelError::Row(
            refusal.reason.name(),
            format!("expected a program that can be carried out, but found {refusal}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(row: &str, text: &str) -> (Result<Label, LabelError>, Columns) {
        let mut columns = Columns::read(row.as_bytes()).unwrap();
        let mut labels = RowLabels::default();
        let label = labels.next("a", text, &columns);
        labels.take_out(&mut columns);
        (label, columns)
    }

    #[test]
    fn a_column_that_is_named_program_but_is_none_stays_beside_spans() {
        let (label, columns) = read(r#"{"deletions":[[0,2,0.5]],"program":"BBC news"}"#, "x\ny");
        let label = label.ok().unwrap();
        assert_eq!(label.row.deletions[0].score, Some(0.5));
        assert_eq!(
            (columns.raw("program"), columns.raw("deletions")),
            (Some("\"BBC news\""), None)
        );
        let (_, columns) = read(r#"{"deletions":[[0,2]],"program":"remove_lines(1, 1)"}"#, "x\ny");
        assert_eq!(columns.raw("program"), None);
    }

    #[test]
    fn spans_that_touch_are_joined_and_lose_their_scores() {
        let label = read(r#"{"deletions":[[0,1,0.5],[1,2,0.9]]}"#, "x\ny").0.ok().unwrap();
        assert_eq!(label.row.deletions, [ScoredSpan { span: Span::new(0, 2), score: None }]);
    }
}
