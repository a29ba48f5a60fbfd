//! WordPiece, as BERT's uncased tokenizers cut text (Devlin et al., 2019): lower case, accents
//! stripped, a word the longest known piece by piece. Equal to `tokenizers`' `BertNormalizer`,
//! `BertPreTokenizer` and `WordPiece` (tested), but it reads only as much of a line as is wanted.

use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

/// A piece of a word, by its place in the vocabulary.
pub(crate) type Token = u16;

/// Characters of a word beyond which it is one unknown piece, as in BERT.
const LONGEST_WORD: usize = 100;
/// How a piece begins that goes on with a word.
const GOES_ON: &str = "##";

/// The pieces that are known.
#[derive(Clone, Debug)]
pub(crate) struct WordPiece {
    /// Pieces that begin a word.
    first: HashMap<Box<str>, Token, Xxh3DefaultBuilder>,
    /// Pieces that go on with one, without their mark.
    next: HashMap<Box<str>, Token, Xxh3DefaultBuilder>,
    /// Bytes of the longest piece.
    longest: usize,
    unknown: Token,
}

impl WordPiece {
    /// A tokenizer of a vocabulary, a piece a line; none if it lacks `[UNK]` or has too many pieces.
    pub(crate) fn new(vocabulary: &str) -> Option<Self> {
        let (mut first, mut next) = (HashMap::default(), HashMap::default());
        let mut longest = 0;
        for (at, piece) in vocabulary.lines().enumerate() {
            let token = Token::try_from(at).ok()?;
            let (pieces, text) = match piece.strip_prefix(GOES_ON) {
                Some(text) if !text.is_empty() => (&mut next, text),
                _ => (&mut first, piece),
            };
            longest = longest.max(text.len());
            pieces.insert(Box::from(text), token);
        }
        let unknown = *first.get("[UNK]")?;
        Some(Self { first, next, longest, unknown })
    }

    /// The token of a piece that stands for itself, such as `[SEP]`.
    pub(crate) fn special(&self, piece: &str) -> Option<Token> {
        self.first.get(piece).copied()
    }

    /// Appends the tokens of a line: all of them, or of a longer line the first `head` and the
    /// last `tail`.
    pub(crate) fn cut(&self, line: &str, head: usize, tail: usize, out: &mut Vec<Token>) {
        let start = out.len();
        let mut words = Words::of(line);
        let mut word = String::new();
        while out.len() - start <= head + tail {
            if !words.next_into(&mut word) {
                return;
            }
            self.pieces(&word, out);
        }
        out.truncate(start + head);
        self.last(line, tail, out);
    }

    /// Appends the last `count` tokens of a line that has more.
    fn last(&self, line: &str, count: usize, out: &mut Vec<Token>) {
        // A word is at least one token and a blank apart from the next: go back by blanks until
        // there are enough tokens.
        let mut reach = count * 8;
        let mut tokens = Vec::new();
        let mut word = String::new();
        loop {
            let from = after_a_blank(line, line.len().saturating_sub(reach));
            tokens.clear();
            let mut words = Words::of(&line[from..]);
            while words.next_into(&mut word) {
                self.pieces(&word, &mut tokens);
            }
            if tokens.len() >= count || from == 0 {
                out.extend_from_slice(&tokens[tokens.len().saturating_sub(count)..]);
                return;
            }
            reach *= 4;
        }
    }

    /// Appends the pieces of a word that is in lower case and without accents.
    fn pieces(&self, word: &str, out: &mut Vec<Token>) {
        let start = out.len();
        let mut at = 0;
        if word.len() > LONGEST_WORD && word.chars().count() > LONGEST_WORD {
            out.push(self.unknown);
            return;
        }
        while at < word.len() {
            let pieces = if at == 0 { &self.first } else { &self.next };
            let Some((token, end)) = self.longest_piece(pieces, word, at) else {
                out.truncate(start);
                out.push(self.unknown);
                return;
            };
            out.push(token);
            at = end;
        }
    }

    fn longest_piece(
        &self,
        pieces: &HashMap<Box<str>, Token, Xxh3DefaultBuilder>,
        word: &str,
        at: usize,
    ) -> Option<(Token, usize)> {
        let mut end = word.floor_char_boundary((at + self.longest).min(word.len()));
        while end > at {
            if let Some(&token) = pieces.get(&word[at..end]) {
                return Some((token, end));
            }
            end = word.floor_char_boundary(end - 1);
        }
        None
    }
}

/// The first place from `from` on that follows a blank; the start of the line if there is none.
fn after_a_blank(line: &str, from: usize) -> usize {
    let from = line.floor_char_boundary(from);
    if from == 0 {
        return 0;
    }
    line[from..].find(' ').map_or(0, |blank| from + blank + 1)
}

/// The words of a text, normalised: runs of letters and digits, and each mark by itself.
struct Words<'a> {
    text: std::str::Chars<'a>,
    /// A character that has been read and begins the next word.
    held: Option<char>,
    /// Normalised characters that are still to come, the next one last.
    queue: Vec<char>,
}

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Self {
        Self { text: text.chars(), held: None, queue: Vec::new() }
    }

    /// Puts the next word into `word`; false at the end.
    fn next_into(&mut self, word: &mut String) -> bool {
        word.clear();
        while let Some(c) = self.held.take().or_else(|| self.next_char()) {
            match kind(c) {
                Kind::Blank if word.is_empty() => {}
                Kind::Blank => return true,
                Kind::Alone if word.is_empty() => {
                    word.push(c);
                    return true;
                }
                Kind::Alone => {
                    self.held = Some(c);
                    return true;
                }
                Kind::Letter => word.push(c),
            }
        }
        !word.is_empty()
    }

    /// The next character, in lower case and without accents.
    fn next_char(&mut self) -> Option<char> {
        loop {
            if let Some(c) = self.queue.pop() {
                return Some(c);
            }
            let c = self.text.next()?;
            if c.is_ascii() && (c >= ' ' && c != '\x7f') {
                return Some(c.to_ascii_lowercase());
            }
            if is_left_out(c) {
                continue;
            }
            if c.is_whitespace() {
                return Some(' ');
            }
            let plain = std::iter::once(c).nfd().filter(|&c| !is_nonspacing_mark(c));
            self.queue.extend(plain.flat_map(char::to_lowercase));
            self.queue.reverse();
        }
    }
}

enum Kind {
    Blank,
    /// A word by itself: marks, and characters of scripts that have no blanks.
    Alone,
    Letter,
}

fn kind(c: char) -> Kind {
    if c.is_ascii() {
        return match c {
            ' ' => Kind::Blank,
            c if c.is_ascii_punctuation() => Kind::Alone,
            _ => Kind::Letter,
        };
    }
    match c {
        c if c.is_whitespace() => Kind::Blank,
        c if is_ideograph(c) || is_punctuation(c) => Kind::Alone,
        _ => Kind::Letter,
    }
}

/// Control, format, private and unassigned characters, as BERT's normaliser leaves them out.
fn is_left_out(c: char) -> bool {
    use unicode_general_category::{GeneralCategory as G, get_general_category};
    if matches!(c, '\t' | '\n' | '\r') {
        return false;
    }
    matches!(c, '\0' | '\u{FFFD}')
        || matches!(
            get_general_category(c),
            G::Control | G::Format | G::PrivateUse | G::Surrogate | G::Unassigned
        )
}

fn is_nonspacing_mark(c: char) -> bool {
    use unicode_general_category::{GeneralCategory, get_general_category};
    is_combining_mark(c) && get_general_category(c) == GeneralCategory::NonspacingMark
}

fn is_punctuation(c: char) -> bool {
    use unicode_general_category::{GeneralCategory as G, get_general_category};
    matches!(
        get_general_category(c),
        G::ConnectorPunctuation
            | G::DashPunctuation
            | G::ClosePunctuation
            | G::FinalPunctuation
            | G::InitialPunctuation
            | G::OtherPunctuation
            | G::OpenPunctuation
    )
}

/// The blocks that BERT sets blanks around.
const fn is_ideograph(c: char) -> bool {
    matches!(
        c as u32,
        0x4E00..=0x9FFF
            | 0x3400..=0x4DBF
            | 0x20000..=0x2A6DF
            | 0x2A700..=0x2B73F
            | 0x2B740..=0x2B81F
            | 0x2B920..=0x2CEAF
            | 0xF900..=0xFAFF
            | 0x2F800..=0x2FA1F
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VOCABULARY: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\nferry\nsail\n##s\n##ing\nun\n##aff\n##able\n\
                              ,\n.\n!\n(\n)\n-\n|\na\n##b\n##c\nb\nc\ne\n##e\n雪\nß\n##ß\nб\n##б\n1\n##1\n'";

    fn ours() -> WordPiece {
        WordPiece::new(VOCABULARY).unwrap()
    }

    /// The tokenizer of Hugging Face's library with the same vocabulary.
    fn theirs(text: &str) -> Vec<u32> {
        use tokenizers::models::wordpiece::WordPiece as Model;
        use tokenizers::normalizers::bert::BertNormalizer;
        use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), VOCABULARY).unwrap();
        let model = Model::from_file(file.path().to_str().unwrap()).build().unwrap();
        let mut tokenizer = tokenizers::Tokenizer::new(model);
        let _ = tokenizer.with_normalizer(Some(BertNormalizer::default()));
        let _ = tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
        tokenizer.encode(text, false).unwrap().get_ids().to_vec()
    }

    fn tokens(line: &str) -> Vec<u32> {
        let mut out = Vec::new();
        ours().cut(line, usize::MAX / 4, 0, &mut out);
        out.into_iter().map(u32::from).collect()
    }

    #[test]
    fn words_are_cut_as_hugging_face_cuts_them() {
        for line in [
            "The ferry sails, unaffable!",
            "THE FÉRRY (sailing) - a|b",
            "é e\u{301} ß ẞ İ 雪雪 the\u{a0}ferry\u{200b}s",
            "zzz qqq the",
            "б Б бб1 11 a\tb\u{0}c\u{fffd}d",
            "",
            "   ",
            "don't",
        ] {
            assert_eq!(tokens(line), theirs(line), "{line:?}");
        }
        let long = "a".repeat(101);
        assert_eq!(tokens(&long), theirs(&long));
    }

    #[test]
    fn a_long_line_gives_its_first_and_last_tokens() {
        let line = "the ferry sails, a b c the ferry sailing.";
        let all = ours();
        let (mut whole, mut cut) = (Vec::new(), Vec::new());
        all.cut(line, 100, 100, &mut whole);
        all.cut(line, 4, 3, &mut cut);
        assert_eq!(cut[..4], whole[..4]);
        assert_eq!(cut[4..], whole[whole.len() - 3..]);
        cut.clear();
        all.cut(line, whole.len(), 0, &mut cut);
        assert_eq!(cut, whole);
    }

    proptest! {
        #[test]
        fn any_line_is_cut_as_hugging_face_cuts_it(line in "[ -~à-ÿА-я雪ßẞéÀ\u{301}\u{200b}\u{a0}—“”…]{0,40}") {
            prop_assert_eq!(tokens(&line), theirs(&line));
        }

        #[test]
        fn the_ends_of_a_line_are_those_of_all_its_tokens(line in "[a-e ,.]{0,80}", head in 1usize..6, tail in 0usize..5) {
            let (mut whole, mut cut) = (Vec::new(), Vec::new());
            let pieces = ours();
            pieces.cut(&line, 1000, 0, &mut whole);
            pieces.cut(&line, head, tail, &mut cut);
            if whole.len() <= head + tail {
                prop_assert_eq!(cut, whole);
            } else {
                prop_assert_eq!(&cut[..head], &whole[..head]);
                prop_assert_eq!(&cut[head..], &whole[whole.len() - tail..]);
            }
        }
    }
}
