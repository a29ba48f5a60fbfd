//! What of an answer is a generator's draft.
//!
//! A generator answers with its program and nothing else. Models also think aloud first, and put
//! code into a fence; both are taken away. What is left is the draft, and [`parse`] alone decides
//! what of it is a program.

use crate::answer::{Answer, THINK, fault};
use crate::program::parse;
use crate::refiner::Proposal;
use crate::rewriter::{RewriteError, RewriteFault};

const FENCE: &str = "```";

impl Answer {
    /// The draft of an answer: [`Proposal::Draft`], or [`Proposal::CutOff`] if the answer ended at
    /// the limit of tokens.
    ///
    /// # Errors
    /// If the answer says nothing but thoughts, or the server broke it off.
    pub fn draft(&self) -> Result<Proposal, RewriteError> {
        let cut_off = match self.check_finish() {
            Ok(()) => None,
            Err(error) if error.fault == RewriteFault::Truncated => Some(error),
            Err(error) => return Err(error),
        };
        match (self.program_text(), cut_off) {
            (Ok(said), None) => Ok(Proposal::Draft(unfenced(said).to_owned())),
            (Ok(said), Some(_)) => Ok(Proposal::CutOff(unfenced(said).to_owned())),
            (Err(_), Some(cut_off)) => Err(cut_off),
            (Err(error), None) => Err(error),
        }
    }

    /// What was said behind the thoughts. Some servers put a whole answer where thoughts belong;
    /// it is taken from there if it is a program.
    fn program_text(&self) -> Result<&str, RewriteError> {
        let said = behind_thoughts(self.content.trim());
        if !said.is_empty() {
            return Ok(said);
        }
        let thoughts = self.reasoning.trim();
        let misplaced = behind_thoughts(thoughts);
        if self.content.trim().is_empty() && parse(misplaced).refused.is_empty() {
            return Ok(misplaced);
        }
        let thought = [self.content.trim(), thoughts].into_iter().find(|text| !text.is_empty());
        match thought {
            None => fault(RewriteFault::EmptyAnswer, "a program", ""),
            Some(thought) => {
                fault(RewriteFault::ThoughtOnly, "a program behind the thoughts", thought)
            }
        }
    }
}

/// What follows `<think>…</think>`. Where the chat template has written the opening mark, only the
/// closing one is there; it stands at an edge of its line, so that a call that deletes such a mark
/// is none.
fn behind_thoughts(content: &str) -> &str {
    if let Some(inside) = content.strip_prefix(THINK.0) {
        return inside.split_once(THINK.1).map_or("", |(_, said)| said).trim();
    }
    let mut at = 0;
    for line in content.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with(THINK.1) || trimmed.ends_with(THINK.1) {
            let mark = at + line.find(THINK.1).unwrap_or(0);
            return content[mark + THINK.1.len()..].trim();
        }
        at += line.len();
    }
    content
}

/// The lines of a draft without the fence around all of them; its end may have been cut off.
fn unfenced(said: &str) -> &str {
    let Some((first, inside)) = said.split_once('\n') else { return said };
    let is_fence = first.strip_prefix(FENCE).is_some_and(|language| {
        language.trim().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    if !is_fence {
        return said;
    }
    inside.trim_end().strip_suffix(FENCE).unwrap_or(inside).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(content: &str, finish: &str) -> Answer {
        let finish_reason = Some(finish.to_owned());
        Answer { content: content.to_owned(), finish_reason, ..Answer::default() }
    }

    fn drafted(content: &str) -> String {
        match answer(content, "stop").draft().unwrap() {
            Proposal::Draft(draft) => draft,
            other => panic!("expected a draft, but found {other:?}"),
        }
    }

    #[test]
    fn thoughts_and_fences_are_taken_away_and_nothing_else() {
        let program = "remove_lines(1, 2)\nremove_str(3, \"a\")";
        for said in [
            program.to_owned(),
            format!("\n{program}\n"),
            format!("<think>\n\n</think>\n\n{program}"),
            format!("<think>remove_lines(9, 9)</think>{program}"),
            format!("Line 1 is a menu.\n</think>\n\n{program}"),
            format!("It is a menu.</think>\n{program}"),
            format!("```\n{program}\n```"),
            format!("```python\n{program}\n```\n"),
            format!("<think>hm</think>\n```text\n{program}"),
        ] {
            assert_eq!(drafted(&said), program, "{said}");
        }
        let prose = format!("Here it is:\n```\n{program}\n```");
        assert_eq!(drafted(&prose), prose);
    }

    #[test]
    fn a_call_that_deletes_a_mark_is_no_thought() {
        for said in ["remove_str(1, \"</think>\")\nremove_lines(2, 2)", "remove_str(1, \"```\")"] {
            assert_eq!(drafted(said), said);
        }
    }

    #[test]
    fn an_answer_at_the_limit_is_cut_off() {
        let cut = answer("remove_lines(1, 2)\nremove_li", "length").draft();
        assert_eq!(cut.unwrap(), Proposal::CutOff("remove_lines(1, 2)\nremove_li".to_owned()));
        let thinking = answer("<think>\nWell, the first line", "length").draft().unwrap_err();
        assert_eq!(thinking.fault, RewriteFault::Truncated);
    }

    #[test]
    fn an_answer_without_a_program_has_a_reason() {
        let fault = |answer: &Answer| answer.draft().unwrap_err().fault;
        assert_eq!(fault(&answer(" \n", "stop")), RewriteFault::EmptyAnswer);
        assert_eq!(fault(&answer("<think>hm</think>", "stop")), RewriteFault::ThoughtOnly);
        assert_eq!(fault(&answer("keep_all()", "content_filter")), RewriteFault::Filtered);
        assert_eq!(fault(&answer("keep_all()", "abort")), RewriteFault::Unfinished);
        let apart =
            |reasoning: &str| Answer { reasoning: reasoning.to_owned(), ..answer("", "stop") };
        assert_eq!(fault(&apart("Line 1 is a menu.")), RewriteFault::ThoughtOnly);
        assert_eq!(apart("keep_all()").draft().unwrap(), Proposal::Draft("keep_all()".to_owned()));
    }
}
