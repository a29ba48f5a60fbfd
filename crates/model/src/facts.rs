//! What one line says by itself: its token features and its measurements.

use crate::kernel::log;
use crate::stopwords::is_stop_word;
use crate::words::{Counts, Kind, Token, hash_word, mix, scan};

/// Kinds of marks that are counted apart.
pub(crate) const MARK_KINDS: usize = 16;
/// Tokens of a line beyond which affixes are left out: a paragraph has words enough. (guess)
const AFFIX_LIMIT: usize = 24;
/// Tokens of a line up to which the line as a whole is a feature. (guess)
const WHOLE_LIMIT: usize = 10;

/// The measurements of one line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) bytes: usize,
    /// Byte offset in the document.
    pub(crate) offset: usize,
    pub(crate) counts: Counts,
    pub(crate) tokens: u32,
    pub(crate) words: u32,
    pub(crate) numbers: u32,
    pub(crate) stops: u32,
    pub(crate) capitals: u32,
    pub(crate) distinct: u32,
    pub(crate) letters_in_words: u32,
    pub(crate) longest: u32,
    pub(crate) sentences: u32,
    pub(crate) marks: [u32; MARK_KINDS],
    pub(crate) has_url: bool,
    /// The line without white space, case and digits.
    pub(crate) content: u64,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) first_kind: Option<Kind>,
    pub(crate) last_kind: Option<Kind>,
    pub(crate) first_mark: char,
    pub(crate) last_mark: char,
    pub(crate) first_capital: bool,
    /// Case and kind of the first tokens, so that rows of one list look alike.
    pub(crate) shape: u64,
}

impl Facts {
    /// Whether the line looks like running prose by itself: enough words, some of them function
    /// words (or enough ideographs).
    pub(crate) fn is_prose(&self) -> bool {
        (self.words >= 12 && self.stops * 5 >= self.words) || self.counts.ideographs >= 30
    }

    pub(crate) fn length(&self) -> f32 {
        log(self.bytes as f32)
    }
}

/// Takes lines apart, reusing its buffers.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) tokens: Vec<Token>,
    seen: Vec<u64>,
}

impl Reader {
    /// Reads a line that stands at `offset`.
    pub(crate) fn read(&mut self, line: &str, offset: usize) -> Facts {
        let mut facts = Facts { bytes: line.len(), offset, ..Facts::default() };
        facts.counts = scan(line, &mut self.tokens);
        facts.tokens = self.tokens.len() as u32;
        facts.content = 11;
        for (at, token) in self.tokens.iter().enumerate() {
            facts.content = mix(facts.content, token.hash);
            if at < 6 {
                facts.shape = mix(facts.shape, token.kind as u64 * 2 + u64::from(token.capital));
            }
            match token.kind {
                Kind::Word => facts.add_word(token),
                Kind::Number => facts.numbers += 1,
                Kind::Mark => facts.add_mark(token.mark),
                Kind::Ideograph => {}
            }
        }
        facts.add_ends(&self.tokens);
        facts.distinct = self.distinct();
        facts
    }

    /// Different tokens among the first 64.
    fn distinct(&mut self) -> u32 {
        self.seen.clear();
        self.seen.extend(self.tokens.iter().take(64).map(|token| token.hash));
        self.seen.sort_unstable();
        self.seen.dedup();
        self.seen.len() as u32
    }

    /// Calls `emit` with the hash of every feature of the line last read.
    pub(crate) fn features(&self, content: u64, mut emit: impl FnMut(u64)) {
        let tokens = &self.tokens;
        for token in tokens {
            emit(token.hash);
        }
        for pair in tokens.windows(2) {
            emit(mix(pair[0].hash ^ 0xB1, pair[1].hash));
        }
        if let (Some(first), Some(last)) = (tokens.first(), tokens.last()) {
            emit(mix(0xF1, first.hash));
            emit(mix(0x1A, last.hash));
        }
        if tokens.len() <= WHOLE_LIMIT {
            emit(mix(0x77, content));
        }
        if tokens.len() <= AFFIX_LIMIT {
            for token in tokens.iter().filter(|t| t.kind == Kind::Word && t.chars >= 5) {
                emit(mix(0xAF, token.prefix));
                emit(token.suffix);
            }
        }
    }
}

impl Facts {
    fn add_word(&mut self, token: &Token) {
        self.words += 1;
        self.letters_in_words += token.chars;
        self.longest = self.longest.max(token.chars);
        self.capitals += u32::from(token.capital);
        self.stops += u32::from(is_stop_word(token.hash));
        self.has_url |= is_url_word(token.hash);
    }

    fn add_mark(&mut self, mark: char) {
        self.marks[mark_kind(mark)] += 1;
        self.sentences += u32::from(matches!(mark, '.' | '!' | '?' | '。' | '！' | '？'));
    }

    fn add_ends(&mut self, tokens: &[Token]) {
        if let (Some(first), Some(last)) = (tokens.first(), tokens.last()) {
            (self.first, self.last) = (first.hash, last.hash);
            (self.first_kind, self.last_kind) = (Some(first.kind), Some(last.kind));
            (self.first_mark, self.last_mark) = (first.mark, last.mark);
            self.first_capital = first.capital;
        }
    }
}

fn is_url_word(hash: u64) -> bool {
    use std::sync::OnceLock;
    static URL_WORDS: OnceLock<[u64; 4]> = OnceLock::new();
    URL_WORDS.get_or_init(|| ["http", "https", "www", "com"].map(hash_word)).contains(&hash)
}

pub(crate) fn mark_kind(mark: char) -> usize {
    match mark {
        '.' | '。' => 0,
        ',' | '，' | '、' => 1,
        '!' | '?' | '！' | '？' => 2,
        ':' | '：' => 3,
        '|' | '│' | '¦' | '｜' => 4,
        '©' | '®' | '™' => 5,
        '»' | '›' | '→' | '>' | '▶' | '►' | '«' | '‹' | '←' | '<' | '▼' | '▲' => {
            6
        }
        '{' | '}' | ';' | '=' | '\\' => 7,
        '$' | '€' | '£' | '¥' | '%' => 8,
        '…' => 9,
        '•' | '*' | '·' | '●' | '■' | '◆' | '★' | '☆' => 10,
        '-' | '–' | '—' | '_' | '~' => 11,
        '"' | '\'' | '“' | '”' | '‘' | '’' | '„' => 12,
        '(' | ')' | '[' | ']' | '（' | '）' | '【' | '】' => 13,
        '/' | '#' | '@' | '&' | '+' => 14,
        _ => 15,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_has_function_words_and_menus_have_none() {
        let mut reader = Reader::default();
        let prose = "the cat sat on the mat and it looked at the dog that was in the garden";
        let menu = "Home News Sport Weather Travel Future Culture Music Radio Shop Jobs Contact";
        assert!(reader.read(prose, 0).is_prose());
        assert!(!reader.read(menu, 0).is_prose());
    }

    #[test]
    fn lines_that_differ_in_case_digits_and_blanks_have_one_content() {
        let mut reader = Reader::default();
        let one = reader.read("Posted  May 12", 0).content;
        assert_eq!(one, reader.read("posted may 34", 9).content);
        assert_ne!(one, reader.read("posted june 12", 0).content);
    }

    #[test]
    fn a_line_has_features_for_words_pairs_ends_and_itself() {
        let mut reader = Reader::default();
        let content = reader.read("Read more", 0).content;
        let mut count = 0;
        reader.features(content, |_| count += 1);
        assert_eq!(count, 2 + 1 + 2 + 1);
    }
}
