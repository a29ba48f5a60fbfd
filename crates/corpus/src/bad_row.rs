//! A row that could not be read, and why.

use serde::{Deserialize, Serialize};

/// Why a row could not be read. The names are stable: they stand in `failed/` and in counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowProblem {
    /// The row is not UTF-8.
    InvalidUtf8,
    /// The row is not one JSON value.
    BrokenJson,
    /// The row is JSON, but no object.
    NotAnObject,
    /// The row has no text.
    TextMissing,
    /// The text is null.
    TextNull,
    /// The text is of another type.
    TextNotAString,
    /// The row has more than one text, so nobody can say which counts.
    DuplicateTextKey,
    /// The text or id has half of a surrogate pair, which no text in Unicode can have.
    LoneSurrogate,
    /// The row is longer than the limit.
    RowTooLong,
    /// A WARC record that does not keep the format.
    BrokenRecord,
}

impl RowProblem {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidUtf8 => "invalid_utf8",
            Self::BrokenJson => "broken_json",
            Self::NotAnObject => "not_an_object",
            Self::TextMissing => "text_missing",
            Self::TextNull => "text_null",
            Self::TextNotAString => "text_not_a_string",
            Self::DuplicateTextKey => "duplicate_text_key",
            Self::LoneSurrogate => "lone_surrogate",
            Self::RowTooLong => "row_too_long",
            Self::BrokenRecord => "broken_record",
        }
    }
}

/// A row that could not be read: where it stood, why, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Its number in the shard, from 1.
    pub row: u64,
    /// Where it begins in the uncompressed shard, in bytes. Parquet has no such place: `None`.
    pub position: Option<u64>,
    /// Why it could not be read.
    pub problem: RowProblem,
    /// The same for people.
    pub message: String,
    /// Its bytes, without the line end; of a row that is too long only the first ones.
    pub raw: Vec<u8>,
    /// Its whole length in bytes.
    pub raw_length: u64,
}
