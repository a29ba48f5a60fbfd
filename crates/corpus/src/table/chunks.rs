//! The bytes of a Parquet file at any place: the file itself, or ranges of a remote object.

use crate::error::StoreError;
use crate::store::{RangedObject, Store};
use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};
use std::fs::File;
use std::io::Read;
use std::sync::Arc;

/// The bytes of a Parquet file. A clone shares them.
#[derive(Clone)]
pub(crate) enum Chunks {
    File(Arc<File>),
    Ranged(RangedObject),
}

impl Chunks {
    pub(crate) fn open(
        store: &Store,
        path: &str,
        size: u64,
    ) -> std::result::Result<Self, StoreError> {
        Ok(match store.file(path)? {
            Some(file) => Self::File(Arc::new(file)),
            None => Self::Ranged(RangedObject::new(store.clone(), path.to_string(), size)),
        })
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        match self {
            Self::File(file) => Length::len(file.as_ref()),
            Self::Ranged(object) => object.size(),
        }
    }
}

impl ChunkReader for Chunks {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(match self {
            Self::File(file) => Box::new(file.get_read(start)?),
            Self::Ranged(object) => Box::new(object.read_from(start)),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        match self {
            Self::File(file) => file.get_bytes(start, length),
            Self::Ranged(object) => {
                let bytes = object
                    .bytes(start, length)
                    .map_err(|error| ParquetError::External(Box::new(error)))?;
                if bytes.len() == length {
                    return Ok(bytes);
                }
                let found = bytes.len();
                Err(ParquetError::EOF(format!("expected {length} bytes, but found {found}")))
            }
        }
    }
}
