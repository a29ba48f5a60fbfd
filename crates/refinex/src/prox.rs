//! ProX as a baseline: its stored programs carried out on the main road, as they were meant or as its
//! own executor does it.

use crate::decider::{Decided, scored_row, step_of, unrefined};
use crate::error::RunError;
use crate::ruler::{AsWritten, Found};
use crate::stored::file_or_folder;
use refinex_core::{
    Deletions, Document, Identity, Lengths, Policy, RefineError, Score, StepTally, distill,
};
use refinex_corpus::{Decoded, InputShard, JsonReader, ShardName, Store};
use refinex_rules::Dropped;
use refinex_rules::prox::{self, Executed, Fate, RefusedCall};
use serde_json::{Value, json};

/// The step that decides on whole documents.
const DOCUMENT: &str = "prox-document";
/// The step that edits them.
const CHUNK: &str = "prox-chunk";

/// What stands in the sidecar of a document that stays as it is, since what ProX's own executor makes
/// of it is no deletion.
pub const ADDS_TEXT: &str = "adds_text";

/// Stored programs of ProX, and how they are carried out.
#[derive(Clone, Debug)]
pub struct Prox {
    /// Where they are.
    pub source: ProxSource,
    /// Whether they are carried out as ProX's own executor does it, with its defects.
    pub as_written: bool,
    /// Whether documents may be without programs; they stay as they are.
    pub partial: bool,
}

/// Where programs of ProX are.
#[derive(Clone, Debug)]
pub enum ProxSource {
    /// In the rows of the documents, at these keys, which may be joined by dots.
    Rows {
        /// Key of the program for the whole document.
        document: String,
        /// Key of the program for its chunks.
        chunk: String,
    },
    /// In rows of JSON beside the documents, in the same order.
    Beside {
        /// The folder that holds them.
        store: Store,
        /// The one file that serves every shard, if the user named a file.
        file: Option<String>,
    },
}

impl ProxSource {
    /// The rows at `location`: a file, or a folder with a file for each shard.
    ///
    /// # Errors
    /// If there is nothing.
    pub fn open(location: &str) -> Result<Self, RunError> {
        let location = location.trim_end_matches('/');
        let (store, file) = file_or_folder(location)?;
        if file.is_none() && store.list("")?.is_empty() {
            return Err(RunError::new(format!(
                "expected a file or a folder of rows with programs of ProX at {location}, but found \
                 nothing there"
            )));
        }
        Ok(Self::Beside { store, file })
    }

    fn name(&self) -> String {
        match self {
            Self::Rows { document, chunk } => format!("at {document} and {chunk} of the rows"),
            Self::Beside { store, file } => {
                format!("of {}", store.place(file.as_deref().unwrap_or_default()))
            }
        }
    }
}

impl Prox {
    /// Who decides.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let how = if self.as_written { "as written" } else { "as meant" };
        let partial = if self.partial { " partial" } else { "" };
        Identity {
            name: format!("programs of ProX {}, {how}", self.source.name()),
            fingerprint: format!("prox-1 {how}{partial}"),
        }
    }

    /// The programs of one shard.
    pub(crate) fn open(&self, shard: &InputShard) -> Result<ProxReader, String> {
        let (store, file) = match &self.source {
            ProxSource::Rows { document, chunk } => {
                return Ok(ProxReader::Rows([document.clone(), chunk.clone()]));
            }
            ProxSource::Beside { store, file } => (store, file),
        };
        let path = match file {
            Some(file) => file.clone(),
            None => path_for(store, &shard.name)?,
        };
        let rows = JsonReader::open(store, &path).map_err(|error| error.to_string())?;
        let reader = BesideReader { rows, next: None, read: 0, partial: self.partial };
        Ok(ProxReader::Beside(Box::new(reader)))
    }

    /// What these programs make of a text.
    pub(crate) fn decide(&self, text: &str, programs: &ProxPrograms, policy: Policy) -> Decided {
        if programs.is_empty() {
            let why = "expected a program of ProX for this document, but found none";
            let decided = unrefined(text, &RefineError::skip("no_program", why));
            return Decided { rewritten: self.as_written.then(|| text.to_owned()), ..decided };
        }
        let mut found = Carrying::default();
        let decided = if found.drops(text, programs.document.as_deref(), self.as_written) {
            dropped(text, Dropped { step: DOCUMENT.to_owned(), ..drop_of("drop_doc") })
        } else {
            match &programs.chunk {
                None => plain(text, Deletions::none()),
                Some(chunk) if self.as_written => found.as_written(text, chunk),
                Some(chunk) => found.as_meant(text, chunk, policy),
            }
        };
        found.onto(text, decided, self.as_written)
    }
}

/// The file below a folder that has the programs of a shard: of the same name but for the suffixes.
fn path_for(store: &Store, shard: &str) -> Result<String, String> {
    let stem = ShardName::parse(shard).map_or(shard, |name| name.stem);
    for suffix in ["jsonl", "jsonl.zst", "jsonl.gz", "json", "json.gz", "ndjson"] {
        let path = format!("{stem}.{suffix}");
        if store.exists(&path).map_err(|error| error.to_string())? {
            return Ok(path);
        }
    }
    let place = store.place(stem);
    Err(format!("expected programs of ProX in {place}.jsonl (or .zst, .gz), but found none"))
}

/// The programs of one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProxPrograms {
    document: Option<String>,
    chunk: Option<String>,
}

impl ProxPrograms {
    const fn is_empty(&self) -> bool {
        self.document.is_none() && self.chunk.is_none()
    }

    /// Those of a row: `doc_program` and `chunk_program` as ProX names them, also below `metadata`, or
    /// both in one `program`.
    fn of_row(row: &Value) -> Self {
        let string = |key: &str| {
            let found = row.get(key).or_else(|| row.get("metadata")?.get(key));
            found.and_then(Value::as_str).map(str::to_owned)
        };
        let (document, chunk) = (string("doc_program"), string("chunk_program"));
        match (&document, &chunk, string("program")) {
            (None, None, Some(program)) => {
                let (document, chunk) = prox::parted(&program);
                Self { document, chunk }
            }
            _ => Self { document, chunk },
        }
    }
}

/// The programs of one shard.
pub(crate) enum ProxReader {
    /// In the rows of the documents, at these keys.
    Rows([String; 2]),
    /// Beside them.
    Beside(Box<BesideReader>),
}

/// Reads rows beside the documents.
pub(crate) struct BesideReader {
    rows: JsonReader<Value>,
    /// The next row, where it was looked at already, and its id.
    next: Option<(String, ProxPrograms)>,
    read: u64,
    partial: bool,
}

impl ProxReader {
    /// The programs of the good documents of a batch.
    pub(crate) fn take(
        &mut self,
        batch: &Decoded,
        documents: &mut dyn Iterator<Item = Document<'_>>,
    ) -> Result<Vec<ProxPrograms>, String> {
        match self {
            Self::Beside(reader) => documents.map(|of| reader.next_for(of.id)).collect(),
            Self::Rows(keys) => {
                let values = batch.values(&keys.each_ref().map(String::as_str));
                let good = (0..batch.len()).filter(|&at| batch.document(at).is_ok());
                let programs = good.map(|at| {
                    let mut found = values[at].iter().cloned();
                    let (document, chunk) = (found.next().flatten(), found.next().flatten());
                    ProxPrograms { document, chunk }
                });
                Ok(programs.collect())
            }
        }
    }

    /// Checks that no programs are left over.
    pub(crate) fn finish(self) -> Result<(), String> {
        match self {
            Self::Rows(_) => Ok(()),
            Self::Beside(mut reader) => match reader.peek()? {
                None => Ok(()),
                Some((id, _)) => {
                    let (id, row) = (id.clone(), reader.read);
                    Err(format!(
                        "expected programs of ProX for the documents alone, in their order, but \
                         found row {row} for {id}"
                    ))
                }
            },
        }
    }
}

impl BesideReader {
    fn peek(&mut self) -> Result<Option<&(String, ProxPrograms)>, String> {
        if self.next.is_none()
            && let Some(row) = self.rows.next_row().map_err(|error| error.to_string())?
        {
            self.read += 1;
            let id = match row.get("id") {
                Some(Value::String(id)) => id.clone(),
                Some(Value::Number(id)) => id.to_string(),
                _ => {
                    let row = self.read;
                    return Err(format!("expected an id in row {row} of programs, but found none"));
                }
            };
            self.next = Some((id, ProxPrograms::of_row(&row)));
        }
        Ok(self.next.as_ref())
    }

    fn next_for(&mut self, id: &str) -> Result<ProxPrograms, String> {
        let partial = self.partial;
        let found = match self.peek()? {
            Some((next, _)) if next == id => None,
            _ if partial => return Ok(ProxPrograms::default()),
            Some((next, _)) => Some(format!("those for {next}")),
            None => Some("no further row".to_owned()),
        };
        match (found, self.next.take()) {
            (None, Some((_, programs))) => Ok(programs),
            (found, _) => Err(format!(
                "expected programs of ProX for {id}, but found {} (--partial leaves documents \
                 without programs as they are)",
                found.unwrap_or_default()
            )),
        }
    }
}

/// What is found while the programs of a document are carried out.
#[derive(Default)]
struct Carrying {
    steps: Vec<(&'static str, StepTally)>,
    refused: Vec<RefusedCall>,
    voided: bool,
    /// What ProX's own executor says, and its text.
    fate: Option<AsWritten>,
    rewritten: Option<String>,
}

impl Carrying {
    /// Whether the document is dropped as a whole.
    fn drops(&mut self, text: &str, program: Option<&str>, as_written: bool) -> bool {
        let Some(program) = program else { return false };
        let drops = if as_written {
            prox::drops_document(program)
        } else {
            let choice = prox::read_document(program);
            self.refused.extend(choice.refused);
            choice.drops
        };
        let step = step_of(text, &Deletions::none());
        self.steps.push((DOCUMENT, if drops { dropping(&step) } else { step }));
        drops
    }

    /// The program as it was meant; with too many refused calls it is void, as on every road.
    fn as_meant(&mut self, text: &str, program: &str, policy: Policy) -> Decided {
        let taken = prox::read(program, text);
        self.voided = taken.refused.len() > policy.max_refused;
        self.refused.extend(taken.refused);
        let deletions = if self.voided { Deletions::none() } else { taken.deletions };
        self.steps.push((CHUNK, step_of(text, &deletions)));
        plain(text, deletions)
    }

    /// The program as ProX carries it out. What it makes of the text is taken over where it is a
    /// deletion; a document to which it adds text stays as it is.
    fn as_written(&mut self, text: &str, program: &str) -> Decided {
        let done = prox::execute_as_written(text, program);
        self.fate = Some(AsWritten { fate: done.fate, errors: done.errors });
        self.voided = done.fate == Fate::Voided;
        let mut step = step_of(text, &Deletions::none());
        let decided = match done.fate {
            Fate::NearlyEmptied | Fate::TooShort => {
                step = dropping(&step);
                dropped(text, left_too_little(&done))
            }
            Fate::Crashed => {
                let why = "expected a word, by whose number ProX divides, but found none";
                unrefined(text, &RefineError::skip("prox_crashes", why))
            }
            Fate::Voided => plain(text, Deletions::none()),
            Fate::Refined => match deletions_of(text, &done.text) {
                Some(deletions) => {
                    step = step_of(text, &deletions);
                    plain(text, deletions)
                }
                None => {
                    let mut decided = plain(text, Deletions::none());
                    decided.row.withheld = Some(ADDS_TEXT.to_owned());
                    decided
                }
            },
        };
        self.steps.push((CHUNK, step));
        self.rewritten = Some(done.text);
        decided
    }

    fn onto(self, text: &str, decided: Decided, as_written: bool) -> Decided {
        let Self { steps, refused, voided, fate, rewritten } = self;
        let found = Found { dropped: decided.dropped.clone(), prox: fate, ..Found::default() };
        let mut row = decided.row;
        row.rules = found.value();
        row.refused = refused.iter().map(|call| json!(call)).collect();
        let left = || if decided.dropped.is_some() { String::new() } else { text.to_owned() };
        Decided {
            row,
            steps,
            refused: refused.iter().map(|call| call.reason).collect(),
            voided_chunks: u64::from(voided),
            rewritten: as_written.then(|| rewritten.unwrap_or_else(left)),
            ..decided
        }
    }
}

/// What is deleted from `text` to leave `refined`, if that can be said.
fn deletions_of(text: &str, refined: &str) -> Option<Deletions> {
    if text == refined {
        return Some(Deletions::none());
    }
    let distilled = distill(text, refined);
    distilled.residue.is_empty().then_some(distilled.deletions)
}

#[expect(clippy::cast_precision_loss, reason = "words of a text are far fewer than 2^53")]
fn left_too_little(done: &Executed) -> Dropped {
    let (left, all) = (done.words_left as f64, done.words as f64);
    let (rule, value, threshold) = match done.fate {
        Fate::NearlyEmptied => ("nearly_emptied", left / all, prox::LEAST_LEFT),
        _ => ("too_short", left, prox::SHORT as f64),
    };
    Dropped { value: Some(value), threshold: Some(threshold), ..drop_of(rule) }
}

fn drop_of(rule: &str) -> Dropped {
    Dropped { step: CHUNK.to_owned(), rule: rule.to_owned(), value: None, threshold: None }
}

fn dropping(step: &StepTally) -> StepTally {
    StepTally { dropped: 1, lengths_after: Lengths::default(), ..*step }
}

fn plain(text: &str, deletions: Deletions) -> Decided {
    let row = scored_row(text, &deletions, None, Score::ONE);
    Decided::plain(deletions, row)
}

fn dropped(text: &str, dropped: Dropped) -> Decided {
    Decided { dropped: Some(dropped), ..plain(text, Deletions::none()) }
}
