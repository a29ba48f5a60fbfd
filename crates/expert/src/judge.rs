//! An expert as a judge of quality: a number from 1 to 5 for a text.

use refinex_core::{Answer, Chunk, Identity, RefineError, Rewriter, Scorer};

const OPEN: &str = "<score>";
const CLOSE: &str = "</score>";
/// Most bytes of a text that are shown (as the paper cuts chunks for its student: 12,000).
const MOST_BYTES: usize = 12_000;

/// A judge that asks an expert with a prompt such as `judge-v1`. Cache, budget and retry are those of
/// the expert.
pub struct Judge {
    rewriter: Box<dyn Rewriter>,
}

impl Judge {
    /// A judge that asks `rewriter`, whose prompt asks for `<score>N</score>`.
    #[must_use]
    pub const fn new(rewriter: Box<dyn Rewriter>) -> Self {
        Self { rewriter }
    }
}

impl Scorer for Judge {
    fn identity(&self) -> Identity {
        self.rewriter.identity()
    }

    fn larger_is_better(&self) -> bool {
        true
    }

    fn score(&self, texts: &[&str]) -> Vec<Result<f64, RefineError>> {
        let chunks: Vec<Chunk<'_>> = texts.iter().map(|text| Chunk::whole(shown(text))).collect();
        let answers = self.rewriter.rewrite(&chunks).into_iter();
        answers.map(|answer| score_of(&answer?)).collect()
    }
}

/// The beginning of a text, as much as is shown.
fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_BYTES)]
}

/// The last number that the answer gives in its form; one that was cut off gives none.
fn score_of(answer: &Answer) -> Result<f64, RefineError> {
    let inside = answer.content.rsplit_once(OPEN).and_then(|(_, rest)| rest.split_once(CLOSE));
    match inside.and_then(|(number, _)| number.trim().parse::<u8>().ok()) {
        Some(number @ 1..=5) => Ok(f64::from(number)),
        _ => Err(RefineError::skip(
            "no_score",
            "expected <score>N</score> with a whole number from 1 to 5, but found none",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use refinex_core::RewriteError;

    /// Answers with what it is asked about.
    struct Parrot;

    impl Rewriter for Parrot {
        fn identity(&self) -> Identity {
            Identity { name: "parrot".to_owned(), fingerprint: "1".to_owned() }
        }

        fn rewrite_one(&self, chunk: &Chunk<'_>) -> Result<Answer, RewriteError> {
            Ok(Answer { content: chunk.text().to_owned(), ..Answer::default() })
        }
    }

    #[test]
    fn the_last_whole_number_from_one_to_five_counts() {
        let texts = [
            "<reason>fine</reason>\n<score>4</score>",
            "<think>a <score>1</score>?</think><score> 5 </score>",
            "<score>6</score>",
            "<score>3.5</score>",
            "<score>3",
            "a good text",
        ];
        let found: Vec<_> = Judge::new(Box::new(Parrot)).score(&texts).into_iter().collect();
        assert_eq!((&found[0], &found[1]), (&Ok(4.0), &Ok(5.0)));
        assert!(found[2..].iter().all(|of| of.as_ref().is_err_and(|e| e.reason == "no_score")));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = "é".repeat(MOST_BYTES);
        assert_eq!(shown(&long).len(), MOST_BYTES);
        assert_eq!(shown(&long[..4]), "éé");
        assert_eq!(shown(&format!("a{long}")).len(), MOST_BYTES - 1);
    }
}
