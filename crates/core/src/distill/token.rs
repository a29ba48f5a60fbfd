//! Words and lines, which are what a rewritten text is matched by.

use crate::span::Span;

/// The lines of `part` of `text` that are not blank, without the white space around them.
pub(super) fn lines(text: &str, part: Span) -> Vec<Span> {
    let mut lines = Vec::new();
    let mut start = part.start();
    let ends = memchr::memchr_iter(b'\n', part.of(text).as_bytes()).map(|at| part.start() + at);
    for end in ends.chain([part.end()]) {
        let line = trim(text, Span::new(start, end));
        if !line.is_empty() {
            lines.push(line);
        }
        start = end + 1;
    }
    lines
}

/// The span without the white space at its ends.
pub(super) fn trim(text: &str, span: Span) -> Span {
    let within = span.of(text);
    let ends = (within.as_bytes().first(), within.as_bytes().last());
    if let (Some(33..=126), Some(33..=126)) = ends {
        return span;
    }
    let start = span.start() + within.len() - within.trim_start().len();
    Span::new(start, start + within.trim().len())
}

/// The words and marks of these lines of `text`: runs of letters and digits, each other character
/// by itself, no white space. Of scripts that write no blanks each character is a word.
pub(super) fn words(text: &str, lines: impl IntoIterator<Item = Span>) -> Vec<Span> {
    let mut words = Vec::new();
    for line in lines {
        let mut at = line.start();
        while at < line.end() {
            let end = word_end(text, at, line.end());
            if !text[at..end].starts_with(char::is_whitespace) {
                words.push(Span::new(at, end));
            }
            at = end;
        }
    }
    words
}

/// Where the word, or the other character, that begins at `start` ends.
fn word_end(text: &str, start: usize, end: usize) -> usize {
    let letters =
        text.as_bytes()[start..end].iter().take_while(|byte| byte.is_ascii_alphanumeric());
    let mut at = start + letters.count();
    if text.as_bytes()[at..end].first().is_none_or(u8::is_ascii) && at > start {
        return at;
    }
    for c in text[at..end].chars() {
        let joins = c.is_alphanumeric() && !is_unspaced(c);
        if at == start || joins {
            at += c.len_utf8();
        }
        if !joins {
            break;
        }
    }
    at
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
        assert_eq!(of(text, &words(text, [all])), wanted);
    }

    #[test]
    fn lines_are_trimmed_and_never_blank() {
        let text = " a b \n\n\t\nc";
        assert_eq!(of(text, &lines(text, Span::new(0, text.len()))), ["a b", "c"]);
    }
}
