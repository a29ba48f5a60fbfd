//! From a program to what it selects in its chunk: every call is carried out or refused.

use crate::chunk::Chunk;
use crate::deletions::Deletions;
use crate::line::{Line, Lines};
use crate::occurrence::occurrences;
use crate::program::{Call, Parsed, Program};
use crate::refusal::{Reason, Refusal};
use crate::selection::Selection;
use crate::span::Span;

/// Most bytes of text that are searched for the strings of one program (a guess: seconds at
/// memory speed). It stops hostile programs; a chunk of 12,000 characters would need 80,000 calls.
pub const SEARCH_LIMIT: usize = 1 << 30;

/// What a program selects in its chunk, and the calls that were refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// What goes, in bytes of the document.
    pub selection: Selection,
    /// What was not done, by the number of its call.
    pub refused: Vec<Refusal>,
}

/// Resolves `program` against the text that `chunk` shows. All calls speak of that text as it is;
/// their order has no meaning.
#[must_use]
pub fn resolve(program: &Program, chunk: &Chunk<'_>) -> Resolved {
    let positions: Vec<usize> = (1..=program.calls().len()).collect();
    resolve_calls(program, &positions, chunk)
}

/// Resolves what was parsed of a draft; refusals of both steps come together, by line of the draft.
#[must_use]
pub fn resolve_draft(parsed: Parsed, chunk: &Chunk<'_>) -> Resolved {
    let mut resolved = resolve_calls(&parsed.program, &parsed.positions, chunk);
    resolved.refused.extend(parsed.refused);
    resolved.refused.sort_by_key(|refusal| refusal.call);
    resolved
}

/// Resolves a program for a whole document.
#[must_use]
pub fn resolve_document(program: &Program, document: &str) -> (Deletions, Vec<Refusal>) {
    let resolved = resolve(program, &Chunk::whole(document));
    (resolved.selection.into_deletions(document), resolved.refused)
}

fn resolve_calls(program: &Program, positions: &[usize], chunk: &Chunk<'_>) -> Resolved {
    let mut resolving = Resolving::new(chunk);
    for (call, &number) in program.calls().iter().zip(positions) {
        if let Err(reason) = resolving.call(call) {
            resolving.refused.push(Refusal::new(number, &call.to_string(), reason));
        }
    }
    Resolved { selection: resolving.selection, refused: resolving.refused }
}

struct Resolving<'c, 'd> {
    chunk: &'c Chunk<'d>,
    lines: Lines,
    /// What the chunk owns, in bytes of its view.
    owned: Span,
    selection: Selection,
    refused: Vec<Refusal>,
    search_left: usize,
}

impl<'c, 'd> Resolving<'c, 'd> {
    fn new(chunk: &'c Chunk<'d>) -> Self {
        let origin = chunk.view().start();
        Self {
            chunk,
            lines: chunk.lines(),
            owned: Span::new(chunk.owned().start() - origin, chunk.owned().end() - origin),
            selection: Selection::default(),
            refused: Vec::new(),
            search_left: SEARCH_LIMIT,
        }
    }

    fn call(&mut self, call: &Call) -> Result<(), Reason> {
        match *call {
            Call::RemoveLines { start, end } => self.remove_lines(start, end),
            Call::RemoveStr { line, ref text, occurrence } => {
                let line = self.line(line)?;
                let found = self.find(line, text, occurrence.map(std::num::NonZeroUsize::get))?;
                self.choose_piece(found)
            }
            Call::RemoveBreak { line } => {
                let line = self.line(line)?;
                if !line.is_terminated() {
                    return Err(Reason::NoBreak);
                }
                self.choose_piece(line.terminator())
            }
        }
    }

    fn line(&self, number: usize) -> Result<Line, Reason> {
        self.lines.get(number).ok_or(Reason::NoSuchLine { line: number, lines: self.lines.len() })
    }

    /// The owned part of the lines goes; what lies in the context is refused.
    fn remove_lines(&mut self, start: usize, end: usize) -> Result<(), Reason> {
        if start > end {
            return Err(Reason::StartAfterEnd);
        }
        let wanted = Span::new(self.line(start)?.full().start(), self.line(end)?.full().end());
        let owned = wanted.intersect(self.owned).ok_or(Reason::NotOwned)?;
        self.selection.choose_lines(self.to_document(owned), self.chunk.document());
        if owned == wanted { Ok(()) } else { Err(Reason::NotOwned) }
    }

    fn choose_piece(&mut self, piece: Span) -> Result<(), Reason> {
        if !self.owned.contains(piece) {
            return Err(Reason::NotOwned);
        }
        self.selection.choose_piece(self.to_document(piece));
        Ok(())
    }

    fn find(&mut self, line: Line, text: &str, k: Option<usize>) -> Result<Span, Reason> {
        if text.is_empty() {
            return Err(Reason::EmptyString);
        }
        let content = line.content();
        self.search_left =
            self.search_left.checked_sub(content.len()).ok_or(Reason::SearchLimit)?;
        let mut found = occurrences(content.of(self.chunk.text()), text);
        let at = match k {
            Some(k) => nth(&mut found, k)?,
            None => only(&mut found)?,
        };
        Ok(Span::new(at, at + text.len()).shift(content.start()))
    }

    fn to_document(&self, span: Span) -> Span {
        span.shift(self.chunk.view().start())
    }
}

fn only(found: &mut dyn Iterator<Item = usize>) -> Result<usize, Reason> {
    let first = found.next().ok_or(Reason::Absent)?;
    if found.next().is_some() { Err(Reason::Ambiguous) } else { Ok(first) }
}

fn nth(found: &mut dyn Iterator<Item = usize>, k: usize) -> Result<usize, Reason> {
    let mut seen = 0;
    for at in found {
        seen += 1;
        if seen == k {
            return Ok(at);
        }
    }
    Err(if seen == 0 { Reason::Absent } else { Reason::NoSuchOccurrence { found: seen } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute::execute;
    use crate::program::{describe, parse};
    use proptest::prelude::*;

    fn reasons(resolved: &Resolved) -> Vec<Reason> {
        resolved.refused.iter().map(|refusal| refusal.reason).collect()
    }

    #[test]
    fn lines_that_reach_into_the_context_go_as_far_as_the_chunk_owns_them() {
        let document = "a\nb\nc\nd\n";
        let chunk = Chunk::new(document, Span::new(0, 6), Span::new(2, 4)).unwrap();
        let resolved = resolve(&parse("remove_lines(1, 2)").program, &chunk);
        assert_eq!(reasons(&resolved), [Reason::NotOwned]);
        assert_eq!(execute(document, &resolved.selection.into_deletions(document)), "a\nc\nd\n");
    }

    #[test]
    fn a_string_in_the_context_is_refused_and_is_no_fault() {
        let document = "ab\ncd\n";
        let chunk = Chunk::new(document, Span::new(0, 6), Span::new(3, 6)).unwrap();
        let resolved = resolve(&parse("remove_str(1, \"a\")").program, &chunk);
        assert_eq!(reasons(&resolved), [Reason::NotOwned]);
        assert!(!resolved.refused[0].reason.is_fault() && resolved.selection.is_empty());
    }

    #[test]
    fn a_hostile_number_of_searches_is_refused_at_the_limit() {
        let document = "ab".repeat(1 << 19);
        let calls = vec![parse("remove_str(1, \"ba\", 1)").program.calls()[0].clone(); 1100];
        let resolved = resolve(&Program::new(calls), &Chunk::whole(&document));
        assert_eq!(resolved.refused.len(), 1100 - 1024);
        assert!(resolved.refused.iter().all(|r| r.reason == Reason::SearchLimit));
    }

    fn some_deletions() -> impl Strategy<Value = (String, Deletions)> {
        ("[ab\né😀]{0,24}", prop::collection::vec((0usize..40, 1usize..9), 0..6)).prop_map(
            |(text, raw)| {
                let fits = |&at: &usize| text.is_char_boundary(at);
                let spans = raw.iter().filter_map(|&(start, len)| {
                    let end = (start + len).min(text.len());
                    (fits(&start) && fits(&end)).then(|| Span::new(start, end))
                });
                let deletions = Deletions::from_spans(&text, spans).unwrap();
                (text, deletions)
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        /// Law L2: every deletion can be said, and what is said means that deletion.
        #[test]
        fn every_deletion_can_be_said((text, deletions) in some_deletions()) {
            let said = describe(&text, &deletions);
            let read = parse(&said.to_string());
            prop_assert!(read.refused.is_empty());
            prop_assert_eq!(&read.program, &said);
            let (resolved, refused) = resolve_document(&read.program, &text);
            prop_assert_eq!(refused, vec![]);
            prop_assert_eq!(resolved, deletions, "{}", said);
        }

        /// Law L9: resolving is total, and each call is done or refused.
        #[test]
        fn any_program_resolves_against_any_text(
            text in "[ab\né]{0,24}", start in 0usize..9, end in 0usize..9, needle in "[ab\né]{0,3}", k in 0usize..4,
        ) {
            let calls = vec![
                Call::RemoveLines { start, end },
                Call::RemoveStr { line: start, text: needle, occurrence: std::num::NonZeroUsize::new(k) },
                Call::RemoveBreak { line: end },
            ];
            let (deletions, refused) = resolve_document(&Program::new(calls), &text);
            prop_assert!(refused.len() <= 3 && deletions.fit(&text));
        }
    }
}
