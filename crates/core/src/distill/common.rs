//! What two texts have in common from a place on, in whole characters.

/// How many bytes `a` and `b` have in common at their begins.
pub(super) fn prefix(a: &[u8], b: &[u8]) -> usize {
    let words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    let same = 8 * words.take_while(|(a, b)| a == b).count();
    same + a[same..].iter().zip(&b[same..]).take_while(|(a, b)| a == b).count()
}

/// How many bytes `a` and `b` have in common at their ends.
pub(super) fn suffix(a: &[u8], b: &[u8]) -> usize {
    let words = a.as_rchunks::<8>().1.iter().rev().zip(b.as_rchunks::<8>().1.iter().rev());
    let same = 8 * words.take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - same], &b[..b.len() - same]);
    same + a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

/// The last character boundary of `text` that is not behind `at`.
pub(super) fn boundary_before(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(|&byte| is_inside(byte)) {
        at -= 1;
    }
    at
}

/// The first character boundary of `text` that is not before `at`.
pub(super) fn boundary_behind(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(|&byte| is_inside(byte)) {
        at += 1;
    }
    at
}

/// Whether a byte of UTF-8 goes on with a character.
const fn is_inside(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_common_is_counted_byte_by_byte(a in "[ab]{0,30}", b in "[ab]{0,30}", both in "[ab]{0,20}") {
            let naive = |a: &mut dyn Iterator<Item = u8>, b: &mut dyn Iterator<Item = u8>| {
                a.zip(b).take_while(|(a, b)| a == b).count()
            };
            let (head_a, head_b) = (format!("{both}{a}"), format!("{both}{b}"));
            prop_assert_eq!(prefix(head_a.as_bytes(), head_b.as_bytes()), naive(&mut head_a.bytes(), &mut head_b.bytes()));
            let (tail_a, tail_b) = (format!("{a}{both}"), format!("{b}{both}"));
            prop_assert_eq!(suffix(tail_a.as_bytes(), tail_b.as_bytes()), naive(&mut tail_a.bytes().rev(), &mut tail_b.bytes().rev()));
        }
    }
}
