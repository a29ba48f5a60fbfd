//! What comes back: a response of the protocol, made an answer or an error. Pure.

use refinex_core::{Answer, Course, RewriteError, RewriteFault, Usage};
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// How much of a server's words an error shows, in characters (a guess: two screen lines).
const SHOWN: usize = 200;

#[derive(Deserialize)]
struct Completion {
    model: Option<String>,
    choices: Option<Vec<Choice>>,
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Choice {
    message: Option<Message>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    content: Option<Value>,
    reasoning: Option<Value>,
    reasoning_content: Option<Value>,
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

/// The answer in the body of a response that has succeeded.
pub(crate) fn answer_of(body: &str) -> Result<Answer, RewriteError> {
    let completion: Completion = serde_json::from_str(body).map_err(|error| {
        malformed(format!("expected a completion in JSON, but found {} ({error})", shown(body)))
    })?;
    let choices = completion.choices.unwrap_or_default();
    let found = choices.len();
    let (Some(choice), 1) = (choices.into_iter().next(), found) else {
        return Err(RewriteError::new(
            RewriteFault::WrongCount,
            format!("expected one choice, but found {found}: {}", shown(body)),
        ));
    };
    let Some(message) = choice.message else {
        return Err(malformed(format!("expected a message, but found {}", shown(body))));
    };
    let thoughts = [message.reasoning_content, message.reasoning];
    let reasoning = thoughts.into_iter().flatten().map(text_of).find(|text| !text.is_empty());
    Ok(Answer {
        content: message.content.map(text_of).unwrap_or_default(),
        reasoning: reasoning.unwrap_or_default(),
        finish_reason: choice.finish_reason,
        usage: completion.usage.map(|tokens| Usage {
            prompt_tokens: tokens.prompt_tokens.unwrap_or_default(),
            completion_tokens: tokens.completion_tokens.unwrap_or_default(),
        }),
        model: completion.model.unwrap_or_default(),
    })
}

/// The text of a content: a string, or a list of parts that have texts.
fn text_of(content: Value) -> String {
    match content {
        Value::String(text) => text,
        Value::Array(parts) => parts.iter().filter_map(|part| part.get("text")?.as_str()).collect(),
        _ => String::new(),
    }
}

/// The error of a response that has failed.
pub(crate) fn error_of(status: u16, after: Option<Duration>, body: &str) -> RewriteError {
    let out_of_money = body.contains("insufficient_quota");
    let (fault, expected) = match status {
        401 | 402 => (RewriteFault::Unauthorised, "a key that the server accepts"),
        429 if out_of_money => (RewriteFault::Unauthorised, "a key that has money left"),
        429 => (RewriteFault::RateLimited, "room for another request"),
        408 => (RewriteFault::Timeout, "an answer in time"),
        404 | 405 | 410 | 300..=399 => {
            (RewriteFault::NotFound, "this address and model to be known")
        }
        409 | 425 | 500..=599 => (RewriteFault::ServerError, "an answer"),
        _ => (RewriteFault::RequestRefused, "the request to be accepted"),
    };
    let found = shown(&words_of(body));
    let message = format!("expected {expected}, but found status {status}: {found}");
    let mut error = RewriteError::new(fault, message);
    if let Course::Again { after: wait } = &mut error.course {
        *wait = after;
    }
    error
}

/// What a server says in its usual form of an error, or all of it.
fn words_of(body: &str) -> String {
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let places = ["/error/message", "/message", "/detail", "/error"];
    let said = places.iter().find_map(|place| value.pointer(place)?.as_str());
    said.unwrap_or(body).to_owned()
}

fn malformed(message: String) -> RewriteError {
    RewriteError::new(RewriteFault::MalformedResponse, message)
}

fn shown(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        return "nothing".to_owned();
    }
    let cut: String =
        text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reasoning_is_found_under_both_names_and_usage_is_read() {
        for name in ["reasoning", "reasoning_content"] {
            let body = format!(
                r#"{{"model":"m","choices":[{{"message":{{"content":null,"{name}":"hm"}},"finish_reason":"stop"}}],
                   "usage":{{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}}}"#
            );
            let answer = answer_of(&body).unwrap();
            assert_eq!((answer.reasoning.as_str(), answer.content.as_str()), ("hm", ""));
            assert_eq!(answer.usage.unwrap().total(), 7);
        }
    }

    #[test]
    fn parts_of_a_content_are_joined() {
        let body =
            r#"{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"text":"b"}]}}]}"#;
        let answer = answer_of(body).unwrap();
        assert_eq!((answer.content.as_str(), answer.usage), ("ab", None));
    }

    #[test]
    fn other_bodies_are_errors_that_say_what_was_found() {
        let choice = r#"{"message":{"content":"x"}}"#;
        let cases = [
            ("<html>", RewriteFault::MalformedResponse),
            (r#"{"choices":[{}]}"#, RewriteFault::MalformedResponse),
            (r#"{"choices":[]}"#, RewriteFault::WrongCount),
            (r#"{"object":"x"}"#, RewriteFault::WrongCount),
            (&format!(r#"{{"choices":[{choice},{choice}]}}"#), RewriteFault::WrongCount),
        ];
        for (body, fault) in cases {
            let error = answer_of(body).unwrap_err();
            assert_eq!(error.fault, fault, "{body}");
            assert!(error.message.starts_with("expected "), "{error}");
        }
    }

    #[test]
    fn a_status_says_what_is_to_be_done() {
        let wait = Some(Duration::from_secs(7));
        let again = Course::Again { after: wait };
        for (status, body, fault, course) in [
            (429, "", RewriteFault::RateLimited, again),
            (503, "", RewriteFault::ServerError, again),
            (400, "context", RewriteFault::RequestRefused, Course::Skip),
            (401, "", RewriteFault::Unauthorised, Course::Stop),
            (404, "", RewriteFault::NotFound, Course::Stop),
            (307, "", RewriteFault::NotFound, Course::Stop),
            (
                429,
                r#"{"error":{"code":"insufficient_quota"}}"#,
                RewriteFault::Unauthorised,
                Course::Stop,
            ),
        ] {
            let error = error_of(status, wait, body);
            assert_eq!((error.fault, error.course), (fault, course), "{status}");
        }
        let error = error_of(400, None, r#"{"error":{"message":"too long"}}"#);
        assert_eq!(
            error.message,
            "expected the request to be accepted, but found status 400: too long"
        );
    }

    proptest! {
        #[test]
        fn no_body_makes_reading_panic(body in "\\PC{0,60}", status in 100u16..600) {
            let _ = answer_of(&body);
            let _ = error_of(status, None, &body);
        }
    }
}
