//! The remote generator: a refine model behind an endpoint, which writes programs.

use crate::expert::Expert;
use refinex_core::{
    Answer, Chunk, Identity, Proposal, RefineError, Refiner, RewriteError, Rewriter,
};

/// A generator behind an endpoint, asked as experts are.
///
/// Its identity is the model's name, the instruction's version and the settings of decoding. Where
/// it is served is not part of it, so a run may go on at another address.
pub struct Generator {
    /// Who is asked, with the sums of what was sent.
    pub expert: Expert,
}

/// What is proposed for a chunk of nothing but white space, about which nobody is asked.
const BLANK: &str = "keep_all()";

fn is_blank(chunk: &Chunk<'_>) -> bool {
    chunk.text().trim().is_empty()
}

fn proposal(answer: Result<Answer, RewriteError>) -> Result<Proposal, RefineError> {
    Ok(answer?.draft()?)
}

impl Refiner for Generator {
    fn identity(&self) -> Identity {
        self.expert.asking.identity()
    }

    fn refine(&self, chunks: &[Chunk<'_>]) -> Vec<Result<Proposal, RefineError>> {
        let asked: Vec<Chunk<'_>> = chunks.iter().filter(|c| !is_blank(c)).copied().collect();
        let mut answers = self.expert.rewriter.rewrite(&asked).into_iter();
        let proposals = chunks.iter().filter_map(|chunk| {
            if is_blank(chunk) {
                return Some(Ok(Proposal::Draft(BLANK.to_owned())));
            }
            answers.next().map(proposal)
        });
        proposals.collect()
    }
}
