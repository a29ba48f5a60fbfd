//! What the user names as input, expanded to shards.

use crate::compression::broken_stream;
use crate::error::InputError;
use crate::format::{Compression, Format, SUFFIXES, ShardName};
use crate::meter::Metered;
use crate::store::{Location, Stamp, Store, StoredObject};
use globset::{GlobBuilder, GlobMatcher};
use std::collections::{BTreeMap, HashMap, HashSet};

/// One file of the input.
#[derive(Clone, Debug)]
pub struct InputShard {
    /// Where it is, as the user would write it.
    pub location: String,
    /// Its name in all that is written: its path below the folder or pattern that was given.
    pub name: String,
    /// Its format, by its suffix.
    pub format: Format,
    /// Its compression, by its suffix.
    pub compression: Compression,
    /// Its size as stored, in bytes.
    pub size: u64,
    /// Which state of it was seen.
    pub stamp: Stamp,
    pub(crate) store: Store,
    pub(crate) path: String,
}

impl InputShard {
    /// The shard at a path of a store. Its name is its path.
    ///
    /// # Errors
    /// If it is not there, or its suffix is not known.
    pub fn at(store: &Store, path: &str) -> Result<Self, InputError> {
        Self::found(store, &store.head(path)?, path.to_string()).ok_or_else(|| unknown_suffix(path))
    }

    /// The same shard under another name, such as the one that an earlier run gave it.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// Whether it lies in the folder or below the URL that `store` is.
    #[must_use]
    pub fn lies_in(&self, store: &Store) -> bool {
        self.store.is_within(&self.path, store)
    }

    /// XXH3 (64 bits) of its bytes as they are stored now. Reads the whole shard.
    ///
    /// # Errors
    /// If it cannot be read to its end.
    pub fn fingerprint(&self) -> Result<String, InputError> {
        let of_all = self.fingerprint_of_all();
        of_all.map(|(_, xxh3)| xxh3).map_err(|why| InputError(format!("{}: {why}", self.name)))
    }

    /// Size and fingerprint of all its stored bytes.
    pub(crate) fn fingerprint_of_all(&self) -> Result<(u64, String), String> {
        let stored = self.store.reader(&self.path).map_err(|error| error.to_string())?;
        let mut stored = Metered::new(stored);
        std::io::copy(&mut stored, &mut std::io::sink())
            .map_err(|error| broken_stream(Compression::None, &error))?;
        Ok(stored.fingerprint())
    }

    /// The shard of a stored object, unless its suffix is not known.
    fn found(store: &Store, object: &StoredObject, name: String) -> Option<Self> {
        let parts = ShardName::parse(&name)?;
        let (format, compression) = (parts.format, parts.compression);
        Some(Self {
            location: store.place(&object.path),
            name,
            format,
            compression,
            size: object.size,
            stamp: object.stamp.clone(),
            store: store.clone(),
            path: object.path.clone(),
        })
    }
}

/// Expand files, folders, patterns (`data/*.jsonl.zst`, `**`) and URLs with any of them to shards,
/// sorted by name, each once.
///
/// Of folders and patterns, names that begin with `_` or `.` and names without a known suffix are
/// left out.
///
/// # Errors
/// If an input leads to no shard, or two shards would have one name.
pub fn expand(locations: &[String]) -> Result<Vec<InputShard>, InputError> {
    let mut stores = HashMap::new();
    let mut seen = HashSet::new();
    let mut shards: BTreeMap<String, InputShard> = BTreeMap::new();
    for location in locations {
        for shard in expand_one(location, &mut stores)? {
            if !seen.insert(identity(&shard)) {
                continue;
            }
            if let Some(first) = shards.get(&shard.name) {
                return Err(same_name(first, &shard));
            }
            shards.insert(shard.name.clone(), shard);
        }
    }
    if shards.is_empty() {
        return Err(InputError("expected at least one input, but found none".to_string()));
    }
    Ok(shards.into_values().collect())
}

/// What makes two shards the same file.
fn identity(shard: &InputShard) -> String {
    match shard.store.folder() {
        Some(folder) => folder.join(&shard.path).display().to_string(),
        None => shard.location.clone(),
    }
}

fn same_name(first: &InputShard, second: &InputShard) -> InputError {
    InputError(format!(
        "expected each input to have a name of its own, but found that {} and {} are both {}",
        first.location, second.location, first.name
    ))
}

fn unknown_suffix(location: &str) -> InputError {
    InputError(format!("expected a name that ends in one of {SUFFIXES}, but found {location}"))
}

fn expand_one(
    location: &str,
    stores: &mut HashMap<String, Store>,
) -> Result<Vec<InputShard>, InputError> {
    let shards = match Location::parse(location) {
        Location::Local(path) => expand_local(&path)?,
        Location::Url { root, key } => {
            let store = match stores.get(&root) {
                Some(store) => store.clone(),
                None => Store::open(&root)?,
            };
            stores.insert(root, store.clone());
            expand_key(&store, &key, location)?
        }
    };
    if shards.is_empty() {
        return Err(InputError(format!(
            "expected files ending in {SUFFIXES} at {location}, but found none"
        )));
    }
    Ok(shards)
}

fn expand_local(path: &str) -> Result<Vec<InputShard>, InputError> {
    let local = std::path::Path::new(path);
    if local.is_dir() {
        return folder(&Store::open(path)?, "");
    }
    if !local.exists() && is_pattern(path) {
        let (base, pattern) = pattern_base(path);
        return matching(&Store::open(base)?, "", pattern);
    }
    let (parent, name) = match path.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some((parent, name)) => (parent, name),
        None => ("", path),
    };
    Ok(vec![InputShard::at(&Store::open(parent)?, name)?])
}

/// Expand a key of a store that has no folders to ask for.
fn expand_key(store: &Store, key: &str, location: &str) -> Result<Vec<InputShard>, InputError> {
    if is_pattern(key) {
        let (base, pattern) = pattern_base(key);
        return matching(store, base, pattern);
    }
    let key = key.trim_end_matches('/');
    if !key.is_empty() && store.exists(key)? {
        let object = store.head(key)?;
        let name = key.rsplit('/').next().unwrap_or(key).to_string();
        let shard = InputShard::found(store, &object, name);
        return shard.map(|shard| vec![shard]).ok_or_else(|| unknown_suffix(location));
    }
    folder(store, key)
}

fn folder(store: &Store, prefix: &str) -> Result<Vec<InputShard>, InputError> {
    Ok(shards_of(store, prefix, &store.list(prefix)?, |_| true))
}

fn matching(store: &Store, base: &str, pattern: &str) -> Result<Vec<InputShard>, InputError> {
    let matcher = matcher(pattern)?;
    let deep = pattern.contains('/') || pattern.contains("**");
    let listed = if deep { store.list(base)? } else { store.list_flat(base)? };
    Ok(shards_of(store, base, &listed, |name| matcher.is_match(name)))
}

fn matcher(pattern: &str) -> Result<GlobMatcher, InputError> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    glob.map(|glob| glob.compile_matcher())
        .map_err(|error| InputError(format!("expected a pattern of names, but found {error}")))
}

fn shards_of(
    store: &Store,
    base: &str,
    listed: &[StoredObject],
    wanted: impl Fn(&str) -> bool,
) -> Vec<InputShard> {
    let below = |object: &StoredObject| -> Option<InputShard> {
        let name = match base {
            "" => object.path.as_str(),
            base => object.path.strip_prefix(base)?.strip_prefix('/')?,
        };
        let hidden = name.split('/').any(|part| part.starts_with(['_', '.']));
        if hidden || !wanted(name) {
            return None;
        }
        InputShard::found(store, object, name.to_string())
    };
    listed.iter().filter_map(below).collect()
}

fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '[', '{'])
}

/// The folder that a pattern begins with, and the pattern below it.
fn pattern_base(path: &str) -> (&str, &str) {
    let first = path.find(['*', '?', '[', '{']).unwrap_or(path.len());
    match path[..first].rfind('/') {
        Some(0) => ("/", &path[1..]),
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => ("", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(names: &[&str]) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "{}").unwrap();
        }
        let root = folder.path().to_str().unwrap().to_string();
        (folder, root)
    }

    fn names(locations: &[String]) -> Vec<String> {
        expand(locations).unwrap().into_iter().map(|shard| shard.name).collect()
    }

    #[test]
    fn a_folder_gives_its_shards_but_nothing_hidden() {
        let (_keep, root) = tree(&[
            "b.jsonl",
            "a/x.json.gz",
            "a/y.parquet",
            "_SUCCESS",
            "_tmp/z.jsonl",
            ".h.jsonl",
            "readme.txt",
            "b.jsonl#1",
            "c.warc.wet.gz",
        ]);
        assert_eq!(names(&[root]), ["a/x.json.gz", "a/y.parquet", "b.jsonl", "c.warc.wet.gz"]);
    }

    #[test]
    fn patterns_stop_at_folders_unless_told_otherwise() {
        let (_keep, root) = tree(&["a.jsonl", "b.jsonl.zst", "d/a.jsonl", "d/e/f.jsonl"]);
        assert_eq!(names(&[format!("{root}/*.jsonl")]), ["a.jsonl"]);
        assert_eq!(names(&[format!("{root}/**/*.jsonl")]), ["a.jsonl", "d/a.jsonl", "d/e/f.jsonl"]);
        assert_eq!(names(&[format!("{root}/*/*.jsonl")]), ["d/a.jsonl"]);
        assert_eq!(names(&[format!("{root}/{{a,b}}.jsonl*")]), ["a.jsonl", "b.jsonl.zst"]);
    }

    #[test]
    fn one_file_is_named_by_its_last_part_and_taken_once() {
        let (_keep, root) = tree(&["d/a[1].jsonl"]);
        let file = format!("{root}/d/a[1].jsonl");
        assert_eq!(names(&[file.clone(), format!("{root}/d"), file]), ["a[1].jsonl"]);
        assert_eq!(names(&[format!("file://{root}/d/")]), ["a[1].jsonl"]);
    }

    #[test]
    fn two_inputs_of_one_name_are_an_error_that_names_both() {
        let (_keep, root) = tree(&["x/a.jsonl", "y/a.jsonl"]);
        let error = expand(&[format!("{root}/x"), format!("{root}/y")]).unwrap_err().to_string();
        assert!(error.contains("x/a.jsonl") && error.contains("y/a.jsonl"), "{error}");
    }

    #[test]
    fn nothing_found_says_what_was_looked_for() {
        let (_keep, root) = tree(&["a.txt"]);
        let error = expand(std::slice::from_ref(&root)).unwrap_err().to_string();
        assert!(error.contains(".parquet") && error.contains(&root), "{error}");
        let error = expand(&[format!("{root}/none.jsonl")]).unwrap_err().to_string();
        assert!(error.ends_with("none.jsonl, but found nothing there"), "{error}");
        let error = expand(&[format!("{root}/a.txt")]).unwrap_err().to_string();
        assert!(error.contains("expected a name that ends in"), "{error}");
        assert!(expand(&[]).is_err());
    }

    #[test]
    fn keys_of_a_bucket_expand_like_folders() {
        let store = Store::memory();
        for key in ["p/a.jsonl", "p/q/b.jsonl", "pq.jsonl", "p/_c.jsonl"] {
            store.put(key, "{}").unwrap();
        }
        let expanded = |key: &str| -> Vec<String> {
            expand_key(&store, key, key).unwrap().into_iter().map(|shard| shard.name).collect()
        };
        assert_eq!(expanded("p"), ["a.jsonl", "q/b.jsonl"]);
        assert_eq!(expanded("p/q/b.jsonl"), ["b.jsonl"]);
        assert_eq!(expanded("p/**/*.jsonl"), ["a.jsonl", "q/b.jsonl"]);
        assert_eq!(expanded("*.jsonl"), ["pq.jsonl"]);
    }
}
