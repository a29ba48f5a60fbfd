//! Classes of characters: what CPython, spaCy and datatrove say of each.
//!
//! The tables are made from the real things by `lab/rules-equality/tables.py`; Rust's own tables are
//! of another version of Unicode and of other properties (`char::is_alphabetic` is the derived
//! property *Alphabetic*, `str.isalpha` asks for the categories of letters).

use std::sync::LazyLock;

/// A set of classes, one bit each.
pub(crate) type Class = u32;

/// `str.isspace`, and what `str.strip` and `str.split` take for white space.
pub(crate) const SPACE: Class = 1;
/// `str.isalpha`.
pub(crate) const ALPHA: Class = 1 << 1;
/// `\d` of a pattern on text.
pub(crate) const DECIMAL: Class = 1 << 2;
/// `\w` of a pattern on text.
pub(crate) const WORD: Class = 1 << 3;
/// `str.isupper` of the one character.
pub(crate) const UPPER: Class = 1 << 4;
/// `str.islower` of the one character.
pub(crate) const LOWER: Class = 1 << 5;
/// A category that begins with P.
pub(crate) const PUNCTUATION: Class = 1 << 6;
/// datatrove 0.3.0's `PUNCTUATION_SET`.
pub(crate) const SYMBOL_0_3: Class = 1 << 7;
/// datatrove 0.10.0's `PUNCTUATION_SET`.
pub(crate) const SYMBOL_0_10: Class = 1 << 8;
/// datatrove 0.10.0's `TERMINAL_PUNCTUATION`.
pub(crate) const TERMINAL: Class = 1 << 9;
/// A prefix of one character for spaCy.
pub(crate) const PREFIX: Class = 1 << 10;
/// A suffix of one character for spaCy, whatever is before it.
pub(crate) const SUFFIX: Class = 1 << 11;
/// An infix of one character for spaCy, whatever is around it.
pub(crate) const ICON: Class = 1 << 12;
/// After it, a full stop is a suffix for spaCy.
pub(crate) const BEFORE_DOT: Class = 1 << 13;
/// spaCy's `ALPHA_UPPER`.
pub(crate) const SPACY_UPPER: Class = 1 << 14;
/// spaCy's `ALPHA`.
pub(crate) const SPACY_ALPHA: Class = 1 << 15;
/// What spaCy wants before a full stop that is an infix.
pub(crate) const BEFORE_INFIX_DOT: Class = 1 << 16;
/// What spaCy wants after a full stop that is an infix.
pub(crate) const AFTER_INFIX_DOT: Class = 1 << 17;
/// What a top-level domain is made of for spaCy (its `ALPHA_LOWER`).
pub(crate) const DOMAIN: Class = 1 << 18;
/// A token of it alone ends a sentence for spaCy's sentencizer.
pub(crate) const SENTENCE_END: Class = 1 << 19;

const NAMES: [(&str, Class); 20] = [
    ("space", SPACE),
    ("alpha", ALPHA),
    ("decimal", DECIMAL),
    ("word", WORD),
    ("upper", UPPER),
    ("lower", LOWER),
    ("punctuation_category", PUNCTUATION),
    ("punctuation_0_3", SYMBOL_0_3),
    ("punctuation_0_10", SYMBOL_0_10),
    ("terminal", TERMINAL),
    ("spacy_prefix", PREFIX),
    ("spacy_suffix", SUFFIX),
    ("spacy_icon", ICON),
    ("spacy_before_dot", BEFORE_DOT),
    ("spacy_upper", SPACY_UPPER),
    ("spacy_alpha", SPACY_ALPHA),
    ("spacy_infix_before_dot", BEFORE_INFIX_DOT),
    ("spacy_infix_after_dot", AFTER_INFIX_DOT),
    ("spacy_domain", DOMAIN),
    ("spacy_sentence", SENTENCE_END),
];

/// Characters that share a block.
const BLOCK: usize = 256;

/// The classes of all characters, in two stages: a block for every 256 of them, equal blocks once;
/// the first block apart.
pub(crate) struct CharClasses {
    blocks: Vec<u16>,
    classes: Vec<[Class; BLOCK]>,
    first: [Class; BLOCK],
}

static CLASSES: LazyLock<CharClasses> =
    LazyLock::new(|| CharClasses::parse(include_str!("../data/classes.txt")));

impl CharClasses {
    /// The tables.
    pub(crate) fn get() -> &'static Self {
        &CLASSES
    }

    /// The classes of a character.
    #[inline]
    pub(crate) fn of(&self, c: char) -> Class {
        let at = c as usize;
        self.classes[usize::from(self.blocks[at / BLOCK])][at % BLOCK]
    }

    /// The classes of an ASCII byte.
    #[inline]
    pub(crate) fn of_ascii(&self, byte: u8) -> Class {
        self.first[usize::from(byte)]
    }

    /// Whether a character is of one of these classes.
    #[inline]
    pub(crate) fn is(&self, c: char, class: Class) -> bool {
        self.of(c) & class != 0
    }

    /// The class of the character that begins at `at`, and its length; `None` at the end.
    #[inline]
    pub(crate) fn at(&self, text: &str, at: usize) -> Option<(Class, usize)> {
        let byte = *text.as_bytes().get(at)?;
        if byte < 0x80 {
            return Some((self.of_ascii(byte), 1));
        }
        let c = text[at..].chars().next()?;
        Some((self.of(c), c.len_utf8()))
    }

    /// The class of the character that ends at `at`; nothing at the beginning.
    #[inline]
    pub(crate) fn before(&self, text: &str, at: usize) -> Class {
        match at.checked_sub(1).map(|last| text.as_bytes()[last]) {
            None => 0,
            Some(byte) if byte < 0x80 => self.of_ascii(byte),
            Some(_) => text[..at].chars().next_back().map_or(0, |c| self.of(c)),
        }
    }

    fn parse(table: &str) -> Self {
        let mut flat = vec![0; 0x11_0000];
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, ranges)) = line.split_once(": ") else { continue };
            let class = NAMES.iter().find(|(known, _)| *known == name).map_or(0, |(_, bit)| *bit);
            for (first, last) in ranges.split(' ').filter_map(range) {
                flat[first..=last].iter_mut().for_each(|classes| *classes |= class);
            }
        }
        Self::compact(&flat)
    }

    fn compact(flat: &[Class]) -> Self {
        let (mut blocks, mut classes) = (Vec::new(), Vec::<[Class; BLOCK]>::new());
        for chunk in flat.chunks_exact(BLOCK) {
            let mut block = [0; BLOCK];
            block.copy_from_slice(chunk);
            let known = classes.iter().position(|other| *other == block);
            let at = known.unwrap_or_else(|| {
                classes.push(block);
                classes.len() - 1
            });
            blocks.push(u16::try_from(at).unwrap_or(0));
        }
        let first = classes[0];
        Self { blocks, classes, first }
    }
}

/// Reads `41-5A` or `AA`.
fn range(text: &str) -> Option<(usize, usize)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let read = |hex| usize::from_str_radix(hex, 16).ok().filter(|&c| c < 0x11_0000);
    Some((read(first)?, read(last)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_characters_and_no_other_name_stands_in_the_table() {
        let classes = CharClasses::get();
        for (name, class) in NAMES {
            assert!(('\0'..=char::MAX).any(|c| classes.is(c, class)), "{name}");
        }
        let table = include_str!("../data/classes.txt");
        let named = table.lines().skip(1).map(|line| line.split_once(": ").unwrap().0);
        assert!(named.eq(NAMES.iter().map(|(name, _)| *name)));
    }

    #[test]
    fn the_sets_of_datatrove_have_the_sizes_that_its_sources_have() {
        let classes = CharClasses::get();
        let size = |class| ('\0'..=char::MAX).filter(|&c| classes.is(c, class)).count();
        assert_eq!([SYMBOL_0_3, SYMBOL_0_10, TERMINAL].map(size), [129, 281, 159]);
    }

    #[test]
    fn classes_are_those_of_python_and_not_of_rust() {
        let classes = CharClasses::get();
        for c in ['\x1c', '\x1f', '\u{85}', '\u{3000}'] {
            assert!(classes.is(c, SPACE), "{c:?}");
        }
        assert!(!classes.is('\u{200b}', SPACE) && !classes.is('\u{345}', ALPHA));
        assert!(classes.is('ª', ALPHA | LOWER) && classes.is('½', WORD) && !classes.is('½', ALPHA));
        assert!(classes.is('٣', DECIMAL) && !classes.is('²', DECIMAL));
    }
}
