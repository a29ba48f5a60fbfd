//! Taggers as refiners.

use crate::error::RunError;
use crate::training_folder::WEIGHTS;
use refinex_core::{Chunk, Identity, Proposal, RefineError, Refiner, Score, Scores};
use refinex_model::Tagger;
use std::path::{Path, PathBuf};

/// The weights at a path: a file, or the folder of a training.
pub(crate) fn read_weights(path: &Path) -> Result<Vec<u8>, RunError> {
    let inside = path.join(WEIGHTS);
    let path = if path.is_dir() { &inside } else { path };
    std::fs::read(path).map_err(|error| {
        RunError::new(format!("expected weights at {}, but found: {error}", path.display()))
    })
}

/// A threshold by the name of its use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OperatingPoint {
    /// Precision and recall are about as good.
    #[default]
    Balanced,
    /// Next to nothing goes that should stay.
    Careful,
}

/// The taggers that ship.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// Reads megabytes a second and core.
    #[default]
    Fast,
    /// Sees every line of a page beside all others: better, and some four times slower.
    Best,
}

/// The weights of a tagger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaggerWeights {
    /// Those that ship with the program.
    Shipped(Tier),
    /// At a path: a file, or the folder of a training.
    At(PathBuf),
}

impl Default for TaggerWeights {
    fn default() -> Self {
        Self::Shipped(Tier::default())
    }
}

/// A refiner that scores lines.
pub struct LineTagger {
    tagger: Tagger,
}

impl LineTagger {
    /// The tagger of some weights.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn of(weights: &TaggerWeights) -> Result<Self, RunError> {
        match weights {
            TaggerWeights::Shipped(tier) => Self::shipped(*tier),
            TaggerWeights::At(path) => Self::open(path),
        }
    }

    /// A tagger whose weights ship with the program.
    ///
    /// # Errors
    /// If the weights are damaged.
    pub fn shipped(tier: Tier) -> Result<Self, RunError> {
        let tagger = match tier {
            Tier::Fast => Tagger::fast(),
            Tier::Best => Tagger::best(),
        };
        tagger
            .map(|tagger| Self { tagger })
            .map_err(|error| RunError::new(format!("the embedded weights: {error}")))
    }

    /// A tagger of weights from a file.
    ///
    /// # Errors
    /// If they are not weights of a tagger of this version.
    pub fn from_bytes(weights: &[u8]) -> Result<Self, RunError> {
        Tagger::from_bytes(weights)
            .map(|tagger| Self { tagger })
            .map_err(|error| RunError::new(error.to_string()))
    }

    /// A tagger of the weights at a path: a file, or the folder of a training.
    ///
    /// # Errors
    /// If there are none, or they are not weights of a tagger of this version.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        Self::from_bytes(&read_weights(path)?)
    }

    /// The threshold that was chosen for a use when the model was trained.
    #[must_use]
    pub fn threshold(&self, point: OperatingPoint) -> Score {
        let points = self.tagger.points();
        Score::from_probability(match point {
            OperatingPoint::Balanced => points.balanced,
            OperatingPoint::Careful => points.careful,
        })
    }

    fn scores(&self, chunk: &Chunk<'_>) -> Scores {
        let (document, view) = (chunk.document(), chunk.view());
        let lines = self.tagger.score_lines(document, view);
        let pieces = self.tagger.score_pieces(document, view, &lines);
        let piece = |(span, score)| (span, Score::from_probability(score));
        Scores {
            pieces: pieces.into_iter().map(piece).collect(),
            lines: lines.into_iter().map(Score::from_probability).collect(),
        }
    }
}

impl Refiner for LineTagger {
    fn identity(&self) -> Identity {
        Identity { name: self.tagger.name().to_owned(), fingerprint: self.tagger.fingerprint() }
    }

    fn refine(&self, chunks: &[Chunk<'_>]) -> Vec<Result<Proposal, RefineError>> {
        chunks.iter().map(|chunk| Ok(Proposal::Scores(self.scores(chunk)))).collect()
    }
}
