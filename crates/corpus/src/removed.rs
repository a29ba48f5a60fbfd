//! Documents that rules left out, written down with the reason.

use crate::compression::PackedWriter;
use crate::error::StoreError;
use crate::format::Compression;
use crate::jsonl::literal::quote_onto;
use crate::meter::FileSummary;
use crate::store::Store;

/// Writes rows of JSON that a shard has beside its documents, such as those that rules left out, as
/// [`Decoded::encode_removed`](crate::Decoded::encode_removed) makes them. Without any there is no
/// file.
pub struct ExtraWriter {
    store: Store,
    path: String,
    file: Option<PackedWriter>,
}

impl ExtraWriter {
    /// A writer of rows at `path` of the store.
    #[must_use]
    pub fn create(store: &Store, path: &str) -> Self {
        Self { store: store.clone(), path: path.to_string(), file: None }
    }

    /// Write rows behind those before.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&mut self, rows: &[u8]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        if self.file.is_none() {
            let file = PackedWriter::create(&self.store, &self.path, Compression::Zst, 3)?;
            self.file = Some(file);
        }
        self.file.as_mut().map_or(Ok(()), |file| file.write(rows))
    }

    /// Make the file visible, or, if nothing was left out, see to it that there is none.
    ///
    /// # Errors
    /// If the last bytes cannot be written.
    pub fn finish(self) -> Result<Option<FileSummary>, StoreError> {
        match self.file {
            Some(file) => file.finish().map(Some),
            None => self.store.delete(&self.path).map(|()| None),
        }
    }
}

/// Lines of JSON objects with a reason each.
pub(crate) fn with_reasons<'a>(json: &[u8], reasons: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let lines = json.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let mut out = Vec::with_capacity(json.len());
    for (line, reason) in lines.zip(reasons) {
        // Every row has a text, so its object is not empty.
        let line = line.trim_ascii_end();
        out.extend_from_slice(line.strip_suffix(b"}").unwrap_or(line));
        out.extend_from_slice(b",\"filter_reason\":");
        quote_onto(&mut out, reason);
        out.extend_from_slice(b"}\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_gets_its_reason_as_its_last_key() {
        let found =
            with_reasons(b"{\"text\":\"a\"} \r\n{\"text\":\"}\"}\n", ["c4/x", "y\""].into_iter());
        assert_eq!(
            String::from_utf8(found).unwrap(),
            "{\"text\":\"a\",\"filter_reason\":\"c4/x\"}\n{\"text\":\"}\",\"filter_reason\":\"y\\\"\"}\n"
        );
    }

    #[test]
    fn without_removed_documents_no_file_is_left() {
        let store = Store::memory();
        store.put("removed/x", "old").unwrap();
        let mut writer = ExtraWriter::create(&store, "removed/x");
        writer.write(b"").unwrap();
        assert_eq!(writer.finish().unwrap(), None);
        assert!(!store.exists("removed/x").unwrap());
    }
}
