//! Where bytes are gathered on a local disk before they are seen at their path, and what becomes
//! of them when the process that gathered them was killed.
//!
//! A staging file has a name of its own in all the world: any number of processes, on any number
//! of machines, may write one path at a time, and each publishes only what it wrote itself. So a
//! sweep can never corrupt what another process writes; if it takes a living file away, that
//! process finds it missing when it wants to publish it, and says so or writes it again.

use std::ffi::OsStr;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use xxhash_rust::xxh3::xxh3_64;

/// What every staging file's name begins with. Readers of corpora leave out names with a dot.
const PREFIX: &str = ".staged-";

/// The name of a new staging file for a file `name` in the same folder.
///
/// It does not hold `name` itself, which may be as long as a name can be.
pub(super) fn name_for(name: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // Every `RandomState` has keys of its own, which come from the system's randomness.
    let unique = RandomState::new().hash_one((std::process::id(), count));
    format!("{PREFIX}{:016x}-{unique:016x}", xxh3_64(name.as_bytes()))
}

/// Whether a path of a store is a staging file.
pub(super) fn is_staged(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with(PREFIX))
}

/// Which staging files a sweep takes away.
#[derive(Clone, Copy, Debug)]
pub(super) enum Swept<'a> {
    /// Those of one file name.
    Of(&'a str),
    /// All in the folder.
    All,
}

/// Remove staging files from one folder. A folder that is not there has none, and one that another
/// sweep takes away first is gone as well.
pub(super) fn sweep_folder(folder: &Path, swept: Swept<'_>) -> std::io::Result<()> {
    let prefix = match swept {
        Swept::Of(name) => format!("{PREFIX}{:016x}-", xxh3_64(name.as_bytes())),
        Swept::All => PREFIX.to_string(),
    };
    let wanted = |name: &OsStr| name.as_encoded_bytes().starts_with(prefix.as_bytes());
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten().filter(|entry| wanted(&entry.file_name())) {
        match std::fs::remove_file(entry.path()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Remove all staging files of a folder and of the folders below it.
pub(super) fn sweep_tree(folder: &Path) -> std::io::Result<()> {
    sweep_folder(folder, Swept::All)?;
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        // A link to a folder is not followed: it may lead anywhere.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sweep_tree(&entry.path())?;
        }
    }
    Ok(())
}
