//! Answers that were paid for, kept on disk.

use crate::claim::{Claims, Pace, Turn};
use crate::error::SetupError;
use crate::record::Ledger;
use crate::request::{Asking, RequestKey};
use refinex_core::{Answer, Chunk, Identity, RewriteError, RewriteFault, Rewriter};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The version of the entries that are written.
const VERSION: u32 = 1;

/// A folder of answers, each in a file named after its request: `ab/abcd….json`.
///
/// Files are written under another name and renamed, so any number of processes may share the
/// folder, and one that is killed leaves no half answer.
#[derive(Debug)]
pub struct CacheFolder {
    root: PathBuf,
    /// Makes temporary names of this process differ.
    written: AtomicU64,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    version: u32,
    key: String,
    /// Who was asked, for people.
    endpoint: String,
    asked_model: String,
    prompt: String,
    answer: Answer,
}

impl CacheFolder {
    /// The folder at `root`, which is made if need be.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(root: &Path) -> Result<Self, SetupError> {
        fs::create_dir_all(root)
            .map_err(|error| SetupError::at("a folder for answers", root, error))?;
        Ok(Self { root: root.to_owned(), written: AtomicU64::new(0) })
    }

    fn place(&self, key: &RequestKey) -> PathBuf {
        let digits = key.as_str();
        self.root.join(&digits[..2]).join(format!("{digits}.json"))
    }

    /// The answer to a request; `None` if there is none that can be read.
    #[must_use]
    pub fn get(&self, key: &RequestKey) -> Option<Answer> {
        let bytes = fs::read(self.place(key)).ok()?;
        let entry: Entry = serde_json::from_slice(&bytes).ok()?;
        (entry.version == VERSION && entry.key == key.as_str()).then_some(entry.answer)
    }

    /// Keeps an answer. It has reached the disk when this returns.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn put(&self, key: &RequestKey, asking: &Asking, answer: &Answer) -> io::Result<()> {
        let entry = Entry {
            version: VERSION,
            key: key.to_string(),
            endpoint: asking.endpoint.clone(),
            asked_model: asking.model.clone(),
            prompt: asking.task.label(),
            answer: answer.clone(),
        };
        let place = self.place(key);
        fs::create_dir_all(place.parent().unwrap_or(&self.root))?;
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let temporary = place.with_extension(format!("{}-{number}.tmp", std::process::id()));
        let mut file = fs::File::create(&temporary)?;
        file.write_all(&serde_json::to_vec(&entry)?)?;
        file.sync_all()?;
        fs::rename(&temporary, &place)
    }
}

/// Answers from the cache where it can, and keeps what comes else.
///
/// Two equal requests at once are one, whether two threads ask or two processes that share the
/// folder: the second waits for the first. An answer that is empty or broke off on the server's side
/// is not kept.
pub struct Cache<R> {
    inner: R,
    folder: Arc<CacheFolder>,
    asking: Arc<Asking>,
    ledger: Arc<Ledger>,
    claims: Claims,
}

impl<R: Rewriter> Cache<R> {
    /// `inner` behind the answers of `folder`.
    pub fn new(
        inner: R,
        folder: Arc<CacheFolder>,
        asking: Arc<Asking>,
        ledger: Arc<Ledger>,
    ) -> Self {
        Self { inner, folder, asking, ledger, claims: Claims::new(Pace::default()) }
    }

    /// The answer, if it is kept; else the right to ask for it.
    fn turn(&self, key: &RequestKey) -> io::Result<Turn<'_, Answer>> {
        if let Some(answer) = self.folder.get(key) {
            return Ok(Turn::Found(answer));
        }
        let place = self.folder.place(key);
        fs::create_dir_all(place.parent().unwrap_or(&self.folder.root))?;
        self.claims.wait(place.with_extension("claim"), || self.folder.get(key))
    }

    fn lost(&self, error: &io::Error) -> RewriteError {
        let place = self.folder.root.display();
        let message = format!("expected to keep an answer in {place}, but found: {error}");
        RewriteError::new(RewriteFault::Cache, message)
    }
}

impl<R: Rewriter> Rewriter for Cache<R> {
    fn identity(&self) -> Identity {
        self.inner.identity()
    }

    fn rewrite_one(&self, chunk: &Chunk<'_>) -> Result<Answer, RewriteError> {
        let key = self.asking.key(chunk);
        let _claim = match self.turn(&key).map_err(|error| self.lost(&error))? {
            Turn::Ours(claim) => claim,
            Turn::Found(answer) => {
                self.ledger.count_hit();
                return Ok(answer);
            }
        };
        let answer = self.inner.rewrite_one(chunk)?;
        if self.asking.task.is_worth_keeping(&answer, chunk) {
            self.folder.put(&key, &self.asking, &answer).map_err(|error| self.lost(&error))?;
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt::Prompt;
    use crate::request::Sampling;
    use crate::task::Task;
    use std::time::Duration;

    /// Answers slowly, and counts how often.
    struct Counting(AtomicU64, Answer);

    impl Rewriter for Counting {
        fn identity(&self) -> Identity {
            Identity { name: String::new(), fingerprint: String::new() }
        }

        fn rewrite_one(&self, _: &Chunk<'_>) -> Result<Answer, RewriteError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(20));
            Ok(self.1.clone())
        }
    }

    fn asking() -> Arc<Asking> {
        let task = Task::Rewrite(Prompt::parse("p", "{{document}}").unwrap());
        let (endpoint, model) = ("e".to_owned(), "m".to_owned());
        Arc::new(Asking { endpoint, model, task, sampling: Sampling::default() })
    }

    fn cache(folder: &Path, answer: Answer) -> Cache<Counting> {
        let folder = Arc::new(CacheFolder::open(folder).unwrap());
        Cache::new(Counting(AtomicU64::new(0), answer), folder, asking(), Arc::default())
    }

    fn paid(cache: &Cache<Counting>) -> u64 {
        cache.inner.0.load(Ordering::SeqCst)
    }

    #[test]
    fn an_answer_is_paid_for_once_across_caches_and_threads() {
        let folder = tempfile::tempdir().unwrap();
        let answer = Answer::saying("x", "why");
        let first = cache(folder.path(), answer.clone());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    assert_eq!(first.rewrite_one(&Chunk::whole("x")), Ok(answer.clone()))
                });
            }
        });
        let second = cache(folder.path(), Answer::default());
        assert_eq!(second.rewrite_one(&Chunk::whole("x")), Ok(answer));
        assert_eq!((paid(&first), paid(&second)), (1, 0));
    }

    #[test]
    fn processes_that_ask_the_same_at_once_pay_once() {
        let folder = tempfile::tempdir().unwrap();
        let answer = Answer::saying("x", "why");
        // Caches that share nothing but the folder, as those of two processes do.
        let caches: Vec<_> = (0..4).map(|_| cache(folder.path(), answer.clone())).collect();
        std::thread::scope(|scope| {
            for cache in caches.iter().chain(&caches) {
                let ask = || assert_eq!(cache.rewrite_one(&Chunk::whole("x")), Ok(answer.clone()));
                scope.spawn(ask);
            }
        });
        assert_eq!(caches.iter().map(paid).sum::<u64>(), 1);
        let left = fs::read_dir(
            caches[0].folder.place(&asking().key(&Chunk::whole("x"))).parent().unwrap(),
        );
        assert_eq!(left.unwrap().count(), 1);
    }

    #[test]
    fn a_truncated_answer_is_kept_and_an_empty_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let cut = Answer { finish_reason: Some("length".into()), ..Answer::saying("x", "") };
        let keeping = cache(folder.path(), cut);
        for _ in 0..2 {
            assert!(keeping.rewrite_one(&Chunk::whole("x")).is_ok());
        }
        let empty = cache(folder.path(), Answer::default());
        for _ in 0..2 {
            assert!(empty.rewrite_one(&Chunk::whole("y")).is_ok());
        }
        assert_eq!((paid(&keeping), paid(&empty)), (1, 2));
    }

    #[test]
    fn a_broken_entry_is_asked_for_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), Answer::saying("x", ""));
        cache.rewrite_one(&Chunk::whole("x")).unwrap();
        let place = cache.folder.place(&asking().key(&Chunk::whole("x")));
        fs::write(&place, b"{\"version\":1,").unwrap();
        cache.rewrite_one(&Chunk::whole("x")).unwrap();
        cache.rewrite_one(&Chunk::whole("x")).unwrap();
        assert_eq!(paid(&cache), 2);
    }

    #[test]
    fn a_cache_that_cannot_be_written_stops_all() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), Answer::saying("x", ""));
        let key = asking().key(&Chunk::whole("x"));
        fs::write(folder.path().join(&key.as_str()[..2]), b"a file where a folder should be")
            .unwrap();
        let error = cache.rewrite_one(&Chunk::whole("x")).unwrap_err();
        assert_eq!((error.fault, error.course), (RewriteFault::Cache, refinex_core::Course::Stop));
    }
}
