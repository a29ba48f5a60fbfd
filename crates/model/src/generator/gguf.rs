//! Reading GGUF files, versions 2 and 3: the metadata, and the tensors as floats.
//!
//! The format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>. Files of strangers are
//! read: every length is checked against the bytes that are there before anything is made of it.

use super::blocks::Kind;
use super::unfit;
use crate::error::ModelError;
use std::collections::HashMap;
use std::fmt;

/// Most arrays inside arrays. Known files have none.
const DEEPEST: usize = 4;

/// A value of the metadata.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Number(f64),
    Bool(bool),
    Text(String),
    Numbers(Vec<f64>),
    Texts(Vec<String>),
    /// Arrays of arrays and of flags, which nothing here reads.
    Other,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Numbers(numbers) => write!(f, "{} numbers", numbers.len()),
            Self::Texts(texts) => write!(f, "{} texts", texts.len()),
            Self::Other => f.write_str("an array of another kind"),
        }
    }
}

/// Where a tensor stands.
struct Place {
    kind: Kind,
    /// Rows and columns.
    shape: [usize; 2],
    start: usize,
}

/// A GGUF file.
pub struct Gguf {
    bytes: Vec<u8>,
    facts: HashMap<String, Value>,
    places: HashMap<String, Place>,
}

impl Gguf {
    /// Whether the bytes begin as a GGUF file does.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(b"GGUF")
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If the bytes are no GGUF file, not a whole one, or hold tensors in a form that is not known
    /// here.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, ModelError> {
        let mut reader = Reader { bytes: &bytes, at: 0 };
        if !Self::is_one(&bytes) {
            let start = String::from_utf8_lossy(&bytes[..bytes.len().min(8)]).into_owned();
            return Err(unfit("a GGUF file", format!("bytes that begin {start:?}")));
        }
        reader.at = 4;
        let version = reader.u32()?;
        if !(2..=3).contains(&version) {
            return Err(unfit("a GGUF file of version 2 or 3", format!("version {version}")));
        }
        let (tensors, pairs) = (reader.u64()?, reader.u64()?);
        let mut facts = HashMap::new();
        for _ in 0..pairs {
            let (key, kind) = (reader.text()?, reader.u32()?);
            facts.insert(key, reader.value(kind, 0)?);
        }
        let mut places = HashMap::new();
        for _ in 0..tensors {
            let (name, place) = reader.place()?;
            places.insert(name, place);
        }
        let align = match facts.get("general.alignment") {
            Some(Value::Number(align)) if (1.0..=65536.0).contains(align) => *align as usize,
            Some(found) => return Err(unfit("an alignment from 1 to 65536", found)),
            None => 32,
        };
        let data = reader.at.next_multiple_of(align);
        for (name, place) in &mut places {
            place.settle(name, data, bytes.len())?;
        }
        Ok(Self { bytes, facts, places })
    }

    /// The bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the metadata have this key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.facts.contains_key(key)
    }

    fn wrong(&self, what: &str, key: &str) -> ModelError {
        let found = self.facts.get(key).map_or_else(|| "none".to_owned(), ToString::to_string);
        unfit(format!("{what} as {key} in the GGUF file"), found)
    }

    /// A text of the metadata.
    ///
    /// # Errors
    /// If there is none of this key.
    pub fn text(&self, key: &str) -> Result<&str, ModelError> {
        match self.facts.get(key) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(self.wrong("a text", key)),
        }
    }

    /// A number of the metadata.
    ///
    /// # Errors
    /// If there is none of this key.
    pub fn number(&self, key: &str) -> Result<f64, ModelError> {
        match self.facts.get(key) {
            Some(Value::Number(number)) => Ok(*number),
            _ => Err(self.wrong("a number", key)),
        }
    }

    /// A flag of the metadata, if it is there.
    #[must_use]
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.facts.get(key) {
            Some(Value::Bool(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// A whole number of the metadata.
    ///
    /// # Errors
    /// If there is none of this key.
    pub fn size(&self, key: &str) -> Result<usize, ModelError> {
        let number = self.number(key).map_err(|_| self.wrong("a whole number", key))?;
        if number.fract() == 0.0 && (0.0..=4e15).contains(&number) {
            Ok(number as usize)
        } else {
            Err(self.wrong("a whole number", key))
        }
    }

    /// Numbers of the metadata.
    ///
    /// # Errors
    /// If there are none of this key.
    pub fn numbers(&self, key: &str) -> Result<&[f64], ModelError> {
        match self.facts.get(key) {
            Some(Value::Numbers(numbers)) => Ok(numbers),
            _ => Err(self.wrong("numbers", key)),
        }
    }

    /// Texts of the metadata.
    ///
    /// # Errors
    /// If there are none of this key.
    pub fn texts(&self, key: &str) -> Result<&[String], ModelError> {
        match self.facts.get(key) {
            Some(Value::Texts(texts)) => Ok(texts),
            _ => Err(self.wrong("texts", key)),
        }
    }

    /// Whether the file has this tensor.
    #[must_use]
    pub fn has_tensor(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    fn tensor(&self, name: &str) -> Result<&Place, ModelError> {
        let expected = || format!("a tensor {name} in the GGUF file");
        self.places.get(name).ok_or_else(|| unfit(expected(), "none of this name"))
    }

    /// Rows and columns of a tensor.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn shape(&self, name: &str) -> Result<[usize; 2], ModelError> {
        Ok(self.tensor(name)?.shape)
    }

    /// How the values of a tensor are stored, and their bytes, row after row.
    ///
    /// # Errors
    /// If there is none of this name.
    pub(crate) fn stored(&self, name: &str) -> Result<(Kind, &[u8]), ModelError> {
        let place = self.tensor(name)?;
        Ok((place.kind, &self.bytes[place.start..][..place.len()]))
    }

    /// The values of a tensor, row after row.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn floats(&self, name: &str) -> Result<Vec<f32>, ModelError> {
        let (kind, bytes) = self.stored(name)?;
        Ok(kind.floats(bytes))
    }
}

impl Place {
    /// Bytes; its size was checked.
    fn len(&self) -> usize {
        self.shape[0] * self.kind.bytes_of(self.shape[1])
    }

    /// Moves the place behind the header, and sees that all of it is in the file.
    fn settle(&mut self, name: &str, data: usize, file: usize) -> Result<(), ModelError> {
        let len = self.shape[0].checked_mul(self.kind.bytes_of(self.shape[1]));
        let end = self.start.checked_add(data).zip(len).and_then(|(start, len)| {
            self.start = start;
            start.checked_add(len)
        });
        match end {
            Some(end) if end <= file => Ok(()),
            _ => Err(unfit(
                format!("all of tensor {name} in the GGUF file"),
                format!("a file that ends before, after {file} bytes; is it truncated?"),
            )),
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], ModelError> {
        let left = &self.bytes[self.at.min(self.bytes.len())..];
        if count > left.len() {
            let found = format!("the end of the file after {} bytes", self.bytes.len());
            return Err(unfit("a whole GGUF header", found));
        }
        self.at += count;
        Ok(&left[..count])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    fn u32(&mut self) -> Result<u32, ModelError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, ModelError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A length; one that does not fit memory is longer than any file.
    fn length(&mut self) -> Result<usize, ModelError> {
        Ok(usize::try_from(self.u64()?).unwrap_or(usize::MAX))
    }

    fn text(&mut self) -> Result<String, ModelError> {
        let length = self.length()?;
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    /// A number of one of the format's kinds; `None` if the kind is of no number.
    fn number(&mut self, kind: u32) -> Result<Option<f64>, ModelError> {
        Ok(Some(match kind {
            0 => f64::from(self.array::<1>()?[0]),
            1 => f64::from(i8::from_le_bytes(self.array()?)),
            2 => f64::from(u16::from_le_bytes(self.array()?)),
            3 => f64::from(i16::from_le_bytes(self.array()?)),
            4 => f64::from(self.u32()?),
            5 => f64::from(i32::from_le_bytes(self.array()?)),
            6 => f64::from(f32::from_le_bytes(self.array()?)),
            10 => self.u64()? as f64,
            11 => i64::from_le_bytes(self.array()?) as f64,
            12 => f64::from_le_bytes(self.array()?),
            _ => return Ok(None),
        }))
    }

    fn value(&mut self, kind: u32, depth: usize) -> Result<Value, ModelError> {
        if let Some(number) = self.number(kind)? {
            return Ok(Value::Number(number));
        }
        match kind {
            7 => Ok(Value::Bool(self.array::<1>()?[0] != 0)),
            8 => Ok(Value::Text(self.text()?)),
            9 if depth < DEEPEST => self.values(depth),
            9 => Err(unfit("GGUF metadata", format!("arrays {DEEPEST} deep"))),
            other => Err(unfit("a kind of GGUF metadata from 0 to 12", other)),
        }
    }

    fn values(&mut self, depth: usize) -> Result<Value, ModelError> {
        let (kind, count) = (self.u32()?, self.length()?);
        // No value takes less than a byte, so nothing longer than the file is ever made.
        if count > self.bytes.len() {
            return Err(unfit("arrays that end in the GGUF file", format!("{count} values")));
        }
        match kind {
            8 => Ok(Value::Texts((0..count).map(|_| self.text()).collect::<Result<_, _>>()?)),
            7 | 9 => {
                for _ in 0..count {
                    self.value(kind, depth + 1)?;
                }
                Ok(Value::Other)
            }
            _ => {
                let mut numbers = Vec::new();
                for _ in 0..count {
                    let number = self.number(kind)?;
                    numbers.push(
                        number
                            .ok_or_else(|| unfit("a kind of GGUF metadata from 0 to 12", kind))?,
                    );
                }
                Ok(Value::Numbers(numbers))
            }
        }
    }

    /// A tensor's name and place, counted from where the data begin.
    fn place(&mut self) -> Result<(String, Place), ModelError> {
        let (name, count) = (self.text()?, self.u32()?);
        if !(1..=4).contains(&count) {
            return Err(unfit(format!("1 to 4 dimensions of tensor {name}"), count));
        }
        let cols = self.length()?;
        let mut rows = 1usize;
        for _ in 1..count {
            rows = rows.saturating_mul(self.length()?);
        }
        let number = self.u32()?;
        let kind = Kind::of(number).ok_or_else(|| {
            unfit(
                format!(
                    "tensor {name} in F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K or Q6_K"
                ),
                format!("GGML type {number}"),
            )
        })?;
        if cols == 0 || rows == 0 || !cols.is_multiple_of(kind.block()) {
            let expected = format!("rows of tensor {name} in blocks of {}", kind.block());
            return Err(unfit(expected, format!("{rows} rows of {cols} values")));
        }
        let start = self.length()?;
        Ok((name, Place { kind, shape: [rows, cols], start }))
    }
}

/// Writing GGUF files, for tests.
#[cfg(test)]
pub(crate) mod writing {
    /// Metadata and tensors to be written.
    #[derive(Default)]
    pub(crate) struct Writer {
        pairs: (u64, Vec<u8>),
        places: (u64, Vec<u8>),
        data: Vec<u8>,
    }

    fn text(out: &mut Vec<u8>, text: &str) {
        out.extend((text.len() as u64).to_le_bytes());
        out.extend(text.as_bytes());
    }

    impl Writer {
        fn pair(&mut self, key: &str, kind: u32) -> &mut Vec<u8> {
            self.pairs.0 += 1;
            text(&mut self.pairs.1, key);
            self.pairs.1.extend(kind.to_le_bytes());
            &mut self.pairs.1
        }

        pub(crate) fn size(&mut self, key: &str, value: u32) {
            self.pair(key, 4).extend(value.to_le_bytes());
        }

        pub(crate) fn float(&mut self, key: &str, value: f32) {
            self.pair(key, 6).extend(value.to_le_bytes());
        }

        pub(crate) fn text(&mut self, key: &str, value: &str) {
            text(self.pair(key, 8), value);
        }

        pub(crate) fn texts(&mut self, key: &str, values: &[String]) {
            let out = self.pair(key, 9);
            out.extend(8u32.to_le_bytes());
            out.extend((values.len() as u64).to_le_bytes());
            values.iter().for_each(|value| text(out, value));
        }

        pub(crate) fn sizes(&mut self, key: &str, values: &[i32]) {
            let out = self.pair(key, 9);
            out.extend(5u32.to_le_bytes());
            out.extend((values.len() as u64).to_le_bytes());
            values.iter().for_each(|value| out.extend(value.to_le_bytes()));
        }

        /// Adds a tensor of rows and columns, in bytes of a GGML type.
        pub(crate) fn tensor(&mut self, name: &str, shape: [usize; 2], kind: u32, data: &[u8]) {
            self.places.0 += 1;
            let out = &mut self.places.1;
            text(out, name);
            out.extend(2u32.to_le_bytes());
            out.extend((shape[1] as u64).to_le_bytes());
            out.extend((shape[0] as u64).to_le_bytes());
            out.extend(kind.to_le_bytes());
            out.extend((self.data.len() as u64).to_le_bytes());
            self.data.extend(data);
            self.data.resize(self.data.len().next_multiple_of(32), 0);
        }

        pub(crate) fn floats(&mut self, name: &str, shape: [usize; 2], values: &[f32]) {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            self.tensor(name, shape, 0, &bytes);
        }

        pub(crate) fn bytes(&self) -> Vec<u8> {
            let mut out = b"GGUF".to_vec();
            out.extend(3u32.to_le_bytes());
            out.extend(self.places.0.to_le_bytes());
            out.extend(self.pairs.0.to_le_bytes());
            out.extend(&self.pairs.1);
            out.extend(&self.places.1);
            out.resize(out.len().next_multiple_of(32), 0);
            out.extend(&self.data);
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::writing::Writer;
    use super::*;
    use proptest::prelude::*;

    fn example() -> Vec<u8> {
        let mut file = Writer::default();
        file.text("general.architecture", "llama");
        file.size("llama.block_count", 2);
        file.float("llama.rope.freq_base", 500.0);
        file.texts("tokenizer.ggml.tokens", &["a".to_owned(), "bc".to_owned()]);
        file.sizes("tokenizer.ggml.token_type", &[1, 3]);
        file.floats("x", [2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        file.floats("y", [1, 1], &[7.0]);
        file.bytes()
    }

    fn error(bytes: &[u8]) -> String {
        Gguf::parse(bytes.to_vec()).err().unwrap().to_string()
    }

    #[test]
    fn what_is_written_is_read() {
        let file = Gguf::parse(example()).unwrap();
        assert_eq!(file.text("general.architecture").unwrap(), "llama");
        assert_eq!(file.size("llama.block_count").unwrap(), 2);
        assert_eq!(file.texts("tokenizer.ggml.tokens").unwrap(), ["a", "bc"]);
        assert_eq!(file.numbers("tokenizer.ggml.token_type").unwrap(), [1.0, 3.0]);
        assert_eq!(file.shape("x").unwrap(), [2, 3]);
        assert_eq!(file.floats("x").unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(file.floats("y").unwrap(), [7.0]);
    }

    #[test]
    fn foreign_files_and_missing_names_are_refused_in_words() {
        assert!(error(b"PK\x03\x04...").contains("a GGUF file, but found bytes that begin \"PK"));
        assert!(error(b"GGUF\x01\0\0\0").contains("version 1"));
        let file = Gguf::parse(example()).unwrap();
        let error = file.size("general.architecture").unwrap_err().to_string();
        assert!(error.ends_with("in the GGUF file, but found \"llama\""), "{error}");
        assert!(file.floats("z").unwrap_err().to_string().contains("tensor z"));
    }

    #[test]
    fn a_tensor_of_an_unknown_kind_is_named() {
        let mut file = Writer::default();
        file.tensor("odd", [1, 256], 10, &[0; 84]);
        assert!(error(&file.bytes()).contains("tensor odd in F32"), "{}", error(&file.bytes()));
    }

    #[test]
    fn arrays_in_arrays_without_end_are_refused() {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(0u64.to_le_bytes());
        bytes.extend(1u64.to_le_bytes());
        bytes.extend([1, 0, 0, 0, 0, 0, 0, 0, b'k']);
        bytes.extend(9u32.to_le_bytes());
        for _ in 0..100_000 {
            bytes.extend(9u32.to_le_bytes());
            bytes.extend(1u64.to_le_bytes());
        }
        let error = Gguf::parse(bytes).err().map(|error| error.to_string()).unwrap();
        assert!(error.contains("deep"), "{error}");
    }

    #[test]
    fn a_file_that_is_cut_anywhere_is_refused() {
        let whole = example();
        // Behind the last value stands only padding.
        let last = whole.len() - 28;
        assert!(Gguf::parse(whole[..last].to_vec()).is_ok());
        for end in 0..last {
            assert!(Gguf::parse(whole[..end].to_vec()).is_err(), "{end}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(
            at in 0usize..400, byte in any::<u8>(), more in any::<[u8; 9]>(), end in 0usize..500,
        ) {
            let mut bytes = example();
            let at = at.min(bytes.len() - 10);
            bytes[at] = byte;
            bytes[at + 1..at + 10].copy_from_slice(&more);
            bytes.truncate(end.max(4));
            if let Ok(file) = Gguf::parse(bytes) {
                file.places.keys().for_each(|name| drop(file.floats(name)));
            }
        }
    }
}
