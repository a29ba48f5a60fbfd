//! From a run directory of labelled documents to training files.

use crate::error::RunError;
use crate::pairs::input_of;
use crate::run_file::RunFile;
use crate::sft::dialect::Dialect;
use crate::sft::example::Cutting;
use refinex_core::{Deletions, INSTRUCTION, Span, Tally};
use refinex_corpus::{
    AtomicWriter, JsonReader, Manifest, RunDirectory, ScoredSpan, ShardReader, Store, Unrefined,
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
    /// Documents of which only the trusted parts are examples: salvaged pairs.
    pub salvaged: u64,
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
    distilled: Option<Distilled>,
    /// Why the model said nothing of the document, if so.
    #[serde(default)]
    unrefined: Option<Unrefined>,
}

/// What the sidecar says of a distilled pair, as far as it matters here.
#[derive(Deserialize)]
struct Distilled {
    #[serde(default)]
    verdict: String,
    /// Of a salvaged pair: start and end of each part of the raw text that is an example.
    #[serde(default)]
    trusted: Vec<(usize, usize)>,
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
        let parts = match parts(label, text)? {
            Ok(parts) => parts,
            Err(reason) => {
                *self.tally.left_out_by_reason.entry(reason.to_owned()).or_default() += 1;
                return Ok(());
            }
        };
        self.tally.salvaged += u64::from(label.verdict() == Some("salvaged"));
        let spans = label.deletions.iter().map(|scored| scored.span);
        let gone = Deletions::from_spans(text, spans).map_err(self::text)?;
        let cut = self.export.cutting.cut(&label.id, text, &parts, &gone)?;
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

impl LabelRow {
    fn verdict(&self) -> Option<&str> {
        self.distilled.as_ref().map(|distilled| distilled.verdict.as_str())
    }
}

/// What of a document is an example: all of it, or the parts of a salvaged pair that are trusted,
/// since what its program keeps elsewhere says nothing. Or the reason why nothing is: it holds
/// nothing, nobody has said anything of it, or the pair that it was distilled from was dropped.
fn parts(label: &LabelRow, text: &str) -> Result<Result<Vec<Span>, &'static str>, String> {
    let whole = Span::new(0, text.len());
    let parts = match label.verdict() {
        _ if label.unrefined.is_some() => return Ok(Err("unrefined")),
        Some("dropped") => return Ok(Err("dropped_pair")),
        Some("salvaged") => trusted(label, text)?,
        _ => vec![whole],
    };
    let parts: Vec<Span> =
        parts.into_iter().filter(|part| !part.of(text).trim().is_empty()).collect();
    Ok(if parts.is_empty() { Err("blank") } else { Ok(parts) })
}

/// The trusted parts of a salvaged pair, sorted and apart.
fn trusted(label: &LabelRow, text: &str) -> Result<Vec<Span>, String> {
    let wrong = |found: &dyn std::fmt::Debug| {
        format!(
            "{}: expected trusted parts of the raw text in order, but found {found:?}",
            label.id
        )
    };
    let mut end = 0;
    let mut parts = Vec::new();
    for &(from, to) in label.distilled.iter().flat_map(|distilled| &distilled.trusted) {
        let sound = end <= from && from <= to && Span::new(from, to).fits(text);
        if !sound {
            return Err(wrong(&(from, to)));
        }
        parts.push(Span::new(from, to));
        end = to;
    }
    if parts.is_empty() { Err(wrong(&"none")) } else { Ok(parts) }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(verdict: Option<&str>, trusted: &[(usize, usize)]) -> LabelRow {
        let distilled =
            |verdict: &str| Distilled { verdict: verdict.to_owned(), trusted: trusted.to_vec() };
        let (id, deletions) = ("a".to_owned(), Vec::new());
        LabelRow { id, deletions, distilled: verdict.map(distilled), unrefined: None }
    }

    fn of(label: &LabelRow, text: &str) -> Result<Vec<Span>, &'static str> {
        parts(label, text).unwrap()
    }

    #[test]
    fn of_pairs_only_what_is_trusted_is_an_example() {
        let all = Ok(vec![Span::new(0, 4)]);
        assert_eq!(of(&label(None, &[]), "text"), all);
        assert_eq!(of(&label(Some("whole"), &[]), "text"), all);
        assert_eq!(of(&label(Some("dropped"), &[]), "text"), Err("dropped_pair"));
        let some = label(Some("salvaged"), &[(0, 2), (4, 5), (6, 8)]);
        assert_eq!(of(&some, "a\nb\n\nc\nd"), Ok(vec![Span::new(0, 2), Span::new(6, 8)]));
        assert_eq!(of(&label(None, &[]), " \n"), Err("blank"));
    }

    #[test]
    fn a_document_that_nobody_judged_is_no_example() {
        let unrefined = Unrefined { reason: "timeout".into(), message: String::new() };
        let label = LabelRow { unrefined: Some(unrefined), ..label(None, &[]) };
        assert_eq!(of(&label, "text"), Err("unrefined"));
    }

    #[test]
    fn trusted_parts_that_do_not_fit_are_refused() {
        for strange in [&[][..], &[(0, 9)], &[(1, 2)], &[(2, 3), (0, 2)]] {
            let why = parts(&label(Some("salvaged"), strange), "é\nb\n").unwrap_err();
            assert!(why.contains("expected trusted parts of the raw text in order"), "{why}");
        }
    }
}
