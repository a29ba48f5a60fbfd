//! What labelled sets are made from, as one number: a run that is continued with other inputs is
//! refused.

use crate::error::RunError;
use refinex_core::Tally;
use refinex_corpus::{RunDirectory, Store, expand};
use xxhash_rust::xxh3::Xxh3;

/// A fingerprint of what stands at these locations now: of run directories what their manifests say,
/// of files their bytes. What lies in `output` is no input.
///
/// # Errors
/// If one cannot be read.
pub(crate) fn fingerprint(locations: &[String], output: &Store) -> Result<String, RunError> {
    let mut hash = Xxh3::new();
    for location in locations {
        let directory = RunDirectory::open(location)?;
        if directory.store().exists(RunDirectory::RUN).unwrap_or(false) {
            of_run(&directory, &mut hash)?;
            continue;
        }
        for shard in expand(std::slice::from_ref(location))? {
            if !shard.lies_in(output) {
                take(&mut hash, &shard.name);
                take(&mut hash, &shard.fingerprint()?);
            }
        }
    }
    Ok(format!("{:016x}", hash.digest()))
}

fn of_run(directory: &RunDirectory, hash: &mut Xxh3) -> Result<(), RunError> {
    for manifest in directory.manifests::<Tally>()? {
        take(hash, &manifest.shard);
        take(hash, &manifest.input.xxh3);
        manifest.outputs.iter().for_each(|output| take(hash, &output.xxh3));
    }
    Ok(())
}

/// A name or fingerprint, so that no two lists of them are the same bytes.
fn take(hash: &mut Xxh3, text: &str) {
    hash.update(&(text.len() as u64).to_le_bytes());
    hash.update(text.as_bytes());
}
