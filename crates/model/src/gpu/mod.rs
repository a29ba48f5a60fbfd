//! Large matrix products of a training on a GPU.
//!
//! Matrices live in the processor's memory and travel to the GPU and back for each product, so only
//! products that are worth the way go there: those of a layer's weights with many rows. All else
//! (norms, attention, logits of a few rows, the step) stays where it is.

mod call;
#[cfg(feature = "cuda")]
mod cuda;
#[cfg(not(feature = "cuda"))]
mod none;

use crate::error::ModelError;
pub(crate) use call::Call;
#[cfg(feature = "cuda")]
pub(crate) use cuda::Gpu;
#[cfg(not(feature = "cuda"))]
pub(crate) use none::Gpu;

/// Where the large products of a training are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// On the processor.
    #[default]
    Cpu,
    /// On the first GPU of NVIDIA, in single precision, by cuBLAS.
    Cuda,
}

impl Device {
    /// Whether it can be used here.
    ///
    /// # Errors
    /// If not: in words that say what is missing.
    pub fn check(self) -> Result<(), ModelError> {
        match self {
            Self::Cpu => Ok(()),
            Self::Cuda => Gpu::open().map(drop),
        }
    }
}

impl std::str::FromStr for Device {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda),
            other => Err(format!("expected cpu or cuda, but found {other}")),
        }
    }
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        })
    }
}
