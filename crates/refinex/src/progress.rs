//! What a run tells while it goes on.

use refinex_core::Tally;

/// Hears of the progress of a run. Calls come from many threads.
pub trait Progress: Sync {
    /// A shard of so many stored bytes begins.
    fn shard_begins(&self, shard: &str, stored_bytes: u64);
    /// More of a shard was done: what has come since the last call, and the stored bytes read so
    /// far.
    fn shard_advances(&self, shard: &str, more: &Tally, stored_bytes_read: u64);
    /// A shard is done, or failed for this reason.
    fn shard_ends(&self, shard: &str, failure: Option<&str>);
    /// A shard was done before.
    fn shard_skipped(&self, shard: &str, stored_bytes: u64);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn shard_begins(&self, _: &str, _: u64) {}
    fn shard_advances(&self, _: &str, _: &Tally, _: u64) {}
    fn shard_ends(&self, _: &str, _: Option<&str>) {}
    fn shard_skipped(&self, _: &str, _: u64) {}
}
