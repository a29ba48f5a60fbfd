//! datatrove's `GopherRepetitionFilter`: thresholds of Table A1 of arXiv:2112.11446.

use crate::decision::{Broken, Meter, Verdict, ratio};
use crate::grams::{Grams, Repeated};
use crate::python;
use crate::words::Words;

const TOP: [(usize, &str, f64); 3] =
    [(2, "top_2_gram", 0.20), (3, "top_3_gram", 0.18), (4, "top_4_gram", 0.16)];

const DUPLICATED: [(usize, &str, f64); 6] = [
    (5, "duplicated_5_n_grams", 0.15),
    (6, "duplicated_6_n_grams", 0.14),
    (7, "duplicated_7_n_grams", 0.13),
    (8, "duplicated_8_n_grams", 0.12),
    (9, "duplicated_9_n_grams", 0.11),
    (10, "duplicated_10_n_grams", 0.10),
];

/// What it finds in a text. `words` gives the words of the text, which are asked for only where no
/// rule before them is broken.
pub(crate) fn check<'w>(
    text: &str,
    meter: &mut Meter,
    grams: &mut Grams,
    words: impl FnOnce() -> &'w Words,
) -> Verdict {
    let length = python::length(text.as_bytes());
    if length == 0 {
        // datatrove divides by zero here; its readers leave such documents out.
        return Err(Broken::plain("empty_text"));
    }
    let paragraphs = grams.repeated(text, paragraphs(text));
    fractions(meter, paragraphs, length, ["dup_para_frac", "dup_para_char_frac"])?;
    let lines = grams.repeated(text, lines(text));
    fractions(meter, lines, length, ["dup_line_frac", "dup_line_char_frac"])?;
    let words = words();
    grams.read(words);
    for (n, rule, threshold) in TOP {
        if let Some(chars) = grams.top(words, n) {
            meter.at_most(rule, ratio(chars, length), threshold)?;
        }
    }
    for (n, rule, threshold) in DUPLICATED {
        meter.at_most(rule, ratio(grams.duplicated(words, n), length), threshold)?;
    }
    Ok(())
}

fn fractions(
    meter: &mut Meter,
    repeated: Repeated,
    length: usize,
    [of_elements, of_chars]: [&'static str; 2],
) -> Verdict {
    meter.at_most(of_elements, ratio(repeated.elements, repeated.all), 0.30)?;
    meter.at_most(of_chars, ratio(repeated.chars, length), 0.20)
}

/// `re.split(r"\n{2,}", text.strip())`.
fn paragraphs(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let start = text.len() - python::strip_start(text).len();
    let end = python::strip_end(text).len().max(start);
    breaks(&text.as_bytes()[..end], start, 2)
}

/// `re.split("\n+", text)`.
fn lines(text: &str) -> impl Iterator<Item = (usize, usize)> {
    breaks(text.as_bytes(), 0, 1)
}

/// Parts between runs of line feeds of at least a length.
fn breaks(text: &[u8], start: usize, least: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut start = Some(start);
    std::iter::from_fn(move || {
        let begin = start?;
        let mut from = begin;
        while let Some(found) = memchr::memchr(b'\n', &text[from..]) {
            let at = from + found;
            let run = text[at..].iter().take_while(|&&byte| byte == b'\n').count();
            if run >= least {
                start = Some(at + run);
                return Some((begin, at));
            }
            from = at + run;
        }
        start = None;
        Some((begin, text.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, spans: impl Iterator<Item = (usize, usize)>) -> Vec<&str> {
        spans.map(|(start, end)| &text[start..end]).collect()
    }

    #[test]
    fn paragraphs_and_lines_are_split_as_by_the_patterns() {
        let text = "\n a\nb\n\n\nc\n\n \n";
        assert_eq!(parts(text, paragraphs(text)), ["a\nb", "c"]);
        assert_eq!(parts(text, lines(text)), ["", " a", "b", "c", " ", ""]);
        assert_eq!(parts(" \n", paragraphs(" \n")), [""]);
    }
}
