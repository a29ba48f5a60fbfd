//! A remote object that is read at any place, in blocks that are kept for a while.

use super::Store;
use crate::error::StoreError;
use bytes::{Buf, Bytes, BytesMut};
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes fetched at once.
const BLOCK: u64 = 4 << 20;
/// Blocks kept: 128 MiB, so that the columns of a row group can be read side by side.
const KEPT: usize = 32;

/// A remote object with a small cache of its blocks. A clone shares the cache.
#[derive(Clone)]
pub(crate) struct RangedObject {
    store: Store,
    path: String,
    size: u64,
    /// Least lately used first.
    blocks: Arc<Mutex<Vec<(u64, Bytes)>>>,
}

impl RangedObject {
    pub(crate) fn new(store: Store, path: String, size: u64) -> Self {
        Self { store, path, size, blocks: Arc::default() }
    }

    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// `length` bytes from `start`, or fewer where the object ends.
    pub(crate) fn bytes(&self, start: u64, length: usize) -> Result<Bytes, StoreError> {
        let end = start.saturating_add(length as u64).min(self.size);
        let mut joined = BytesMut::new();
        let mut at = start;
        while at < end {
            let block = self.block(at / BLOCK)?;
            let from = (at % BLOCK) as usize;
            let until = block.len().min(from + (end - at) as usize);
            if until <= from {
                break;
            }
            if joined.is_empty() && until - from == (end - at) as usize {
                return Ok(block.slice(from..until));
            }
            joined.extend_from_slice(&block[from..until]);
            at += (until - from) as u64;
        }
        Ok(joined.freeze())
    }

    fn block(&self, number: u64) -> Result<Bytes, StoreError> {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match blocks.iter().position(|(held, _)| *held == number) {
            Some(at) => blocks.remove(at).1,
            None => {
                let start = number * BLOCK;
                self.store.range(&self.path, start..(start + BLOCK).min(self.size))?
            }
        };
        if blocks.len() >= KEPT {
            blocks.remove(0);
        }
        blocks.push((number, found.clone()));
        Ok(found)
    }

    pub(crate) fn read_from(&self, start: u64) -> RangedReader {
        RangedReader { object: self.clone(), at: start, held: Bytes::new() }
    }
}

/// A reader of a [`RangedObject`] from some place on.
pub(crate) struct RangedReader {
    object: RangedObject,
    at: u64,
    held: Bytes,
}

impl Read for RangedReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.held.is_empty() {
            let rest = (BLOCK - self.at % BLOCK) as usize;
            self.held = self.object.bytes(self.at, rest)?;
            self.at += self.held.len() as u64;
        }
        let count = into.len().min(self.held.len());
        self.held.copy_to_slice(&mut into[..count]);
        Ok(count)
    }
}
