//! Leaving out copies of a labelled set: equal texts, and texts that are nearly equal.

use super::output::{LabelledOutput, LeftOut, Written};
use super::set::{LabelledDocument, LabelledSet};
use crate::error::RunError;
use serde_json::json;
use std::collections::HashMap;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Words of a shingle (FineWeb's n-grams of 5 words).
const SHINGLE: usize = 5;
/// Bands of a signature (FineWeb's: 14 of 8, which find texts of Jaccard similarity 0.8 in 92 of
/// 100 cases, 0.75 in 77).
const BANDS: usize = 14;
/// Hashes of a band.
const ROWS: usize = 8;
/// Hashes of a signature.
const HASHES: usize = BANDS * ROWS;

/// What counts as a copy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Copies {
    /// Texts that differ in white space alone are equal.
    pub ignore_white_space: bool,
    /// Texts of which this share of the shingles is common are copies; none to look for equal texts
    /// only. It is estimated from 112 hashes, so an estimate is off by 0.04 as a rule.
    pub near: Option<f64>,
}

/// Finds copies of documents that it has seen. It holds hashes and ids, no text: about 200 bytes a
/// document, and 1.7 kB in all where near copies are looked for (measured on 77,070 web pages).
struct Seen {
    copies: Copies,
    /// By the hash of the text: the first document, and its labels.
    equal: HashMap<u64, (usize, u64)>,
    /// Signatures of the documents that were kept.
    signatures: Vec<[u32; HASHES]>,
    /// By a band's hash: documents with it, as indices of `signatures`.
    bands: Vec<HashMap<u64, Vec<u32>>>,
    /// Documents of the signatures.
    numbers: Vec<usize>,
    ids: Vec<String>,
}

/// Of what a document is a copy.
#[derive(Debug, PartialEq)]
enum Copy {
    /// Of an equal text; whether its labels are the same.
    Equal { of: usize, same_labels: bool },
    /// Of a text this near.
    Near { of: usize, similarity: f64 },
}

impl Seen {
    fn new(copies: Copies) -> Self {
        Self {
            copies,
            equal: HashMap::new(),
            signatures: Vec::new(),
            bands: (0..BANDS).map(|_| HashMap::new()).collect(),
            numbers: Vec::new(),
            ids: Vec::new(),
        }
    }

    /// Of what seen before the document is a copy; if of nothing, it is seen from now on.
    fn copy_of(&mut self, document: &LabelledDocument) -> Option<Copy> {
        let text = &document.text;
        let hash = match self.copies.ignore_white_space {
            true => xxh3_64(text.split_whitespace().collect::<Vec<_>>().join(" ").as_bytes()),
            false => xxh3_64(text.as_bytes()),
        };
        let labels = labels_hash(document);
        if let Some(&(of, other)) = self.equal.get(&hash) {
            return Some(Copy::Equal { of, same_labels: other == labels });
        }
        let number = self.ids.len();
        if let Some(near) = self.copies.near {
            let signature = signature(text);
            if let Some(copy) = self.near(&signature, near) {
                return Some(copy);
            }
            self.add(signature, number);
        }
        self.equal.insert(hash, (number, labels));
        self.ids.push(document.id.clone());
        None
    }

    /// The first document that is as near as this or nearer.
    fn near(&self, signature: &[u32; HASHES], least: f64) -> Option<Copy> {
        let candidates = self
            .bands
            .iter()
            .enumerate()
            .filter_map(|(band, found)| found.get(&band_hash(signature, band)));
        let mut candidates: Vec<u32> = candidates.flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        candidates.into_iter().find_map(|at| {
            let at = at as usize;
            let same = signature.iter().zip(&self.signatures[at]).filter(|(a, b)| a == b).count();
            let similarity = same as f64 / HASHES as f64;
            (similarity >= least).then(|| Copy::Near { of: self.numbers[at], similarity })
        })
    }

    fn add(&mut self, signature: [u32; HASHES], number: usize) {
        let at = self.signatures.len() as u32;
        for (band, found) in self.bands.iter_mut().enumerate() {
            found.entry(band_hash(&signature, band)).or_default().push(at);
        }
        self.signatures.push(signature);
        self.numbers.push(number);
    }
}

/// A hash of which characters are deleted, white space not counted: the same for labels that take
/// away the same characters, wherever their spans begin and end in the white space between.
fn labels_hash(document: &LabelledDocument) -> u64 {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    let (mut at, mut seen) = (0, 0);
    for span in document.deletions.spans() {
        seen += visible(&document.text[at..span.start()]);
        let end = seen + visible(span.of(&document.text));
        match runs.last_mut() {
            Some((_, last)) if *last == seen => *last = end,
            _ if end > seen => runs.push((seen, end)),
            _ => {}
        }
        (at, seen) = (span.end(), end);
    }
    let bytes = runs.iter().flat_map(|(start, end)| [start.to_le_bytes(), end.to_le_bytes()]);
    xxh3_64(&bytes.flatten().collect::<Vec<u8>>())
}

fn visible(text: &str) -> u64 {
    text.chars().filter(|c| !c.is_whitespace()).count() as u64
}

/// MinHash (Broder, 1997): for each of 112 hash functions the least hash of a shingle. The functions
/// are (a·h + b) of one hash of the shingle, with odd a, cut to their upper half.
fn signature(text: &str) -> [u32; HASHES] {
    let mut least = [u32::MAX; HASHES];
    let text = text.to_lowercase();
    let words = words(&text);
    let windows: Vec<&[&str]> = match words.len() {
        0 => Vec::new(),
        few if few < SHINGLE => vec![&words[..]],
        _ => words.windows(SHINGLE).collect(),
    };
    for window in windows {
        let hash = xxh3_64(window.join(" ").as_bytes());
        for (at, least) in least.iter_mut().enumerate() {
            let (a, b) = function(at);
            *least = (*least).min((hash.wrapping_mul(a).wrapping_add(b) >> 32) as u32);
        }
    }
    least
}

/// The words between white space; of scripts that put none between words, each character is one.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for run in text.split_whitespace() {
        let mut from = 0;
        for (at, c) in run.char_indices().filter(|(_, c)| is_unspaced(*c)) {
            if from < at {
                words.push(&run[from..at]);
            }
            from = at + c.len_utf8();
            words.push(&run[at..from]);
        }
        if from < run.len() {
            words.push(&run[from..]);
        }
    }
    words
}

/// Whether a character is of a script that is written without spaces between words: Thai, Lao,
/// Tibetan, Myanmar, Khmer, Kana, Han (the blocks of Unicode).
const fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The constants of a hash function.
const fn function(at: usize) -> (u64, u64) {
    let mixed = (at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let other = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (other | 1, mixed ^ (other >> 31))
}

fn band_hash(signature: &[u32; HASHES], band: usize) -> u64 {
    let rows = &signature[band * ROWS..][..ROWS];
    let bytes: Vec<u8> = rows.iter().flat_map(|row| row.to_le_bytes()).collect();
    xxh3_64_with_seed(&bytes, band as u64)
}

/// Writes the set without its copies to the run directory `output`; the first of several is kept.
/// What is left out stands in `removed/`, with the id of which it is a copy; equal texts with other
/// labels are the reason `conflict`.
///
/// # Errors
/// If the set cannot be read or the output cannot be written.
pub fn dedup(
    set: &LabelledSet,
    copies: Copies,
    output: &str,
    threads: usize,
) -> Result<Written, RunError> {
    if copies.near.is_some_and(|near| !(near > 0.0 && near <= 1.0)) {
        let found = copies.near.unwrap_or_default();
        return Err(RunError::new(format!("expected a share over 0 up to 1, but found {found}")));
    }
    let inputs = [set.location.clone()];
    let choices = json!({"ignore_white_space": copies.ignore_white_space, "near": copies.near});
    let mut writing = LabelledOutput::begin(output, "labels dedup", &inputs, &inputs, &choices)?;
    if writing.is_done() {
        return writing.finish(threads);
    }
    let mut seen = Seen::new(copies);
    set.each(&mut |row| {
        let Ok(document) = &row else { return writing.take(&row) };
        let (reason, detail) = match seen.copy_of(document) {
            None => return writing.write(document),
            Some(Copy::Near { of, similarity }) => {
                ("near_copy", json!({"of": seen.ids[of], "similarity": similarity}))
            }
            Some(Copy::Equal { of, same_labels }) => {
                let reason = if same_labels { "copy" } else { "conflict" };
                (reason, json!({"of": seen.ids[of]}))
            }
        };
        writing.leave_out(&LeftOut { id: document.id.clone(), reason: reason.to_owned(), detail })
    })?;
    writing.finish(threads)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::Columns;
    use crate::labels::set::Label;
    use refinex_core::{Deletions, Span};

    fn document(id: &str, text: &str, gone: &[(usize, usize)]) -> LabelledDocument {
        let spans = gone.iter().map(|&(start, end)| Span::new(start, end));
        let deletions = Deletions::from_spans(text, spans).unwrap();
        let Label { deletions, row } = Label::plain(text, deletions);
        let (id, text) = (id.to_owned(), text.to_owned());
        LabelledDocument { id, text, deletions, columns: Columns::default(), label: row }
    }

    #[test]
    fn equal_texts_are_copies_and_those_with_other_labels_conflicts() {
        let mut seen = Seen::new(Copies { ignore_white_space: true, near: None });
        assert_eq!(seen.copy_of(&document("a", "Menu\nstory", &[(0, 5)])), None);
        let copy = |same_labels| Some(Copy::Equal { of: 0, same_labels });
        assert_eq!(seen.copy_of(&document("b", "Menu \nstory", &[(0, 6)])), copy(true));
        assert_eq!(seen.copy_of(&document("c", "Menu\nstory", &[])), copy(false));
        assert_eq!(seen.copy_of(&document("d", "Another", &[])), None);
        let mut exact = Seen::new(Copies { ignore_white_space: false, near: None });
        assert_eq!(exact.copy_of(&document("a", "Menu\nstory", &[])), None);
        assert_eq!(exact.copy_of(&document("b", "Menu \nstory", &[])), None);
    }

    #[test]
    fn near_copies_are_found_and_their_similarity_is_about_that_of_their_shingles() {
        let words = |from: usize, to: usize| -> String {
            (from..to).map(|n| format!("word{n} ")).collect()
        };
        let mut seen = Seen::new(Copies { ignore_white_space: false, near: Some(0.8) });
        assert_eq!(seen.copy_of(&document("a", &words(0, 400), &[])), None);
        // 380 of 416 shingles are common: 0.91.
        let copy = seen.copy_of(&document("b", &words(16, 416), &[]));
        let Some(Copy::Near { of: 0, similarity }) = copy else { panic!("{copy:?}") };
        assert!((0.82..1.0).contains(&similarity), "{similarity}");
        assert_eq!(seen.copy_of(&document("c", &words(200, 600), &[])), None);
        assert_eq!(seen.copy_of(&document("d", "short", &[])), None);
        assert_eq!(seen.copy_of(&document("e", "", &[])), None);
    }

    #[test]
    fn the_same_words_deleted_elsewhere_are_a_conflict() {
        let mut seen = Seen::new(Copies { ignore_white_space: true, near: None });
        let text = "Share\nstory\nShare";
        assert_eq!(seen.copy_of(&document("a", text, &[(0, 6)])), None);
        let copy = |same_labels| Some(Copy::Equal { of: 0, same_labels });
        assert_eq!(seen.copy_of(&document("b", text, &[(11, 17)])), copy(false));
        assert_eq!(seen.copy_of(&document("c", text, &[(0, 5)])), copy(true));
    }

    #[test]
    fn near_copies_are_found_in_scripts_without_spaces() {
        let han: String = (0..400u32).filter_map(|n| char::from_u32(0x4e00 + n * 7)).collect();
        let mut other: Vec<char> = han.chars().collect();
        other[200] = '雪';
        let other: String = other.into_iter().collect();
        let mut seen = Seen::new(Copies { ignore_white_space: true, near: Some(0.8) });
        assert_eq!(seen.copy_of(&document("a", &han, &[])), None);
        assert!(matches!(
            seen.copy_of(&document("b", &other, &[])),
            Some(Copy::Near { of: 0, .. })
        ));
        assert_eq!(words("a雪b 雪雪 cd"), ["a", "雪", "b", "雪", "雪", "cd"]);
    }
}
