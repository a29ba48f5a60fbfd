//! How tensors of GGUF files are stored: plain numbers, or blocks of small ones that share a scale.
//!
//! The forms are those of ggml (`ggml-common.h`, `ggml-quants.c`, `dequantize_row_*`).

use crate::tensors::half;

/// How a tensor is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    F32,
    F16,
    Bf16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q4K,
    Q6K,
}

impl Kind {
    /// The kind of a GGML type number, if it is known here.
    pub(crate) const fn of(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::F32,
            1 => Self::F16,
            2 => Self::Q4_0,
            3 => Self::Q4_1,
            6 => Self::Q5_0,
            7 => Self::Q5_1,
            8 => Self::Q8_0,
            12 => Self::Q4K,
            14 => Self::Q6K,
            30 => Self::Bf16,
            _ => return None,
        })
    }

    /// Values of a block.
    pub(crate) const fn block(self) -> usize {
        match self {
            Self::F32 | Self::F16 | Self::Bf16 => 1,
            Self::Q4K | Self::Q6K => 256,
            _ => 32,
        }
    }

    /// Bytes of a block.
    pub(crate) const fn block_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q5_0 => 22,
            Self::Q5_1 => 24,
            Self::Q8_0 => 34,
            Self::Q4K => 144,
            Self::Q6K => 210,
        }
    }

    /// Bytes of so many values, a multiple of the block; too many to count are the most there are.
    pub(crate) const fn bytes_of(self, values: usize) -> usize {
        (values / self.block()).saturating_mul(self.block_bytes())
    }

    /// The values that are stored in `bytes`.
    pub(crate) fn floats(self, bytes: &[u8]) -> Vec<f32> {
        let blocks = bytes.chunks_exact(self.block_bytes());
        let mut out = Vec::with_capacity(blocks.len() * self.block());
        for block in blocks {
            match self {
                Self::F32 => out.push(f32::from_le_bytes([block[0], block[1], block[2], block[3]])),
                Self::F16 => out.push(half(block)),
                Self::Bf16 => out.push(f32::from_le_bytes([0, 0, block[0], block[1]])),
                Self::Q8_0 => q8_0(block, &mut out),
                Self::Q4K => q4_k(block, &mut out),
                Self::Q6K => q6_k(block, &mut out),
                Self::Q4_0 | Self::Q4_1 | Self::Q5_0 | Self::Q5_1 => self.small(block, &mut out),
            }
        }
        out
    }

    /// Blocks of 32 numbers of 4 or 5 bits: low halves of bytes first, then high halves.
    fn small(self, block: &[u8], out: &mut Vec<f32>) {
        let (scale, rest) = (half(&block[..2]), &block[2..]);
        let has_least = matches!(self, Self::Q4_1 | Self::Q5_1);
        let (least, rest) = if has_least { (half(&rest[..2]), &rest[2..]) } else { (0.0, rest) };
        let five = matches!(self, Self::Q5_0 | Self::Q5_1);
        let (fifth, rest) = if five {
            (u32::from_le_bytes([rest[0], rest[1], rest[2], rest[3]]), &rest[4..])
        } else {
            (0, rest)
        };
        let zero = match self {
            Self::Q4_0 => 8.0,
            Self::Q5_0 => 16.0,
            _ => 0.0,
        };
        for at in 0..32 {
            let nibble = if at < 16 { rest[at] & 15 } else { rest[at - 16] >> 4 };
            let value = f32::from(nibble) + 16.0 * (fifth >> at & 1) as f32;
            out.push(scale * (value - zero) + least);
        }
    }
}

fn q8_0(block: &[u8], out: &mut Vec<f32>) {
    let scale = half(&block[..2]);
    out.extend(block[2..].iter().map(|byte| scale * f32::from(byte.cast_signed())));
}

/// 256 numbers of 4 bits; scale and minimum of each 32, of 6 bits, packed into 12 bytes.
fn q4_k(block: &[u8], out: &mut Vec<f32>) {
    let (scale, least) = (half(&block[..2]), half(&block[2..4]));
    let (packed, numbers) = (&block[4..16], &block[16..]);
    let small = |at: usize| -> (u8, u8) {
        if at < 4 {
            (packed[at] & 63, packed[at + 4] & 63)
        } else {
            let scale = (packed[at + 4] & 15) | ((packed[at - 4] >> 6) << 4);
            (scale, (packed[at + 4] >> 4) | ((packed[at] >> 6) << 4))
        }
    };
    for at in 0..8 {
        let (factor, minus) = small(at);
        let (factor, minus) = (scale * f32::from(factor), least * f32::from(minus));
        let shift = 4 * (at % 2);
        let bytes = &numbers[32 * (at / 2)..][..32];
        out.extend(bytes.iter().map(|byte| factor * f32::from(byte >> shift & 15) - minus));
    }
}

/// 256 numbers of 6 bits, four low bits apart from two high ones; a scale for each 16.
fn q6_k(block: &[u8], out: &mut Vec<f32>) {
    let (low, high, scales) = (&block[..128], &block[128..192], &block[192..208]);
    let scale = half(&block[208..]);
    for at in 0..256 {
        let (part, within) = (at / 128, at % 128);
        let (quarter, place) = (within / 32, within % 32);
        let byte = low[64 * part + place + 32 * (quarter % 2)];
        let four = if quarter < 2 { byte & 15 } else { byte >> 4 };
        let two = high[32 * part + place] >> (2 * quarter) & 3;
        let value = f32::from(four | two << 4) - 32.0;
        out.push(scale * f32::from(scales[at / 16].cast_signed()) * value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half-precision 0.5 and 1.
    const HALF: [u8; 2] = [0x00, 0x38];
    const ONE: [u8; 2] = [0x00, 0x3C];

    #[test]
    fn plain_numbers_are_read() {
        assert_eq!(Kind::F32.floats(&1.5f32.to_le_bytes()), [1.5]);
        assert_eq!(Kind::F16.floats(&[HALF, ONE].concat()), [0.5, 1.0]);
        assert_eq!(Kind::Bf16.floats(&[0xC0, 0xBF]), [-1.5]);
    }

    #[test]
    fn blocks_of_four_and_five_bits_hold_low_halves_first() {
        let mut numbers = [0u8; 16];
        (numbers[0], numbers[15]) = (0x91, 0xF0);
        let values = Kind::Q4_0.floats(&[&HALF[..], &numbers].concat());
        assert_eq!((values[0], values[16], values[15], values[31]), (-3.5, 0.5, -4.0, 3.5));
        let values = Kind::Q4_1.floats(&[&HALF[..], &ONE, &numbers].concat());
        assert_eq!((values[0], values[16], values[31], values[1]), (1.5, 5.5, 8.5, 1.0));
        let fifth = 0x8000_0001u32.to_le_bytes();
        let values = Kind::Q5_0.floats(&[&HALF[..], &fifth, &numbers].concat());
        assert_eq!((values[0], values[16], values[31]), (0.5, -3.5, 7.5));
        let values = Kind::Q5_1.floats(&[&HALF[..], &ONE, &fifth, &numbers].concat());
        assert_eq!((values[0], values[16], values[31]), (9.5, 5.5, 16.5));
    }

    #[test]
    fn blocks_of_eight_bits_are_signed() {
        let mut block = [0u8; 34];
        block[..2].copy_from_slice(&HALF);
        (block[2], block[33]) = (0xFF, 127);
        let values = Kind::Q8_0.floats(&block);
        assert_eq!((values[0], values[1], values[31]), (-0.5, 0.0, 63.5));
    }

    #[test]
    fn blocks_of_256_are_read_as_ggml_reads_them() {
        let mut block = [0u8; 144];
        block[..2].copy_from_slice(&ONE);
        block[2..4].copy_from_slice(&HALF);
        (block[4], block[8], block[16]) = (3, 2, 0x75);
        // Scale 5 + 16 · 2 and minimum 4 + 16 · 3 of the last eighth.
        (block[4 + 3], block[4 + 7], block[4 + 11], block[143]) = (2 << 6, 3 << 6, 0x45, 0x10);
        let values = Kind::Q4K.floats(&block);
        assert_eq!((values[0], values[1], values[32]), (3.0 * 5.0 - 1.0, -1.0, 0.0));
        assert_eq!((values[255], values[254]), (37.0 - 26.0, -26.0));
        let mut block = [0u8; 210];
        block[208..].copy_from_slice(&HALF);
        (block[0], block[128], block[192], block[192 + 4]) = (0x5A, 0b0001_0011, 2, 0xFF);
        let values = Kind::Q6K.floats(&block);
        assert_eq!(values[0], 0.5 * 2.0 * (f32::from(0x3Au8) - 32.0));
        assert_eq!(values[64], -0.5 * (f32::from(0x15u8) - 32.0));
    }
}
