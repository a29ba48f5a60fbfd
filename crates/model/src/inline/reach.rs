//! Which units of a line are read: noise inside a line stands at its ends, in brackets, behind
//! separators, and where something was glued on.

use super::unit::Unit;
use crate::words::Kind;

/// Units at the start of a line that are read. (measured: see lab/LOG.md)
const FIRST: usize = 8;
/// Units at its end. (measured)
const LAST: usize = 20;
/// Units on either side of a mark or seam that are read. (measured)
const AROUND: usize = 8;

/// Whether each of `units` is read: around signs and seams everywhere, and the ends of lines that do
/// not close with a sentence. (Sentences without either are nine tenths of prose, and what is noise
/// among them cannot be told by a unit and its neighbours: read, they cost half the tagger's time.)
pub(crate) fn reached(units: &[Unit]) -> Vec<bool> {
    let count = units.len();
    let open = !closes(units);
    let mut reached = vec![open && count <= FIRST + LAST; count];
    if open && count > FIRST + LAST {
        reached[..FIRST].fill(true);
        reached[count - LAST..].fill(true);
    }
    for at in 0..count {
        let seam = at > 0 && is_seam(&units[at - 1], &units[at]);
        if seam || is_sign(&units[at]) {
            reached[at.saturating_sub(AROUND)..(at + AROUND + 1).min(count)].fill(true);
        }
    }
    reached
}

/// Whether the line ends as a sentence does.
fn closes(units: &[Unit]) -> bool {
    let ends = |mark: char| matches!(mark, '.' | '!' | '?' | '。' | '！' | '？');
    let quotes = |mark: char| matches!(mark, '"' | '”' | '’' | '\'' | '」' | '»');
    match units {
        [.., before, last] if quotes(last.token.mark) => ends(before.token.mark),
        [.., last] => ends(last.token.mark),
        [] => false,
    }
}

/// A mark that encloses residue or stands before it.
fn is_sign(unit: &Unit) -> bool {
    unit.token.kind == Kind::Mark
        && (is_separator(unit.token.mark) || matches!(unit.token.mark, '[' | ']' | '【' | '】'))
}

/// A mark that parts what belongs to a page from what belongs to its site.
pub(crate) const fn is_separator(mark: char) -> bool {
    matches!(
        mark,
        '|' | '│'
            | '¦'
            | '｜'
            | '»'
            | '›'
            | '«'
            | '‹'
            | '→'
            | '←'
            | '▶'
            | '►'
            | '▼'
            | '▲'
            | '·'
            | '•'
            | '…'
            | '©'
            | '¶'
            | '#'
            | '\\'
            | '\u{FFFD}'
    )
}

/// Whether `after` was glued to `before`: no blank between, and a capital behind a small letter, a
/// digit or the end of a sentence.
pub(crate) fn is_seam(before: &Unit, after: &Unit) -> bool {
    let glued = before.end == after.start && after.token.capital;
    glued
        && (before.token.kind != Kind::Mark
            || matches!(before.token.mark, '.' | '!' | '?' | ':' | ')' | '…'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inline::unit::scan;

    fn read(line: &str) -> Vec<String> {
        let mut units = Vec::new();
        scan(line, &mut units);
        let reached = reached(&units);
        let kept = units.iter().zip(reached).filter(|(_, reached)| *reached);
        kept.map(|(unit, _)| line[unit.start..unit.end].to_owned()).collect()
    }

    #[test]
    fn short_lines_are_read_whole_and_of_long_ones_the_ends() {
        assert_eq!(read("one two three").len(), 3);
        assert_eq!(read(&"word ".repeat(100)).len(), FIRST + LAST);
        assert!(read("One two three.").is_empty() && read("\u{201C}One!\u{201D}").is_empty());
        assert_eq!(read("One two [edit].").len(), 6);
    }

    #[test]
    fn signs_and_seams_inside_a_long_line_are_read_with_what_is_around_them() {
        let plain = "word ".repeat(50);
        let read = read(&format!("{plain}end.Read more {plain}"));
        assert!(read.contains(&"Read".to_owned()) && read.contains(&"more".to_owned()));
        assert_eq!(read.len(), FIRST + LAST + 2 * AROUND + 1);
    }
}
