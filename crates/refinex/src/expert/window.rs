//! Seed documents, gathered until there are enough chunks to keep all requests busy.

use crate::expert::seeds::Seeds;
use crate::expert::settings::ExpertRun;
use refinex_core::{Bytes, Chunk, Chunker};
use refinex_corpus::{BadRow, InputShard, InputSummary, ShardReader};

/// A document to ask about.
pub(crate) struct SeedDocument {
    pub row: u64,
    pub id: String,
    pub text: String,
}

/// Documents that are asked about together, and the rows that stood between them.
#[derive(Default)]
pub(crate) struct Window {
    pub documents: Vec<SeedDocument>,
    pub bad: Vec<BadRow>,
    pub left_out: u64,
    /// Bytes of text in all good rows.
    pub text_bytes: u64,
}

impl Window {
    pub(crate) const fn rows(&self) -> u64 {
        self.documents.len() as u64 + self.bad.len() as u64 + self.left_out
    }
}

/// Reads the seeds of a shard, window by window.
pub(crate) struct SeedReader<'a> {
    reader: ShardReader,
    shard: &'a InputShard,
    seeds: &'a Seeds,
    /// Bytes of text that make a window.
    wanted: usize,
}

impl<'a> SeedReader<'a> {
    pub(crate) fn open(
        shard: &'a InputShard,
        run: &ExpertRun,
        seeds: &'a Seeds,
        chunks_wanted: usize,
    ) -> Result<Self, String> {
        let reader = ShardReader::open(shard, &run.read()).map_err(|error| error.to_string())?;
        Ok(Self { reader, shard, seeds, wanted: chunks_wanted.max(1) })
    }

    /// The next window; `None` at the end. It has about as many documents as chunks are wanted, or
    /// fewer where they are long.
    pub(crate) fn next(&mut self, chunk_bytes: usize) -> Result<Option<Window>, String> {
        let mut window = Window::default();
        let mut chunks = 0;
        while chunks < self.wanted {
            let Some(batch) = self.reader.next_batch().map_err(|error| error.to_string())? else {
                break;
            };
            let decoded = batch.decode();
            for at in 0..decoded.len() {
                match decoded.document(at) {
                    Err(bad) => window.bad.push(bad.clone()),
                    Ok(document) => {
                        window.text_bytes += document.text.len() as u64;
                        let row = decoded.row_number(at);
                        if !self.seeds.holds(&self.shard.name, row) {
                            window.left_out += 1;
                            continue;
                        }
                        chunks += 1 + document.text.len() / chunk_bytes;
                        let (id, text) = (document.id.to_owned(), document.text.to_owned());
                        window.documents.push(SeedDocument { row, id, text });
                    }
                }
            }
        }
        Ok((window.rows() > 0).then_some(window))
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.reader.bytes_read()
    }

    pub(crate) fn finish(self) -> Result<InputSummary, String> {
        self.reader.finish().map_err(|error| error.to_string())
    }
}

/// The chunks of all documents of a window that hold more than white space, and those of each.
pub(crate) struct WindowChunks<'w> {
    /// All chunks of each document.
    pub of_document: Vec<Vec<Chunk<'w>>>,
    /// Those that are asked about, in order.
    pub asked: Vec<Chunk<'w>>,
}

impl<'w> WindowChunks<'w> {
    pub(crate) fn of(window: &'w Window, chunker: &Chunker) -> Self {
        let chunks = |document: &'w SeedDocument| chunker.chunks(&document.text, &Bytes);
        let of_document: Vec<Vec<Chunk<'w>>> = window.documents.iter().map(chunks).collect();
        let asked = of_document.iter().flatten().filter(|chunk| !is_blank(chunk));
        let asked = asked.copied().collect();
        Self { of_document, asked }
    }
}

/// Whether a chunk holds nothing that could be rewritten.
pub(crate) fn is_blank(chunk: &Chunk<'_>) -> bool {
    chunk.text().trim().is_empty()
}
