//! The tokens and sentences of spaCy 3.8's blank English pipeline with its sentencizer, which
//! datatrove 0.10.0 uses.

mod address;
mod affixes;
mod chunks;
mod infixes;
mod phrases;
mod specials;

use crate::chars::{CharClasses, PUNCTUATION, SENTENCE_END, SPACE};
use crate::words::Words;
use chunks::Chunks;

/// A token: a span of the text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    start: usize,
    end: usize,
}

impl Token {
    const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    fn text<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start..self.end]
    }
}

/// A token that makes spaCy fail; datatrove then takes it out of the text and tries again.
const BROKEN: &str = "IS_ALPHA";

/// Splits texts into tokens.
#[derive(Debug, Default)]
pub(crate) struct Spacy {
    chunks: Chunks,
    matches: phrases::Matches,
    /// The text without [`BROKEN`], where that was in the way.
    mended: String,
}

impl Spacy {
    /// Adds the tokens of a text, those of white space left out.
    pub(crate) fn words(&mut self, text: &str, words: &mut Words) {
        let mended = self.tokenise(text);
        let text = if mended { &self.mended } else { text };
        let classes = CharClasses::get();
        for token in &self.chunks.tokens {
            let class = classes.at(text, token.start).map_or(SPACE, |(class, _)| class);
            if class & SPACE == 0 {
                words.push(token.text(text).as_bytes());
            }
        }
    }

    /// Number of sentences.
    pub(crate) fn count_sentences(&mut self, text: &str) -> usize {
        let mended = self.tokenise(text);
        let text = if mended { &self.mended } else { text };
        let classes = CharClasses::get();
        let (mut sentences, mut ended) = (usize::from(!self.chunks.tokens.is_empty()), false);
        for token in &self.chunks.tokens {
            let mark = mark_of(token.text(text), classes);
            if ended && mark == Mark::None {
                sentences += 1;
                ended = false;
            }
            ended |= mark == Mark::End;
        }
        sentences
    }

    /// Tokenises a text; true if the tokens are those of `mended`.
    fn tokenise(&mut self, text: &str) -> bool {
        self.chunks.split(text);
        let broken = |token: &Token| token.text(text) == BROKEN;
        let is_broken = memchr::memmem::find(text.as_bytes(), BROKEN.as_bytes()).is_some()
            && self.chunks.tokens.iter().any(broken);
        if is_broken {
            self.mended = text.replace(BROKEN, "");
            self.chunks.split(&self.mended);
        }
        let text = if is_broken { &self.mended } else { text };
        self.matches.apply(text, &mut self.chunks.tokens);
        is_broken
    }
}

/// What a token is for the sentencizer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// It ends a sentence.
    End,
    /// It belongs to the sentence before it.
    Punctuation,
    None,
}

fn mark_of(token: &str, classes: &CharClasses) -> Mark {
    let mut chars = token.chars();
    let first = chars.next().map_or(0, |c| classes.of(c));
    if first & SENTENCE_END != 0 && chars.as_str().is_empty() {
        Mark::End
    } else if first & PUNCTUATION != 0 && chars.all(|c| classes.is(c, PUNCTUATION)) {
        Mark::Punctuation
    } else {
        Mark::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Words::default();
        Spacy::default().words(text, &mut words);
        words.iter().map(|word| String::from_utf8(word.to_vec()).unwrap()).collect()
    }

    #[test]
    fn affixes_infixes_and_special_cases_part_a_chunk() {
        assert_eq!(
            words("(don't), e.g. U.S.A.'s well-known 5km/h"),
            ["(", "do", "n't", ")", ",", "e.g.", "U.S.A.", "'s", "well", "-", "known", "5", "km/h"]
        );
        assert_eq!(
            words("see http://a.example.com/x,y. \u{3000}:-) +5 +x ...a"),
            ["see", "http://a.example.com/x,y", ".", ":-)", "+5", "+", "x", "...", "a"]
        );
    }

    #[test]
    fn special_cases_are_found_again_inside_a_chunk() {
        assert_eq!(words("Foo-St. x"), ["Foo", "-", "St.", "x"]);
        assert_eq!(words("St . x"), ["St", ".", "x"]);
    }

    #[test]
    fn the_token_that_breaks_spacy_is_taken_out() {
        assert_eq!(words("a (IS_ALPHA) b IS_ALPHAS"), ["a", "(", ")", "b", "S"]);
        assert_eq!(words("IS_ALPHAS"), ["IS_ALPHAS"]);
    }

    #[test]
    fn sentences_end_after_marks_and_closing_punctuation() {
        let count = |text| Spacy::default().count_sentences(text);
        assert_eq!(count("One. Two!) Three? ..."), 3);
        assert_eq!(count(""), 0);
        assert_eq!(count("  "), 1);
        assert_eq!(count("One.  Two"), 2);
    }
}
