//! What the report wants to know of one document. Pure, so that any thread may do it.

use crate::report::finding::{self, Finding};
use crate::report::observation::{Deletion, Observation};
use crate::report::pattern::Folder;
use crate::report::sample::sample_key;
use crate::report::shape::Shape;
use refinex_core::{Lines, Outcome, Span};

/// One document, taken apart.
pub struct Digest {
    /// Its place in samples.
    pub(crate) key: u64,
    /// Code points before and after.
    pub(crate) lengths: (u64, u64),
    pub(crate) lines: u64,
    /// Lines of which all content was deleted.
    pub(crate) deleted_lines: u64,
    /// Bytes deleted with such lines, and of line ends between them.
    pub(crate) whole_line_bytes: u64,
    pub(crate) gone: Vec<Gone>,
    /// Patterns of the lines of which nothing was deleted.
    pub(crate) kept: Vec<u64>,
    pub(crate) findings: Vec<Finding>,
}

/// A deleted line, or the deleted part of one.
pub(crate) struct Gone {
    /// Its pattern.
    pub key: u64,
    /// Where it stood, without white space around it.
    pub span: Span,
    pub score: Option<f32>,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    Cut,
    Gone,
}

/// A line that is not blank.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineSeen {
    /// Without its line end.
    pub span: Span,
    pub fate: Fate,
    pub shape: Shape,
}

impl Digest {
    /// Takes a document apart. The seed says which documents are sampled.
    #[must_use]
    pub fn of(seen: &Observation<'_>, seed: u64) -> Self {
        let key = sample_key(seen.shard, seen.row, 0, seed);
        let (gone, kept, findings) = (Vec::new(), Vec::new(), Vec::new());
        let length = |text: &str| text.chars().count() as u64;
        let before = length(seen.text);
        let deleted: u64 = seen.deletions.iter().map(|d| length(d.span.of(seen.text))).sum();
        let lengths = (before, before - deleted);
        let mut digest = Self {
            key,
            lengths,
            lines: 0,
            deleted_lines: 0,
            whole_line_bytes: 0,
            gone,
            kept,
            findings,
        };
        let mut walk =
            Walk { text: seen.text, deletions: seen.deletions, folder: Folder::default() };
        let lines = walk.lines(&mut digest);
        if seen.outcome != Outcome::Kept {
            digest.findings = finding::findings(seen, &lines);
        }
        digest
    }
}

struct Walk<'a> {
    text: &'a str,
    /// Those that end behind the line that is looked at.
    deletions: &'a [Deletion],
    folder: Folder,
}

impl Walk<'_> {
    /// Looks at every line; the answer is those that are not blank, where anything was deleted.
    fn lines(&mut self, digest: &mut Digest) -> Vec<LineSeen> {
        let touched = !self.deletions.is_empty();
        let mut seen = Vec::new();
        for line in Lines::of(self.text).iter() {
            digest.lines += 1;
            let (content, full) = (line.content(), line.full());
            let fate = self.line(content, full, digest);
            let text = content.of(self.text);
            if text.trim().is_empty() {
                continue;
            }
            if fate == Fate::Kept {
                digest.kept.push(self.folder.key(text));
            }
            if touched {
                seen.push(LineSeen { span: content, fate, shape: Shape::of(text) });
            }
        }
        seen
    }

    fn line(&mut self, content: Span, full: Span, digest: &mut Digest) -> Fate {
        let passed = self.deletions.iter().take_while(|d| d.span.end() <= full.start()).count();
        self.deletions = &self.deletions[passed..];
        let (mut deleted, mut of_content) = (0, 0);
        for deletion in self.deletions {
            let Some(part) = deletion.span.intersect(full) else { break };
            deleted += part.len();
            if let Some(part) = part.intersect(content) {
                of_content += part.len();
                self.note(part, deletion.score, digest);
            }
        }
        let whole = of_content == content.len() && deleted > 0;
        if whole {
            digest.whole_line_bytes += deleted as u64;
            digest.deleted_lines += 1;
        }
        match (of_content, whole) {
            (_, true) => Fate::Gone,
            (0, false) => Fate::Kept,
            _ => Fate::Cut,
        }
    }

    fn note(&mut self, part: Span, score: Option<f32>, digest: &mut Digest) {
        let text = part.of(self.text);
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return;
        }
        let start = part.start() + (text.len() - text.trim_start().len());
        let span = Span::new(start, start + trimmed.len());
        digest.gone.push(Gone { key: self.folder.key(trimmed), span, score });
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Deletions of bytes, without scores.
    pub(crate) fn deletions(spans: &[(usize, usize)]) -> Vec<Deletion> {
        let of =
            |&(start, end): &(usize, usize)| Deletion { span: Span::new(start, end), score: None };
        spans.iter().map(of).collect()
    }

    /// What is seen of a text of which these bytes are deleted.
    pub(crate) fn observed<'a>(text: &'a str, deletions: &'a [Deletion]) -> Observation<'a> {
        let left = text.len() - deletions.iter().map(|d| d.span.len()).sum::<usize>();
        let outcome = match (deletions.len(), left) {
            (0, _) => Outcome::Kept,
            (_, 0) => Outcome::Emptied,
            _ => Outcome::Edited,
        };
        Observation {
            shard: "s",
            row: 1,
            id: "i",
            outcome,
            reason: None,
            text,
            deletions,
            line_scores: None,
            columns: &[],
            url: None,
        }
    }

    #[test]
    fn lines_are_counted_by_what_became_of_them() {
        let text = "Menu\n\nstory one here\nmore\n";
        let gone = deletions(&[(0, 6), (11, 15)]);
        let digest = Digest::of(&observed(text, &gone), 0);
        assert_eq!((digest.lines, digest.deleted_lines, digest.whole_line_bytes), (4, 2, 6));
        let texts: Vec<&str> = digest.gone.iter().map(|gone| gone.span.of(text)).collect();
        assert_eq!(texts, ["Menu", "one"]);
        assert_eq!(digest.kept.len(), 1);
    }

    #[test]
    fn a_deletion_over_many_lines_is_noted_line_by_line_with_its_score() {
        let text = "a b\n  c  \nkeep";
        let gone = [Deletion { span: Span::new(0, 10), score: Some(0.7) }];
        let digest = Digest::of(&observed(text, &gone), 0);
        let noted: Vec<_> = digest.gone.iter().map(|g| (g.span.of(text), g.score)).collect();
        assert_eq!(noted, [("a b", Some(0.7)), ("c", Some(0.7))]);
        assert_eq!(digest.whole_line_bytes, 10);
    }
}
