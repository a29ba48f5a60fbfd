//! Words and lines, which are what a rewritten text is matched by.

use crate::span::Span;

/// The lines of `part` of `text` that are not blank, without the white space around them.
pub(super) fn lines(text: &str, part: Span) -> Vec<Span> {
    let mut lines = Vec::with_capacity(part.len() / 32 + 1);
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
        words.reserve(line.len() / 4 + 1);
        let bytes = &text.as_bytes()[..line.end()];
        let mut at = line.start();
        while let Some(&byte) = bytes.get(at) {
            let end = if byte.is_ascii_alphanumeric() || !byte.is_ascii() {
                word_end(&text[..line.end()], at)
            } else {
                at + 1
            };
            if !is_blank(text, at) {
                words.push(Span::new(at, end));
            }
            at = end;
        }
    }
    words
}

fn is_blank(text: &str, at: usize) -> bool {
    match text.as_bytes()[at] {
        9..=13 | 32 => true,
        0..128 => false,
        _ => text[at..].starts_with(char::is_whitespace),
    }
}

/// Where the word, or the other character, that begins at `start` ends.
fn word_end(text: &str, start: usize) -> usize {
    let rest = &text.as_bytes()[start..];
    let letters = rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
    if letters > 0 && rest.get(letters).is_none_or(u8::is_ascii) {
        return start + letters;
    }
    let in_word = |c: &char| c.is_alphanumeric() && !is_unspaced(*c);
    let rest = &text[start + letters..];
    let more: usize = rest.chars().take_while(in_word).map(char::len_utf8).sum();
    let one = rest.chars().next().map_or(0, char::len_utf8);
    start + (letters + more).max(if letters == 0 { one } else { 0 })
}

/// Whether a letter is of Thai, Lao, Burmese, Khmer, kana or ideographs: they are written without
/// blanks between words.
#[must_use]
pub const fn is_unspaced(c: char) -> bool {
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
