//! The weights of a generator, from a GGUF file or from a folder of safetensors, under the same
//! names and in the same order whichever it was.

use super::blocks::Kind;
use super::config::{Architecture, Config, LayerPart, Tensor};
use super::folder::Folder;
use super::gguf::Gguf;
use super::unfit;
use crate::error::ModelError;
use std::borrow::Cow;
use std::fs;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// Where weights come from.
enum Source {
    Gguf(Box<Gguf>),
    Folder(Folder),
}

/// The weights of a generator, as they are stored.
pub struct Weights {
    source: Source,
    config: Config,
}

impl Weights {
    /// The weights at `path`: a GGUF file, or a folder with `config.json` and `model.safetensors`
    /// (or the parts that `model.safetensors.index.json` names).
    ///
    /// # Errors
    /// If they cannot be read, are not whole, or are of another kind of network.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let (source, config) = if path.is_dir() {
            let folder = Folder::open(path)?;
            let config = Config::from_json(&folder.config)?;
            (Source::Folder(folder), config)
        } else {
            let file = Gguf::parse(read(path, "a folder of a model or a GGUF file")?)?;
            let config = Config::from_gguf(&file)?;
            (Source::Gguf(Box::new(file)), config)
        };
        let weights = Self { source, config };
        weights.config.tensors().into_iter().try_for_each(|tensor| weights.check(tensor))?;
        Ok(weights)
    }

    /// The shape of the model.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The GGUF file, if they come from one: it also holds the tokenizer.
    #[must_use]
    pub fn gguf(&self) -> Option<&Gguf> {
        match &self.source {
            Source::Gguf(file) => Some(file),
            Source::Folder(_) => None,
        }
    }

    /// A fingerprint of the bytes that they come from.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        match &self.source {
            Source::Gguf(file) => format!("{:016x}", xxh3_64(file.bytes())),
            Source::Folder(folder) => folder.fingerprint(),
        }
    }

    /// The values of a tensor, row after row, a row for each output; heads' values in two halves
    /// that rotate together.
    ///
    /// # Errors
    /// If the tensor is not there or holds what is no number.
    pub fn floats(&self, tensor: Tensor) -> Result<Vec<f32>, ModelError> {
        let (kind, bytes) = self.stored(tensor)?;
        let values = kind.floats(&bytes);
        if values.iter().all(|value| value.is_finite()) {
            return Ok(values);
        }
        Err(unfit(format!("numbers in tensor {}", self.name(tensor)), "infinite ones or none"))
    }

    /// How a tensor's values are stored, and their bytes, in the order of [`floats`](Self::floats).
    pub(crate) fn stored(&self, tensor: Tensor) -> Result<(Kind, Cow<'_, [u8]>), ModelError> {
        let name = self.name(tensor);
        match &self.source {
            Source::Folder(folder) => {
                let (kind, bytes) = folder.stored(&name)?;
                Ok((kind, Cow::Borrowed(bytes)))
            }
            Source::Gguf(file) => {
                let (kind, bytes) = file.stored(&name)?;
                Ok((kind, self.unpaired(tensor, bytes)))
            }
        }
    }

    fn name(&self, tensor: Tensor) -> String {
        match &self.source {
            Source::Gguf(_) => tensor.gguf_name(),
            Source::Folder(_) => tensor.name(),
        }
    }

    /// Rows of a head as halves. GGUF files of Llama models have the two values that rotate
    /// together beside each other (`permute` in llama.cpp's `convert_hf_to_gguf.py`).
    fn unpaired<'a>(&self, tensor: Tensor, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let turned = matches!(tensor, Tensor::Layer(_, LayerPart::Query | LayerPart::Key));
        if !turned || self.config.architecture != Architecture::Llama {
            return Cow::Borrowed(bytes);
        }
        let [rows, _] = tensor.shape(&self.config);
        let (row, half) = (bytes.len() / rows, self.config.head_width / 2);
        let mut out = Vec::with_capacity(bytes.len());
        for head in bytes.chunks_exact(2 * half * row) {
            for at in (0..half).map(|at| 2 * at).chain((0..half).map(|at| 2 * at + 1)) {
                out.extend_from_slice(&head[at * row..][..row]);
            }
        }
        Cow::Owned(out)
    }

    fn check(&self, tensor: Tensor) -> Result<(), ModelError> {
        let name = self.name(tensor);
        let found = match &self.source {
            Source::Gguf(file) => file.shape(&name)?,
            Source::Folder(folder) => folder.shape(&name)?,
        };
        let [rows, cols] = tensor.shape(&self.config);
        if found == [rows, cols] {
            return Ok(());
        }
        let expected =
            format!("{rows} × {cols} values in tensor {name}, as the configuration says");
        Err(unfit(expected, format!("{} × {}", found[0], found[1])))
    }
}

/// The bytes of a file.
pub(super) fn read(path: &Path, what: &str) -> Result<Vec<u8>, ModelError> {
    fs::read(path).map_err(|error| unfit(format!("{what} at {}", path.display()), error))
}
