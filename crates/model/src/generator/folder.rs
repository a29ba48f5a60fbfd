//! A folder of a model as Hugging Face's libraries write it: `config.json`, `model.safetensors` or
//! its parts with an index, `tokenizer.json`.

use super::blocks::Kind;
use super::unfit;
use super::weights::read;
use crate::error::ModelError;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use xxhash_rust::xxh3::Xxh3Default;

/// The weights when they stand in one file.
const WHOLE: &str = "model.safetensors";
/// Which file each tensor stands in, when they stand in several.
const INDEX: &str = "model.safetensors.index.json";

/// Where a tensor stands.
struct Place {
    file: usize,
    start: usize,
    len: usize,
    dtype: Dtype,
    shape: Vec<usize>,
}

/// A folder of a model.
pub(super) struct Folder {
    /// The bytes of `config.json`.
    pub(super) config: Vec<u8>,
    files: Vec<Vec<u8>>,
    places: HashMap<String, Place>,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, ModelError> {
        let config = read(&path.join("config.json"), "the configuration of a model")?;
        let names = parts(path)?;
        let mut folder = Self { config, files: Vec::new(), places: HashMap::new() };
        for name in names {
            folder.add(&path.join(name))?;
        }
        Ok(folder)
    }

    fn add(&mut self, path: &Path) -> Result<(), ModelError> {
        let bytes = read(path, "weights")?;
        let place = path.display();
        let wrong = |error| unfit(format!("a whole safetensors file at {place}"), error);
        let tensors = SafeTensors::deserialize(&bytes).map_err(wrong)?;
        let file = self.files.len();
        for (name, tensor) in tensors.iter() {
            let data = tensor.data();
            let start = data.as_ptr().addr() - bytes.as_ptr().addr();
            let shape = tensor.shape().to_vec();
            let place = Place { file, start, len: data.len(), dtype: tensor.dtype(), shape };
            self.places.insert(name.to_owned(), place);
        }
        self.files.push(bytes);
        Ok(())
    }

    fn place(&self, name: &str) -> Result<&Place, ModelError> {
        let expected = || format!("a tensor {name} in the safetensors");
        self.places.get(name).ok_or_else(|| unfit(expected(), "none of this name"))
    }

    /// Rows and columns of a tensor; one with one dimension is a row.
    pub(super) fn shape(&self, name: &str) -> Result<[usize; 2], ModelError> {
        match self.place(name)?.shape[..] {
            [cols] => Ok([1, cols]),
            [rows, cols] => Ok([rows, cols]),
            ref other => Err(unfit(format!("one or two dimensions of tensor {name}"), other.len())),
        }
    }

    pub(super) fn stored(&self, name: &str) -> Result<(Kind, &[u8]), ModelError> {
        let place = self.place(name)?;
        let kind = match place.dtype {
            Dtype::F32 => Kind::F32,
            Dtype::F16 => Kind::F16,
            Dtype::BF16 => Kind::Bf16,
            other => return Err(unfit(format!("tensor {name} in F32, F16 or BF16"), other)),
        };
        Ok((kind, &self.files[place.file][place.start..][..place.len]))
    }

    pub(super) fn fingerprint(&self) -> String {
        let mut hash = Xxh3Default::new();
        hash.update(&self.config);
        self.files.iter().for_each(|file| hash.update(file));
        format!("{:016x}", hash.digest())
    }
}

/// The names of the files with weights.
fn parts(path: &Path) -> Result<Vec<String>, ModelError> {
    if path.join(WHOLE).exists() || !path.join(INDEX).exists() {
        return Ok(vec![WHOLE.to_owned()]);
    }
    let bytes = read(&path.join(INDEX), "the index of the weights")?;
    let index: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let map = index["weight_map"].as_object();
    let map = map.ok_or_else(|| unfit(format!("a weight_map in {INDEX}"), "none"))?;
    let names: BTreeSet<&str> = map.values().filter_map(Value::as_str).collect();
    for name in &names {
        // An index names files beside it, and none elsewhere.
        if Path::new(name).components().count() != 1 || name.starts_with('.') {
            return Err(unfit(format!("names of files of its folder in {INDEX}"), name));
        }
    }
    Ok(names.into_iter().map(ToOwned::to_owned).collect())
}
