//! Where an object goes, and how it is made visible there whole.

use super::staging;
use crate::error::{StoreProblem, problem_of};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{
    ObjectStore, ObjectStoreExt, PutMode, PutOptions, RenameOptions, RenameTargetMode,
};

/// How often an object is staged again because another process swept its staging file away. Each
/// of n processes that share a run directory sweeps once, when the run is complete.
const MOST_TRIES: usize = 100;

/// The path of an object, and on a local disk the staging file that becomes it.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    path: Path,
    staged: Option<Path>,
}

impl Destination {
    /// The object store shows an object whole or not at all by itself.
    pub(super) const fn direct(path: Path) -> Self {
        Self { path, staged: None }
    }

    /// The object is a file of a local disk.
    pub(super) fn staged(path: Path) -> Self {
        let full: &str = path.as_ref();
        let (folder, name) = full.rsplit_once('/').unwrap_or(("", full));
        let staged = Some(Path::from_iter(
            [folder, &staging::name_for(name)]
                .iter()
                .flat_map(|part| part.split('/').filter(|part| !part.is_empty())),
        ));
        Self { path, staged }
    }

    /// Where the bytes are written.
    pub(super) fn written_at(&self) -> &Path {
        self.staged.as_ref().unwrap_or(&self.path)
    }

    /// Makes what was written visible at the path.
    pub(super) async fn publish(
        &self,
        objects: &dyn ObjectStore,
        mode: RenameTargetMode,
    ) -> object_store::Result<()> {
        let Some(staged) = &self.staged else { return Ok(()) };
        let options = RenameOptions::new().with_target_mode(mode);
        let published = objects.rename_opts(staged, &self.path, options).await;
        if published.is_err() {
            // What cannot be published is of no use; an error here has nobody left to hear it.
            let _ = objects.delete(staged).await;
        }
        published
    }

    /// Puts all bytes at once.
    pub(super) async fn put(
        &self,
        objects: &dyn ObjectStore,
        bytes: Bytes,
        mode: PutMode,
    ) -> object_store::Result<()> {
        if self.staged.is_none() {
            return objects.put_opts(&self.path, bytes.into(), mode.into()).await.map(drop);
        }
        let target = match mode {
            PutMode::Create => RenameTargetMode::Create,
            _ => RenameTargetMode::Overwrite,
        };
        for _ in 1..MOST_TRIES {
            match self.put_staged(objects, bytes.clone(), target).await {
                // The staging file was swept away by a process that found the run complete.
                Err(error) if problem_of(&error) == StoreProblem::NotFound => {}
                done => return done,
            }
        }
        self.put_staged(objects, bytes, target).await
    }

    async fn put_staged(
        &self,
        objects: &dyn ObjectStore,
        bytes: Bytes,
        target: RenameTargetMode,
    ) -> object_store::Result<()> {
        let options = PutOptions::default();
        objects.put_opts(self.written_at(), bytes.into(), options).await?;
        self.publish(objects, target).await
    }
}
