//! Writing one object so that it is seen whole or not at all.

use crate::error::StoreError;
use crate::runtime;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, WriteMultipart};
use std::io::{self, Write};
use std::sync::Arc;

/// Bytes a part holds. Object stores allow 10,000 parts, so an object may have 160 GB.
const PART: usize = 16 << 20;
/// Parts on their way at once.
const PARTS_AT_ONCE: usize = 4;

/// A writer of one object. Nothing is visible at its path until [`finish`](Self::finish); dropped
/// before, it leaves nothing.
pub struct AtomicWriter {
    objects: Arc<dyn ObjectStore>,
    path: Path,
    place: String,
    buffer: Vec<u8>,
    upload: Option<WriteMultipart>,
}

impl AtomicWriter {
    pub(super) fn new(objects: Arc<dyn ObjectStore>, path: Path, place: String) -> Self {
        Self { objects, path, place, buffer: Vec::new(), upload: None }
    }

    /// Where the object will be, as it is written in messages.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Make the object visible at its path, in place of what was there.
    ///
    /// # Errors
    /// If the last bytes cannot be written; then nothing has changed at the path.
    pub fn finish(mut self) -> Result<(), StoreError> {
        if self.upload.is_none() {
            let (objects, path) = (Arc::clone(&self.objects), self.path.clone());
            let bytes = Bytes::from(std::mem::take(&mut self.buffer));
            return self
                .said(runtime::wait(async move { objects.put(&path, bytes.into()).await })?)
                .map(drop);
        }
        self.send()?;
        let Some(upload) = self.upload.take() else { return Ok(()) };
        self.said(runtime::wait(upload.finish())?).map(drop)
    }

    fn said<T>(&self, result: object_store::Result<T>) -> Result<T, StoreError> {
        result.map_err(|error| StoreError::from_object_store("write", &self.place, &error))
    }

    /// Send the buffer as a part, waiting while too many are on their way.
    fn send(&mut self) -> Result<(), StoreError> {
        let bytes = Bytes::from(std::mem::take(&mut self.buffer));
        let mut upload = match self.upload.take() {
            Some(upload) => upload,
            None => WriteMultipart::new_with_chunk_size(self.begin()?, PART),
        };
        let (upload, result) = runtime::wait(async move {
            let result = upload.wait_for_capacity(PARTS_AT_ONCE).await;
            if result.is_ok() && !bytes.is_empty() {
                upload.put(bytes);
            }
            (upload, result)
        })?;
        self.upload = Some(upload);
        self.said(result)
    }

    fn begin(&self) -> Result<Box<dyn MultipartUpload>, StoreError> {
        let (objects, path) = (Arc::clone(&self.objects), self.path.clone());
        self.said(runtime::wait(async move { objects.put_multipart(&path).await })?)
    }
}

impl Write for AtomicWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.capacity() == 0 {
            self.buffer.reserve(PART.min(bytes.len().max(PART / 16)));
        }
        let count = bytes.len().min(PART - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..count]);
        if self.buffer.len() == PART {
            self.send()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for AtomicWriter {
    fn drop(&mut self) {
        if let Some(upload) = self.upload.take() {
            // Parts that were sent are removed again; an error here has nobody left to hear it.
            let _ = runtime::wait(upload.abort());
        }
    }
}

impl std::fmt::Debug for AtomicWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AtomicWriter({})", self.place)
    }
}
