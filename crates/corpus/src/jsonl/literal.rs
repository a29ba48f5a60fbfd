//! The inside of a JSON string: decoding it, and finding places of the decoded text in it.

use memchr::memchr;

/// Half of a surrogate pair, and its place in the literal in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LoneSurrogate(pub usize);

/// Length of the run that `bytes` begin with in which no quote, backslash or control character is.
#[inline]
pub(crate) fn plain_run(bytes: &[u8]) -> usize {
    let (blocks, rest) = bytes.as_chunks::<16>();
    for (number, block) in blocks.iter().enumerate() {
        let found = specials(block);
        if found != 0 {
            return number * 16 + found.trailing_zeros() as usize;
        }
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0x00..0x20);
    bytes.len() - rest.len() + rest.iter().position(special).unwrap_or(rest.len())
}

/// One bit for each byte that is a quote, a backslash or a control character.
#[cfg(target_arch = "x86_64")]
#[inline]
fn specials(block: &[u8; 16]) -> u32 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x,
        _mm_set1_epi8,
    };
    let bits = u128::from_le_bytes(*block);
    // SAFETY: SSE2 is part of every x86-64 processor; no pointer is passed.
    let found = unsafe {
        let bytes = _mm_set_epi64x((bits >> 64) as i64, bits as i64);
        let quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'"' as i8));
        let backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b'\\' as i8));
        let control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), control))
    };
    found.cast_unsigned()
}

/// One bit for each byte that is a quote, a backslash or a control character.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn specials(block: &[u8; 16]) -> u32 {
    let special = |byte: u8| u32::from(matches!(byte, b'"' | b'\\' | 0x00..0x20));
    block.iter().enumerate().fold(0, |bits, (at, &byte)| bits | special(byte) << at)
}

/// Decode a literal (between its quotes, its escapes already checked) onto `out`.
pub(crate) fn decode_onto(out: &mut String, literal: &str) -> Result<(), LoneSurrogate> {
    out.reserve(literal.len());
    let mut at = 0;
    loop {
        let run = plain_run(&literal.as_bytes()[at..]);
        out.push_str(&literal[at..at + run]);
        at += run;
        if at == literal.len() {
            return Ok(());
        }
        let unit = unit_at(literal, at).ok_or(LoneSurrogate(at))?;
        out.push(unit.decoded);
        at += unit.raw;
    }
}

/// A literal, decoded.
pub(crate) fn decoded(literal: &str) -> Result<String, LoneSurrogate> {
    let mut out = String::with_capacity(literal.len());
    decode_onto(&mut out, literal)?;
    Ok(out)
}

/// One escape: the character that it means and its length in the literal.
struct Unit {
    decoded: char,
    raw: usize,
}

/// The escape that begins at `at`, where a backslash stands; `None` for half a surrogate pair.
fn unit_at(literal: &str, at: usize) -> Option<Unit> {
    let bytes = literal.as_bytes();
    let decoded = match *bytes.get(at + 1)? {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return wide_unit(bytes, at),
        other => char::from(other),
    };
    Some(Unit { decoded, raw: 2 })
}

fn wide_unit(bytes: &[u8], at: usize) -> Option<Unit> {
    let first = hex(bytes, at + 2)?;
    if let Some(decoded) = char::from_u32(first) {
        return Some(Unit { decoded, raw: 6 });
    }
    let second = match bytes.get(at + 6..at + 8)? {
        b"\\u" => hex(bytes, at + 8)?,
        _ => return None,
    };
    if !(0xd800..0xdc00).contains(&first) || !(0xdc00..0xe000).contains(&second) {
        return None;
    }
    let decoded = char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))?;
    Some(Unit { decoded, raw: 12 })
}

fn hex(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = std::str::from_utf8(bytes.get(at..at + 4)?).ok()?;
    u32::from_str_radix(digits, 16).ok()
}

/// Walks through a literal and its decoded text at once.
///
/// Both sides move from character to character, and each character is one unit of the literal, so
/// every place of the decoded text that is on a character boundary is one place in the literal.
pub(crate) struct Cursor<'a> {
    literal: &'a str,
    raw: usize,
    text: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(literal: &'a str) -> Self {
        Self { literal, raw: 0, text: 0 }
    }

    /// The place in the literal of the place `text` in the decoded text. Must not go back.
    /// `None` if there is no such place.
    pub(crate) fn seek(&mut self, text: usize) -> Option<usize> {
        while self.text < text {
            let rest = &self.literal.as_bytes()[self.raw..];
            let wanted = text - self.text;
            let reach = rest.len().min(wanted);
            let run = memchr(b'\\', &rest[..reach]).unwrap_or(reach);
            if run > 0 {
                self.raw += run;
                self.text += run;
                continue;
            }
            if rest.is_empty() {
                return None;
            }
            let unit = unit_at(self.literal, self.raw)?;
            self.raw += unit.raw;
            self.text += unit.decoded.len_utf8();
        }
        let there = self.text == text && self.literal.is_char_boundary(self.raw);
        there.then_some(self.raw)
    }
}

/// Write `text` onto `out` with the canonical escapes: the fewest that JSON allows, short forms
/// where there are any, else `\u00xx` in lower case. No quotes.
pub(crate) fn escape_onto(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let short = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            0x00..0x20 => 0,
            _ => continue,
        };
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        if short == 0 {
            let digits = b"0123456789abcdef";
            out.extend_from_slice(b"\\u00");
            out.push(digits[usize::from(byte >> 4)]);
            out.push(digits[usize::from(byte & 15)]);
        } else {
            out.extend_from_slice(&[b'\\', short]);
        }
    }
    out.extend_from_slice(&bytes[from..]);
}

/// Write `text` onto `out` as a JSON string with its quotes.
pub(crate) fn quote_onto(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escape_onto(out, text);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_decode_to_their_characters() {
        let literal = r#"a\u00e9\ud83d\ude00\n\/\"\u0000é"#;
        assert_eq!(decoded(literal).unwrap(), "aé😀\n/\"\0é");
    }

    #[test]
    fn a_plain_run_ends_at_every_special_byte_and_no_other() {
        for at in 0..70 {
            for byte in 0..=255u8 {
                let mut bytes = [b'a'; 70];
                bytes[at] = byte;
                let special = byte < 0x20 || byte == b'"' || byte == b'\\';
                assert_eq!(plain_run(&bytes), if special { at } else { 70 });
            }
        }
    }

    #[test]
    fn half_a_pair_is_found_at_its_place() {
        for literal in [r"ab\ud83d", r"ab\ud83dx", r"ab\ud83d\n", r"ab\ude00", r"ab\ud83d\u0041"] {
            assert_eq!(decoded(literal), Err(LoneSurrogate(2)), "{literal}");
        }
    }

    #[test]
    fn a_place_inside_a_character_is_none() {
        assert_eq!(Cursor::new("é").seek(1), None);
        assert_eq!(Cursor::new(r"\u00e9").seek(1), None);
        assert_eq!(Cursor::new(r"\u00e9").seek(3), None);
        assert_eq!(Cursor::new(r"\u00e9x").seek(2), Some(6));
    }

    proptest! {
        #[test]
        fn canonical_escapes_are_those_of_serde_json(text in any::<String>()) {
            let mut ours = Vec::new();
            quote_onto(&mut ours, &text);
            prop_assert_eq!(String::from_utf8(ours).unwrap(), serde_json::to_string(&text).unwrap());
        }

        #[test]
        fn what_is_escaped_decodes_back(text in any::<String>()) {
            let mut literal = Vec::new();
            escape_onto(&mut literal, &text);
            prop_assert_eq!(decoded(std::str::from_utf8(&literal).unwrap()).unwrap(), text);
        }
    }
}
