//! From a run directory of labelled documents to training files.

use crate::error::RunError;
use crate::pairs::input_of;
use crate::run_file::RunFile;
use crate::sft::dialect::Dialect;
use crate::sft::example::Cutting;
use refinex_core::{Deletions, INSTRUCTION, Tally};
use refinex_corpus::{
    AtomicWriter, JsonReader, Manifest, RunDirectory, ScoredSpan, ShardReader, Store,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;

/// What is exported, and how.
pub struct Export<'a> {
    /// The run directory of labelled documents.
    pub run: &'a str,
    /// The folder or URL to write to.
    pub output: &'a str,
    /// The dialect.
    pub dialect: Dialect,
    /// How documents are cut.
    pub cutting: Cutting<'a>,
}

/// What came of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExportTally {
    /// Documents of the run.
    pub documents: u64,
    /// Documents that are left out, by reason.
    pub left_out_by_reason: BTreeMap<String, u64>,
    /// Documents whose chunks are smaller than was asked for, because of the limit of tokens.
    pub cut_smaller: u64,
    /// Chunks that are over the limit however small.
    pub chunks_too_long: u64,
    /// Examples that were written.
    pub examples: u64,
    /// Of these, examples that delete nothing.
    pub keep_all: u64,
    /// Calls of all programs, `keep_all()` not counted.
    pub calls: u64,
    /// Bytes of all prompts, without the instruction.
    pub prompt_bytes: u64,
    /// Bytes of all programs.
    pub program_bytes: u64,
}

/// A row of the sidecar, as far as it matters here.
#[derive(Deserialize)]
struct LabelRow {
    id: String,
    deletions: Vec<ScoredSpan>,
    /// Of a distilled pair: its verdict.
    #[serde(default)]
    distilled: Option<Value>,
}

/// Writes `train.jsonl`, the files of the dialect, and `export.json`, which says what it was made
/// from. The documents are read from where the run read them.
///
/// # Errors
/// If the run is not complete, its input is gone or has changed, its sidecar does not fit, or the
/// output cannot be written; then `train.jsonl` does not become visible.
pub fn export_sft(export: &Export<'_>) -> Result<ExportTally, RunError> {
    let directory = RunDirectory::open(export.run)?;
    let file = RunFile::read(directory.store())?;
    if !directory.store().exists(RunDirectory::SUCCESS)? {
        return Err(RunError::new(format!(
            "expected a complete run, but found no _SUCCESS in {}",
            export.run
        )));
    }
    let store = Store::open(export.output)?;
    store.sweep(TRAIN)?;
    let mut writing =
        Writing { export, train: store.writer(TRAIN)?, tally: ExportTally::default() };
    for manifest in directory.manifests::<Tally>()? {
        let result = writing.shard(&directory, &file, &manifest);
        result.map_err(|why| RunError::new(format!("{}: {why}", manifest.shard)))?;
    }
    let tally = writing.tally;
    writing.train.finish()?;
    for (name, text) in export.dialect.files() {
        store.put(name, text)?;
    }
    store.put("export.json", format!("{:#}\n", provenance(export, &file, &tally)))?;
    Ok(tally)
}

const TRAIN: &str = "train.jsonl";

fn provenance(export: &Export<'_>, file: &RunFile, tally: &ExportTally) -> Value {
    let limit = export.cutting.limit;
    json!({
        "version": 1,
        "run": export.run,
        "labelled_by": file.command,
        "model": file.model,
        "model_fingerprint": file.model_fingerprint,
        "dialect": export.dialect.name(),
        "instruction": INSTRUCTION.0,
        "chunk_bytes": export.cutting.chunk_bytes,
        "max_tokens": limit.map(|limit| limit.most),
        "tokenizer": limit.map(|limit| &limit.tokenizer),
        "counts": tally,
    })
}

struct Writing<'a> {
    export: &'a Export<'a>,
    train: AtomicWriter,
    tally: ExportTally,
}

impl Writing<'_> {
    fn shard(
        &mut self,
        directory: &RunDirectory,
        file: &RunFile,
        manifest: &Manifest<Tally>,
    ) -> Result<(), String> {
        let shard = input_of(directory, manifest).map_err(text)?;
        let name = file.settings.output.name_for(&manifest.shard);
        let path = RunDirectory::programs(&name);
        let mut labels = JsonReader::<LabelRow>::open(directory.store(), &path).map_err(text)?;
        let mut reader = ShardReader::open(&shard, &file.settings.read()).map_err(text)?;
        while let Some(batch) = reader.next_batch().map_err(text)? {
            let decoded = batch.decode();
            for document in (0..decoded.len()).filter_map(|at| decoded.document(at).ok()) {
                let label = labels.next_row().map_err(text)?;
                let label = label.filter(|label| label.id == document.id).ok_or_else(|| {
                    format!("expected the program for {}, but found none or another's", document.id)
                })?;
                self.document(&label, document.text)?;
            }
        }
        Ok(())
    }

    fn document(&mut self, label: &LabelRow, text: &str) -> Result<(), String> {
        self.tally.documents += 1;
        if let Some(reason) = left_out(label, text) {
            *self.tally.left_out_by_reason.entry(reason).or_default() += 1;
            return Ok(());
        }
        let spans = label.deletions.iter().map(|scored| scored.span);
        let gone = Deletions::from_spans(text, spans).map_err(self::text)?;
        let cut = self.export.cutting.cut(&label.id, text, &gone)?;
        self.tally.cut_smaller += u64::from(cut.smaller);
        self.tally.chunks_too_long += cut.too_long as u64;
        for example in &cut.examples {
            let keeps = example.program == "keep_all()";
            self.tally.examples += 1;
            self.tally.keep_all += u64::from(keeps);
            self.tally.calls += if keeps { 0 } else { example.program.lines().count() as u64 };
            self.tally.prompt_bytes += example.user.len() as u64;
            self.tally.program_bytes += example.program.len() as u64;
            let row = self.export.dialect.row(example);
            writeln!(self.train, "{row}")
                .map_err(|error| format!("expected to write {TRAIN}, but found: {error}"))?;
        }
        Ok(())
    }
}

/// Why a document is no example: it holds nothing, or the pair that it was distilled from was dropped
/// or is trusted in parts only, so that what its program keeps elsewhere says nothing about it.
fn left_out(label: &LabelRow, text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("blank".to_owned());
    }
    let verdict = label.distilled.as_ref()?.get("verdict")?.as_str()?;
    match verdict {
        "dropped" => Some("dropped_pair".to_owned()),
        "salvaged" => Some("salvaged_pair".to_owned()),
        _ => None,
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_that_are_not_trusted_whole_are_no_examples() {
        let label = |distilled: Option<&str>| LabelRow {
            id: "a".to_owned(),
            deletions: Vec::new(),
            distilled: distilled.map(|verdict| serde_json::json!({"verdict": verdict})),
        };
        assert_eq!(left_out(&label(None), "text"), None);
        assert_eq!(left_out(&label(Some("whole")), "text"), None);
        assert_eq!(left_out(&label(Some("dropped")), "text").unwrap(), "dropped_pair");
        assert_eq!(left_out(&label(Some("salvaged")), "text").unwrap(), "salvaged_pair");
        assert_eq!(left_out(&label(None), " \n").unwrap(), "blank");
    }
}
