//! What happened between two matched tokens: deleted, inserted, replaced, moved, re-spaced.

use super::Effort;
use super::moved::Moved;
use super::residue::{ResidueItem, ResidueKind};
use super::rewrite::{Matched, between};
use super::similar::similar_lines;
use super::subsequence;
use super::token;
use crate::deletions::Deletions;
use crate::line::Lines;
use crate::span::Span;

/// Letters that must be left of a word of which the rest is deleted (guess: fewer match by chance).
const SHORTEST_PART: usize = 3;

/// Collects deletions and residue, gap by gap.
pub(super) struct Gaps<'a> {
    raw: &'a str,
    refined: &'a str,
    moved: &'a Moved,
    deleted: Vec<Span>,
    items: Vec<ResidueItem>,
    /// Of alignments inside gaps.
    effort: Effort,
}

impl<'a> Gaps<'a> {
    pub const fn new(raw: &'a str, refined: &'a str, moved: &'a Moved) -> Self {
        let effort = Effort { greedy: 0, unaligned: 0 };
        Self { raw, refined, moved, deleted: Vec::new(), items: Vec::new(), effort }
    }

    /// Settles one gap.
    pub fn settle(&mut self, gap: Matched) {
        match self.split_moved(gap) {
            Some(rest) => self.settle_rest(rest),
            None => self.settle_rest(gap),
        }
    }

    /// The deletions and the residue. A line that was moved is not deleted where it stood.
    pub fn finish(mut self, effort: &mut Effort) -> (Deletions, Vec<ResidueItem>) {
        effort.greedy += self.effort.greedy;
        let deleted = Deletions::union(self.deleted);
        if self.items.iter().all(|item| item.from.is_none()) {
            return (deleted, self.items);
        }
        let lines = Lines::of(self.raw);
        let mut stay = Vec::new();
        for item in &mut self.items {
            item.from = item.from.and_then(|line| whole_line(line, &lines, &deleted));
            stay.extend(item.from);
        }
        stay.sort_unstable();
        (without(&deleted, &stay), self.items)
    }

    fn settle_rest(&mut self, gap: Matched) {
        let (raw, refined) = (gap.raw.of(self.raw), gap.refined.of(self.refined));
        if raw == refined {
        } else if refined.is_empty() {
            self.deleted.push(gap.raw);
        } else if refined.trim().is_empty() {
            self.settle_deletion(gap);
        } else if raw.trim().is_empty() {
            self.push(ResidueKind::Inserted, gap);
        } else {
            self.settle_rewrite(gap);
        }
    }

    /// The refined side is blank: the raw side goes, but for white space.
    fn settle_deletion(&mut self, gap: Matched) {
        let (raw, refined) = (gap.raw.of(self.raw), gap.refined.of(self.refined));
        if let Some(exact) = subsequence::align(raw, refined, &mut self.effort) {
            let spans = exact.spans().iter().map(|span| span.shift(gap.raw.start()));
            return self.deleted.extend(spans);
        }
        let core = token::trim(self.raw, gap.raw);
        let left = Span::new(gap.raw.start(), core.start());
        let right = Span::new(core.end(), gap.raw.end());
        if core.is_empty() {
            return self.push(ResidueKind::Whitespace, gap);
        }
        let breaks = |span: Span| span.of(self.raw).contains('\n');
        let keeps_left = breaks(left) == refined.contains('\n') && !left.is_empty();
        let kept = if keeps_left || right.is_empty() { left } else { right };
        let gone = if kept == left {
            Span::new(core.start(), gap.raw.end())
        } else {
            Span::new(gap.raw.start(), core.end())
        };
        self.deleted.push(gone);
        self.push(ResidueKind::Whitespace, Matched { raw: kept, refined: gap.refined });
    }

    /// Both sides have words and none is common: lines that resemble each other were replaced, and
    /// the lines around them may be deleted.
    fn settle_rewrite(&mut self, gap: Matched) {
        let pairs = similar_lines(self.raw, self.refined, gap);
        for rest in between(&pairs, gap) {
            let both = [rest.raw.of(self.raw), rest.refined.of(self.refined)];
            if both.iter().all(|side| !side.trim().is_empty()) {
                self.settle_replacement(rest);
            } else {
                self.settle_rest(rest);
            }
        }
        pairs.into_iter().for_each(|pair| self.replace(pair));
    }

    /// Both sides have words, and no line resembles another: all of it was replaced.
    fn settle_replacement(&mut self, gap: Matched) {
        let core = Matched {
            raw: token::trim(self.raw, gap.raw),
            refined: token::trim(self.refined, gap.refined),
        };
        between(&[core], gap).for_each(|rest| self.settle_rest(rest));
        self.replace(core);
    }

    fn replace(&mut self, pair: Matched) {
        let pair = without_common_ends(self.raw, self.refined, pair);
        let (raw, refined) = (pair.raw.of(self.raw), pair.refined.of(self.refined));
        if raw == refined {
            return;
        }
        match cut_off(raw, refined) {
            Some(gone) => self.deleted.push(gone.shift(pair.raw.start())),
            None => self.push(ResidueKind::Replaced, pair),
        }
    }

    /// Takes moved lines out of a gap; what is left is in the answer. `None` if there are none, or
    /// they stand between other new lines.
    fn split_moved(&mut self, gap: Matched) -> Option<Matched> {
        if self.moved.is_empty() {
            return None;
        }
        let lines = token::lines(self.refined, gap.refined);
        let is_moved = |line: &&Span| self.moved.at(line.start()).is_some();
        let first = lines.iter().position(|line| is_moved(&line))?;
        let many = lines[first..].iter().take_while(is_moved).count();
        let moved = &lines[first..first + many];
        let (start, end) = (gap.refined.start(), gap.refined.end());
        let (at, rest, until) = if first + many == lines.len() {
            (gap.raw.end(), Span::new(start, moved[0].start()), end)
        } else if first == 0 {
            let until = moved[many - 1].end();
            self.push_inserted_blank(gap.raw.start(), Span::new(start, moved[0].start()));
            (gap.raw.start(), Span::new(until, end), until)
        } else {
            return None;
        };
        let ends = moved[1..].iter().map(|line| line.start()).chain([until]);
        for (line, end) in moved.iter().zip(ends) {
            let from = self.moved.at(line.start()).map(|(_, source)| source);
            let refined = Span::new(line.start(), end);
            let (kind, raw) = (ResidueKind::Moved, Span::new(at, at));
            self.items.push(ResidueItem { kind, raw, refined, from });
        }
        Some(Matched { raw: gap.raw, refined: rest })
    }

    fn push_inserted_blank(&mut self, at: usize, refined: Span) {
        if !refined.is_empty() {
            self.push(ResidueKind::Whitespace, Matched { raw: Span::new(at, at), refined });
        }
    }

    fn push(&mut self, kind: ResidueKind, Matched { raw, refined }: Matched) {
        self.items.push(ResidueItem { kind, raw, refined, from: None });
    }
}

/// The pair without the words at its begin and its end that both sides have.
fn without_common_ends(raw: &str, refined: &str, pair: Matched) -> Matched {
    let (a, b) = (pair.raw.of(raw), pair.refined.of(refined));
    let same = a.char_indices().zip(b.chars()).take_while(|((_, a), b)| a == b);
    let blanks = same.filter(|((_, c), _)| c.is_whitespace());
    let start = blanks.last().map_or(0, |((at, c), _)| at + c.len_utf8());
    let (a, b) = (&a[start..], &b[start..]);
    let same = a.char_indices().rev().zip(b.chars().rev()).take_while(|((_, a), b)| a == b);
    let blanks = same.filter(|((_, c), _)| c.is_whitespace());
    let end = blanks.last().map_or(0, |((at, _), _)| a.len() - at);
    let cut = |span: Span| Span::new(span.start() + start, span.end() - end);
    Matched { raw: cut(pair.raw), refined: cut(pair.refined) }
}

/// What was cut off if `refined` is the begin or the end of the glued words `raw`: the cut stands
/// where the kind of character changes (`HelloArticle`, `page2`), and enough letters are left, so
/// that no deletion cuts a word by a chance match of letters.
fn cut_off(raw: &str, refined: &str) -> Option<Span> {
    if refined.chars().count() < SHORTEST_PART || refined.contains(char::is_whitespace) {
        return None;
    }
    let changes = |at: usize| {
        let before = raw[..at].chars().next_back();
        let after = raw[at..].chars().next();
        before.zip(after).is_some_and(|(before, after)| kind_changes(before, after))
    };
    let rest = raw.len().checked_sub(refined.len())?;
    if raw.starts_with(refined) && changes(refined.len()) {
        Some(Span::new(refined.len(), raw.len()))
    } else if raw.ends_with(refined) && changes(rest) {
        Some(Span::new(0, rest))
    } else {
        None
    }
}

const fn is_lower_or_digit(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn kind_changes(before: char, after: char) -> bool {
    before.is_numeric() != after.is_numeric()
        || before.is_alphanumeric() != after.is_alphanumeric()
        || (before.is_lowercase() || is_lower_or_digit(before)) && after.is_uppercase()
}

/// The whole line with its terminator, if it is deleted whole, else its text, if that is.
fn whole_line(line: Span, lines: &Lines, deleted: &Deletions) -> Option<Span> {
    let full = lines.at(line.start()).map(crate::line::Line::full);
    [full, Some(line)].into_iter().flatten().find(|span| deleted.cover(*span))
}

/// `deleted` but for the sorted spans `stay`.
fn without(deleted: &Deletions, stay: &[Span]) -> Deletions {
    let mut spans = Vec::with_capacity(deleted.spans().len());
    let mut stay = stay.iter().copied().peekable();
    for &span in deleted.spans() {
        let mut start = span.start();
        while let Some(kept) = stay.next_if(|kept| kept.start() < span.end()) {
            spans.push(Span::new(start, kept.start()));
            start = start.max(kept.end());
        }
        spans.push(Span::new(start, span.end()));
    }
    Deletions::union(spans)
}
