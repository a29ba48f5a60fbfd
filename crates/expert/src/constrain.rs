//! How a server is told to write programs and nothing else.

use crate::error::SetupError;
use serde_json::{Value, json};
use std::fmt;
use std::str::FromStr;

/// How a server is told to write programs and nothing else: a grammar for each chunk, in the field
/// that the server knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Constrain {
    /// Not at all: what is no program is refused when it is read.
    #[default]
    None,
    /// `structured_outputs: {"grammar": …}`: vLLM from 0.11 on.
    StructuredOutputs,
    /// `guided_grammar`: vLLM before 0.12. Later ones ignore it, and so constrain nothing.
    Guided,
    /// `grammar`, in GBNF: the server of llama.cpp.
    LlamaCpp,
}

impl Constrain {
    /// All of them, with their names.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("none", Self::None),
        ("structured-outputs", Self::StructuredOutputs),
        ("guided", Self::Guided),
        ("llama-cpp", Self::LlamaCpp),
    ];

    /// The field of the request and its value.
    pub(crate) fn field(self, grammar: impl FnOnce() -> String) -> Option<(String, Value)> {
        let (name, value) = match self {
            Self::None => return None,
            Self::StructuredOutputs => ("structured_outputs", json!({ "grammar": grammar() })),
            Self::Guided => ("guided_grammar", json!(grammar())),
            Self::LlamaCpp => ("grammar", json!(grammar())),
        };
        Some((name.to_owned(), value))
    }
}

impl fmt::Display for Constrain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, constrain)| constrain == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

impl FromStr for Constrain {
    type Err = SetupError;

    fn from_str(text: &str) -> Result<Self, SetupError> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text);
        found.map(|(_, constrain)| *constrain).ok_or_else(|| {
            let names = Self::NAMES.map(|(name, _)| name).join(", ");
            SetupError::new(format!("expected one of {names}, but found {text}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_has_its_field() {
        let field = |name: &str| name.parse::<Constrain>().unwrap().field(|| "root".to_owned());
        assert_eq!(field("none"), None);
        let wanted = json!({ "grammar": "root" });
        assert_eq!(field("structured-outputs"), Some(("structured_outputs".to_owned(), wanted)));
        assert_eq!(field("guided"), Some(("guided_grammar".to_owned(), json!("root"))));
        assert_eq!(field("llama-cpp"), Some(("grammar".to_owned(), json!("root"))));
        let error = "json".parse::<Constrain>().unwrap_err().to_string();
        assert!(error.ends_with("guided, llama-cpp, but found json"), "{error}");
    }
}
