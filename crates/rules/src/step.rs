//! The filters, by name.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One filter of datatrove with its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// `GopherRepetitionFilter`.
    GopherRepetition,
    /// `GopherQualityFilter`.
    GopherQuality,
    /// `C4QualityFilter`.
    C4,
    /// `C4QualityFilter(filter_no_terminal_punct=False)`, as FineWeb has it.
    C4AnyEnd,
    /// `FineWebQualityFilter`.
    FinewebQuality,
}

impl Step {
    const ALL: [Self; 5] = [
        Self::GopherRepetition,
        Self::GopherQuality,
        Self::C4,
        Self::C4AnyEnd,
        Self::FinewebQuality,
    ];

    /// Its name, as it stands in sidecars.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GopherRepetition => "gopher-repetition",
            Self::GopherQuality => "gopher-quality",
            Self::C4 => "c4",
            Self::C4AnyEnd => "c4-any-end",
            Self::FinewebQuality => "fineweb-quality",
        }
    }

    /// Whether it edits the text.
    #[must_use]
    pub const fn edits(self) -> bool {
        matches!(self, Self::C4 | Self::C4AnyEnd)
    }

    /// The steps that a name stands for: one, or several in order.
    pub(crate) fn named(name: &str) -> Option<Vec<Self>> {
        let gopher = [Self::GopherRepetition, Self::GopherQuality];
        match name {
            "gopher" => Some(gopher.to_vec()),
            "fineweb" => Some(vec![Self::FinewebQuality]),
            "comb" => Some([&gopher[..], &[Self::C4AnyEnd, Self::FinewebQuality]].concat()),
            _ => Self::ALL.into_iter().find(|step| step.name() == name).map(|step| vec![step]),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
