//! Matrix products of the encoder, by `rten-gemm`: f32 in training, bytes in inference. It picks its
//! kernels (AVX-512 with VNNI, AVX2, NEON, portable) at run time.

use crate::error::ModelError;
use crate::gpu::{Call, Device, Gpu};
use rayon::ThreadPoolBuilder;
use rten_gemm::{
    BiasVector, GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix, QuantParams,
};
use rten_tensor::NdTensorView;

/// A matrix that is read where it lies.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    data: &'a [f32],
    shape: [usize; 2],
    strides: [usize; 2],
}

impl<'a> View<'a> {
    /// Rows one after the other.
    pub(crate) fn of(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self { data, shape: [rows, cols], strides: [cols, 1] }
    }

    /// Rows that begin `stride` apart.
    pub(crate) fn strided(data: &'a [f32], rows: usize, cols: usize, stride: usize) -> Self {
        Self { data, shape: [rows, cols], strides: [stride, 1] }
    }

    /// Rows as columns.
    pub(crate) const fn turned(self) -> Self {
        let Self { data, shape: [rows, cols], strides: [row, col] } = self;
        Self { data, shape: [cols, rows], strides: [col, row] }
    }

    pub(crate) const fn rows(&self) -> usize {
        self.shape[0]
    }

    pub(crate) const fn cols(&self) -> usize {
        self.shape[1]
    }

    /// Numbers from one row to the next, and from one column to the next.
    pub(crate) const fn strides(&self) -> [usize; 2] {
        self.strides
    }

    fn tensor(self) -> NdTensorView<'a, f32, 2> {
        NdTensorView::from_data_with_strides(self.shape, self.data, self.strides)
            .expect("views are made inside their data")
    }
}

/// A matrix of rounded weights as the kernels read it.
pub(crate) struct Packed {
    matrix: PackedBMatrix<i8>,
    /// One a column.
    scales: Vec<f32>,
}

/// The byte that stands for zero in a rounded row.
const ZERO: u8 = 128;

/// The products, with the kernels that this processor runs.
pub(crate) struct Products {
    gemm: GemmExecutor<f32>,
    bytes: GemmExecutor<u8, i8, i32>,
    /// Where large products are made, if not here.
    gpu: Option<Gpu>,
}

impl Products {
    pub(crate) fn new() -> Self {
        Self { gemm: GemmExecutor::new(), bytes: GemmExecutor::new(), gpu: None }
    }

    /// Products of which a device makes the large ones.
    ///
    /// # Errors
    /// If there is no such device.
    pub(crate) fn on(device: Device) -> Result<Self, ModelError> {
        let gpu = (device == Device::Cuda).then(Gpu::open).transpose()?;
        Ok(Self { gpu, ..Self::new() })
    }

    /// # Errors
    /// If the device could not make some product, which was then made here: what was asked for is
    /// not what was done.
    pub(crate) fn trouble(&self) -> Result<(), ModelError> {
        self.gpu.as_ref().map_or(Ok(()), Gpu::trouble)
    }

    /// Products that run on the thread that asks for them, whatever `rayon`'s pool: how many
    /// threads work is the road's decision.
    pub(crate) fn alone() -> Self {
        thread_local! {
            static ALONE: bool =
                ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().is_ok();
        }
        // Where it fails the thread belongs to a pool already, which then does the work.
        let _ = ALONE.with(|alone| *alone);
        Self::new()
    }

    /// Packs rounded weights, rows of as many values as there are scales.
    pub(crate) fn pack(&self, values: &[i8], scales: Vec<f32>) -> Packed {
        let shape = [values.len() / scales.len(), scales.len()];
        Packed { matrix: self.bytes.prepack_b(NdTensorView::from_data(shape, values)), scales }
    }

    /// `x · matrix + bias`, the rows of `x` rounded to bytes.
    pub(crate) fn affine_bytes(&self, x: &[f32], packed: &Packed, bias: &[f32]) -> Vec<f32> {
        let (inner, cols) = (packed.matrix.rows(), packed.scales.len());
        let (bytes, scales) = round_rows(x, inner);
        let rows = scales.len();
        let zeros = vec![ZERO; rows];
        let mut sums = vec![0i32; rows * cols];
        let options = GemmOptions {
            a_quant: Some(QuantParams { zero_point: &zeros }),
            ..GemmOptions::default()
        };
        let a = GemmInputA::Unpacked(NdTensorView::from_data([rows, inner], &bytes[..]));
        let b = GemmInputB::Packed(&packed.matrix);
        self.bytes.gemm(&mut sums, a, b, options).expect("shapes are those of one network");
        let mut out = Vec::with_capacity(sums.len());
        for (row, scale) in sums.chunks_exact(cols).zip(scales) {
            let columns = row.iter().zip(&packed.scales).zip(bias);
            out.extend(columns.map(|((&sum, column), bias)| sum as f32 * (scale * column) + bias));
        }
        out
    }

    /// `out = a · b`.
    pub(crate) fn set(&self, out: &mut [f32], a: View<'_>, b: View<'_>) {
        self.run(out, a, b, 0.0, None);
    }

    /// `out += a · b`.
    pub(crate) fn add(&self, out: &mut [f32], a: View<'_>, b: View<'_>) {
        self.run(out, a, b, 1.0, None);
    }

    /// `out = a · b + bias`, the bias a row.
    pub(crate) fn affine(&self, out: &mut [f32], a: View<'_>, b: View<'_>, bias: &[f32]) {
        self.run(out, a, b, 0.0, Some(BiasVector::Row(bias)));
    }

    fn run(
        &self,
        out: &mut [f32],
        a: View<'_>,
        b: View<'_>,
        beta: f32,
        bias: Option<BiasVector<'_, f32>>,
    ) {
        if let Some(gpu) = &self.gpu
            && bias.is_none()
            && let Some(call) = Call::of(a, b, beta)
            && gpu.run(&call, out, a.data, b.data)
        {
            return;
        }
        let options = GemmOptions { beta, bias, ..GemmOptions::default() };
        let (a, b) = (GemmInputA::Unpacked(a.tensor()), GemmInputB::Unpacked(b.tensor()));
        self.gemm.gemm(out, a, b, options).expect("shapes are those of one network");
    }
}

/// Rounds rows to bytes around [`ZERO`], with a scale a row.
fn round_rows(x: &[f32], width: usize) -> (Vec<u8>, Vec<f32>) {
    let (mut bytes, mut scales) = (Vec::with_capacity(x.len()), Vec::new());
    for row in x.chunks_exact(width) {
        let most = row.iter().fold(1e-12f32, |most, value| most.max(value.abs()));
        let inverse = 127.0 / most;
        bytes.extend(row.iter().map(|value| (value * inverse + 128.5) as u8));
        scales.push(most / 127.0);
    }
    (bytes, scales)
}
