//! Refiners as they are named on the command line.

use crate::decider::Decider;
use crate::error::RunError;
use crate::settings::Settings;
use crate::tagger::{LineTagger, OperatingPoint};
use refinex_core::{KeepAll, Score};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// What a refiner is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefinerSpec {
    /// Deletes nothing.
    KeepAll,
    /// The embedded tagger, or one of other weights, at its own threshold or another.
    Tagger {
        /// A folder with weights, or the weights themselves.
        weights: Option<PathBuf>,
        /// The threshold.
        threshold: Option<Score>,
    },
    /// A generator of these weights, in process.
    Generator(PathBuf),
    /// A command that reads rows and writes rows of a sidecar.
    Command(String),
}

/// A refiner and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRefiner {
    /// Its name in tables.
    pub name: String,
    /// What it is.
    pub spec: RefinerSpec,
}

const FORMS: &str = "keep-all, tagger, tagger@THRESHOLD, weights:PATH, weights:PATH@THRESHOLD, \
                     generator:PATH or command:COMMAND";

impl FromStr for RefinerSpec {
    type Err = RunError;

    fn from_str(text: &str) -> Result<Self, RunError> {
        if let Some(command) = text.strip_prefix("command:").filter(|rest| !rest.is_empty()) {
            return Ok(Self::Command(command.to_owned()));
        }
        if let Some(path) = text.strip_prefix("generator:").filter(|rest| !rest.is_empty()) {
            return Ok(Self::Generator(path.into()));
        }
        let (what, threshold) = match text.rsplit_once('@') {
            Some((what, threshold)) => (what, Some(threshold_of(threshold)?)),
            None => (text, None),
        };
        match (what, what.strip_prefix("weights:")) {
            ("keep-all", _) if threshold.is_none() => Ok(Self::KeepAll),
            ("tagger", _) => Ok(Self::Tagger { weights: None, threshold }),
            (_, Some(path)) if !path.is_empty() => {
                Ok(Self::Tagger { weights: Some(path.into()), threshold })
            }
            _ => Err(RunError::new(format!("expected a refiner ({FORMS}), but found {text}"))),
        }
    }
}

impl fmt::Display for RefinerSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeepAll => f.write_str("keep-all"),
            Self::Generator(path) => write!(f, "generator:{}", path.display()),
            Self::Command(command) => write!(f, "command:{command}"),
            Self::Tagger { weights, threshold } => {
                match weights {
                    None => f.write_str("tagger")?,
                    Some(path) => write!(f, "weights:{}", path.display())?,
                }
                threshold.map_or(Ok(()), |threshold| write!(f, "@{}", threshold.probability()))
            }
        }
    }
}

impl FromStr for NamedRefiner {
    type Err = RunError;

    fn from_str(text: &str) -> Result<Self, RunError> {
        let named = text.split_once('=').filter(|(name, _)| !name.contains([':', '@', '/', ' ']));
        let (name, spec) = named.unwrap_or((text, text));
        Ok(Self { name: name.to_owned(), spec: spec.parse()? })
    }
}

fn threshold_of(text: &str) -> Result<Score, RunError> {
    match text.parse::<f32>() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(Score::from_probability(number)),
        _ => Err(RunError::new(format!("expected a threshold from 0 to 1, but found {text}"))),
    }
}

/// The generator at `path`, with the chunks of its training.
#[cfg(feature = "tokenizers")]
fn generator_of(path: &Path) -> Result<(Decider, Settings), RunError> {
    use refinex_model::generator::{Generator, GeneratorSettings};
    let generator = Generator::open(path, GeneratorSettings::default())
        .map_err(|error| RunError::new(format!("{}: {error}", path.display())))?;
    let chunk_bytes = crate::expert::ExpertRun::CHUNK_BYTES;
    let settings = Settings::default().for_generator(chunk_bytes);
    Ok((Decider::Model(Arc::new(generator)), settings))
}

#[cfg(not(feature = "tokenizers"))]
fn generator_of(path: &Path) -> Result<(Decider, Settings), RunError> {
    Err(RunError::new(format!(
        "expected a refinex that was built with tokenizers, for the generator {}",
        path.display()
    )))
}

impl RefinerSpec {
    /// The decider and the settings of a refiner that runs in this program.
    ///
    /// # Errors
    /// If it is none, or its weights cannot be read.
    pub fn decider(&self) -> Result<(Decider, Settings), RunError> {
        match self {
            Self::KeepAll => Ok((Decider::Model(Arc::new(KeepAll)), Settings::default())),
            Self::Tagger { weights, threshold } => {
                let tagger = match weights {
                    None => LineTagger::embedded()?,
                    Some(path) => LineTagger::open(path)?,
                };
                let threshold =
                    threshold.unwrap_or_else(|| tagger.threshold(OperatingPoint::Balanced));
                let settings = Settings { threshold, ..Settings::default() };
                Ok((Decider::Model(Arc::new(tagger)), settings))
            }
            Self::Generator(path) => generator_of(path),
            Self::Command(command) => Err(RunError::new(format!(
                "expected a refiner of this program, but found the command {command}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refiner_is_read_as_it_is_printed() {
        for text in [
            "keep-all",
            "tagger",
            "tagger@0.8",
            "weights:a/b@0.25",
            "generator:g",
            "command:x -y=1",
        ] {
            assert_eq!(text.parse::<RefinerSpec>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_name_stands_before_the_first_equals_sign() {
        let read = |text: &str| text.parse::<NamedRefiner>().unwrap();
        assert_eq!(read("ours=tagger").name, "ours");
        assert_eq!(read("tagger@0.8").name, "tagger@0.8");
        let command = read("command:python3 x.py --rules=c4");
        assert_eq!(command.name, "command:python3 x.py --rules=c4");
        assert_eq!(read("c4=command:x --y=z").spec, RefinerSpec::Command("x --y=z".to_owned()));
    }

    #[test]
    fn what_is_no_refiner_is_refused_with_the_forms_that_there_are() {
        for text in ["", "taggr", "keep-all@0.5", "weights:", "command:"] {
            let error = text.parse::<RefinerSpec>().unwrap_err().to_string();
            assert!(error.contains("keep-all, tagger") && error.ends_with(text), "{error}");
        }
        let error = "tagger@careful".parse::<RefinerSpec>().unwrap_err().to_string();
        assert_eq!(error, "expected a threshold from 0 to 1, but found careful");
        assert!("generator:g".parse::<RefinerSpec>().unwrap().decider().is_err());
    }
}
