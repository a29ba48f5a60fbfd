//! Writing one object so that it is seen whole or not at all.

use super::destination::Destination;
use crate::error::StoreError;
use crate::runtime;
use bytes::Bytes;
use object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, RenameTargetMode, WriteMultipart,
};
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
    to: Destination,
    place: String,
    buffer: Vec<u8>,
    upload: Option<WriteMultipart>,
}

impl AtomicWriter {
    pub(super) fn new(objects: Arc<dyn ObjectStore>, to: Destination, place: String) -> Self {
        Self { objects, to, place, buffer: Vec::new(), upload: None }
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
        let (objects, to) = (Arc::clone(&self.objects), self.to.clone());
        if self.upload.is_none() {
            let bytes = Bytes::from(std::mem::take(&mut self.buffer));
            let put = async move { to.put(&objects, bytes, PutMode::Overwrite).await };
            return self.said(runtime::wait(put)?);
        }
        self.send()?;
        let Some(upload) = self.upload.take() else { return Ok(()) };
        let (wrote, finished) = runtime::wait(async move {
            let mut upload = upload;
            // Errors of parts, such as a full disk, are told by themselves: `finish` hides them.
            match upload.wait_for_capacity(0).await {
                Err(error) => (Err(error), upload.abort().await),
                Ok(()) => (Ok(()), upload.finish().await.map(drop)),
            }
        })?;
        self.said(wrote)?;
        self.in_place(finished)?;
        let publish = async move { to.publish(&objects, RenameTargetMode::Overwrite).await };
        self.in_place(runtime::wait(publish)?)
    }

    /// Of a file whose bytes are all written, only its place can be amiss.
    fn in_place(&self, result: object_store::Result<()>) -> Result<(), StoreError> {
        result.map_err(|error| {
            StoreError::other(format!(
                "expected to write {}, but found that its unfinished file cannot be put in place \
                 (does another process write it too?): {error}",
                self.place
            ))
        })
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
        let (objects, to) = (Arc::clone(&self.objects), self.to.clone());
        let begun = async move { objects.put_multipart(to.written_at()).await };
        self.said(runtime::wait(begun)?)
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
