//! Refiners as they are named on the command line.

use crate::decider::Decider;
use crate::error::RunError;
use crate::ruler::Ruler;
use crate::settings::Settings;
use crate::tagger::{LineTagger, OperatingPoint, TaggerWeights, Tier};
use refinex_core::{KeepAll, Score};
use refinex_rules::{Profile, Rules};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// What a refiner is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefinerSpec {
    /// Deletes nothing.
    KeepAll,
    /// A tagger at a threshold of its own or another.
    Tagger {
        /// Its weights.
        weights: TaggerWeights,
        /// The threshold.
        threshold: Threshold,
    },
    /// A generator of these weights, in process.
    Generator(PathBuf),
    /// Rules by their names, as a profile decides; of a document that they drop everything goes.
    Rules(Rules),
    /// A command that reads rows and writes rows of a sidecar.
    Command(String),
}

/// A threshold: a number, or one that a tagger knows by its use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// A score.
    At(Score),
    /// What the tagger has for this use.
    Of(OperatingPoint),
}

/// A refiner and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRefiner {
    /// Its name in tables.
    pub name: String,
    /// What it is.
    pub spec: RefinerSpec,
}

const FORMS: &str = "keep-all, tagger, tagger:best, weights:PATH, the last three with @THRESHOLD, \
                     @balanced or @careful too, \
                     generator:PATH, rules:NAMES, rules:NAMES@PROFILE or command:COMMAND";

impl FromStr for RefinerSpec {
    type Err = RunError;

    fn from_str(text: &str) -> Result<Self, RunError> {
        if let Some(command) = text.strip_prefix("command:").filter(|rest| !rest.is_empty()) {
            return Ok(Self::Command(command.to_owned()));
        }
        if let Some(path) = text.strip_prefix("generator:").filter(|rest| !rest.is_empty()) {
            return Ok(Self::Generator(path.into()));
        }
        if let Some(rules) = text.strip_prefix("rules:") {
            return rules_of(rules);
        }
        let (what, threshold) = match text.rsplit_once('@') {
            Some((what, threshold)) => (what, Some(threshold.parse()?)),
            None => (text, None),
        };
        let tagger = |weights| {
            let threshold = threshold.unwrap_or(Threshold::Of(OperatingPoint::Balanced));
            Ok(Self::Tagger { weights, threshold })
        };
        match (what, what.strip_prefix("weights:")) {
            ("keep-all", _) if threshold.is_none() => Ok(Self::KeepAll),
            ("tagger", _) => tagger(TaggerWeights::Shipped(Tier::Fast)),
            ("tagger:best", _) => tagger(TaggerWeights::Shipped(Tier::Best)),
            (_, Some(path)) if !path.is_empty() => tagger(TaggerWeights::At(path.into())),
            _ => Err(RunError::new(format!("expected a refiner ({FORMS}), but found {text}"))),
        }
    }
}

impl fmt::Display for RefinerSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeepAll => f.write_str("keep-all"),
            Self::Generator(path) => write!(f, "generator:{}", path.display()),
            Self::Rules(rules) if rules.profile() == Profile::default() => {
                write!(f, "rules:{}", rules.names())
            }
            Self::Rules(rules) => write!(f, "rules:{}@{}", rules.names(), rules.profile()),
            Self::Command(command) => write!(f, "command:{command}"),
            Self::Tagger { weights, threshold } => {
                match weights {
                    TaggerWeights::Shipped(Tier::Fast) => f.write_str("tagger")?,
                    TaggerWeights::Shipped(Tier::Best) => f.write_str("tagger:best")?,
                    TaggerWeights::At(path) => write!(f, "weights:{}", path.display())?,
                }
                write!(f, "{threshold}")
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

impl FromStr for Threshold {
    type Err = RunError;

    fn from_str(text: &str) -> Result<Self, RunError> {
        match (text, text.parse::<f32>()) {
            ("balanced", _) => Ok(Self::Of(OperatingPoint::Balanced)),
            ("careful", _) => Ok(Self::Of(OperatingPoint::Careful)),
            (_, Ok(number)) if (0.0..=1.0).contains(&number) => {
                Ok(Self::At(Score::from_probability(number)))
            }
            _ => Err(RunError::new(format!(
                "expected a threshold from 0 to 1, balanced or careful, but found {text}"
            ))),
        }
    }
}

/// As it is written behind a tagger: nothing where it is the default.
impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(OperatingPoint::Balanced) => Ok(()),
            Self::Of(OperatingPoint::Careful) => f.write_str("@careful"),
            Self::At(score) => write!(f, "@{}", score.probability()),
        }
    }
}

/// `NAMES` or `NAMES@PROFILE`.
fn rules_of(text: &str) -> Result<RefinerSpec, RunError> {
    let (names, profile) = text.split_once('@').unwrap_or((text, ""));
    let profile = if profile.is_empty() { Ok(Profile::default()) } else { profile.parse() };
    let rules = profile.and_then(|profile| Rules::parse(names, profile));
    rules.map(RefinerSpec::Rules).map_err(RunError::new)
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
                let tagger = LineTagger::of(weights)?;
                let threshold = match *threshold {
                    Threshold::At(score) => score,
                    Threshold::Of(point) => tagger.threshold(point),
                };
                let settings = Settings { threshold, ..Settings::default() };
                Ok((Decider::Model(Arc::new(tagger)), settings))
            }
            Self::Generator(path) => generator_of(path),
            Self::Rules(rules) => {
                let ruler = Ruler { rules: rules.clone(), then: None };
                Ok((Decider::Rules(Box::new(ruler)), Settings::default()))
            }
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
            "tagger@careful",
            "weights:a/b@0.25",
            "generator:g",
            "rules:c4-lines",
            "rules:gopher,ptf-lines@datatrove-0.3.0",
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
        let error = "tagger@bold".parse::<RefinerSpec>().unwrap_err().to_string();
        assert_eq!(error, "expected a threshold from 0 to 1, balanced or careful, but found bold");
        assert!("generator:g".parse::<RefinerSpec>().unwrap().decider().is_err());
    }
}
