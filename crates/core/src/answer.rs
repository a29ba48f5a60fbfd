//! What an expert said, and what of it is a rewrite.
//!
//! The form that prompts ask for is a reason, then the text in a frame:
//!
//! ```text
//! <reason>why what is deleted is noise</reason>
//! <text>
//! the lines that stay
//! </text>
//! ```
//!
//! The frame's line ends are not part of the text. A chunk is sent without its last U+000A (the
//! frame ends the line), and the rewrite gets it back, so that an answer that changes nothing is
//! read as the chunk, byte for byte.

use crate::rewriter::{RewriteError, RewriteFault};
use serde::{Deserialize, Serialize};

const OPEN: &str = "<text>";
const CLOSE: &str = "</text>";
const REASON: (&str, &str) = ("<reason>", "</reason>");
pub(crate) const THINK: (&str, &str) = ("<think>", "</think>");

/// Reasons for which a complete answer ends. The first is OpenAI's; the others are what local
/// servers and gateways write.
const COMPLETE: [&str; 5] = ["stop", "eos", "eos_token", "end_turn", "stop_sequence"];

/// Tokens that an answer has cost, as far as the server says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read.
    pub prompt_tokens: u64,
    /// Tokens written, thoughts included.
    pub completion_tokens: u64,
}

impl Usage {
    /// All tokens.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }

    /// Adds the tokens of `other`.
    pub const fn add(&mut self, other: Self) {
        self.prompt_tokens = self.prompt_tokens.saturating_add(other.prompt_tokens);
        self.completion_tokens = self.completion_tokens.saturating_add(other.completion_tokens);
    }
}

/// What an expert said about one chunk, not yet judged. It is kept as it came, so that another
/// reading costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The text of the message.
    pub content: String,
    /// Thoughts that the server gives apart.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reasoning: String,
    /// Why it ended, in the server's word.
    pub finish_reason: Option<String>,
    /// What it cost; `None` if the server does not say.
    pub usage: Option<Usage>,
    /// The model that the server names.
    pub model: String,
}

/// A rewrite of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// Why the expert deleted what it deleted, if it says so.
    pub reason: String,
    /// Thoughts before the answer, if there are any.
    pub reasoning: String,
    /// The chunk as the expert would have it.
    pub text: String,
}

/// A chunk as it is sent: without its last U+000A.
#[must_use]
pub fn framed(chunk: &str) -> &str {
    chunk.strip_suffix('\n').unwrap_or(chunk)
}

impl Answer {
    /// A complete answer in the form that is asked for.
    #[must_use]
    pub fn saying(text: &str, reason: &str) -> Self {
        let ((open, close), body) = (REASON, framed(text));
        let frame = if text.is_empty() { "" } else { "\n" };
        Self {
            content: format!("{open}{reason}{close}\n{OPEN}\n{body}{frame}{CLOSE}"),
            finish_reason: Some("stop".to_owned()),
            ..Self::default()
        }
    }

    /// What of the answer is a rewrite of `chunk`.
    ///
    /// # Errors
    /// If the answer is cut off, empty, or not of the form that was asked for.
    pub fn read(&self, chunk: &str) -> Result<Rewrite, RewriteError> {
        self.check_finish()?;
        let (thought, said) = self.said()?;
        let (reason, rest) = split_reason(said)?;
        let Some((inside, after)) = rest.rsplit_once(CLOSE) else {
            return fault(RewriteFault::TextNotClosed, "</text>", rest);
        };
        if !after.trim().is_empty() {
            return fault(RewriteFault::TextNotLast, "nothing after </text>", after.trim_start());
        }
        if inside.contains(CLOSE) && !chunk.contains(CLOSE) {
            return fault(RewriteFault::SeveralTexts, "one <text>", inside);
        }
        let reasoning = [self.reasoning.trim(), thought.trim()];
        let reasoning = reasoning.into_iter().find(|part| !part.is_empty()).unwrap_or_default();
        Ok(Rewrite {
            reason: reason.to_owned(),
            reasoning: reasoning.to_owned(),
            text: unframed(inside, chunk),
        })
    }

    pub(crate) fn check_finish(&self) -> Result<(), RewriteError> {
        let said = self.finish_reason.as_deref().unwrap_or("stop");
        let (fault, found) = match said {
            said if COMPLETE.contains(&said) => return Ok(()),
            "length" | "max_tokens" => (RewriteFault::Truncated, "one cut off at its last token"),
            "content_filter" => (RewriteFault::Filtered, "one that a filter of the server stopped"),
            _ => (RewriteFault::Unfinished, "another end"),
        };
        let message = format!("expected a complete answer, but found {found} ({said})");
        Err(RewriteError::new(fault, message))
    }

    /// The thoughts inside the message, and what was said after them. Some servers put the whole
    /// answer where thoughts belong and leave the message empty; then it is taken from there.
    fn said(&self) -> Result<(&str, &str), RewriteError> {
        let content = self.content.trim();
        if content.is_empty() {
            let misplaced = self.reasoning.trim();
            if misplaced.ends_with(CLOSE) {
                return Ok(split_thought(misplaced));
            }
            let fault = if misplaced.is_empty() {
                RewriteFault::EmptyAnswer
            } else {
                RewriteFault::ThoughtOnly
            };
            return self::fault(fault, "an answer", misplaced);
        }
        let (thought, said) = split_thought(content);
        if said.is_empty() {
            return self::fault(RewriteFault::ThoughtOnly, "an answer after the thoughts", thought);
        }
        Ok((thought, said))
    }
}

/// Parts `<think>…</think>` (often empty) from what follows. Where the chat template has written
/// the opening mark already, only the closing one is there.
fn split_thought(content: &str) -> (&str, &str) {
    let first_text = content.find(OPEN).unwrap_or(content.len());
    let (thought, said) = match (content.strip_prefix(THINK.0), content.find(THINK.1)) {
        (Some(inside), Some(_)) => inside.split_once(THINK.1).unwrap_or((inside, "")),
        (Some(inside), None) => (inside, ""),
        (None, Some(end)) if end < first_text => (&content[..end], &content[end + THINK.1.len()..]),
        _ => ("", content),
    };
    (thought.trim(), said.trim())
}

/// The reason, with or without its marks, and all that follows `<text>`.
fn split_reason(said: &str) -> Result<(&str, &str), RewriteError> {
    let (marked, rest) = match said.split_once(REASON.1) {
        Some((before, rest)) if !before.contains(OPEN) => (Some(before), rest),
        _ => (None, said),
    };
    let Some((before, rest)) = rest.split_once(OPEN) else {
        return fault(RewriteFault::NoText, "<text>", said);
    };
    let reason = marked.unwrap_or(before).trim();
    Ok((reason.strip_prefix(REASON.0).unwrap_or(reason).trim(), rest))
}

/// The text without the line ends of its frame, and with the chunk's last line end.
fn unframed(inside: &str, chunk: &str) -> String {
    let text = inside.strip_prefix('\n').unwrap_or(inside);
    let text = text.strip_suffix('\n').unwrap_or(text);
    let ends = chunk.ends_with('\n') && !(text.is_empty() && framed(chunk) != text);
    if ends { format!("{text}\n") } else { text.to_owned() }
}

/// How much of an answer an error shows, in bytes (a guess: a screen line).
const SHOWN: usize = 100;

pub(crate) fn fault<T>(
    fault: RewriteFault,
    expected: &str,
    found: &str,
) -> Result<T, RewriteError> {
    let mut cut = found.len().min(SHOWN);
    while !found.is_char_boundary(cut) {
        cut -= 1;
    }
    let more = if cut < found.len() { "…" } else { "" };
    let shown =
        if found.is_empty() { "nothing".into() } else { format!("{:?}{more}", &found[..cut]) };
    Err(RewriteError::new(fault, format!("expected {expected}, but found {shown}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answer(content: &str) -> Answer {
        Answer { content: content.to_owned(), ..Answer::default() }
    }

    fn fault_of(content: &str) -> RewriteFault {
        answer(content).read("a\nb\n").unwrap_err().fault
    }

    #[test]
    fn reason_and_text_are_told_apart() {
        for content in [
            "<reason>menu</reason>\n<text>\na\n</text>",
            "menu\n<text>\na\n</text>\n",
            "<think>\n\n</think>\n\n<reason>menu</reason><text>a</text>",
            "<think>hm, <text>?</think><reason>menu</reason><text>a</text>",
            "hm</think><reason> menu </reason>\n\n<text>\na\n</text>",
        ] {
            let rewrite = answer(content).read("a\nb\n").unwrap();
            assert_eq!(
                (rewrite.reason.as_str(), rewrite.text.as_str()),
                ("menu", "a\n"),
                "{content}"
            );
        }
    }

    #[test]
    fn thoughts_are_kept_apart_from_the_answer() {
        let inside = answer("<think>\nhm\n</think>\n<text>\na\n</text>").read("a").unwrap();
        assert_eq!((inside.reasoning.as_str(), inside.text.as_str()), ("hm", "a"));
        let apart = Answer { reasoning: "hm".into(), ..answer("<text>\na\n</text>") };
        assert_eq!(apart.read("a").unwrap().reasoning, "hm");
        let misplaced = Answer { reasoning: "<text>\na\n</text>".into(), ..answer("") };
        assert_eq!(misplaced.read("a").unwrap().text, "a");
    }

    #[test]
    fn an_emptied_chunk_has_an_empty_text() {
        for content in ["<text></text>", "<text>\n</text>", "spam <text>\n\n</text>"] {
            assert_eq!(answer(content).read("a\nb\n").unwrap().text, "", "{content}");
        }
    }

    #[test]
    fn another_form_is_refused_with_its_reason() {
        assert_eq!(fault_of(" \n"), RewriteFault::EmptyAnswer);
        assert_eq!(fault_of("<think>hm"), RewriteFault::ThoughtOnly);
        assert_eq!(fault_of("<think>hm</think>\n"), RewriteFault::ThoughtOnly);
        assert_eq!(fault_of("Here is the text:\na"), RewriteFault::NoText);
        assert_eq!(fault_of("<text>\na"), RewriteFault::TextNotClosed);
        assert_eq!(fault_of("<text>a</text>\nI hope this helps!"), RewriteFault::TextNotLast);
        assert_eq!(fault_of("<text>a</text> or <text>b</text>"), RewriteFault::SeveralTexts);
        let message = answer("no").read("a").unwrap_err().to_string();
        assert_eq!(message, "expected <text>, but found \"no\"");
    }

    #[test]
    fn an_answer_that_was_cut_off_is_never_used() {
        let full = "<text>\na\n</text>";
        for (end, fault) in [
            ("length", RewriteFault::Truncated),
            ("content_filter", RewriteFault::Filtered),
            ("tool_calls", RewriteFault::Unfinished),
        ] {
            let cut = Answer { finish_reason: Some(end.to_owned()), ..answer(full) };
            assert_eq!(cut.read("a").unwrap_err().fault, fault);
        }
        for end in ["stop", "eos_token"] {
            let whole = Answer { finish_reason: Some(end.to_owned()), ..answer(full) };
            assert!(whole.read("a").is_ok());
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_reading_panic(content in "(<text>|</text>|<think>|</think>|<reason>|</reason>|a|\n|é){0,12}", chunk in "[a\n]{0,4}") {
            let _ = answer(&content).read(&chunk);
        }

        #[test]
        fn a_text_said_in_full_is_read_byte_for_byte(text in "[a b\n\ré<>]{0,20}", reason in "[a-z ]{0,9}") {
            let read = Answer::saying(&text, &reason).read(&text).unwrap();
            prop_assert_eq!(read.text, text);
            prop_assert_eq!(read.reason, reason.trim());
        }
    }
}
