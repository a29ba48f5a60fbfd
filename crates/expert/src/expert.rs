//! The tower of wrappers around an endpoint, or around batch files.

use crate::batch::{Absent, BatchImport, Queue, import_batch};
use crate::breaker::Breaker;
use crate::budget::{Budget, Limits};
use crate::cache::{Cache, CacheFolder};
use crate::concurrent::Concurrent;
use crate::endpoint::{Endpoint, Timeouts};
use crate::error::SetupError;
use crate::key::ApiKey;
use crate::record::{Ledger, Record};
use crate::request::Asking;
use crate::retry::{Patience, Retry};
use refinex_core::{Chunk, Rewriter};
use std::path::PathBuf;
use std::sync::Arc;

/// How an expert is asked: nothing of this changes an answer.
pub struct ExpertSettings {
    /// The key of the endpoint.
    pub key: ApiKey,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// When to ask again.
    pub patience: Patience,
    /// What may be spent.
    pub limits: Limits,
    /// Requests at once.
    pub concurrency: usize,
    /// Failures in a row after which nothing more is sent.
    pub give_up_after: usize,
    /// Where answers are kept.
    pub cache: PathBuf,
    /// A log of requests, one line of JSON each.
    pub log: Option<PathBuf>,
}

/// How requests travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Over HTTP, now.
    Http,
    /// Into a batch file, for later.
    BatchOut(PathBuf),
    /// They did, and these files hold the answers.
    BatchIn(Vec<PathBuf>),
}

/// An expert, ready to be asked.
pub struct Expert {
    /// What is asked.
    pub asking: Arc<Asking>,
    /// Who is asked.
    pub rewriter: Box<dyn Rewriter>,
    /// What was sent.
    pub ledger: Arc<Ledger>,
    /// The batch file being written, if one is.
    pub queue: Option<Arc<Queue>>,
    /// What the batch held, if one was read.
    pub import: Option<BatchImport>,
}

impl Expert {
    /// Builds the tower.
    ///
    /// # Errors
    /// If the address, a limit, the cache, the log or a batch file is not as it must be.
    pub fn connect(
        asking: Asking,
        settings: ExpertSettings,
        transport: &Transport,
    ) -> Result<Self, SetupError> {
        asking.check()?;
        settings.limits.check()?;
        let asking = Arc::new(asking);
        let ledger = Arc::new(ledger(settings.log.as_deref())?);
        let folder = Arc::new(CacheFolder::open(&settings.cache)?);
        let (mut queue, mut import) = (None, None);
        let concurrency = settings.concurrency;
        let innermost: Box<dyn Rewriter> = match transport {
            Transport::Http => tower(&asking, settings, &ledger)?,
            Transport::BatchOut(place) => {
                let queued = Arc::new(Queue::create(place, Arc::clone(&asking))?);
                queue = Some(Arc::clone(&queued));
                Box::new(queued)
            }
            Transport::BatchIn(places) => {
                let mut read = BatchImport::default();
                for place in places {
                    import_batch(place, &folder, &asking, &mut read)?;
                }
                let failed = std::mem::take(&mut read.failed);
                import = Some(read);
                Box::new(Absent::new(Arc::clone(&asking), failed))
            }
        };
        let cache = Cache::new(innermost, folder, Arc::clone(&asking), Arc::clone(&ledger));
        let rewriter = Box::new(Concurrent::new(cache, concurrency));
        Ok(Self { asking, rewriter, ledger, queue, import })
    }
}

fn tower(
    asking: &Arc<Asking>,
    settings: ExpertSettings,
    ledger: &Arc<Ledger>,
) -> Result<Box<dyn Rewriter>, SetupError> {
    let overhead = asking.body(&Chunk::whole("")).to_string().len() as u64;
    let max_tokens = asking.sampling.max_tokens;
    let endpoint = Endpoint::new(Arc::clone(asking), settings.key, settings.timeouts)?;
    let record = Record::new(endpoint, Arc::clone(asking), Arc::clone(ledger));
    let retry = Retry::new(record, settings.patience);
    let budget = Budget::new(retry, settings.limits, overhead, max_tokens);
    Ok(Box::new(Breaker::new(budget, settings.give_up_after)))
}

fn ledger(log: Option<&std::path::Path>) -> Result<Ledger, SetupError> {
    let Some(place) = log else { return Ok(Ledger::default()) };
    let file = std::fs::OpenOptions::new().create(true).append(true).open(place);
    let file = file.map_err(|error| SetupError::at("a log", place, error))?;
    Ok(Ledger::logging(Box::new(file)))
}
