//! Half-precision numbers.

/// A half-precision number in single precision.
#[inline(always)]
pub(super) fn widened(bits: u16) -> f32 {
    // The exponent's bias differs by 112; the product also makes numbers below the least exponent
    // what they are. What is infinite becomes 65,536 or more, which no scale is.
    let magic = f32::from_bits((254 - 15) << 23);
    let size = f32::from_bits(u32::from(bits & 0x7FFF) << 13) * magic;
    f32::from_bits(size.to_bits() | u32::from(bits & 0x8000) << 16)
}

/// The half-precision number that is nearest to one of 0 or more; the largest if that is less.
pub(super) fn to_half(value: f32) -> u16 {
    let scaled = value.clamp(0.0, 65504.0) * f32::from_bits((127 - 112) << 23);
    let bits = scaled.to_bits();
    if bits < 0x0080_0000 {
        // Below the least exponent: a multiple of 2^-24.
        return (value * f32::from_bits((127 + 24) << 23)).round() as u16;
    }
    let rounded = bits + 0x0FFF + (bits >> 13 & 1);
    (rounded >> 13) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensors::half;

    #[test]
    fn every_finite_number_survives() {
        for bits in (0..0x7C00u16).chain(0x8000..0xFC00) {
            assert_eq!(widened(bits), half(&bits.to_le_bytes()), "{bits:#x}");
            if bits < 0x8000 {
                assert_eq!(to_half(widened(bits)), bits, "{bits:#x}");
            }
        }
        assert_eq!((to_half(1e9), to_half(0.1)), (0x7BFF, 0x2E66));
    }
}
