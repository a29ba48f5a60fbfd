//! A place that holds bytes under paths: a local folder, a bucket, memory.

mod destination;
mod ranged;
mod staging;
mod stream;
mod upload;

pub(crate) use ranged::RangedObject;
pub use upload::AtomicWriter;

use crate::error::StoreError;
use crate::runtime;
use bytes::Bytes;
use destination::Destination;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{GetResult, GetResultPayload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use url::Url;

/// A place that holds bytes under paths. Paths are relative to it and use `/`.
///
/// A clone is cheap and means the same place.
#[derive(Clone, Debug)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    base: Path,
    /// How the place is written in messages, with a final `/`.
    label: String,
    /// The folder on this machine, if the store is one.
    folder: Option<PathBuf>,
}

/// Which state of an object was seen: its e-tag where there is one, else its time of change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(String);

impl Stamp {
    /// The stamp as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(meta: &ObjectMeta) -> Self {
        Self(meta.e_tag.clone().unwrap_or_else(|| meta.last_modified.to_rfc3339()))
    }
}

/// What a store knows about an object without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Path relative to the store.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// Which state of the object this is.
    pub stamp: Stamp,
}

/// Whether [`Store::create`] made the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// The object was not there and is now.
    Created,
    /// The object was there already and is unchanged.
    Exists,
}

impl Store {
    /// The store at `location`: a folder of this machine, which need not exist yet, or a URL such
    /// as `s3://bucket/path`, `gs://bucket/path` or `az://container/path`.
    ///
    /// Credentials of clouds come from the environment (`AWS_…`, `GOOGLE_…`, `AZURE_…`).
    ///
    /// # Errors
    /// If the location cannot be understood, or its cloud is not built in.
    pub fn open(location: &str) -> Result<Self, StoreError> {
        match Location::parse(location) {
            Location::Local(path) => Self::local(&path),
            Location::Url { root, key } => Self::remote(&root, &key),
        }
    }

    /// A store in memory, for tests.
    #[must_use]
    pub fn memory() -> Self {
        Self {
            objects: Arc::new(InMemory::new()),
            base: Path::ROOT,
            label: "memory:/".to_string(),
            folder: None,
        }
    }

    fn local(path: &str) -> Result<Self, StoreError> {
        let shown = if path.is_empty() { "." } else { path };
        let absolute = std::path::absolute(shown)
            .map_err(|error| StoreError::from_io("find the folder", shown, &error))?;
        let base = local_path(&absolute)?;
        let label = match path {
            "" => String::new(),
            path => format!("{}/", path.trim_end_matches('/')),
        };
        // Files and their folders reach the disk before they count as written, so that a manifest
        // never outlives the data that it vouches for.
        let objects = Arc::new(LocalFileSystem::new().with_fsync(true));
        Ok(Self { objects, base, label, folder: Some(absolute) })
    }

    fn remote(root: &str, key: &str) -> Result<Self, StoreError> {
        let bad = |why: &dyn std::fmt::Display| {
            StoreError::bad_location(format!(
                "expected a folder or a URL of a store, but found {root}/{key}: {why}"
            ))
        };
        let url = Url::parse(root).map_err(|error| bad(&error))?;
        let (objects, _) =
            object_store::parse_url_opts(&url, cloud_variables()).map_err(|error| bad(&error))?;
        let base = Path::parse(key).map_err(|error| bad(&error))?;
        let label = format!("{}/", format!("{root}/{key}").trim_end_matches('/'));
        Ok(Self { objects: Arc::from(objects), base, label, folder: None })
    }

    /// Where `path` is, as it is written in messages.
    #[must_use]
    pub fn place(&self, path: &str) -> String {
        if path.is_empty() {
            return self.label.trim_end_matches('/').to_string();
        }
        format!("{}{path}", self.label)
    }

    /// The folder of this machine that the store is, if it is one.
    #[must_use]
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_deref()
    }

    /// Whether `path` of this store lies in the folder that `other` is, by their names.
    pub(crate) fn is_within(&self, path: &str, other: &Self) -> bool {
        match (&self.folder, &other.folder) {
            (Some(_), Some(_)) => {
                self.full(path).is_ok_and(|full| full.prefix_matches(&other.base))
            }
            (None, None) => self.place(path).starts_with(&other.label),
            _ => false,
        }
    }

    fn full(&self, path: &str) -> Result<Path, StoreError> {
        let bad = |why: String| {
            let place = self.place(path);
            StoreError::bad_location(format!(
                "expected a path in a store, but found {place}: {why}"
            ))
        };
        let relative = Path::parse(path).map_err(|error| bad(error.to_string()))?;
        if relative.is_root() {
            return Ok(self.base.clone());
        }
        Path::parse(format!("{}/{relative}", self.base)).map_err(|error| bad(error.to_string()))
    }

    /// All bytes of an object.
    ///
    /// # Errors
    /// If the object is not there or cannot be read.
    pub fn get(&self, path: &str) -> Result<Bytes, StoreError> {
        let (objects, full) = (Arc::clone(&self.objects), self.full(path)?);
        self.wait("read", path, async move { objects.get(&full).await?.bytes().await })
    }

    /// A reader of an object's bytes from its begin: the file itself where there is one, else a
    /// stream that is fetched ahead.
    ///
    /// # Errors
    /// If the object is not there or cannot be read.
    pub fn reader(&self, path: &str) -> Result<Box<dyn Read + Send>, StoreError> {
        let result = self.fetch(path)?;
        match result.payload {
            GetResultPayload::File(file, _) => Ok(Box::new(file)),
            GetResultPayload::Stream(stream) => {
                Ok(Box::new(stream::StreamReader::start(stream, self.place(path))?))
            }
        }
    }

    /// The open file behind an object of a local store.
    pub(crate) fn file(&self, path: &str) -> Result<Option<File>, StoreError> {
        if self.folder.is_none() {
            return Ok(None);
        }
        match self.fetch(path)?.payload {
            GetResultPayload::File(file, _) => Ok(Some(file)),
            GetResultPayload::Stream(_) => Ok(None),
        }
    }

    fn fetch(&self, path: &str) -> Result<GetResult, StoreError> {
        let (objects, full) = (Arc::clone(&self.objects), self.full(path)?);
        self.wait("read", path, async move { objects.get(&full).await })
    }

    /// The bytes `range` of an object.
    pub(crate) fn range(
        &self,
        path: &str,
        range: std::ops::Range<u64>,
    ) -> Result<Bytes, StoreError> {
        let (objects, full) = (Arc::clone(&self.objects), self.full(path)?);
        self.wait("read", path, async move { objects.get_range(&full, range).await })
    }

    /// What is known about an object.
    ///
    /// # Errors
    /// If the object is not there or cannot be asked for.
    pub fn head(&self, path: &str) -> Result<StoredObject, StoreError> {
        let (objects, full) = (Arc::clone(&self.objects), self.full(path)?);
        let meta = self.wait("look at", path, async move { objects.head(&full).await })?;
        Ok(StoredObject { path: path.to_string(), size: meta.size, stamp: Stamp::of(&meta) })
    }

    /// Whether there is an object at the path.
    ///
    /// # Errors
    /// If the store cannot tell.
    pub fn exists(&self, path: &str) -> Result<bool, StoreError> {
        match self.head(path) {
            Ok(_) => Ok(true),
            Err(error) if error.problem() == crate::StoreProblem::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// All objects below the folder `prefix` (the whole store if empty), sorted by path.
    ///
    /// Objects that are not yet finished are never listed. A folder that is not there is empty.
    ///
    /// # Errors
    /// If the store cannot be listed.
    pub fn list(&self, prefix: &str) -> Result<Vec<StoredObject>, StoreError> {
        let (objects, full) = (Arc::clone(&self.objects), self.full(prefix)?);
        let listed: Vec<ObjectMeta> = self.wait("list", prefix, async move {
            let under = (!full.is_root()).then_some(&full);
            objects.list(under).boxed().try_collect().await
        })?;
        Ok(self.sorted(&listed))
    }

    /// The objects right in the folder `prefix`, but not those in its folders.
    pub(crate) fn list_flat(&self, prefix: &str) -> Result<Vec<StoredObject>, StoreError> {
        let (objects, full) = (Arc::clone(&self.objects), self.full(prefix)?);
        let listed = self.wait("list", prefix, async move {
            let under = (!full.is_root()).then_some(&full);
            objects.list_with_delimiter(under).await
        })?;
        Ok(self.sorted(&listed.objects))
    }

    fn sorted(&self, listed: &[ObjectMeta]) -> Vec<StoredObject> {
        let mut found: Vec<_> = listed.iter().filter_map(|meta| self.relative(meta)).collect();
        found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        found
    }

    fn relative(&self, meta: &ObjectMeta) -> Option<StoredObject> {
        let full: &str = meta.location.as_ref();
        if self.folder.is_some() && staging::is_staged(full) {
            return None;
        }
        let base: &str = self.base.as_ref();
        let path =
            if base.is_empty() { full } else { full.strip_prefix(base)?.strip_prefix('/')? };
        Some(StoredObject { path: path.to_string(), size: meta.size, stamp: Stamp::of(meta) })
    }

    /// Put an object whole in place of whatever is at the path.
    ///
    /// # Errors
    /// If it cannot be written; what was there before is then still there.
    pub fn put(&self, path: &str, bytes: impl Into<Bytes>) -> Result<(), StoreError> {
        let (objects, to) = (Arc::clone(&self.objects), self.destination(path)?);
        let bytes: Bytes = bytes.into();
        self.wait("write", path, async move { to.put(&objects, bytes, PutMode::Overwrite).await })
    }

    /// Put an object whole unless there is one at the path. Of any number of processes that try at
    /// once, one creates it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn create(&self, path: &str, bytes: impl Into<Bytes>) -> Result<Created, StoreError> {
        let (objects, to) = (Arc::clone(&self.objects), self.destination(path)?);
        let bytes: Bytes = bytes.into();
        let put = async move { to.put(&objects, bytes, PutMode::Create).await };
        match runtime::wait(put)? {
            Ok(()) => Ok(Created::Created),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(Created::Exists),
            Err(error) => Err(StoreError::from_object_store("create", &self.place(path), &error)),
        }
    }

    /// Remove an object. Nothing at the path is no error.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn delete(&self, path: &str) -> Result<(), StoreError> {
        let (objects, full) = (Arc::clone(&self.objects), self.full(path)?);
        let removed = runtime::wait(async move { objects.delete(&full).await })?;
        match removed {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(StoreError::from_object_store("remove", &self.place(path), &error)),
        }
    }

    /// A writer of one object; nothing is visible at the path until it is finished.
    ///
    /// # Errors
    /// If the path cannot be one of this store.
    pub fn writer(&self, path: &str) -> Result<AtomicWriter, StoreError> {
        let to = self.destination(path)?;
        Ok(AtomicWriter::new(Arc::clone(&self.objects), to, self.place(path)))
    }

    /// Where an object at `path` goes. Each writing has a staging file of its own.
    fn destination(&self, path: &str) -> Result<Destination, StoreError> {
        let full = self.full(path)?;
        let local = self.folder.is_some();
        Ok(if local { Destination::staged(full) } else { Destination::direct(full) })
    }

    /// Remove what killed processes left behind while they wrote this very path.
    ///
    /// If somebody else is writing the path at the time, they find their file gone when they want
    /// to finish it, which is an error for them; nothing that is visible is harmed. Object stores
    /// keep unfinished uploads out of sight and drop them by a rule of the bucket, so there is
    /// nothing to do there.
    ///
    /// # Errors
    /// If a staging file cannot be removed.
    pub fn sweep(&self, path: &str) -> Result<(), StoreError> {
        self.full(path)?;
        let Some(target) = self.folder.as_ref().map(|folder| folder.join(path)) else {
            return Ok(());
        };
        let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
            return Ok(());
        };
        let name = name.to_string_lossy();
        let swept = staging::sweep_folder(parent, staging::Swept::Of(&name));
        swept.map_err(|error| self.not_swept(&error))
    }

    /// As [`sweep_below`](Self::sweep_below), but without the folders below `path`.
    ///
    /// # Errors
    /// If a staging file cannot be removed.
    pub fn sweep_in(&self, path: &str) -> Result<(), StoreError> {
        self.full(path)?;
        let Some(folder) = &self.folder else { return Ok(()) };
        let swept = staging::sweep_folder(&folder.join(path), staging::Swept::All);
        swept.map_err(|error| self.not_swept(&error))
    }

    /// Remove what killed processes left behind in the folder `path` and below it. As for
    /// [`sweep`](Self::sweep), a living writer suffers an error and no more; [`put`](Self::put) and
    /// [`create`](Self::create) do not even suffer that, as they write again.
    ///
    /// # Errors
    /// If a staging file cannot be removed.
    pub fn sweep_below(&self, path: &str) -> Result<(), StoreError> {
        self.full(path)?;
        let Some(folder) = &self.folder else { return Ok(()) };
        staging::sweep_tree(&folder.join(path)).map_err(|error| self.not_swept(&error))
    }

    fn not_swept(&self, error: &std::io::Error) -> StoreError {
        StoreError::from_io("remove what a killed run left in", &self.place(""), error)
    }

    fn wait<T: Send + 'static>(
        &self,
        act: &str,
        path: &str,
        future: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> Result<T, StoreError> {
        runtime::wait(future)?
            .map_err(|error| StoreError::from_object_store(act, &self.place(path), &error))
    }
}

/// A location, taken apart without asking anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// A path of this machine.
    Local(String),
    /// A URL: scheme and authority, then the key as it stands (no percent signs are decoded).
    Url { root: String, key: String },
}

impl Location {
    pub(crate) fn parse(location: &str) -> Self {
        let Some((scheme, rest)) = location.split_once("://") else {
            return Self::Local(location.to_string());
        };
        if scheme == "file" {
            return Self::Local(rest.to_string());
        }
        let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
        Self::Url { root: format!("{scheme}://{authority}"), key: key.to_string() }
    }
}

/// The absolute local path as a path of the object store, with `.` and `..` taken out by name.
fn local_path(absolute: &std::path::Path) -> Result<Path, StoreError> {
    use std::path::Component;
    let shown = absolute.display();
    let mut parts: Vec<&str> = Vec::new();
    for component in absolute.components() {
        match component {
            Component::Normal(name) => parts.push(name.to_str().ok_or_else(|| {
                StoreError::bad_location(format!("expected a path in UTF-8, but found {shown}"))
            })?),
            Component::ParentDir => drop(parts.pop()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    Path::parse(parts.join("/")).map_err(|error| {
        StoreError::bad_location(format!("expected a path, but found {shown}: {error}"))
    })
}

/// The variables of the environment that clouds read. Others stay out, since the stores would also
/// take a bare `TOKEN` or `REGION` for theirs.
fn cloud_variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(key, _)| ["AWS_", "GOOGLE_", "AZURE_"].iter().any(|p| key.starts_with(p)))
        .collect()
}

#[cfg(test)]
mod tests;
