//! Writing a labelled set: originals and labels, then the main road replays them, so that what is
//! written is a run like any other.

use super::columns::RowOf;
use super::fingerprint::fingerprint;
use super::set::{BadLabel, Labelled, LabelledDocument};
use crate::corpus_run::{Job, run_corpus};
use crate::decider::{Decider, Row};
use crate::error::RunError;
use crate::plan::{Plan, ShardChoice};
use crate::progress::Silent;
use crate::run_file::RunFile;
use crate::settings::Settings;
use crate::stored::ProgramStore;
use refinex_core::Identity;
use refinex_corpus::{
    FailedRow, FailedWriter, InputShard, JsonReader, JsonWriter, ProgramWriter, RunDirectory,
    ShardError, Store,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// Where the documents as they were stand in the directory.
const ORIGINALS: &str = "originals/labels.jsonl.zst";
/// Where the labels stand until the road has replayed them.
const LABELS: &str = "labels.jsonl.zst";
/// Where rows stand that are no labelled document; the road has a file of its own for what fails.
const FAILED: &str = "failed/rows.jsonl.zst";
/// Where what was left out stands.
const REMOVED: &str = "removed/labels.jsonl.zst";

/// A document that is left out since it is a copy of another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeftOut {
    /// Its id.
    pub id: String,
    /// A stable name of the reason.
    pub reason: String,
    /// Of which document it is a copy.
    pub detail: Value,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Documents.
    pub documents: u64,
    /// Of these, documents that were found clean: nothing is deleted from them.
    pub keep_all: u64,
    /// Documents that were left out as copies, by reason; each stands in `removed/`.
    pub left_out: BTreeMap<String, u64>,
    /// Rows that are no labelled document, by reason; each stands in `failed/`.
    pub failed: BTreeMap<String, u64>,
    /// Whether all of it had been written before.
    pub before: bool,
}

/// A labelled set on its way into a run directory.
pub struct LabelledOutput<'a> {
    directory: RunDirectory,
    output: &'a str,
    run: RunFile,
    command: &'static str,
    inputs: &'a [String],
    settings: Settings,
    identity: Identity,
    writers: Option<Writers>,
    written: Written,
}

struct Writers {
    originals: JsonWriter,
    labels: ProgramWriter,
    failed: FailedWriter,
    removed: Option<JsonWriter>,
}

impl<'a> LabelledOutput<'a> {
    /// Begins, or finds that the same was done before. `choices` is all that decides the bytes
    /// beside what is `read`, which is the inputs, or more.
    ///
    /// # Errors
    /// If something else was written to `output`, or it cannot be written.
    pub fn begin(
        output: &'a str,
        command: &'static str,
        inputs: &'a [String],
        read: &[String],
        choices: &Value,
    ) -> Result<Self, RunError> {
        let directory = RunDirectory::open(output)?;
        let mut choices = choices.clone();
        choices["inputs"] = json!(fingerprint(read, directory.store())?);
        let name = format!("{command} {choices}");
        let fingerprint = format!("{:016x}", xxh3_64(name.as_bytes()));
        let identity = Identity { name, fingerprint };
        let settings = Settings::default();
        let decider = Decider::Programs(programs(directory.store(), identity.clone()));
        let run = RunFile::new(command, inputs, &decider, &settings);
        run.begin(&directory)?;
        let store = directory.store();
        let before = store.exists(RunDirectory::SUCCESS)?;
        let writers = if before { None } else { Some(Writers::create(store)?) };
        let failed = if before { failed_before(store)? } else { BTreeMap::new() };
        let written = Written { before, failed, ..Written::default() };
        Ok(Self { directory, output, run, command, inputs, settings, identity, writers, written })
    }

    /// Whether the same was done before: nothing is to be written.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.writers.is_none()
    }

    /// Writes a document, under another id if one is given.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, document: &LabelledDocument) -> Result<(), RunError> {
        let Some(writers) = &mut self.writers else { return Ok(()) };
        let LabelledDocument { id, text, columns, .. } = document;
        writers.originals.write(&RowOf { id, text, columns })?;
        writers.labels.write(&Row { id: id.clone(), ..document.label.clone() })?;
        self.written.documents += 1;
        let clean = document.deletions.is_empty() && document.unjudged().is_none();
        self.written.keep_all += u64::from(clean);
        Ok(())
    }

    /// Writes down that a document is left out.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn leave_out(&mut self, left: &LeftOut) -> Result<(), RunError> {
        *self.written.left_out.entry(left.reason.clone()).or_default() += 1;
        let store = self.directory.store();
        let Some(writers) = &mut self.writers else { return Ok(()) };
        if writers.removed.is_none() {
            writers.removed = Some(JsonWriter::create(store, REMOVED)?);
        }
        match &mut writers.removed {
            Some(removed) => Ok(removed.write(left)?),
            None => Ok(()),
        }
    }

    /// Writes down that a row is no labelled document.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn fail(&mut self, bad: &BadLabel) -> Result<(), RunError> {
        let Some(writers) = &mut self.writers else { return Ok(()) };
        *self.written.failed.entry(bad.reason.clone()).or_default() += 1;
        Ok(writers.failed.write_failed(&FailedRow {
            shard: Some(&bad.shard),
            row: bad.row,
            position: bad.position,
            reason: &bad.reason,
            message: &bad.message,
            raw: &bad.raw,
            raw_length: bad.raw_length,
        })?)
    }

    /// Writes a row: a document, or that it is none.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn take(&mut self, row: &Labelled) -> Result<(), RunError> {
        match row {
            Ok(document) => self.write(document),
            Err(bad) => self.fail(bad),
        }
    }

    /// Replays the labels on the main road and completes the run.
    ///
    /// # Errors
    /// If the road fails: nothing counts as done then.
    pub fn finish(mut self, threads: usize) -> Result<Written, RunError> {
        let store = self.directory.store();
        let Some(writers) = self.writers.take() else {
            // One that was killed right before its end may have left them.
            store.delete(LABELS)?;
            return Ok(self.written);
        };
        writers.finish()?;
        let shards = vec![InputShard::at(store, ORIGINALS)?.named(LABELS)];
        let decider = Decider::Programs(programs(store, self.identity.clone()));
        let job = Job {
            command: self.command,
            inputs: self.inputs,
            plan: &Plan { shards },
            choice: ShardChoice::ALL,
            decider: &decider,
            settings: &self.settings,
            output: self.output,
            threads,
            retry_failed: false,
        };
        debug_assert_eq!(self.run.inputs, self.inputs);
        let report = run_corpus(&job, &Silent)?;
        if let Some(failure) = report.shards_failed.first() {
            return Err(RunError::new(format!("{}: {}", failure.shard, failure.message)));
        }
        store.delete(LABELS)?;
        Ok(self.written)
    }
}

impl Writers {
    fn create(store: &Store) -> Result<Self, RunError> {
        for path in [ORIGINALS, LABELS, FAILED, REMOVED] {
            store.sweep(path)?;
        }
        store.delete(REMOVED)?;
        Ok(Self {
            originals: JsonWriter::create(store, ORIGINALS)?,
            labels: ProgramWriter::create(store, LABELS)?,
            failed: FailedWriter::create(store, FAILED),
            removed: None,
        })
    }

    fn finish(self) -> Result<(), RunError> {
        self.originals.finish()?;
        self.labels.finish()?;
        self.failed.finish()?;
        self.removed.map(JsonWriter::finish).transpose()?;
        Ok(())
    }
}

/// What failed when the same was done before, by reason.
fn failed_before(store: &Store) -> Result<BTreeMap<String, u64>, RunError> {
    #[derive(Deserialize)]
    struct Failed {
        reason: String,
    }
    let mut found = BTreeMap::new();
    if !store.exists(FAILED)? {
        return Ok(found);
    }
    let said = |error: ShardError| RunError::new(error.to_string());
    for row in JsonReader::<Failed>::open(store, FAILED).map_err(said)? {
        *found.entry(row.map_err(said)?.reason).or_default() += 1;
    }
    Ok(found)
}

fn programs(store: &Store, identity: Identity) -> ProgramStore {
    let file = Some(LABELS.to_owned());
    ProgramStore { store: store.clone(), is_run: false, file, identity }
}
