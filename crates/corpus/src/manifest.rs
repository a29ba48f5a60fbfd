//! The manifest of a shard: written last, it says that the shard is done and what with.

use crate::error::{InputError, StoreError, StoreProblem};
use crate::input::InputShard;
use crate::meter::FileSummary;
use crate::reader::InputSummary;
use crate::store::{Stamp, Store};
use refinex_core::Identity;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The version of the manifests that are written.
const VERSION: u32 = 1;

/// The input of a shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputRecord {
    /// Where it was.
    pub location: String,
    /// Its size as stored, in bytes.
    pub bytes: u64,
    /// XXH3 (64 bits) of its bytes as stored.
    pub xxh3: String,
    /// Which state of it was read.
    pub stamp: Stamp,
}

impl InputRecord {
    /// What was read of `shard`.
    #[must_use]
    pub fn of(shard: &InputShard, read: InputSummary) -> Self {
        let (location, stamp) = (shard.location.clone(), shard.stamp.clone());
        Self { location, bytes: read.bytes, xxh3: read.xxh3, stamp }
    }

    /// The fingerprint that `shard` has now: the recorded one if its size and stamp are unchanged,
    /// else computed from its bytes.
    ///
    /// # Errors
    /// If the shard cannot be read.
    pub fn fingerprint_now(&self, shard: &InputShard) -> Result<String, InputError> {
        let unchanged = shard.size == self.bytes && shard.stamp == self.stamp;
        if unchanged { Ok(self.xxh3.clone()) } else { shard.fingerprint() }
    }
}

/// The model that refined a shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// Its name.
    pub name: String,
    /// The fingerprint of its weights.
    pub fingerprint: String,
}

impl From<Identity> for ModelRecord {
    fn from(Identity { name, fingerprint }: Identity) -> Self {
        Self { name, fingerprint }
    }
}

/// What was done with one shard. It holds no clock, so the same work gives the same bytes. `C` are
/// the counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest<C = serde_json::Map<String, serde_json::Value>> {
    /// The version of this form.
    version: u32,
    /// Name of the shard.
    pub shard: String,
    /// What was read.
    pub input: InputRecord,
    /// What refined it.
    pub model: ModelRecord,
    /// Fingerprint of the settings.
    pub settings: String,
    /// The files that were written.
    pub outputs: Vec<FileSummary>,
    /// Counts of rows, outcomes and bytes.
    pub counts: C,
}

/// Only the version, to be looked at before all else.
#[derive(Deserialize)]
struct Versioned {
    version: Option<u32>,
}

impl<C> Manifest<C> {
    /// A manifest of the present version.
    pub const fn new(
        shard: String,
        input: InputRecord,
        model: ModelRecord,
        settings: String,
        outputs: Vec<FileSummary>,
        counts: C,
    ) -> Self {
        Self { version: VERSION, shard, input, model, settings, outputs, counts }
    }
}

impl<C: Serialize> Manifest<C> {
    /// Put the manifest, whole, at `path` of the store. Call it when all else is written.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, store: &Store, path: &str) -> Result<(), StoreError> {
        let json = serde_json::to_vec_pretty(self).map_err(|error| {
            let place = store.place(path);
            StoreError::other(format!("expected counts that fit into {place}, but found: {error}"))
        })?;
        store.sweep(path)?;
        store.put(path, [json.as_slice(), b"\n"].concat())
    }
}

impl<C: DeserializeOwned> Manifest<C> {
    /// The manifest at `path` of the store; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read or is of another version.
    pub fn read(store: &Store, path: &str) -> Result<Option<Self>, StoreError> {
        let bytes = match store.get(path) {
            Ok(bytes) => bytes,
            Err(error) if error.problem() == StoreProblem::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let wrong = |found: String| {
            let place = store.place(path);
            StoreError::other(format!(
                "expected {place} to be a manifest of version {VERSION}, but found {found}"
            ))
        };
        let parsed = |error: serde_json::Error| wrong(error.to_string());
        match serde_json::from_slice::<Versioned>(&bytes).map_err(parsed)?.version {
            Some(VERSION) => serde_json::from_slice(&bytes).map(Some).map_err(parsed),
            Some(other) => Err(wrong(format!("version {other}"))),
            None => Err(wrong("no version".to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn manifest() -> Manifest<BTreeMap<String, u64>> {
        let stamp: Stamp = serde_json::from_str("\"e1\"").unwrap();
        let (location, xxh3) = ("in/a.jsonl".to_string(), "00ff".to_string());
        let output = FileSummary { path: "documents/a.jsonl".into(), bytes: 3, xxh3: "1".into() };
        Manifest::new(
            "a.jsonl".into(),
            InputRecord { location, bytes: 5, xxh3, stamp },
            ModelRecord { name: "tagger".into(), fingerprint: "f".into() },
            "s".into(),
            vec![output],
            BTreeMap::from([("rows".to_string(), 2)]),
        )
    }

    #[test]
    fn a_manifest_comes_back_as_it_was() {
        let store = Store::memory();
        assert_eq!(Manifest::<BTreeMap<String, u64>>::read(&store, "m.json").unwrap(), None);
        manifest().write(&store, "m.json").unwrap();
        assert_eq!(Manifest::read(&store, "m.json").unwrap(), Some(manifest()));
    }

    #[test]
    fn another_version_is_refused_before_all_else() {
        let store = Store::memory();
        for (text, found) in [
            (r#"{"version": 2, "new": true}"#, "version 2"),
            (r#"{"shard": "x"}"#, "no version"),
            ("{", "EOF"),
        ] {
            store.put("m.json", text).unwrap();
            let error = Manifest::<BTreeMap<String, u64>>::read(&store, "m.json").unwrap_err();
            let wanted =
                format!("expected memory:/m.json to be a manifest of version 1, but found {found}");
            assert!(error.to_string().starts_with(&wanted), "{error}");
        }
    }
}
