//! The documents of a finished run as they were, each beside what was done to it.

use crate::error::RunError;
use crate::pairs::input_of;
use crate::ruler::reason_of;
use crate::run_file::RunFile;
use crate::window;
use rayon::prelude::*;
use refinex_core::{Deletions, Outcome, Tally};
use refinex_corpus::{
    Decoded, InputShard, JsonReader, Manifest, RunDirectory, ScoredSpan, ShardReader, Unrefined,
};
use refinex_eval::report::{Deletion, Observation};
use refinex_rules::Dropped;
use serde::Deserialize;
use serde_json::Value;

/// A run that is read.
pub(crate) struct OpenRun {
    pub location: String,
    pub directory: RunDirectory,
    pub file: RunFile,
    pub manifests: Vec<Manifest<Tally>>,
    /// Whether all its shards are done.
    pub complete: bool,
}

/// Of a row of a sidecar, what is looked at here.
#[derive(Deserialize)]
pub(crate) struct ProgramSeen {
    pub id: String,
    outcome: Outcome,
    deletions: Vec<ScoredSpan>,
    withheld: Option<String>,
    unrefined: Option<Unrefined>,
    scores: Option<Vec<u16>>,
    deleted: Option<Vec<String>>,
    rules: Option<RulesSeen>,
}

/// What is looked at of what rules found.
#[derive(Deserialize)]
struct RulesSeen {
    dropped: Option<Dropped>,
}

impl ProgramSeen {
    pub(crate) fn deletions(&self) -> Vec<Deletion> {
        let of = |scored: &ScoredSpan| Deletion { span: scored.span, score: scored.score };
        self.deletions.iter().map(of).collect()
    }

    fn dropped(&self) -> Option<&Dropped> {
        self.rules.as_ref()?.dropped.as_ref()
    }
}

/// Columns that are asked for, and how the values of a row are made of them.
pub(crate) struct ColumnsWanted {
    names: Vec<String>,
    by: usize,
}

/// Where the source, the language and the address of a document may stand.
const SOURCES: [&str; 2] = ["source", "metadata.source"];
const LANGUAGES: [&str; 4] = ["lang", "language", "metadata.lang", "metadata.language"];
const ADDRESSES: [&str; 2] = ["url", "metadata.url"];

impl ColumnsWanted {
    /// Source, language and host, and the columns that the user named.
    pub(crate) fn new(by: &[String]) -> Self {
        let known = SOURCES.iter().chain(&LANGUAGES).chain(&ADDRESSES);
        let names = known.map(|name| (*name).to_owned()).chain(by.iter().cloned()).collect();
        Self { names, by: by.len() }
    }

    /// The names of the groupings.
    pub(crate) fn groupings(&self) -> Vec<String> {
        let named = self.names[self.names.len() - self.by..].iter().cloned();
        ["source", "language", "host"].map(str::to_owned).into_iter().chain(named).collect()
    }

    /// From the values of a row: its groups, and its address.
    fn facts(&self, mut values: Vec<Option<String>>) -> Facts {
        let mut rest = values.split_off(SOURCES.len());
        let source = values.into_iter().flatten().next();
        let mut tail = rest.split_off(LANGUAGES.len());
        let language = rest.into_iter().flatten().next();
        let by = tail.split_off(ADDRESSES.len());
        let url = tail.into_iter().flatten().next();
        let host = url.as_deref().and_then(host_of);
        let groups = [source, language, host].into_iter().chain(by).collect();
        Facts { groups, url }
    }
}

struct Facts {
    groups: Vec<Option<String>>,
    url: Option<String>,
}

/// The host of an address, in lower case and without `www.`.
fn host_of(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split(':').next()?.to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    host.contains('.').then(|| host.to_owned())
}

/// A batch of documents with what was done to them.
pub(crate) struct SeenBatch {
    shard: String,
    decoded: Decoded,
    documents: Vec<SeenDocument>,
    /// Those that rules dropped.
    dropped: Vec<SeenDocument>,
}

struct SeenDocument {
    /// Its place in the batch.
    at: usize,
    /// Its number among the documents of the shard, or among those that were dropped, from 1.
    row: u64,
    program: ProgramSeen,
    deletions: Vec<Deletion>,
    /// Its text, where it was put together again.
    restored: Option<String>,
    /// Why it was dropped.
    dropped: Option<String>,
    facts: Facts,
}

impl SeenBatch {
    /// The documents, but for those that rules dropped.
    pub(crate) fn observations(&self) -> impl Iterator<Item = Observation<'_>> {
        self.documents.iter().map(|document| self.observation(document))
    }

    /// The documents that rules dropped, as if all of each was deleted. There are none where the run kept
    /// what it deleted: its own files have no text of them.
    pub(crate) fn dropped(&self) -> impl Iterator<Item = Observation<'_>> {
        self.dropped.iter().map(|document| self.observation(document))
    }

    fn observation<'a>(&'a self, of: &'a SeenDocument) -> Observation<'a> {
        let read = self.decoded.document(of.at).map(|document| document.text);
        let unrefined = of.program.unrefined.as_ref().map(|unrefined| unrefined.reason.as_str());
        Observation {
            shard: &self.shard,
            row: of.row,
            id: &of.program.id,
            outcome: of.program.outcome,
            reason: of.dropped.as_deref().or(of.program.withheld.as_deref()).or(unrefined),
            text: of.restored.as_deref().or(read.ok()).unwrap_or_default(),
            deletions: &of.deletions,
            line_scores: of.program.scores.as_deref(),
            columns: &of.facts.groups,
            url: of.facts.url.as_deref(),
        }
    }
}

impl OpenRun {
    /// The run at `location`. With `partial`, it need not be complete.
    ///
    /// # Errors
    /// If it is no run directory, of another version, not complete, or lacks a shard.
    pub(crate) fn open(location: &str, partial: bool) -> Result<Self, RunError> {
        let location = location.trim_end_matches('/').to_owned();
        let directory = RunDirectory::open(&location)?;
        let file = RunFile::read(directory.store())?;
        let manifests = directory.manifests::<Tally>()?;
        if manifests.is_empty() {
            return Err(RunError::new(format!(
                "expected manifests of shards that are done in {location}/manifests, but found none"
            )));
        }
        let complete = directory.store().exists(RunDirectory::SUCCESS)?;
        let run = Self { location, directory, file, manifests, complete };
        if !partial {
            run.check_complete()?;
        }
        Ok(run)
    }

    fn check_complete(&self) -> Result<(), RunError> {
        let Self { location, manifests, .. } = self;
        if !self.complete {
            let place = self.directory.store().place(RunDirectory::SUCCESS);
            let shards = manifests.len();
            return Err(RunError::new(format!(
                "expected a complete run, but found no {place} (shards that are done: {shards}; \
                 run the same command again, or use --partial for those)"
            )));
        }
        match self.missing_shard()? {
            None => Ok(()),
            Some(shard) => Err(RunError::new(format!(
                "expected a manifest for each shard that {location}/stats.json names, but found none \
                 for {shard} (use --partial for the others)"
            ))),
        }
    }

    /// A shard that `stats.json` names and that has no manifest.
    fn missing_shard(&self) -> Result<Option<String>, RunError> {
        let bytes = self.directory.store().get(RunDirectory::STATS)?;
        let stats: Value = serde_json::from_slice(&bytes).map_err(|error| {
            RunError::new(format!(
                "expected JSON in {}/stats.json, but found: {error}",
                self.location
            ))
        })?;
        let named = stats["shards"].as_object().into_iter().flat_map(|shards| shards.keys());
        let done = |name: &&String| self.manifests.iter().any(|manifest| manifest.shard == **name);
        Ok(named.into_iter().find(|name| !done(name)).cloned())
    }

    /// The sums over all shards.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.manifests.iter().for_each(|manifest| tally.add(&manifest.counts));
        tally
    }

    /// Path of the sidecar of a shard.
    pub(crate) fn programs(&self, shard: &str) -> String {
        RunDirectory::programs(&self.file.settings.output.name_for(shard))
    }

    /// Hands all documents of a shard to `take`, some batches at a time, in order, until it answers
    /// false.
    ///
    /// The texts are put together again where the run kept what it deleted; else they are read from
    /// where the run read them.
    ///
    /// # Errors
    /// If a shard cannot be read, or its documents do not fit their programs.
    pub(crate) fn each_of_shard(
        &self,
        manifest: &Manifest<Tally>,
        columns: &ColumnsWanted,
        take: &mut dyn FnMut(Vec<SeenBatch>) -> Result<bool, String>,
    ) -> Result<(), RunError> {
        self.read_shard(manifest, columns, take)
            .map_err(|why| RunError::new(format!("{}: {}: {why}", self.location, manifest.shard)))
    }

    fn read_shard(
        &self,
        manifest: &Manifest<Tally>,
        columns: &ColumnsWanted,
        take: &mut dyn FnMut(Vec<SeenBatch>) -> Result<bool, String>,
    ) -> Result<(), String> {
        let mut shard = self.open_shard(manifest)?;
        let mut next = shard.next_window()?;
        while let Some(window) = next {
            // While one window is taken in, the next one is read.
            let mut read = Ok(None);
            let goes_on = rayon::in_place_scope(|scope| {
                scope.spawn(|_| read = shard.next_window());
                let seen = window.into_par_iter().map(|batch| batch.seen(columns));
                take(seen.collect::<Result<_, _>>()?)
            })?;
            if !goes_on {
                return Ok(());
            }
            next = read?;
        }
        shard.finish(manifest.counts.documents())
    }

    fn open_shard(&self, manifest: &Manifest<Tally>) -> Result<ShardOfRun, String> {
        let restores = self.file.settings.keep_deleted;
        let store = self.directory.store();
        let input = if restores {
            let name = self.file.settings.output.name_for(&manifest.shard);
            let own = InputShard::at(store, &RunDirectory::documents(&name)).map_err(text)?;
            own.named(&manifest.shard)
        } else {
            input_of(&self.directory, manifest).map_err(|why| {
                format!("{why} (a run made with --keep-deleted does not need its input)")
            })?
        };
        let reader = ShardReader::open(&input, &self.file.settings.read()).map_err(text)?;
        let programs = JsonReader::open(store, &self.programs(&manifest.shard)).map_err(text)?;
        let (shard, seen) = (manifest.shard.clone(), Rows::default());
        Ok(ShardOfRun { shard, reader, programs, restores, seen })
    }
}

struct ShardOfRun {
    shard: String,
    reader: ShardReader,
    programs: JsonReader<ProgramSeen>,
    restores: bool,
    seen: Rows,
}

/// Documents of a shard so far.
#[derive(Clone, Copy, Default)]
struct Rows {
    written: u64,
    dropped: u64,
}

/// A batch and its programs, one a good row.
struct Paired {
    shard: String,
    decoded: Decoded,
    programs: Vec<ProgramSeen>,
    /// Documents of the shard before this batch.
    before: Rows,
    restores: bool,
}

impl ShardOfRun {
    /// The next batches, enough for every thread.
    fn next_window(&mut self) -> Result<Option<Vec<Paired>>, String> {
        let wanted = 2 * rayon::current_num_threads();
        let mut batches = Vec::with_capacity(wanted);
        while batches.len() < wanted {
            let Some(batch) = self.reader.next_batch().map_err(text)? else { break };
            batches.push(batch);
        }
        if batches.is_empty() {
            return Ok(None);
        }
        let paired = window::decode(batches).into_iter().map(|decoded| self.pair(decoded));
        paired.collect::<Result<_, _>>().map(Some)
    }

    fn pair(&mut self, decoded: Decoded) -> Result<Paired, String> {
        let (shard, before, restores) = (self.shard.clone(), self.seen, self.restores);
        let mut programs = Vec::with_capacity(decoded.len());
        for document in window::documents(&decoded) {
            match self.next_program()? {
                Some(row) if row.id == document.id => programs.push(row),
                Some(row) => {
                    let (id, found) = (document.id, row.id);
                    return Err(format!(
                        "expected the program for {id}, but found one for {found}"
                    ));
                }
                None => {
                    let id = document.id;
                    return Err(format!("expected the program for {id}, but found no further one"));
                }
            }
        }
        let dropped = programs.iter().filter(|row| row.outcome == Outcome::Dropped).count();
        self.seen.dropped += dropped as u64;
        self.seen.written += (programs.len() - dropped) as u64;
        Ok(Paired { shard, decoded, programs, before, restores })
    }

    /// The next program. Where the documents are those that were written, dropped ones are not among
    /// them.
    fn next_program(&mut self) -> Result<Option<ProgramSeen>, String> {
        loop {
            match self.programs.next_row().map_err(text)? {
                Some(row) if self.restores && row.outcome == Outcome::Dropped => {}
                row => return Ok(row),
            }
        }
    }

    fn finish(self, wanted: u64) -> Result<(), String> {
        let found = self.seen.written;
        if found == wanted {
            return Ok(());
        }
        Err(format!("expected {wanted} documents as its manifest says, but found {found}"))
    }
}

impl Paired {
    /// The documents with their texts and facts, checked.
    fn seen(self, columns: &ColumnsWanted) -> Result<SeenBatch, String> {
        let Self { shard, decoded, programs, before, restores } = self;
        let names: Vec<&str> = columns.names.iter().map(String::as_str).collect();
        let mut values = decoded.values(&names);
        let good = (0..decoded.len()).filter(|&at| decoded.document(at).is_ok());
        let (mut documents, mut dropped) = (Vec::with_capacity(programs.len()), Vec::new());
        let mut rows = before;
        for (at, program) in good.zip(programs) {
            let text = decoded.document(at).map(|document| document.text).unwrap_or_default();
            let facts = columns.facts(std::mem::take(&mut values[at]));
            let one = SeenDocument::of(at, program, facts);
            if one.program.outcome == Outcome::Dropped {
                rows.dropped += 1;
                dropped.push(one.dropped(rows.dropped, text));
            } else {
                rows.written += 1;
                let row = rows.written;
                let fail = |why: String| format!("document {row}, {why}");
                documents.push(one.written(row, text, restores).map_err(fail)?);
            }
        }
        Ok(SeenBatch { shard, decoded, documents, dropped })
    }
}

impl SeenDocument {
    fn of(at: usize, program: ProgramSeen, facts: Facts) -> Self {
        let (row, deletions) = (0, Vec::new());
        Self { at, row, program, deletions, restored: None, dropped: None, facts }
    }

    /// A document that was written, whose `text` is what is left of it if it `restores`.
    fn written(mut self, row: u64, text: &str, restores: bool) -> Result<Self, String> {
        let fail = |why: String| format!("{}: {why}", self.program.id);
        let restored = restores.then(|| restored(text, &self.program)).transpose();
        let restored = restored.map_err(fail)?;
        self.deletions =
            checked(restored.as_deref().unwrap_or(text), &self.program).map_err(fail)?;
        (self.row, self.restored) = (row, restored);
        Ok(self)
    }

    /// A document that rules dropped.
    fn dropped(mut self, row: u64, text: &str) -> Self {
        let all = Deletions::all(text);
        self.deletions = all.spans().iter().map(|&span| Deletion { span, score: None }).collect();
        (self.row, self.dropped) = (row, self.program.dropped().map(told));
        self
    }
}

/// Which rule dropped a document, and by what.
fn told(dropped: &Dropped) -> String {
    let rule = reason_of(dropped);
    match (dropped.value, dropped.threshold) {
        (Some(value), Some(threshold)) => format!("{rule}: {} against {threshold}", short(value)),
        _ => rule,
    }
}

/// A value to four places, for people.
fn short(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// What a program deletes from `text`.
fn checked(text: &str, program: &ProgramSeen) -> Result<Vec<Deletion>, String> {
    let spans = program.deletions.iter().map(|scored| scored.span);
    let found = Deletions::from_spans(text, spans).map_err(|error| error.to_string())?;
    if found.spans().len() == program.deletions.len() {
        return Ok(program.deletions());
    }
    Err("expected sorted spans apart from each other".to_owned())
}

/// The text of a document of which the deleted parts were kept.
fn restored(refined: &str, program: &ProgramSeen) -> Result<String, String> {
    let texts = program.deleted.as_deref().unwrap_or_default();
    if texts.len() != program.deletions.len() {
        let (wanted, found) = (program.deletions.len(), texts.len());
        return Err(format!("expected {wanted} deleted texts, but found {found}"));
    }
    let (mut whole, mut rest) = (String::with_capacity(2 * refined.len()), refined);
    for (scored, deleted) in program.deletions.iter().zip(texts) {
        let gap = scored.span.start().checked_sub(whole.len());
        let parts = gap.and_then(|gap| rest.split_at_checked(gap));
        let (kept, after) =
            parts.filter(|_| deleted.len() == scored.span.len()).ok_or_else(|| {
                let (start, end) = (scored.span.start(), scored.span.end());
                format!("expected deleted text that fits {start}..{end}, but found another")
            })?;
        whole.push_str(kept);
        whole.push_str(deleted);
        rest = after;
    }
    whole.push_str(rest);
    Ok(whole)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_document_tells_rule_value_and_threshold() {
        let mut dropped = Dropped {
            step: "gopher-quality".to_owned(),
            rule: "gopher_below_alpha_threshold".to_owned(),
            value: Some(0.673_728_8),
            threshold: Some(0.8),
        };
        let rule = "gopher-quality/gopher_below_alpha_threshold";
        assert_eq!(told(&dropped), format!("{rule}: 0.6737 against 0.8"));
        dropped.value = Some(12.0);
        assert_eq!(told(&dropped), format!("{rule}: 12 against 0.8"));
        dropped.threshold = None;
        assert_eq!(told(&dropped), rule);
    }

    #[test]
    fn hosts_are_found_in_addresses() {
        for (url, host) in [
            ("https://www.Example.org/a?b#c", Some("example.org")),
            ("http://user@a.b.example:8080", Some("a.b.example")),
            ("example.com/x", Some("example.com")),
            ("urn:isbn:1", None),
            ("", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
    }

    #[test]
    fn the_first_column_that_a_row_has_counts() {
        let wanted = ColumnsWanted::new(&["page_type".to_owned()]);
        assert_eq!(wanted.groupings(), ["source", "language", "host", "page_type"]);
        let mut values = vec![None; wanted.names.len()];
        for (name, value) in [
            ("metadata.source", "cc"),
            ("language", "de"),
            ("lang", "en"),
            ("metadata.url", "https://a.example/"),
            ("page_type", "forum"),
        ] {
            let at = wanted.names.iter().position(|known| known == name).unwrap();
            values[at] = Some(value.to_owned());
        }
        let facts = wanted.facts(values);
        let groups: Vec<_> = facts.groups.iter().map(|group| group.as_deref().unwrap()).collect();
        assert_eq!(groups, ["cc", "en", "a.example", "forum"]);
        assert_eq!(facts.url.as_deref(), Some("https://a.example/"));
    }
}
