//! The filters, by name.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One filter of datatrove with its settings, or rules for lines, which delete and drop nothing.
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
    /// C4's rules for lines alone: no document is dropped.
    C4Lines,
    /// The same, whatever lines end in.
    C4LinesAnyEnd,
    /// Runs of lines that end sentences: our reading of PTF (arXiv:2510.24139).
    PtfLines,
}

impl Step {
    const ALL: [Self; 8] = [
        Self::GopherRepetition,
        Self::GopherQuality,
        Self::C4,
        Self::C4AnyEnd,
        Self::FinewebQuality,
        Self::C4Lines,
        Self::C4LinesAnyEnd,
        Self::PtfLines,
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
            Self::C4Lines => "c4-lines",
            Self::C4LinesAnyEnd => "c4-lines-any-end",
            Self::PtfLines => "ptf-lines",
        }
    }

    /// Whether it is datatrove's C4 filter, which edits the text and drops documents.
    pub(crate) const fn is_c4(self) -> bool {
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
