//! Everything that decides the bytes of a run, beside input and model.

use crate::error::RunError;
use refinex_core::{Chunker, Policy, Score};
use refinex_corpus::{OutputSettings, ReadSettings};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

/// Most bytes that the tagger reads at once. Only documents beyond it are cut (guess: a document
/// of a mebibyte is rare, and its features take some tens of mebibytes).
const TAGGER_CHUNK_BYTES: usize = 1 << 20;
/// Context on either side of a chunk, in bytes (guess: some hundred lines, beyond the reach of the
/// tagger's convolutions).
const TAGGER_OVERLAP_BYTES: usize = 16 << 10;

/// The settings of a run. They are written to `run.json`; a run that is continued with others is
/// refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Key or column of the text.
    pub text_key: String,
    /// Key or column of the id.
    pub id_key: String,
    /// Longest row that is read, in bytes.
    pub max_row_bytes: usize,
    /// Lines and pieces that score at least this are deleted.
    pub threshold: Score,
    /// When a program is not trusted.
    pub policy: Policy,
    /// Most bytes that the refiner reads at once.
    pub chunk_bytes: usize,
    /// Bytes of context on either side of a chunk.
    pub overlap_bytes: usize,
    /// Format, compression and level of the documents.
    pub output: OutputSettings,
    /// Whether the deleted text is kept in the sidecar.
    pub keep_deleted: bool,
    /// Whether the scores of all lines are kept in the sidecar, for another threshold later.
    pub keep_scores: bool,
    /// Whether documents that rules left out are written to `removed/`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub keep_removed: bool,
    /// Whether the sidecar says what rules measured, of kept documents too.
    #[serde(default, skip_serializing_if = "is_false")]
    pub measure: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Default for Settings {
    fn default() -> Self {
        let read = ReadSettings::default();
        Self {
            text_key: read.text_key,
            id_key: read.id_key,
            max_row_bytes: read.max_row_bytes,
            threshold: Score::from_thousandths(500),
            policy: Policy::default(),
            chunk_bytes: TAGGER_CHUNK_BYTES,
            overlap_bytes: TAGGER_OVERLAP_BYTES,
            output: OutputSettings::default(),
            keep_deleted: false,
            keep_scores: true,
            keep_removed: false,
            measure: false,
        }
    }
}

impl Settings {
    /// How rows are read.
    #[must_use]
    pub fn read(&self) -> ReadSettings {
        ReadSettings {
            text_key: self.text_key.clone(),
            id_key: self.id_key.clone(),
            max_row_bytes: self.max_row_bytes,
        }
    }

    /// These with chunks such as generators are trained on: of so many bytes, without overlap.
    #[must_use]
    pub fn for_generator(self, chunk_bytes: usize) -> Self {
        Self { chunk_bytes, overlap_bytes: 0, ..self }
    }

    /// The chunker.
    ///
    /// # Errors
    /// If the context leaves no room in a chunk.
    pub fn chunker(&self) -> Result<Chunker, RunError> {
        Chunker::new(self.chunk_bytes, self.overlap_bytes)
            .map_err(|error| RunError::new(error.to_string()))
    }

    /// A fingerprint of all settings.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!("{:016x}", xxh3_64(&json))
    }
}

/// Says where two JSON values differ: `threshold: 500 before, 600 now`.
#[must_use]
pub fn differences(before: &Value, now: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect_differences("", before, now, &mut found);
    found
}

fn collect_differences(path: &str, before: &Value, now: &Value, found: &mut Vec<String>) {
    match (before, now) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let null = Value::Null;
                collect_differences(
                    &path,
                    a.get(key).unwrap_or(&null),
                    b.get(key).unwrap_or(&null),
                    found,
                );
            }
        }
        _ if before != now => found.push(format!("{path}: {before} before, {now} now")),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_named_by_its_path() {
        let before = Settings::default();
        let mut now = before.clone();
        now.output.level = 9;
        now.threshold = Score::from_thousandths(600);
        let json = |settings: &Settings| serde_json::to_value(settings).unwrap();
        let found = differences(&json(&before), &json(&now));
        assert_eq!(found, ["output.level: 3 before, 9 now", "threshold: 500 before, 600 now"]);
        assert_ne!(before.fingerprint(), now.fingerprint());
    }
}
