//! A remote object as a reader: chunks are fetched ahead while earlier ones are read.

use crate::error::StoreError;
use crate::runtime;
use bytes::{Buf, Bytes};
use futures::StreamExt;
use futures::stream::BoxStream;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, sync_channel};

/// Chunks that wait to be read: enough to hide latency, little enough to hold.
const CHUNKS_AHEAD: usize = 16;

pub(super) struct StreamReader {
    chunks: Receiver<object_store::Result<Bytes>>,
    chunk: Bytes,
    place: String,
}

impl StreamReader {
    pub(super) fn start(
        mut stream: BoxStream<'static, object_store::Result<Bytes>>,
        place: String,
    ) -> Result<Self, StoreError> {
        let (sender, chunks) = sync_channel(CHUNKS_AHEAD);
        runtime::spawn(async move {
            let mut sender = Some(sender);
            while let (Some(chunk), Some(s)) = (stream.next().await, sender.take()) {
                sender = hand_over(s, chunk).await;
            }
        })?;
        Ok(Self { chunks, chunk: Bytes::new(), place })
    }
}

/// Hand a chunk to the reader, off the runtime's own threads since it may wait there; `None` when
/// the reader is gone.
async fn hand_over<T: Send + 'static>(
    sender: std::sync::mpsc::SyncSender<T>,
    chunk: T,
) -> Option<std::sync::mpsc::SyncSender<T>> {
    use std::sync::mpsc::TrySendError;
    match sender.try_send(chunk) {
        Ok(()) => Some(sender),
        Err(TrySendError::Disconnected(_)) => None,
        Err(TrySendError::Full(chunk)) => {
            let sent = tokio::task::spawn_blocking(move || sender.send(chunk).map(|()| sender));
            sent.await.ok()?.ok()
        }
    }
}

impl Read for StreamReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.chunks.recv() {
                Ok(Ok(chunk)) => self.chunk = chunk,
                Ok(Err(error)) => {
                    let error = StoreError::from_object_store("read", &self.place, &error);
                    return Err(error.into());
                }
                Err(_) => return Ok(0),
            }
        }
        let count = into.len().min(self.chunk.len());
        self.chunk.copy_to_slice(&mut into[..count]);
        Ok(count)
    }
}
