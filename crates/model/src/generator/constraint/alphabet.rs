//! The alphabet of byte-level vocabularies: a printable character for each byte.

/// The bytes of a token as byte-level vocabularies (GPT-2 and its followers) spell it: printable
/// bytes of Latin-1 stand for themselves, the others for U+0100 and following, in order. `None` if
/// a character is not of that alphabet, as in special tokens.
#[must_use]
pub fn byte_level(token: &str) -> Option<Vec<u8>> {
    token.chars().map(byte_of).collect()
}

fn byte_of(c: char) -> Option<u8> {
    let code = u32::from(c);
    match u8::try_from(code) {
        Ok(byte) => is_printable(byte).then_some(byte),
        Err(_) => (0..=255u8).filter(|&byte| !is_printable(byte)).nth((code - 256) as usize),
    }
}

/// What GPT-2 takes for printable: visible ASCII, and Latin-1 without its blanks and the soft
/// hyphen.
const fn is_printable(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_tokens_have_their_bytes() {
        assert_eq!(byte_level("Ġthe").unwrap(), b" the");
        assert_eq!(byte_level("Ċ").unwrap(), b"\n");
        assert_eq!(byte_level("Ã©").unwrap(), "é".as_bytes());
        assert_eq!(byte_level("ļ").unwrap(), [0x9A]);
        assert_eq!(byte_level("<|im_end|>").unwrap(), b"<|im_end|>");
        assert_eq!(byte_level("Ġa\u{10A}").unwrap(), b" a\n");
        assert_eq!((byte_level("\u{200b}"), byte_level("日")), (None, None));
    }

    #[test]
    fn every_byte_has_one_character() {
        let all: std::collections::HashSet<u8> = ('\0'..'\u{400}').filter_map(byte_of).collect();
        assert_eq!((all.len(), ('\0'..'\u{400}').filter_map(byte_of).count()), (256, 256));
        assert_eq!(('\0'..'\u{200}').filter_map(byte_of).count(), 256);
    }
}
