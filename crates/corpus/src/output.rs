//! What is written for a shard, and under which name.

use crate::columns::Columns;
use crate::error::{InputError, ShardError};
use crate::format::{Compression, Format, ShardName};
use crate::input::InputShard;
use crate::reader::{ReadSettings, ShardReader};
use crate::table::json::check_columns;
use crate::table::read::TableShape;
use crate::table::write::TablePlan;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// The format of what is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputFormat {
    /// That of the input; WET, which has no room for ids and edits, becomes JSONL.
    #[default]
    Same,
    /// JSON lines.
    Jsonl,
    /// Parquet.
    Parquet,
}

/// The compression of what is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputCompression {
    /// That of the input, or Zstandard where the format is another.
    #[default]
    Same,
    /// None.
    None,
    /// Gzip.
    Gz,
    /// Zstandard.
    Zst,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputSettings {
    /// Its format.
    pub format: OutputFormat,
    /// Its compression.
    pub compression: OutputCompression,
    /// The level of the compression.
    pub level: i32,
}

impl Default for OutputSettings {
    fn default() -> Self {
        Self { format: OutputFormat::Same, compression: OutputCompression::Same, level: 3 }
    }
}

impl OutputSettings {
    fn format_for(&self, input: Format) -> Format {
        match (self.format, input) {
            (OutputFormat::Jsonl, _) | (OutputFormat::Same, Format::Jsonl | Format::Wet) => {
                Format::Jsonl
            }
            (OutputFormat::Parquet, _) | (OutputFormat::Same, Format::Parquet) => Format::Parquet,
        }
    }

    /// The compression asked for; `None` if it is that of the input and the input says none.
    fn compression_for(&self, shard: ShardName<'_>) -> Compression {
        match self.compression {
            OutputCompression::Same if shard.format == Format::Parquet => Compression::Zst,
            OutputCompression::Same => shard.compression,
            OutputCompression::None => Compression::None,
            OutputCompression::Gz => Compression::Gz,
            OutputCompression::Zst => Compression::Zst,
        }
    }

    /// The name of what is written for a shard of the name `input`.
    #[must_use]
    pub fn name_for(&self, input: &str) -> String {
        let Some(parts) = ShardName::parse(input) else { return input.to_string() };
        let format = self.format_for(parts.format);
        let compression = self.compression_for(parts);
        let kept = parts.format == format
            && (format == Format::Parquet || compression == parts.compression);
        match format {
            // A name that says the same already keeps its spelling, such as `.json.zstd`.
            _ if kept => input.to_string(),
            Format::Parquet => format!("{}.parquet", parts.stem),
            _ => format!("{}.jsonl{}", parts.stem, compression.suffix()),
        }
    }
}

/// Refuse shards of which two would be written under one name.
///
/// # Errors
/// If there are such shards; both are named.
pub fn check_collisions(
    shards: &[InputShard],
    settings: &OutputSettings,
) -> Result<(), InputError> {
    let mut seen: HashMap<String, &InputShard> = HashMap::new();
    for shard in shards {
        // The sidecar drops the suffixes, so names must differ without them.
        let name = settings.name_for(&shard.name);
        let stem = ShardName::parse(&name).map_or(name.as_str(), |parts| parts.stem).to_string();
        if let Some(first) = seen.insert(stem, shard) {
            return Err(InputError(format!(
                "expected each input to have an output name of its own, but found that {} and {} would both be written as {name}",
                first.location, shard.location
            )));
        }
    }
    Ok(())
}

/// What is written for one shard: its name, format and, for Parquet, its columns.
#[derive(Clone, Debug)]
pub struct Target {
    name: String,
    pub(crate) sink: Sink,
}

/// How rows are laid down.
#[derive(Clone, Debug)]
pub(crate) enum Sink {
    Lines(Packing),
    /// A table; the columns are there where they are filled from JSON.
    Table(Arc<TablePlan>, Option<Arc<Columns>>),
}

/// A compression and its level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packing {
    pub compression: Compression,
    pub level: i32,
}

impl Target {
    /// Plan what is written for `shard`. JSONL or WET that becomes Parquet is read once for this,
    /// to find the columns.
    ///
    /// # Errors
    /// If the shard cannot be read.
    pub fn plan(
        shard: &InputShard,
        read: &ReadSettings,
        settings: &OutputSettings,
    ) -> Result<Self, ShardError> {
        let parts = ShardName { stem: "", format: shard.format, compression: shard.compression };
        let packing =
            Packing { compression: settings.compression_for(parts), level: settings.level };
        let fail = |why: String| ShardError::new(&shard.name, 0, why);
        let sink = match (shard.format, settings.format_for(shard.format)) {
            (Format::Parquet, Format::Parquet) => {
                let shape = TableShape::of(shard, &read.text_key).map_err(fail)?;
                Sink::Table(Arc::new(TablePlan::like(&shape, settings)), None)
            }
            (_, Format::Parquet) => table_of_json(shard, read, settings)?,
            (Format::Parquet, _) => {
                let shape = TableShape::of(shard, &read.text_key).map_err(fail)?;
                check_columns(&shape.schema, shape.text).map_err(fail)?;
                Sink::Lines(packing)
            }
            _ => Sink::Lines(packing),
        };
        Ok(Self { name: settings.name_for(&shard.name), sink })
    }

    /// The name of what is written, relative to `documents/`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A table of what is read as JSON. JSON lines are read once for its columns.
fn table_of_json(
    shard: &InputShard,
    read: &ReadSettings,
    settings: &OutputSettings,
) -> Result<Sink, ShardError> {
    let mut text = "text";
    let columns = if shard.format == Format::Wet {
        Columns::of_wet()
    } else {
        text = &read.text_key;
        let mut columns = Columns::new(text);
        let mut reader = ShardReader::open(shard, read)?;
        while let Some(batch) = reader.next_batch()? {
            batch.decode().observe(&mut columns);
        }
        columns.complete()
    };
    let plan = TablePlan::new(columns.schema(), text, settings);
    Ok(Sink::Table(Arc::new(plan), Some(Arc::new(columns))))
}
