//! Writing floats to a safetensors file without holding the file in memory.

use std::collections::BTreeMap;
use std::io::{self, Write};
use xxhash_rust::xxh3::Xxh3Default;

/// A tensor to be written: name, dimensions, values.
pub(crate) struct Floats<'a> {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) values: &'a [f32],
}

/// Tensors in f32 and facts about them, to be written to one safetensors file.
#[derive(Default)]
pub struct FloatsFile<'a> {
    facts: BTreeMap<&'static str, String>,
    tensors: Vec<Floats<'a>>,
}

impl<'a> FloatsFile<'a> {
    pub(crate) fn fact(&mut self, name: &'static str, value: impl ToString) {
        self.facts.insert(name, value.to_string());
    }

    pub(crate) fn add(&mut self, name: impl Into<String>, shape: &[usize], values: &'a [f32]) {
        self.tensors.push(Floats { name: name.into(), shape: shape.to_vec(), values });
    }

    /// Adds what tells a changed or broken file, to be added last.
    pub(crate) fn checksum(&mut self) {
        self.tensors.sort_by(|a, b| a.name.cmp(&b.name));
        let mut hash = Xxh3Default::new();
        let feed = |bytes: &[u8]| {
            hash.update(bytes);
            Ok(())
        };
        // Hashing cannot fail.
        let _ = self.each_part(feed);
        let sum = hash.digest();
        self.fact("checksum", format!("{sum:016x}"));
    }

    /// Writes the file.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut header = serde_json::Map::new();
        header.insert("__metadata__".to_owned(), serde_json::json!(self.facts));
        let mut at = 0;
        for Floats { name, shape, values } in &self.tensors {
            let end = at + 4 * values.len();
            let place = serde_json::json!({
                "dtype": "F32", "shape": shape, "data_offsets": [at, end],
            });
            header.insert(name.clone(), place);
            at = end;
        }
        let mut header = serde_json::to_vec(&header)?;
        header.resize(header.len().next_multiple_of(8), b' ');
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        self.each_part(|bytes| out.write_all(bytes))
    }

    /// The bytes of all values, some at a time.
    fn each_part(&self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut bytes = Vec::new();
        for part in self.tensors.iter().flat_map(|tensor| tensor.values.chunks(1 << 16)) {
            bytes.clear();
            part.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
            take(&bytes)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensors::Tensors;

    #[test]
    fn what_is_written_is_read_and_its_checksum_is_right() {
        let values: Vec<f32> = (0..70_000).map(|at| at as f32 * 0.5).collect();
        let mut file = FloatsFile::default();
        file.fact("step", 7);
        file.add("weights", &[2, 35_000], &values);
        file.add("mean", &[3], &[1.0, 2.0, 3.0]);
        file.checksum();
        let mut bytes = Vec::new();
        file.write(&mut bytes).unwrap();
        let read = Tensors::open(&bytes).unwrap();
        read.check().unwrap();
        assert_eq!(read.number::<usize>("step").unwrap(), 7);
        assert_eq!(read.floats("weights").unwrap(), (values, vec![2, 35_000]));
        assert_eq!(read.floats_of("mean", 3).unwrap(), [1.0, 2.0, 3.0]);
    }
}
