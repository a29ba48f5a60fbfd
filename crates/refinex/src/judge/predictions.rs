//! The predictions of one refiner, by document.

use super::Coverage;
use super::row::{Prediction, is_dropped};
use crate::error::RunError;
use crate::run_file::RunFile;
use refinex_core::Tally;
use refinex_corpus::{
    Format, InputShard, JsonReader, ReadSettings, RunDirectory, ShardReader, expand,
};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::collections::{HashMap, HashSet};

type Object = Map<String, Value>;

/// The predictions of one refiner.
pub(crate) struct Predictions {
    /// Where they are, as the user named it.
    pub(crate) location: String,
    of: HashMap<String, Known>,
}

struct Known {
    prediction: Prediction,
    /// Which row it was, from 1, over all shards.
    row: usize,
    used: Cell<bool>,
}

impl Predictions {
    /// Reads a run directory, a folder with `programs/`, or rows; where ids are wanted, those alone.
    pub(crate) fn read(
        location: &str,
        refined_key: &str,
        wanted: Option<&HashSet<String>>,
    ) -> Result<Self, RunError> {
        let mut reading = Reading {
            refined_key,
            wanted,
            row: 0,
            predictions: Self { location: location.to_owned(), of: HashMap::new() },
        };
        let directory = RunDirectory::open(location)?;
        if directory.store().exists(RunDirectory::RUN).unwrap_or(false) {
            reading.run(&directory)?;
        } else {
            let programs = directory.store().list("programs").unwrap_or_default();
            if programs.is_empty() {
                for shard in expand(&[location.to_owned()])? {
                    reading.rows(JsonReader::of(&shard).map_err(said)?)?;
                }
            }
            for sidecar in programs {
                let rows = JsonReader::open(directory.store(), &sidecar.path);
                reading.rows(rows.map_err(said)?)?;
            }
        }
        Ok(reading.predictions)
    }

    /// Whether there is a prediction for a document.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.of.contains_key(id)
    }

    /// The prediction for a document; `None` where there is none and there need not be.
    pub(crate) fn of(&self, id: &str, coverage: Coverage) -> Result<Option<&Prediction>, String> {
        match self.of.get(id) {
            Some(known) if known.used.get() => {
                Err("expected the documents of gold to have ids of their own, but found this id \
                     twice"
                    .to_owned())
            }
            Some(known) => {
                known.used.set(true);
                Ok(Some(&known.prediction))
            }
            None if coverage != Coverage::Same => Ok(None),
            None => Err("expected a prediction for this document of gold, but found none \
                         (--partial takes such documents as untouched)"
                .to_owned()),
        }
    }

    /// The document is not judged.
    pub(crate) fn leave_out(&self, id: &str) {
        if let Some(known) = self.of.get(id) {
            known.used.set(true);
        }
    }

    /// Checks that the predictions were for documents of gold.
    pub(crate) fn check_used(&self, gold: &str, coverage: Coverage) -> Result<(), RunError> {
        let unused = self.of.iter().filter(|(_, known)| !known.used.get());
        let Some((id, known)) = unused.min_by_key(|(_, known)| known.row) else {
            return self.check_common(gold, coverage);
        };
        let (location, row) = (&self.location, known.row);
        if self.of.values().all(|known| !known.used.get()) {
            return Err(RunError::new(format!(
                "{location}: expected predictions for documents of {gold}, but found none of its \
                 ids (the first row is for {id})"
            )));
        }
        if coverage != Coverage::Same {
            return Ok(());
        }
        Err(RunError::new(format!(
            "{location}: expected predictions for documents of {gold} alone, but found row {row} \
             for {id} (--partial leaves such rows out)"
        )))
    }

    /// Checks that something was judged, where the others were not even read.
    fn check_common(&self, gold: &str, coverage: Coverage) -> Result<(), RunError> {
        if coverage == Coverage::Common && self.of.is_empty() {
            return Err(RunError::new(format!(
                "{}: expected documents of {gold}, but found none of its ids",
                self.location
            )));
        }
        Ok(())
    }
}

/// Predictions as they are read.
struct Reading<'a> {
    refined_key: &'a str,
    wanted: Option<&'a HashSet<String>>,
    row: usize,
    predictions: Predictions,
}

impl Reading<'_> {
    fn rows(&mut self, rows: JsonReader<Object>) -> Result<(), RunError> {
        for row in rows {
            let row = row.map_err(|error| self.fail(&error.to_string()))?;
            self.take(&row, None)?;
        }
        Ok(())
    }

    /// A run has its refined texts beside its programs: what is left shows whether it has read the
    /// texts of gold.
    fn run(&mut self, directory: &RunDirectory) -> Result<(), RunError> {
        let file = RunFile::read(directory.store())?;
        for manifest in directory.manifests::<Tally>()? {
            let name = file.settings.output.name_for(&manifest.shard);
            let sidecar = JsonReader::open(directory.store(), &RunDirectory::programs(&name));
            let documents = InputShard::at(directory.store(), &RunDirectory::documents(&name))?;
            let mut read = file.settings.read();
            if expand_format(&manifest.shard) == Some(Format::Wet) {
                read =
                    ReadSettings { max_row_bytes: read.max_row_bytes, ..ReadSettings::default() };
            }
            self.shard(sidecar.map_err(said)?, &documents, &read)?;
        }
        Ok(())
    }

    fn shard(
        &mut self,
        mut sidecar: JsonReader<Object>,
        documents: &InputShard,
        read: &ReadSettings,
    ) -> Result<(), RunError> {
        let mut reader = ShardReader::open(documents, read).map_err(said)?;
        while let Some(batch) = reader.next_batch().map_err(said)? {
            let decoded = batch.decode();
            for document in (0..decoded.len()).filter_map(|at| decoded.document(at).ok()) {
                let row = self.next_written(&mut sidecar)?.ok_or_else(|| {
                    let why = format!("{}: expected a program for each document", documents.name);
                    self.fail(&format!("{why}, but found more documents"))
                })?;
                self.take(&row, Some(document.text))?;
            }
        }
        match self.next_written(&mut sidecar)? {
            None => Ok(()),
            Some(_) => Err(self.fail(&format!(
                "{}: expected a document for each program, but found more programs",
                documents.name
            ))),
        }
    }

    /// The next row of a document that was written; documents that were dropped before it are taken.
    fn next_written(
        &mut self,
        sidecar: &mut JsonReader<Object>,
    ) -> Result<Option<Object>, RunError> {
        loop {
            match sidecar.next_row().map_err(said)? {
                Some(row) if is_dropped(&row) => self.take(&row, None)?,
                row => return Ok(row),
            }
        }
    }

    fn take(&mut self, row: &Object, refined: Option<&str>) -> Result<(), RunError> {
        self.row += 1;
        let number = self.row;
        let id = match row.get("id") {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => return Err(self.fail(&format!("row {number}: expected an id, but found none"))),
        };
        if self.wanted.is_some_and(|wanted| !wanted.contains(&id)) {
            return Ok(());
        }
        let prediction = Prediction::read(row, self.refined_key)
            .map_err(|why| self.fail(&format!("row {number}, {id}: {why}")))?;
        let prediction = match refined {
            None => prediction,
            Some(refined) => prediction.leaving(refined),
        };
        let known = Known { prediction, row: number, used: Cell::new(false) };
        match self.predictions.of.insert(id.clone(), known) {
            None => Ok(()),
            Some(first) => Err(self.fail(&format!(
                "expected one prediction a document, but found rows {} and {number} for {id}",
                first.row
            ))),
        }
    }

    fn fail(&self, why: &str) -> RunError {
        RunError::new(format!("{}: {why}", self.predictions.location))
    }
}

fn expand_format(shard: &str) -> Option<Format> {
    refinex_corpus::ShardName::parse(shard).map(|name| name.format)
}

fn said(error: impl std::fmt::Display) -> RunError {
    RunError::new(error.to_string())
}
