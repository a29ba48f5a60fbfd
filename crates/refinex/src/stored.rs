//! Decisions that are stored beside the documents: a sidecar for each shard, a row for each document.

use crate::decider::Row;
use crate::error::RunError;
use crate::prox_source::{ProxPrograms, ProxReader};
use crate::run_file::RunFile;
use refinex_core::{Document, Identity};
use refinex_corpus::{Decoded, InputShard, ProgramReader, RunDirectory, ShardName, Store};

/// What `location` names: one file, which must be there, in its folder, or a folder.
pub(crate) fn file_or_folder(location: &str) -> Result<(Store, Option<String>), RunError> {
    if ShardName::parse(location).is_none() {
        return Ok((Store::open(location)?, None));
    }
    let (folder, file) = location.rsplit_once('/').unwrap_or(("", location));
    let store = Store::open(folder)?;
    store.head(file)?;
    Ok((store, Some(file.to_owned())))
}

/// Stored programs, one sidecar for each shard.
#[derive(Clone, Debug)]
pub struct ProgramStore {
    /// The place that holds the sidecars.
    pub store: Store,
    /// Whether it is a run directory, which has them under `programs/`.
    pub is_run: bool,
    /// The one sidecar that serves every shard, if the user named a file.
    pub file: Option<String>,
    /// Who decided first.
    pub identity: Identity,
}

impl ProgramStore {
    /// The programs at `location`: a run directory, a folder of sidecars, or one sidecar.
    ///
    /// # Errors
    /// If the location cannot be read, or is a run directory of another version.
    pub fn open(location: &str) -> Result<Self, RunError> {
        let location = location.trim_end_matches('/');
        let (store, file) = file_or_folder(location)?;
        if file.is_some() {
            return Ok(Self { store, is_run: false, file, identity: by_hand() });
        }
        let is_run = store.exists(RunDirectory::RUN)?;
        if !is_run && store.list("")?.is_empty() {
            return Err(RunError::new(format!(
                "expected a run directory, a folder of sidecars or a sidecar at {location}, but \
                 found nothing there"
            )));
        }
        let identity = if is_run { RunFile::read(&store)?.identity() } else { by_hand() };
        Ok(Self { store, is_run, file, identity })
    }

    /// Path of the sidecar of a shard, by its name.
    #[must_use]
    pub fn path(&self, shard: &str) -> String {
        let path = self.file.clone().unwrap_or_else(|| RunDirectory::programs(shard));
        match path.strip_prefix("programs/") {
            Some(below) if !self.is_run => below.to_owned(),
            _ => path,
        }
    }
}

/// Who wrote programs that stand outside of a run directory.
fn by_hand() -> Identity {
    Identity { name: "stored programs".to_owned(), fingerprint: "stored-programs-1".to_owned() }
}

impl ProgramStore {
    /// The programs of one shard.
    pub(crate) fn open_shard(&self, shard: &InputShard) -> Result<Open, String> {
        let reader = ProgramReader::open(&self.store, &self.path(&shard.name));
        Ok(Open::Programs(Box::new(reader.map_err(|error| error.to_string())?)))
    }
}

/// What is stored of one document.
pub(crate) enum Stored {
    /// A row of a sidecar.
    Row(Box<Row>),
    /// Programs of ProX.
    Prox(ProxPrograms),
}

impl Stored {
    pub(crate) fn row(self) -> Option<Row> {
        match self {
            Self::Row(row) => Some(*row),
            Self::Prox(_) => None,
        }
    }

    pub(crate) fn prox(self) -> Option<ProxPrograms> {
        match self {
            Self::Row(_) => None,
            Self::Prox(programs) => Some(programs),
        }
    }
}

/// The stored decisions of one shard, if decisions come from there.
pub(crate) enum Open {
    Nothing,
    Programs(Box<ProgramReader>),
    Prox(ProxReader),
}

impl Open {
    /// What is stored of the good documents of a batch; nothing where a model decides.
    pub(crate) fn take(&mut self, batch: &Decoded) -> Result<Vec<Stored>, String> {
        let mut documents = crate::window::documents(batch);
        match self {
            Self::Nothing => Ok(Vec::new()),
            Self::Programs(stored) => {
                let row = |of: Document<'_>| next_row_for(stored, of.id).map(Box::new);
                documents.map(row).map(|row| row.map(Stored::Row)).collect()
            }
            Self::Prox(prox) => {
                let programs = prox.take(batch, &mut documents)?;
                Ok(programs.into_iter().map(Stored::Prox).collect())
            }
        }
    }

    /// Checks that nothing is left over.
    pub(crate) fn finish(self) -> Result<(), String> {
        let mut stored = match self {
            Self::Nothing => return Ok(()),
            Self::Prox(prox) => return prox.finish(),
            Self::Programs(stored) => stored,
        };
        match stored.next_row().map_err(|error| error.to_string())? {
            None => Ok(()),
            Some(row) => Err(format!(
                "expected as many programs as documents, but found a program for {} after the \
                 last document",
                row.id
            )),
        }
    }
}

fn next_row_for(stored: &mut ProgramReader, id: &str) -> Result<Row, String> {
    match stored.next_row().map_err(|error| error.to_string())? {
        Some(row) if row.id == id => Ok(row),
        Some(row) => Err(format!("expected the program for {id}, but found one for {}", row.id)),
        None => Err(format!("expected the program for {id}, but found no further program")),
    }
}
