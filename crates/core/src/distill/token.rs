//! Words and lines, which are what a rewritten text is matched by.

use crate::line::Lines;
use crate::span::Span;

/// The lines of `part` of `text` that are not blank, without the white space around them.
pub(super) fn lines(text: &str, part: Span) -> Vec<Span> {
    let within = part.of(text);
    let contents = Lines::of(within);
    let trimmed = contents.iter().map(|line| trim(within, line.content()).shift(part.start()));
    trimmed.filter(|line| !line.is_empty()).collect()
}

/// The span without the white space at its ends.
pub(super) fn trim(text: &str, span: Span) -> Span {
    let within = span.of(text);
    let start = span.start() + within.len() - within.trim_start().len();
    Span::new(start, start + within.trim().len())
}

/// The words and marks of `part` of `text`: runs of letters and digits, each other character by
/// itself, no white space. Of scripts that write no blanks each character is a word.
pub(super) fn words(text: &str, part: Span) -> Vec<Span> {
    let mut words: Vec<Span> = Vec::new();
    let mut joins = false;
    for (at, c) in part.of(text).char_indices() {
        let start = part.start() + at;
        let end = start + c.len_utf8();
        let in_word = c.is_alphanumeric() && !is_unspaced(c);
        match words.last_mut() {
            Some(last) if joins && in_word => *last = Span::new(last.start(), end),
            _ if c.is_whitespace() => {}
            _ => words.push(Span::new(start, end)),
        }
        joins = in_word;
    }
    words
}

/// Thai, Lao, Burmese, Khmer, kana, ideographs: written without blanks between words.
const fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'t>(text: &'t str, spans: &[Span]) -> Vec<&'t str> {
        spans.iter().map(|span| span.of(text)).collect()
    }

    #[test]
    fn words_are_runs_of_letters_and_marks_stand_alone() {
        let text = "Don't  pay $1,50 für 東京!\n";
        let all = Span::new(0, text.len());
        let wanted = ["Don", "'", "t", "pay", "$", "1", ",", "50", "für", "東", "京", "!"];
        assert_eq!(of(text, &words(text, all)), wanted);
    }

    #[test]
    fn lines_are_trimmed_and_never_blank() {
        let text = " a b \n\n\t\nc";
        assert_eq!(of(text, &lines(text, Span::new(0, text.len()))), ["a b", "c"]);
    }
}
