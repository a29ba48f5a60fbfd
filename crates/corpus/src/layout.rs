//! The directory that a run writes: what lies where.

use crate::error::StoreError;
use crate::format::ShardName;
use crate::manifest::Manifest;
use crate::store::{Created, Store};
use serde::de::DeserializeOwned;

/// The directory that a run writes:
///
/// ```text
/// documents/  programs/  failed/  removed/  rewrites/  manifests/
/// run.json  stats.json  stats.datatrove.json  _SUCCESS
/// ```
#[derive(Clone, Debug)]
pub struct RunDirectory {
    store: Store,
}

impl RunDirectory {
    /// The directory at `location`, which need not exist yet.
    ///
    /// # Errors
    /// If the location cannot be understood.
    pub fn open(location: &str) -> Result<Self, StoreError> {
        Ok(Self { store: Store::open(location)? })
    }

    /// The directory that is the whole of a store.
    #[must_use]
    pub const fn in_store(store: Store) -> Self {
        Self { store }
    }

    /// The store.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Path of the documents of a shard, by its output name.
    #[must_use]
    pub fn documents(name: &str) -> String {
        format!("documents/{name}")
    }

    /// Path of the programs of a shard.
    #[must_use]
    pub fn programs(name: &str) -> String {
        format!("programs/{}.jsonl.zst", stem(name))
    }

    /// Path of the documents of a shard as they were, in a run that holds them itself.
    #[must_use]
    pub fn originals(name: &str) -> String {
        format!("originals/{name}")
    }

    /// Path of the pairs that an expert made of a shard.
    #[must_use]
    pub fn pairs(name: &str) -> String {
        format!("pairs/{}.jsonl.zst", stem(name))
    }

    /// Path of the failed rows of a shard.
    #[must_use]
    pub fn failed(name: &str) -> String {
        format!("failed/{}.jsonl.zst", stem(name))
    }

    /// Path of the documents of a shard that rules left out.
    #[must_use]
    pub fn removed(name: &str) -> String {
        format!("removed/{}.jsonl.zst", stem(name))
    }

    /// Path of what another executor makes of the documents of a shard.
    #[must_use]
    pub fn rewrites(name: &str) -> String {
        format!("rewrites/{}.jsonl.zst", stem(name))
    }

    /// Path of the manifest of a shard.
    #[must_use]
    pub fn manifest(name: &str) -> String {
        format!("manifests/{name}.json")
    }

    /// Path of what the run is: its settings and model.
    pub const RUN: &'static str = "run.json";
    /// Path of the sums over all shards.
    pub const STATS: &'static str = "stats.json";
    /// Path of the same in the shape of datatrove's `stats.json`.
    pub const DATATROVE: &'static str = "stats.datatrove.json";
    /// Path of the empty file that says that all shards are done.
    pub const SUCCESS: &'static str = "_SUCCESS";

    /// The manifest of a shard, by its output name; `None` if the shard is not done.
    ///
    /// # Errors
    /// If there is one that cannot be read.
    pub fn read_manifest<C: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<Manifest<C>>, StoreError> {
        Manifest::read(&self.store, &Self::manifest(name))
    }

    /// All manifests, sorted by shard.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn manifests<C: DeserializeOwned>(&self) -> Result<Vec<Manifest<C>>, StoreError> {
        let listed = self.store.list("manifests")?;
        let paths = listed.iter().map(|object| &object.path);
        paths.filter_map(|path| Manifest::read(&self.store, path).transpose()).collect()
    }

    /// Put `run.json` unless another process has; then what that one wrote is in the answer.
    ///
    /// # Errors
    /// If it can be neither written nor read.
    pub fn begin(&self, run: &[u8]) -> Result<Option<bytes::Bytes>, StoreError> {
        match self.store.create(Self::RUN, run.to_vec())? {
            Created::Created => Ok(None),
            Created::Exists => self.store.get(Self::RUN).map(Some),
        }
    }

    /// Remove `_SUCCESS` of a run that has more to do than it had, such as shards that are new.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn reopen(&self) -> Result<(), StoreError> {
        self.store.delete(Self::SUCCESS)
    }

    /// Put `stats.json`, then `_SUCCESS`, and remove what killed processes left behind. Call it
    /// when every shard is done, so that no process has data to write.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn succeed(&self, stats: &[u8]) -> Result<(), StoreError> {
        self.store.put(Self::STATS, stats.to_vec())?;
        self.store.put(Self::SUCCESS, Vec::new())?;
        for folder in ["documents", "programs", "failed", "manifests"] {
            self.store.sweep_below(folder)?;
        }
        self.store.sweep_in("")
    }
}

/// A name without the suffixes of its format and compression.
fn stem(name: &str) -> &str {
    ShardName::parse(name).map_or(name, |parts| parts.stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shard_has_its_paths() {
        let name = "crawl/part-0.jsonl.gz";
        assert_eq!(RunDirectory::documents(name), "documents/crawl/part-0.jsonl.gz");
        assert_eq!(RunDirectory::programs(name), "programs/crawl/part-0.jsonl.zst");
        assert_eq!(RunDirectory::failed(name), "failed/crawl/part-0.jsonl.zst");
        assert_eq!(RunDirectory::manifest(name), "manifests/crawl/part-0.jsonl.gz.json");
    }

    #[test]
    fn the_second_process_is_told_what_the_first_wrote() {
        let run = RunDirectory::in_store(Store::memory());
        assert_eq!(run.begin(b"{1}").unwrap(), None);
        assert_eq!(run.begin(b"{2}").unwrap().unwrap(), "{1}");
        run.succeed(b"{}").unwrap();
        assert!(run.store().exists("_SUCCESS").unwrap());
    }
}
