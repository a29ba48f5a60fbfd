//! Batch files: requests written down, answers read back.

use crate::cache::CacheFolder;
use crate::error::SetupError;
use crate::request::{Asking, RequestKey};
use crate::response::{answer_of, error_of};
use refinex_core::{Answer, Chunk, Identity, RewriteError, RewriteFault, Rewriter};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Writes requests to a batch file instead of sending them; each once.
pub struct Queue {
    asking: Arc<Asking>,
    place: PathBuf,
    temporary: PathBuf,
    state: Mutex<State>,
}

struct State {
    file: BufWriter<File>,
    queued: HashSet<RequestKey>,
}

impl Queue {
    /// A queue that becomes the file at `place` when it is [finished](Self::finish).
    ///
    /// # Errors
    /// If it cannot be begun.
    pub fn create(place: &Path, asking: Arc<Asking>) -> Result<Self, SetupError> {
        let mut temporary = place.as_os_str().to_owned();
        temporary.push(".tmp");
        let temporary = PathBuf::from(temporary);
        let file = File::create(&temporary)
            .map_err(|error| SetupError::at("a file for requests", &temporary, error))?;
        let state = Mutex::new(State { file: BufWriter::new(file), queued: HashSet::new() });
        Ok(Self { asking, place: place.to_owned(), temporary, state })
    }

    /// Makes the file visible; the answer is the number of its requests.
    ///
    /// # Errors
    /// If its last bytes cannot be written.
    pub fn finish(&self) -> Result<usize, SetupError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let flushed = state.file.flush().and_then(|()| state.file.get_ref().sync_all());
        flushed
            .and_then(|()| fs::rename(&self.temporary, &self.place))
            .map_err(|error| SetupError::at("a file for requests", &self.place, error))?;
        Ok(state.queued.len())
    }

    fn one(&self, chunk: &Chunk<'_>) -> RewriteError {
        let key = self.asking.key(chunk);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.queued.insert(key.clone()) {
            let line = json!({
                "custom_id": key.as_str(),
                "method": "POST",
                "url": "/v1/chat/completions",
                "body": self.asking.body(chunk),
            });
            if let Err(error) = writeln!(state.file, "{line}") {
                let message = format!("expected to write a request down, but found: {error}");
                return RewriteError::new(RewriteFault::Cache, message);
            }
        }
        let message = format!("expected an answer, but found the request waiting as {key}");
        RewriteError::new(RewriteFault::Queued, message)
    }
}

impl Rewriter for Queue {
    fn identity(&self) -> Identity {
        self.asking.identity()
    }

    fn rewrite_one(&self, chunk: &Chunk<'_>) -> Result<Answer, RewriteError> {
        Err(self.one(chunk))
    }
}

/// What a batch file held.
#[derive(Debug, Default)]
pub struct BatchImport {
    /// Answers that are now in the cache.
    pub answers: u64,
    /// Requests that failed, and why.
    pub failed: HashMap<RequestKey, RewriteError>,
    /// Lines that are no result of a request of ours: number of the line, and why.
    pub strange: Vec<(u64, String)>,
}

#[derive(Deserialize)]
struct ResultLine {
    custom_id: String,
    response: Option<ResultResponse>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct ResultResponse {
    status_code: Option<u16>,
    body: Option<Value>,
}

/// Puts the answers of a batch's output file into the cache, line by line.
///
/// # Errors
/// If the file cannot be read, or an answer cannot be kept.
pub fn import_batch(
    place: &Path,
    folder: &CacheFolder,
    asking: &Asking,
    into: &mut BatchImport,
) -> Result<(), SetupError> {
    let fail = |error: std::io::Error| SetupError::at("results of a batch", place, error);
    let reader = BufReader::new(File::open(place).map_err(fail)?);
    for (number, line) in (1..).zip(reader.split(b'\n')) {
        let line = line.map_err(fail)?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        match result_of(&line) {
            Err(why) => into.strange.push((number, why)),
            Ok((key, Err(error))) => drop(into.failed.insert(key, error)),
            Ok((key, Ok(answer))) => {
                folder.put(&key, asking, &answer).map_err(fail)?;
                into.answers += 1;
            }
        }
    }
    Ok(())
}

type KeyedResult = (RequestKey, Result<Answer, RewriteError>);

fn result_of(line: &[u8]) -> Result<KeyedResult, String> {
    let result: ResultLine = serde_json::from_slice(line)
        .map_err(|error| format!("expected the result of a request, but found: {error}"))?;
    let key = RequestKey::parse(&result.custom_id).ok_or_else(|| {
        format!("expected a custom_id that refinex has written, but found {:?}", result.custom_id)
    })?;
    let body = result.response.as_ref().and_then(|response| response.body.as_ref());
    let body = body.map(Value::to_string).unwrap_or_default();
    let status = result.response.as_ref().and_then(|response| response.status_code);
    let answer = match (status.unwrap_or(200), result.error) {
        (_, Some(error)) if !error.is_null() => Err(failed(&error.to_string())),
        (200..=299, _) => answer_of(&body).map_err(|error| failed(&error.message)),
        (status, _) => Err(failed(&error_of(status, None, &body).message)),
    };
    Ok((key, answer))
}

fn failed(found: &str) -> RewriteError {
    let message = format!("expected an answer in the batch, but found: {found}");
    RewriteError::new(RewriteFault::BatchFailed, message)
}

/// The expert behind a batch that was read: all that it has to say is in the cache already.
pub struct Absent {
    asking: Arc<Asking>,
    failed: HashMap<RequestKey, RewriteError>,
}

impl Absent {
    /// The expert whose requests of `failed` have failed.
    #[must_use]
    pub const fn new(asking: Arc<Asking>, failed: HashMap<RequestKey, RewriteError>) -> Self {
        Self { asking, failed }
    }

    fn one(&self, chunk: &Chunk<'_>) -> RewriteError {
        let key = self.asking.key(chunk);
        self.failed.get(&key).cloned().unwrap_or_else(|| {
            let message = format!("expected an answer to {key} in the batch, but found none");
            RewriteError::new(RewriteFault::NotInBatch, message)
        })
    }
}

impl Rewriter for Absent {
    fn identity(&self) -> Identity {
        self.asking.identity()
    }

    fn rewrite_one(&self, chunk: &Chunk<'_>) -> Result<Answer, RewriteError> {
        Err(self.one(chunk))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt::Prompt;
    use crate::request::Sampling;
    use crate::task::Task;

    fn asking() -> Arc<Asking> {
        let task = Task::Rewrite(Prompt::parse("p", "{{document}}").unwrap());
        let (endpoint, model) = ("batch".to_owned(), "m".to_owned());
        Arc::new(Asking { endpoint, model, task, sampling: Sampling::default() })
    }

    #[test]
    fn a_request_stands_once_in_the_file_in_the_form_of_the_protocol() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("batch.jsonl");
        let queue = Queue::create(&place, asking()).unwrap();
        for text in ["a\nb", "a\nb", "c"] {
            let fault = queue.rewrite_one(&Chunk::whole(text)).unwrap_err().fault;
            assert_eq!(fault, RewriteFault::Queued);
        }
        assert!(!place.exists());
        assert_eq!(queue.finish().unwrap(), 2);
        let lines = fs::read_to_string(&place).unwrap();
        let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(lines.lines().count(), 2);
        assert_eq!(first["method"], "POST");
        assert_eq!(first["url"], "/v1/chat/completions");
        assert_eq!(first["body"]["messages"][0]["content"], "a\nb");
        assert_eq!(first["custom_id"], asking().key(&Chunk::whole("a\nb")).as_str());
    }

    #[test]
    fn results_become_answers_of_the_cache_and_the_rest_has_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CacheFolder::open(&folder.path().join("cache")).unwrap();
        let key = |text| asking().key(&Chunk::whole(text)).to_string();
        let body = json!({"choices": [{"message": {"content": "<text>a</text>"}, "finish_reason": "stop"}]});
        let lines = [
            json!({"custom_id": key("a"), "response": {"status_code": 200, "body": body}, "error": null}).to_string(),
            json!({"custom_id": key("b"), "response": {"status_code": 400, "body": {"error": {"message": "too long"}}}}).to_string(),
            json!({"custom_id": key("c"), "response": null, "error": {"code": "batch_expired"}}).to_string(),
            json!({"custom_id": "request-1", "response": null, "error": null}).to_string(),
            "{\"custom".to_owned(),
            "\u{fffd}".to_owned(),
        ];
        let place = folder.path().join("results.jsonl");
        fs::write(&place, lines.join("\n")).unwrap();
        let mut import = BatchImport::default();
        import_batch(&place, &cache, &asking(), &mut import).unwrap();
        assert_eq!((import.answers, import.failed.len()), (1, 2));
        let strange: Vec<u64> = import.strange.iter().map(|(number, _)| *number).collect();
        assert_eq!(strange, [4, 5, 6]);
        assert!(cache.get(&asking().key(&Chunk::whole("a"))).is_some());
        let absent = Absent::new(asking(), import.failed);
        let error = |text| absent.rewrite_one(&Chunk::whole(text)).unwrap_err();
        assert!(error("b").message.ends_with("status 400: too long"), "{}", error("b"));
        assert!(error("c").message.contains("batch_expired"));
        assert_eq!(error("d").fault, RewriteFault::NotInBatch);
    }
}
