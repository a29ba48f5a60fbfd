//! Words that NLTK takes for two (`MacIntyreContractions`).

use super::treebank::decode;
use crate::chars::{CharClasses, WORD};

/// The two parts of a contraction of letters, in lower case.
const PARTS: [(&[u8], &[u8]); 10] = [
    (b"can", b"not"),
    (b"d", b"'ye"),
    (b"gim", b"me"),
    (b"gon", b"na"),
    (b"got", b"ta"),
    (b"lem", b"me"),
    (b"more", b"'n"),
    (b"wan", b"na"),
    (b"'t", b"is"),
    (b"'t", b"was"),
];
/// The first of [`PARTS`] that stands after a space, not at the edge of a word.
const AFTER_SPACE: usize = 8;
/// The one of [`PARTS`] that stands before a space, not only at the edge of a word.
const BEFORE_SPACE: usize = 7;

/// The letters of each of [`PARTS`], one bit each.
const LETTERS: [u32; PARTS.len()] = {
    let mut letters = [0; PARTS.len()];
    let mut at = 0;
    while at < PARTS.len() {
        letters[at] = letters_of(PARTS[at].0) | letters_of(PARTS[at].1);
        at += 1;
    }
    letters
};

/// The letters of ASCII in a text, one bit each, whatever their case, and those that other letters
/// are taken for where case is ignored.
const fn letters_of(text: &[u8]) -> u32 {
    let (mut letters, mut at) = (0, 0);
    while at < text.len() {
        let byte = text[at].to_ascii_lowercase();
        letters |= match byte {
            b'a'..=b'z' => 1 << (byte - b'a'),
            0xc4 => 1 << (b'i' - b'a'),
            0xc5 => 1 << (b's' - b'a'),
            _ => 0,
        };
        at += 1;
    }
    letters
}

/// Whether a word without spaces may hold a contraction: a quick look that errs on one side.
#[inline]
pub(crate) fn may_hold(word: &[u8]) -> bool {
    let odd = |byte: &u8| !byte.is_ascii_alphabetic();
    if word.len() < 4 || word.len() > 6 && !word.iter().any(odd) {
        return false;
    }
    let letters = letters_of(word);
    LETTERS.iter().any(|wanted| letters & wanted == *wanted)
}

/// The word with spaces around the parts of its contractions.
pub(crate) fn part(word: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.push(b' ');
    out.extend_from_slice(word);
    out.push(b' ');
    for (at, (first, second)) in PARTS.iter().enumerate() {
        substitute(out, at, first, second);
    }
}

fn substitute(text: &mut Vec<u8>, which: usize, first: &[u8], second: &[u8]) {
    let mut at = 0;
    while at < text.len() {
        at = match found(text, at, which, first, second) {
            None => at + 1,
            Some((middle, end)) => {
                let begin = at + usize::from(which >= AFTER_SPACE);
                let parts = [b" ", &text[begin..middle], b" ", &text[middle..end], b" "].concat();
                let next = at + parts.len();
                text.splice(at..end, parts);
                next
            }
        };
    }
}

/// Where the second part begins and ends of a contraction that begins at `at` (with its space).
fn found(
    text: &[u8],
    at: usize,
    which: usize,
    first: &[u8],
    second: &[u8],
) -> Option<(usize, usize)> {
    let begin = if which >= AFTER_SPACE {
        (text[at] == b' ').then_some(at + 1)?
    } else {
        (!is_word_before(text, at)).then_some(at)?
    };
    let middle = begin + prefix(&text[begin..], first)?;
    let end = middle + prefix(&text[middle..], second)?;
    let ends = if which == BEFORE_SPACE { text[end] == b' ' } else { !is_word_at(text, end) };
    ends.then_some((middle, end))
}

/// The length of `letters` at the beginning of the text, as a pattern that ignores case matches them.
fn prefix(text: &[u8], letters: &[u8]) -> Option<usize> {
    let mut at = 0;
    for &letter in letters {
        at += match (text.get(at)?, letter) {
            (byte, _) if byte.to_ascii_lowercase() == letter => 1,
            // İ and ı for i, ſ for s.
            (0xc4, b'i') if matches!(text.get(at + 1), Some(0xb0 | 0xb1)) => 2,
            (0xc5, b's') if text.get(at + 1) == Some(&0xbf) => 2,
            _ => return None,
        };
    }
    Some(at)
}

fn is_word_at(text: &[u8], at: usize) -> bool {
    decode(&text[at..]).is_some_and(|c| CharClasses::get().is(c, WORD))
}

fn is_word_before(text: &[u8], at: usize) -> bool {
    let begin = (0..at).rev().find(|&at| text[at] & 0xc0 != 0x80);
    begin.is_some_and(|begin| is_word_at(text, begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(word: &str) -> String {
        let mut out = Vec::new();
        part(word.as_bytes(), &mut out);
        let text = String::from_utf8(out).unwrap();
        text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn contractions_are_found_at_the_edges_of_words() {
        assert_eq!(parts("CanNot"), "Can Not");
        assert_eq!(parts("x-cannot,gonna"), "x- can not , gon na");
        assert_eq!(parts("cannots"), "cannots");
        assert_eq!(parts("wanna,"), "wanna,");
        assert_eq!(parts("wanna"), "wan na");
        assert_eq!(parts("gımme"), "gım me");
        assert_eq!(parts("'twas"), "'t was");
        assert_eq!(parts("x'twas"), "x'twas");
        assert_eq!(parts("more'n"), "more 'n");
    }

    #[test]
    fn the_quick_look_misses_none() {
        for word in
            ["cannot", "d'ye", "gimme", "gonna", "gotta", "lemme", "more'n", "wanna", "'tis"]
        {
            assert!(
                may_hold(word.as_bytes()) && may_hold(word.to_uppercase().as_bytes()),
                "{word}"
            );
        }
        assert!(!may_hold(b"apple") && !may_hold(b"internationally"));
    }
}
