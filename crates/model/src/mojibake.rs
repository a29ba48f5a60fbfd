//! UTF-8 that was read as Latin-1 or Windows-1252 and written again, read as what it was.
//!
//! Only the sequences of two bytes of Latin, Greek and Cyrillic letters and those of typographic marks:
//! text that was never garbled has hardly any of these, while "é\u{a0}»" also looks like three bytes.

use std::str::Chars;

/// What Windows-1252 has in the place of the controls 0x80 to 0x9F; 0 where it has none.
const WINDOWS: [u32; 32] = [
    0x20AC, 0, 0x201A, 0x192, 0x201E, 0x2026, 0x2020, 0x2021, 0x2C6, 0x2030, 0x160, 0x2039, 0x152,
    0, 0x17D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x2DC, 0x2122, 0x161,
    0x203A, 0x153, 0, 0x17E, 0x178,
];

/// The characters of a text, mended.
pub(crate) struct Mended<'a>(pub(crate) Chars<'a>);

impl Iterator for Mended<'_> {
    type Item = char;

    #[inline]
    fn next(&mut self) -> Option<char> {
        let first = self.0.next()?;
        if ('\u{C2}'..='\u{E2}').contains(&first) {
            return Some(self.mend(first));
        }
        Some(first)
    }
}

impl Mended<'_> {
    /// The character that begins with `first`, garbled or not.
    #[cold]
    fn mend(&mut self, first: char) -> char {
        let lead = first as u32;
        let mut rest = self.0.clone();
        let mended = match lead {
            // Latin, Greek and Cyrillic letters. What begins with ß is German with a quotation mark.
            0xC2..=0xC5 | 0xCE..=0xD1 => next_byte(&mut rest).map(|byte| (lead & 0x1F) << 6 | byte),
            // Dashes, quotation marks, bullets.
            0xE2 => next_byte(&mut rest)
                .zip(next_byte(&mut rest))
                .map(|(high, low)| 0x2000 | high << 6 | low),
            _ => None,
        };
        let Some(mended) = mended.and_then(char::from_u32) else { return first };
        self.0 = rest;
        mended
    }
}

/// The six bits of a byte that goes on a sequence.
fn next_byte(rest: &mut Chars<'_>) -> Option<u32> {
    let code = u32::from(rest.next()?);
    let byte = match code {
        0x80..=0xBF => code,
        0x152.. => 0x80 + WINDOWS.iter().position(|&other| other == code)? as u32,
        _ => return None,
    };
    Some(byte & 0x3F)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(text: &str) -> String {
        Mended(text.chars()).collect()
    }

    #[test]
    fn what_was_read_as_latin_1_is_read_as_what_it_was() {
        let text = "Café “crème” – don’t • Ωμέγα Жизнь © 5 €";
        let garbled: String = text.bytes().map(char::from).collect();
        assert_eq!(mended(&garbled), text);
    }

    #[test]
    fn what_was_read_as_windows_1252_is_too() {
        assert_eq!(mended("donâ€™t â€” CafÃ© â€œxâ€¢"), "don’t — Café “x•");
    }

    #[test]
    fn text_that_was_never_garbled_stays() {
        for text in [
            "« café\u{a0}» VOILÀ\u{a0}! fiancé’s",
            "»Spaß«, „Fuß“",
            "São João, ÃO",
            "Å Ä Ö Ñ Î",
            "â",
            "Ã",
            "日本語 Ωμέγα",
        ] {
            assert_eq!(mended(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn garbled_latin_greek_and_cyrillic_is_read_as_it_was(text in "[ -~é-őα-ωа-я–—‘-”•…]{0,40}") {
            let garbled: String = text.bytes().map(char::from).collect();
            proptest::prop_assert_eq!(mended(&garbled), text);
        }
    }
}
