//! Products by cuBLAS. NVIDIA's libraries are looked for when a training asks for them: a build needs
//! none, and runs without.

use super::Call;
use crate::error::ModelError;
use crate::gpu::call::Operand;
use cudarc::cublas::{self, CudaBlas, Gemm, GemmConfig, sys::cublasOperation_t};
use cudarc::driver::{self, CudaContext, CudaStream};
use std::sync::{Arc, Mutex, PoisonError};

/// A stream of work on the first GPU.
pub(crate) struct Gpu {
    stream: Arc<CudaStream>,
    blas: CudaBlas,
    /// What went wrong first.
    trouble: Mutex<Option<String>>,
}

impl Gpu {
    /// # Errors
    /// If there is no GPU, no driver or no cuBLAS.
    pub(crate) fn open() -> Result<Self, ModelError> {
        // SAFETY: what runs when these libraries are loaded is NVIDIA's own.
        let (driver, blas) =
            unsafe { (driver::sys::is_culib_present(), cublas::sys::is_culib_present()) };
        match (driver, blas) {
            (false, _) => return Err(unfit("no driver (libcuda)")),
            (_, false) => return Err(unfit("no cuBLAS (libcublas)")),
            _ => {}
        }
        let open = || -> Result<Self, Box<dyn std::error::Error>> {
            let stream = CudaContext::new(0)?.new_stream()?;
            let blas = CudaBlas::new(Arc::clone(&stream))?;
            Ok(Self { stream, blas, trouble: Mutex::new(None) })
        };
        open().map_err(|error| unfit(error.to_string()))
    }

    /// Makes a product, whose matrices are `a` and `b`, in `out`; whether it could. If not,
    /// [`Gpu::trouble`] says why.
    pub(crate) fn run(&self, call: &Call, out: &mut [f32], a: &[f32], b: &[f32]) -> bool {
        let made = self.try_run(call, out, a, b);
        let Err(error) = made else { return true };
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.get_or_insert_with(|| error.to_string());
        false
    }

    /// # Errors
    /// If some product could not be made.
    pub(crate) fn trouble(&self) -> Result<(), ModelError> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match &*trouble {
            Some(error) => Err(unfit(format!("one that fails: {error}"))),
            None => Ok(()),
        }
    }

    fn try_run(
        &self,
        call: &Call,
        out: &mut [f32],
        a: &[f32],
        b: &[f32],
    ) -> Result<(), Box<dyn std::error::Error>> {
        assert!(out.len() == call.m as usize * call.n as usize, "out is as large as the product");
        let first = self.stream.clone_htod(&b[..call.first.length])?;
        let second = self.stream.clone_htod(&a[..call.second.length])?;
        let mut made = match call.beta {
            0.0 => self.stream.alloc_zeros::<f32>(out.len())?,
            _ => self.stream.clone_htod(&*out)?,
        };
        let operation = |of: Operand| match of.turned {
            true => cublasOperation_t::CUBLAS_OP_T,
            false => cublasOperation_t::CUBLAS_OP_N,
        };
        let config = GemmConfig {
            transa: operation(call.first),
            transb: operation(call.second),
            m: call.m,
            n: call.n,
            k: call.k,
            alpha: 1.0,
            lda: call.first.stride,
            ldb: call.second.stride,
            beta: call.beta,
            ldc: call.m,
        };
        // SAFETY: `Call::of` makes sizes and strides of matrices that end where these do, and `out`
        // is as large as the product.
        unsafe { self.blas.gemm(config, &first, &second, &mut made)? };
        self.stream.memcpy_dtoh(&made, out)?;
        Ok(self.stream.synchronize()?)
    }
}

/// Why a product cannot be made there.
fn unfit(found: impl Into<String>) -> ModelError {
    let expected =
        "an NVIDIA GPU with its driver and cuBLAS of CUDA 12 for --device cuda".to_owned();
    ModelError::Foreign { expected, found: found.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::{Products, View};
    use crate::gpu::Device;
    use crate::random::Random;

    #[test]
    fn a_machine_without_a_driver_is_told_so_in_words() {
        match Gpu::open() {
            Ok(_) => println!("not tested: this machine has a GPU"),
            Err(error) => assert!(
                error.to_string().starts_with("expected an NVIDIA GPU with its driver and cuBLAS"),
                "{error}"
            ),
        }
    }

    #[test]
    #[ignore = "needs an NVIDIA GPU with its driver and cuBLAS"]
    fn products_on_a_gpu_are_those_of_the_processor() {
        let mut random = Random::of(&[2]);
        let mut some = |count: usize| (0..count).map(|_| random.normal()).collect::<Vec<f32>>();
        let (rows, inner, cols) = (1024, 576, 1536);
        let (x, w, d) = (some(rows * inner), some(cols * inner), some(rows * cols));
        let (there, here) = (Products::on(Device::Cuda).unwrap(), Products::new());
        let x = View::of(&x, rows, inner);
        let (w, d) = (View::of(&w, cols, inner), View::of(&d, rows, cols));
        // Forwards, and the two products of the way back.
        for (a, b) in [(x, w.turned()), (d, w), (d.turned(), x)] {
            assert!(Call::of(a, b, 1.0).is_some(), "it is worth the way");
            let (mut found, mut want) = (some(a.rows() * b.cols()), Vec::new());
            want.clone_from(&found);
            there.add(&mut found, a, b);
            here.add(&mut want, a, b);
            there.trouble().unwrap();
            assert!(found.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-2));
        }
    }
}
