//! What can go wrong, said in prose.

use std::fmt;
use std::io;

/// The kind of a [`StoreError`], for callers that act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreProblem {
    /// There is nothing at the path.
    NotFound,
    /// The path may not be read or written.
    Denied,
    /// The disk is full or the quota used up.
    NoSpace,
    /// The location cannot be understood.
    BadLocation,
    /// Anything else, such as a broken network.
    Other,
}

/// A store that cannot do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    problem: StoreProblem,
    message: String,
}

impl StoreError {
    pub(crate) fn new(problem: StoreProblem, message: impl Into<String>) -> Self {
        Self { problem, message: message.into() }
    }

    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self::new(StoreProblem::Other, message)
    }

    pub(crate) fn bad_location(message: impl Into<String>) -> Self {
        Self::new(StoreProblem::BadLocation, message)
    }

    /// The error of the object store while it tried to `act` on `place`.
    pub(crate) fn from_object_store(act: &str, place: &str, error: &object_store::Error) -> Self {
        let problem = problem_of(error);
        let writes = matches!(act, "write" | "create");
        let found = match problem {
            // Writing makes the folders that it needs.
            StoreProblem::NotFound if writes => "that its folder cannot be made".to_string(),
            StoreProblem::NotFound => "nothing there".to_string(),
            StoreProblem::Denied if io_kind(error) == Some(io::ErrorKind::ReadOnlyFilesystem) => {
                "that the disk is read-only".to_string()
            }
            StoreProblem::Denied => "that permission is denied".to_string(),
            StoreProblem::NoSpace => "no space left".to_string(),
            StoreProblem::BadLocation | StoreProblem::Other => innermost(error),
        };
        Self::new(problem, format!("expected to {act} {place}, but found {found}"))
    }

    /// The kind of the error.
    #[must_use]
    pub const fn problem(&self) -> StoreProblem {
        self.problem
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {}

impl From<StoreError> for io::Error {
    fn from(error: StoreError) -> Self {
        let kind = match error.problem {
            StoreProblem::NotFound => io::ErrorKind::NotFound,
            StoreProblem::Denied => io::ErrorKind::PermissionDenied,
            StoreProblem::NoSpace => io::ErrorKind::StorageFull,
            StoreProblem::BadLocation => io::ErrorKind::InvalidInput,
            StoreProblem::Other => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

impl StoreError {
    /// The error that an `io::Error` of one of our own readers or writers carries, or a new one.
    pub(crate) fn from_io(act: &str, place: &str, error: &io::Error) -> Self {
        if let Some(inner) = error.get_ref().and_then(|e| e.downcast_ref::<Self>()) {
            return inner.clone();
        }
        let problem = problem_of_kind(error.kind());
        Self::new(problem, format!("expected to {act} {place}, but found: {error}"))
    }
}

pub(crate) fn problem_of(error: &object_store::Error) -> StoreProblem {
    use object_store::Error;
    match error {
        Error::NotFound { .. } => StoreProblem::NotFound,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => StoreProblem::Denied,
        Error::InvalidPath { .. } => StoreProblem::BadLocation,
        other => io_kind(other).map_or(StoreProblem::Other, problem_of_kind),
    }
}

const fn problem_of_kind(kind: io::ErrorKind) -> StoreProblem {
    match kind {
        io::ErrorKind::NotFound => StoreProblem::NotFound,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => StoreProblem::Denied,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreProblem::NoSpace,
        _ => StoreProblem::Other,
    }
}

/// The kind of the first I/O error in the chain of causes.
fn io_kind(error: &(dyn std::error::Error + 'static)) -> Option<io::ErrorKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        next = error.source();
    }
    None
}

/// The last cause in the chain: the layers above only wrap it in more words.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// A list of inputs that cannot be turned into shards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError(pub(crate) String);

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InputError {}

impl From<StoreError> for InputError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

/// A shard that cannot be read or written further. The caller fails the shard; others go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardError {
    /// Name of the shard.
    pub shard: String,
    /// Rows that were read before.
    pub rows_read: u64,
    /// What was expected and what was found.
    pub message: String,
}

impl ShardError {
    pub(crate) fn new(shard: &str, rows_read: u64, message: impl Into<String>) -> Self {
        Self { shard: shard.to_string(), rows_read, message: message.into() }
    }
}

impl fmt::Display for ShardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: after {} rows: {}", self.shard, self.rows_read, self.message)
    }
}

impl std::error::Error for ShardError {}

/// Edits that do not belong to the rows they were given for: a mistake of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditError {
    /// Name of the shard.
    pub shard: String,
    /// Number of the row, from 1; 0 when the whole batch is at fault.
    pub row: u64,
    /// What was expected and what was found.
    pub message: String,
}

impl EditError {
    pub(crate) fn new(shard: &str, row: u64, message: impl Into<String>) -> Self {
        Self { shard: shard.to_string(), row, message: message.into() }
    }
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: row {}: {}", self.shard, self.row, self.message)
    }
}

impl std::error::Error for EditError {}
