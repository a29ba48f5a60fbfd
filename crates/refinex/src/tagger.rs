//! The embedded tagger as a refiner.

use crate::error::RunError;
use crate::training_folder::WEIGHTS;
use refinex_core::{Chunk, Identity, Proposal, RefineError, Refiner, Score, Scores};
use refinex_model::Tagger;
use std::path::Path;

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

/// A refiner that scores lines.
pub struct LineTagger {
    tagger: Tagger,
}

impl LineTagger {
    /// The tagger of the weights at a path, or the one that ships.
    ///
    /// # Errors
    /// If the weights cannot be read.
    pub fn of(weights: Option<&Path>) -> Result<Self, RunError> {
        weights.map_or_else(Self::embedded, Self::open)
    }

    /// The tagger whose weights ship with the program.
    ///
    /// # Errors
    /// If the weights are damaged.
    pub fn embedded() -> Result<Self, RunError> {
        Tagger::embedded()
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
