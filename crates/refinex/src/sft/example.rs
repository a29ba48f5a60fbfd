//! One example: a chunk with numbered lines, and the program that deletes its noise.

use crate::sft::tokens::TokenLimit;
use refinex_core::{
    Bytes, Chunk, Chunker, Deletions, INSTRUCTION, Span, describe, numbered, parse,
    resolve_document,
};

/// Chunks under this size are not cut again: what is still too long is left out (a guess: a few
/// lines).
const LEAST_BYTES: usize = 256;

/// What a generator learns from: it reads `system` and `user`, and writes `program`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Id of the document, with `#` and the number of the chunk if that is not all of it.
    pub id: String,
    /// The instruction.
    pub system: String,
    /// Numbered lines.
    pub user: String,
    /// What is to be written.
    pub program: String,
}

/// How documents are cut into examples.
pub struct Cutting<'a> {
    /// Most bytes of a chunk.
    pub chunk_bytes: usize,
    /// Most tokens of an example, if there is a limit.
    pub limit: Option<&'a TokenLimit>,
}

/// The examples of one document, or of parts of it.
#[derive(Debug, Default)]
pub(crate) struct Cut {
    pub examples: Vec<Example>,
    /// Whether chunks had to be smaller than was asked for.
    pub smaller: bool,
    /// Chunks that are over the limit however small.
    pub too_long: usize,
}

impl Cutting<'_> {
    /// Cuts a document, or the `parts` of it that may be learnt from. Where an example is over the
    /// limit, all is cut into chunks half the size, so that nothing is lost for being long.
    pub(crate) fn cut(
        &self,
        id: &str,
        text: &str,
        parts: &[Span],
        gone: &Deletions,
    ) -> Result<Cut, String> {
        let mut bytes = self.chunk_bytes;
        loop {
            let examples = examples(id, text, parts, gone, bytes)?;
            let fits: Vec<bool> = examples.iter().map(|example| self.fits(example)).collect();
            if fits.iter().all(|fits| *fits) || bytes / 2 < LEAST_BYTES {
                let too_long = fits.iter().filter(|fits| !**fits).count();
                let kept = examples.into_iter().zip(fits).filter(|(_, fits)| *fits);
                let examples = kept.map(|(example, _)| example).collect();
                return Ok(Cut { examples, smaller: bytes < self.chunk_bytes, too_long });
            }
            bytes /= 2;
        }
    }

    fn fits(&self, example: &Example) -> bool {
        let Some(limit) = self.limit else { return true };
        let parts = [&example.system, &example.user, &example.program];
        parts.iter().map(|part| limit.measure.measure(part)).sum::<usize>() <= limit.most
    }
}

fn examples(
    id: &str,
    text: &str,
    parts: &[Span],
    gone: &Deletions,
    bytes: usize,
) -> Result<Vec<Example>, String> {
    let chunker = Chunker::new(bytes, 0).map_err(|error| error.to_string())?;
    let mut pieces = Vec::new();
    for part in parts {
        let chunks = chunker.chunks(part.of(text), &Bytes);
        let place = |chunk: &Chunk<'_>| {
            let owned = chunk.owned();
            Span::new(part.start() + owned.start(), part.start() + owned.end())
        };
        pieces.extend(chunks.iter().map(place));
    }
    let whole = pieces.len() == 1 && pieces[0] == Span::new(0, text.len());
    let example = |(number, piece): (usize, &Span)| {
        let id = if whole { id.to_owned() } else { format!("{id}#{number}") };
        let program = program_of(text, *piece, gone).map_err(|why| format!("{id}: {why}"))?;
        let (system, user) = (INSTRUCTION.1.trim().to_owned(), numbered(piece.of(text)));
        Ok(Example { id, system, user, program })
    };
    (1..).zip(&pieces).map(example).collect()
}

/// The program of what is deleted inside a piece of the text, in the numbers of its lines. It is
/// carried out again before it is believed.
fn program_of(text: &str, piece: Span, gone: &Deletions) -> Result<String, String> {
    let (text, start) = (piece.of(text), piece.start());
    let inside = gone.within(piece);
    let inside = inside.map(|span| Span::new(span.start() - start, span.end() - start));
    let wanted = Deletions::from_spans(text, inside).map_err(|error| error.to_string())?;
    let program = describe(text, &wanted).to_string();
    let parsed = parse(&program);
    let (found, refused) = resolve_document(&parsed.program, text);
    if found == wanted && parsed.refused.is_empty() && refused.is_empty() {
        return Ok(program);
    }
    Err(format!("expected a program that deletes what is labelled, but found {program:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use refinex_core::Measure;

    struct Words;

    impl Measure for Words {
        fn measure(&self, text: &str) -> usize {
            text.split_whitespace().count()
        }
    }

    fn all(text: &str) -> [Span; 1] {
        [Span::new(0, text.len())]
    }

    fn gone(text: &str, pieces: &[&str]) -> Deletions {
        let span = |piece: &&str| {
            let start = text.find(piece).unwrap();
            Span::new(start, start + piece.len())
        };
        Deletions::from_spans(text, pieces.iter().map(span)).unwrap()
    }

    #[test]
    fn a_document_becomes_numbered_lines_and_a_program() {
        let text = "Menu\nThe bridge closes. Share!\nEnd";
        let cutting = Cutting { chunk_bytes: 12_000, limit: None };
        let cut = cutting.cut("d", text, &all(text), &gone(text, &["Menu\n", " Share!"])).unwrap();
        let example = &cut.examples[0];
        assert_eq!((example.id.as_str(), cut.examples.len()), ("d", 1));
        assert_eq!(example.user, "[1] Menu\n[2] The bridge closes. Share!\n[3] End");
        assert_eq!(example.program, "remove_lines(1, 1)\nremove_str(2, \" Share!\")");
        let kept = cutting.cut("d", text, &all(text), &Deletions::none()).unwrap();
        assert_eq!(kept.examples[0].program, "keep_all()");
    }

    #[test]
    fn programs_of_chunks_delete_together_what_is_labelled() {
        let text: String = (0..200).map(|n| format!("line {n} of a page\n")).collect();
        let gone =
            gone(&text, &["line 3 of a page\n", "of a page\nline 60 of", "line 199 of a page\n"]);
        let cutting = Cutting { chunk_bytes: 300, limit: None };
        let cut = cutting.cut("d", &text, &all(&text), &gone).unwrap();
        let chunks = Chunker::new(300, 0).unwrap().chunks(&text, &Bytes);
        let mut refined = String::new();
        for (example, chunk) in cut.examples.iter().zip(&chunks) {
            let (deletions, refused) =
                resolve_document(&parse(&example.program).program, chunk.text());
            assert!(refused.is_empty());
            refined += &refinex_core::execute(chunk.text(), &deletions);
        }
        assert_eq!(refined, refinex_core::execute(&text, &gone));
        assert_eq!(cut.examples[9].id, "d#10");
    }

    #[test]
    fn parts_of_a_document_are_examples_in_their_own_numbers() {
        let text = "Rewritten here.\nMenu\nThe bridge closes.\nRewritten there.\nAll is well.\n";
        let part = |piece: &str| {
            let start = text.find(piece).unwrap();
            Span::new(start, start + piece.len())
        };
        let parts = [part("Menu\nThe bridge closes.\n"), part("All is well.\n")];
        let cutting = Cutting { chunk_bytes: 12_000, limit: None };
        let cut = cutting.cut("d", text, &parts, &gone(text, &["Menu\n"])).unwrap();
        let said =
            |example: &Example| [&example.id, &example.user, &example.program].map(Clone::clone);
        let said: Vec<_> = cut.examples.iter().map(said).collect();
        let first = ["d#1", "[1] Menu\n[2] The bridge closes.", "remove_lines(1, 1)"];
        let second = ["d#2", "[1] All is well.", "keep_all()"];
        assert_eq!(said, [first, second].map(|said| said.map(str::to_owned)));
    }

    #[test]
    fn an_example_over_the_limit_is_cut_smaller_and_only_then_left_out() {
        let text: String = (0..400).map(|n| format!("word {n}\n")).collect();
        let instruction = Words.measure(INSTRUCTION.1);
        let cut = |most: usize| {
            let (most, tokenizer) = (instruction + most, "words".to_owned());
            let limit = TokenLimit { most, measure: Box::new(Words), tokenizer };
            let cutting = Cutting { chunk_bytes: 12_000, limit: Some(&limit) };
            cutting.cut("d", &text, &all(&text), &Deletions::none()).unwrap()
        };
        let (some, none) = (cut(400), cut(10));
        assert!(some.smaller && some.too_long == 0 && some.examples.len() >= 4);
        assert!(none.examples.is_empty() && none.too_long > 0);
    }
}
