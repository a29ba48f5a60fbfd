//! Named tensors in a safetensors file, with a checksum.

use crate::error::ModelError;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::collections::{BTreeMap, HashMap};
use xxhash_rust::xxh3::Xxh3Default;

/// Key of the checksum among the facts.
const CHECKSUM: &str = "checksum";

/// Tensors and facts to be written.
#[derive(Default)]
pub(crate) struct TensorsToWrite {
    tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>,
    facts: BTreeMap<String, String>,
}

impl TensorsToWrite {
    /// Adds a fact: a word or a number about the whole file.
    pub(crate) fn fact(&mut self, name: &str, value: impl ToString) {
        self.facts.insert(name.to_owned(), value.to_string());
    }

    pub(crate) fn floats(&mut self, name: &str, values: &[f32]) {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.tensors.insert(name.to_owned(), (Dtype::F32, vec![values.len()], bytes));
    }

    /// Adds rounded values, rows of `cols`.
    pub(crate) fn rounded(&mut self, name: &str, values: &[i8], cols: usize) {
        let bytes = values.iter().map(|value| value.cast_unsigned()).collect();
        self.tensors.insert(name.to_owned(), (Dtype::I8, vec![values.len() / cols, cols], bytes));
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.tensors.insert(name.to_owned(), (Dtype::U8, vec![text.len()], text.into()));
    }

    /// Adds a tensor of another file as it is, under a name of its own.
    pub(crate) fn copy(
        &mut self,
        name: String,
        of: &str,
        from: &Tensors<'_>,
    ) -> Result<(), ModelError> {
        let tensor = from.tensor(of)?;
        let copied = (tensor.dtype(), tensor.shape().to_vec(), tensor.data().to_vec());
        self.tensors.insert(name, copied);
        Ok(())
    }

    /// The file. The library writes facts in any order; here the same tensors give the same bytes.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let mut header = serde_json::Map::new();
        let sum = checksum(self.tensors.values().map(|(_, _, data)| data.as_slice()));
        let mut facts: BTreeMap<&str, String> =
            self.facts.iter().map(|(name, fact)| (name.as_str(), fact.clone())).collect();
        facts.insert(CHECKSUM, format!("{sum:016x}"));
        header.insert("__metadata__".to_owned(), serde_json::json!(facts));
        // Four bytes a value first, so that all stand where they are aligned.
        let mut order: Vec<_> = self.tensors.iter().collect();
        order.sort_by_key(|(name, (kind, _, _))| (*kind != Dtype::F32, *name));
        let mut at = 0;
        for (name, (kind, shape, data)) in &order {
            let end = at + data.len();
            let place = serde_json::json!({
                "dtype": kind.to_string(), "shape": shape, "data_offsets": [at, end],
            });
            header.insert((*name).clone(), place);
            at = end;
        }
        let mut header = serde_json::to_vec(&header)
            .map_err(|error| ModelError::NotWeights { found: error.to_string() })?;
        header.resize(header.len().next_multiple_of(8), b' ');
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.append(&mut header);
        order.iter().for_each(|(_, (_, _, data))| bytes.extend_from_slice(data));
        Ok(bytes)
    }
}

fn checksum<'a>(tensors: impl Iterator<Item = &'a [u8]>) -> u64 {
    let mut hash = Xxh3Default::new();
    tensors.for_each(|data| hash.update(data));
    hash.digest()
}

/// A safetensors file that is read.
pub(crate) struct Tensors<'a> {
    file: SafeTensors<'a>,
    facts: HashMap<String, String>,
}

impl<'a> Tensors<'a> {
    /// Reads the names of a file.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let file = SafeTensors::deserialize(bytes).map_err(foreign)?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(foreign)?;
        Ok(Self { file, facts: header.metadata().clone().unwrap_or_default() })
    }

    /// Compares the checksum among the facts with the data.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let names = self.names();
        let data = names.iter().filter_map(|name| self.file.tensor(name).ok());
        let data: Vec<&[u8]> = data.map(|tensor| tensor.data()).collect();
        let found = format!("{:016x}", checksum(data.into_iter()));
        let expected = self.fact(CHECKSUM).unwrap_or("none").to_owned();
        if expected == found { Ok(()) } else { Err(ModelError::Checksum { expected, found }) }
    }

    /// A fact about the whole file.
    pub(crate) fn fact(&self, name: &str) -> Option<&str> {
        self.facts.get(name).map(String::as_str)
    }

    /// All facts, in no order.
    pub(crate) fn facts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.facts.iter().map(|(name, fact)| (name.as_str(), fact.as_str()))
    }

    /// A fact that is a number.
    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<T, ModelError> {
        let found = self.fact(name).unwrap_or("none");
        found.parse().map_err(|_| ModelError::Foreign {
            expected: format!("a number as the weights' {name}"),
            found: found.to_owned(),
        })
    }

    /// The names of all tensors, sorted.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names = self.file.names();
        names.sort_unstable();
        names
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.file.tensor(name).is_ok()
    }

    fn tensor(&self, name: &str) -> Result<TensorView<'a>, ModelError> {
        self.file.tensor(name).map_err(|_| ModelError::Foreign {
            expected: format!("a tensor {name} among the weights"),
            found: "none of this name".to_owned(),
        })
    }

    /// The values of a tensor in single or half precision, and its shape.
    pub(crate) fn floats(&self, name: &str) -> Result<(Vec<f32>, Vec<usize>), ModelError> {
        let tensor = self.tensor(name)?;
        let values: Vec<f32> = match tensor.dtype() {
            Dtype::F32 => tensor.data().chunks_exact(4).map(single).collect(),
            Dtype::F16 => tensor.data().chunks_exact(2).map(half).collect(),
            other => return Err(kind(name, "F32 or F16", other)),
        };
        if values.iter().any(|value| !value.is_finite()) {
            return Err(ModelError::Value { what: "a weight that is not a number" });
        }
        Ok((values, tensor.shape().to_vec()))
    }

    /// The values of a tensor of `count` floats.
    pub(crate) fn floats_of(&self, name: &str, count: usize) -> Result<Vec<f32>, ModelError> {
        let (values, _) = self.floats(name)?;
        fits(name, count, values.len())?;
        Ok(values)
    }

    /// The values of a tensor of `count` bytes.
    pub(crate) fn rounded(&self, name: &str, count: usize) -> Result<Vec<i8>, ModelError> {
        let tensor = self.tensor(name)?;
        if tensor.dtype() != Dtype::I8 {
            return Err(kind(name, "I8", tensor.dtype()));
        }
        fits(name, count, tensor.data().len())?;
        Ok(tensor.data().iter().map(|byte| byte.cast_signed()).collect())
    }

    pub(crate) fn text(&self, name: &str) -> Result<String, ModelError> {
        let data = self.tensor(name)?.data().to_vec();
        String::from_utf8(data).map_err(|_| ModelError::Value { what: "a text that is not UTF-8" })
    }
}

fn fits(name: &str, expected: usize, found: usize) -> Result<(), ModelError> {
    if expected == found {
        return Ok(());
    }
    Err(ModelError::Foreign {
        expected: format!("{expected} values in the weights' {name}"),
        found: found.to_string(),
    })
}

fn kind(name: &str, expected: &str, found: Dtype) -> ModelError {
    ModelError::Foreign { expected: format!("{name} in {expected}"), found: format!("{found:?}") }
}

fn foreign(error: safetensors::SafeTensorError) -> ModelError {
    ModelError::NotWeights { found: error.to_string() }
}

fn single(bytes: &[u8]) -> f32 {
    bytes.try_into().map_or(0.0, f32::from_le_bytes)
}

/// A half-precision number.
pub(crate) fn half(bytes: &[u8]) -> f32 {
    let bits: u16 = bytes.try_into().map_or(0, u16::from_le_bytes);
    let (exponent, mantissa) = ((bits >> 10) & 31, f32::from(bits & 1023));
    let size = match exponent {
        0 => mantissa * 2f32.powi(-24),
        31 => f32::NAN,
        _ => (1.0 + mantissa / 1024.0) * 2f32.powi(i32::from(exponent) - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}
