//! Where stored programs of ProX are, and which is whose.

use crate::error::RunError;
use crate::stored::file_or_folder;
use refinex_core::Document;
use refinex_corpus::{Decoded, JsonReader, ShardName, Store};
use refinex_rules::prox;
use serde_json::Value;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// In a folder that has a file of rows for each shard, in the order of its documents.
    Folder(Store),
    /// In one file of rows for all shards, in any order.
    File(Arc<ProxFile>),
}

/// Programs of ProX by the ids of their documents, held in memory.
#[derive(Debug)]
pub struct ProxFile {
    place: String,
    of: HashMap<String, FiledPrograms>,
}

#[derive(Debug)]
struct FiledPrograms {
    programs: ProxPrograms,
    row: u64,
    /// Whether a document had them: another one of the same id must not.
    used: AtomicBool,
}

impl ProxSource {
    /// The rows at `location`: a file, or a folder with a file for each shard.
    ///
    /// # Errors
    /// If there is nothing, or the file has a row that is none.
    pub fn open(location: &str) -> Result<Self, RunError> {
        let location = location.trim_end_matches('/');
        match file_or_folder(location)? {
            (store, Some(file)) => Ok(Self::File(Arc::new(ProxFile::read(&store, &file)?))),
            (store, None) if store.list("")?.is_empty() => Err(RunError::new(format!(
                "expected a file or a folder of rows with programs of ProX at {location}, but found \
                 nothing there"
            ))),
            (store, None) => Ok(Self::Folder(store)),
        }
    }

    /// Where they are, for people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Rows { document, chunk } => format!("at {document} and {chunk} of the rows"),
            Self::Folder(store) => format!("of {}", store.place("")),
            Self::File(file) => format!("of {}", file.place),
        }
    }

    /// The programs of one shard.
    pub(crate) fn open_shard(&self, shard: &str, partial: bool) -> Result<ProxReader, String> {
        let store = match self {
            Self::Rows { document, chunk } => {
                return Ok(ProxReader::Rows([document.clone(), chunk.clone()]));
            }
            Self::File(file) => return Ok(ProxReader::File { file: Arc::clone(file), partial }),
            Self::Folder(store) => store,
        };
        let path = path_for(store, shard)?;
        let rows = JsonReader::open(store, &path).map_err(|error| error.to_string())?;
        let reader = BesideReader { rows, next: None, read: 0, partial };
        Ok(ProxReader::Beside(Box::new(reader)))
    }
}

impl ProxFile {
    fn read(store: &Store, path: &str) -> Result<Self, RunError> {
        let mut file = Self { place: store.place(path), of: HashMap::new() };
        let fail = |why: &str| RunError::new(format!("{}: {why}", store.place(path)));
        let mut rows =
            JsonReader::open(store, path).map_err(|error| RunError::new(error.to_string()))?;
        let mut number = 0;
        while let Some(row) = rows.next_row().map_err(|error| RunError::new(error.to_string()))? {
            number += 1;
            file.add(number, &row).map_err(|why| fail(&why))?;
        }
        Ok(file)
    }

    fn add(&mut self, row: u64, value: &Value) -> Result<(), String> {
        match self.of.entry(id_of(value, row)?) {
            Entry::Occupied(first) => Err(format!(
                "expected one row for each document, but found rows {} and {row} for {}",
                first.get().row,
                first.key()
            )),
            Entry::Vacant(free) => {
                let programs = ProxPrograms::of_row(value);
                free.insert(FiledPrograms { programs, row, used: AtomicBool::new(false) });
                Ok(())
            }
        }
    }

    fn take(&self, id: &str, partial: bool) -> Result<ProxPrograms, String> {
        match self.of.get(id) {
            Some(found) if found.used.swap(true, Ordering::Relaxed) => Err(format!(
                "expected one document for row {} of {}, but found a second one with the id {id}",
                found.row, self.place
            )),
            Some(found) => Ok(found.programs.clone()),
            None if partial => Ok(ProxPrograms::default()),
            None => Err(format!(
                "expected programs of ProX for {id} in {}, but found none (--partial leaves \
                 documents without programs as they are)",
                self.place
            )),
        }
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

/// The id of a row of programs, by its number.
fn id_of(row: &Value, number: u64) -> Result<String, String> {
    match row.get("id") {
        Some(Value::String(id)) => Ok(id.clone()),
        Some(Value::Number(id)) => Ok(id.to_string()),
        _ => Err(format!("expected an id in row {number} of programs, but found none")),
    }
}

/// The programs of one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProxPrograms {
    pub document: Option<String>,
    pub chunk: Option<String>,
}

impl ProxPrograms {
    pub const fn is_empty(&self) -> bool {
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
    /// In a file for all shards.
    File { file: Arc<ProxFile>, partial: bool },
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
            Self::File { file, partial } => {
                documents.map(|of| file.take(of.id, *partial)).collect()
            }
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

    /// Checks that no programs are left over; those of a file for all shards may be another shard's.
    pub(crate) fn finish(self) -> Result<(), String> {
        match self {
            Self::Rows(_) | Self::File { .. } => Ok(()),
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
            let id = id_of(&row, self.read)?;
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
