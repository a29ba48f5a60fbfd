//! Bytes are counted and fingerprinted as they pass.

use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use xxhash_rust::xxh3::Xxh3Default;

/// A file that was written: where, how large, and its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSummary {
    /// Path relative to the store.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// XXH3 (64 bits, seed 0) of the bytes as they are stored, 16 hexadecimal digits.
    pub xxh3: String,
}

/// Passes bytes through to or from `inner`, counting and hashing them.
pub(crate) struct Metered<T> {
    inner: T,
    bytes: u64,
    hash: Xxh3Default,
}

impl<T> Metered<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self { inner, bytes: 0, hash: Xxh3Default::new() }
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn xxh3(&self) -> String {
        format!("{:016x}", self.hash.digest())
    }

    /// Size and fingerprint of what has passed.
    pub(crate) fn fingerprint(&self) -> (u64, String) {
        (self.bytes(), self.xxh3())
    }

    pub(crate) fn into_inner(self) -> T {
        self.inner
    }

    fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.take(&into[..count]);
        Ok(count)
    }
}

impl<W: Write> Write for Metered<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.take(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_the_published_xxh3() {
        let mut meter = Metered::new(Vec::new());
        meter.write_all(b"").unwrap();
        assert_eq!(meter.xxh3(), "2d06800538d394c2");
        meter.write_all(b"abc").unwrap();
        assert_eq!((meter.bytes(), meter.xxh3().as_str()), (3, "78af5f94892f3950"));
    }
}
