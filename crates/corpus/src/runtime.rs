//! The one asynchronous runtime of this crate, behind a synchronous face.

use crate::error::StoreError;
use std::future::Future;
use std::sync::OnceLock;
use std::sync::mpsc::sync_channel;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();

fn runtime() -> Result<&'static Runtime, StoreError> {
    let made = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("refinex-store")
            .enable_all()
            .build()
            .map_err(|error| error.to_string())
    });
    made.as_ref().map_err(|error| {
        StoreError::other(format!("expected to start the threads for storage, but found {error}"))
    })
}

/// Run `future` on the shared runtime and wait for its value.
///
/// The future is spawned rather than driven here, so that a caller that is itself inside some
/// other asynchronous runtime blocks, but does not panic.
pub(crate) fn wait<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> Result<T, StoreError> {
    let (sender, receiver) = sync_channel(1);
    spawn(async move {
        let _ = sender.send(future.await);
    })?;
    receiver
        .recv()
        .map_err(|_| StoreError::other("expected an answer of the store, but its task broke off"))
}

/// Run `future` on the shared runtime without waiting.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Result<(), StoreError> {
    runtime()?.spawn(future);
    Ok(())
}
