//! An OpenAI-compatible endpoint, asked over HTTP.

use crate::error::SetupError;
use crate::key::ApiKey;
use crate::request::Asking;
use crate::response::{answer_of, error_of};
use crate::wait::retry_after;
use refinex_core::{Answer, Chunk, Identity, RewriteError, RewriteFault, Rewriter};
use reqwest::Url;
use reqwest::blocking::{Client, Response};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use std::error::Error;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The longest response that is read, in bytes (a guess: a thousand times an answer).
const LONGEST: u64 = 64 << 20;
/// What an address without a path is completed with, as servers have it.
const USUAL_PATH: &str = "/v1";

/// How long to wait for a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For a request as a whole, from the connection to the last byte of the answer.
    pub total: Duration,
}

impl Default for Timeouts {
    /// Ten seconds and ten minutes (a guess: a long answer of a large model on a busy server).
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(600) }
    }
}

/// An endpoint. It sends one request a chunk, once.
pub struct Endpoint {
    client: Client,
    url: Url,
    key: ApiKey,
    asking: Arc<Asking>,
    total: Duration,
}

impl Endpoint {
    /// The endpoint that `asking` names.
    ///
    /// # Errors
    /// If its address is none, or holds what could be a secret.
    pub fn new(asking: Arc<Asking>, key: ApiKey, timeouts: Timeouts) -> Result<Self, SetupError> {
        let url = completions_url(&asking.endpoint)?;
        let mut builder = Client::builder()
            .user_agent(concat!("refinex/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timeouts.connect)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(None);
        if is_loopback(&url) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            SetupError::new(format!("expected an HTTP client, but found: {}", chain(&error)))
        })?;
        Ok(Self { client, url, key, asking, total: timeouts.total })
    }

    /// The body, without the key, should the server repeat it.
    fn text_of(&self, response: Response) -> Result<String, RewriteError> {
        let mut bytes = Vec::new();
        let read = response.take(LONGEST + 1).read_to_end(&mut bytes);
        read.map_err(|error| self.broke_off(&error))?;
        if bytes.len() as u64 > LONGEST {
            let message = format!("expected an answer of at most {LONGEST} bytes, but found more");
            return Err(RewriteError::new(RewriteFault::MalformedResponse, message));
        }
        let text = String::from_utf8(bytes).map_err(|_| {
            let message = "expected an answer in UTF-8, but found other bytes";
            RewriteError::new(RewriteFault::MalformedResponse, message)
        })?;
        Ok(self.key.hide_in(text))
    }

    fn failed(&self, error: reqwest::Error) -> RewriteError {
        let fault =
            if error.is_timeout() { RewriteFault::Timeout } else { RewriteFault::Connection };
        self.error(fault, &error.without_url())
    }

    fn broke_off(&self, error: &std::io::Error) -> RewriteError {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
        let late = inner.is_some_and(reqwest::Error::is_timeout)
            || error.kind() == std::io::ErrorKind::TimedOut;
        self.error(if late { RewriteFault::Timeout } else { RewriteFault::Connection }, error)
    }

    fn error(&self, fault: RewriteFault, error: &dyn Error) -> RewriteError {
        let found = self.key.hide_in(chain(error));
        let seconds = self.total.as_secs_f64();
        let message = match fault {
            RewriteFault::Timeout => {
                format!("expected an answer within {seconds} s, but found: {found}")
            }
            _ => format!("expected an answer, but found: {found}"),
        };
        RewriteError::new(fault, message)
    }
}

/// An error and all that caused it, each said once.
fn chain(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_said = cause.to_string();
        if !said.contains(&cause_said) {
            said = format!("{said}: {cause_said}");
        }
        next = cause.source();
    }
    said
}

/// The address that is asked: `base` is what OpenAI's clients call the base URL.
fn completions_url(base: &str) -> Result<Url, SetupError> {
    let wrong = |found: &str| {
        SetupError::new(format!(
            "expected an endpoint such as http://127.0.0.1:8000/v1, but found {found}"
        ))
    };
    let mut url = Url::parse(base).map_err(|error| wrong(&format!("no URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("another scheme, or no host"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(wrong(
            "one with a user, a password or a query (a key belongs in the environment)",
        ));
    }
    let path = url.path().trim_end_matches('/');
    let path = if path.is_empty() { USUAL_PATH } else { path };
    let path = path.strip_suffix("/chat/completions").unwrap_or(path);
    let path = format!("{path}/chat/completions");
    url.set_path(&path);
    url.set_fragment(None);
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl Rewriter for Endpoint {
    fn identity(&self) -> Identity {
        self.asking.identity()
    }

    fn rewrite_one(&self, chunk: &Chunk<'_>) -> Result<Answer, RewriteError> {
        let body = self.asking.body(chunk).to_string();
        let mut request = self
            .client
            .post(self.url.clone())
            .timeout(self.total)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        if let Some(key) = self.key.header() {
            request = request.header(AUTHORIZATION, key);
        }
        let response = request.send().map_err(|error| self.failed(error))?;
        let status = response.status();
        let wait = retry_after(response.headers(), SystemTime::now());
        let body = self.text_of(response)?;
        if status.is_success() {
            answer_of(&body)
        } else {
            Err(error_of(status.as_u16(), wait, &body))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_completed() {
        for (base, wanted) in [
            ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/chat/completions"),
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1/chat/completions"),
            ("https://h/api/v3/", "https://h/api/v3/chat/completions"),
            ("https://h/v1/chat/completions", "https://h/v1/chat/completions"),
        ] {
            assert_eq!(completions_url(base).unwrap().as_str(), wanted);
        }
    }

    #[test]
    fn an_address_with_a_secret_is_refused_without_showing_it() {
        for base in ["https://u:secret@h/v1", "https://h/v1?key=secret", "secret", "ftp://secret"] {
            let error = completions_url(base).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        for (url, is) in [
            ("http://localhost:1", true),
            ("http://127.0.0.9", true),
            ("http://[::1]:2", true),
            ("http://h", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), is, "{url}");
        }
    }
}
