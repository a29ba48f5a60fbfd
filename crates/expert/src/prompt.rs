//! Prompts: versioned files, with a place for the document.

use crate::error::SetupError;
use sha2::{Digest, Sha256};
use std::path::Path;

/// Where the document goes.
const PLACE: &str = "{{document}}";
/// The line between what the system says and what the user says.
const USER: &str = "\n=== user ===\n";

/// A prompt: what the system says, if anything, and what the user says around the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    name: String,
    hash: String,
    system: Option<String>,
    before: String,
    after: String,
}

impl Prompt {
    /// Prompts that are built in, by name.
    pub const BUILT_IN: [(&'static str, &'static str); 2] = [
        ("refine-v1", include_str!("../prompts/refine-v1.md")),
        ("refine-short-v1", include_str!("../prompts/refine-short-v1.md")),
    ];

    /// Prompts of judges that are built in, by name.
    pub const JUDGES: [(&'static str, &'static str); 1] =
        [("judge-v1", include_str!("../prompts/judge-v1.md"))];

    /// The prompt of a judge that is built in under `name`.
    ///
    /// # Errors
    /// If there is none.
    pub fn judge(name: &str) -> Result<Self, SetupError> {
        Self::one_of(&Self::JUDGES, name)
    }

    /// The prompt that is built in under `name`.
    ///
    /// # Errors
    /// If there is none.
    pub fn built_in(name: &str) -> Result<Self, SetupError> {
        Self::one_of(&Self::BUILT_IN, name)
    }

    fn one_of(known: &[(&str, &str)], name: &str) -> Result<Self, SetupError> {
        let Some((_, text)) = known.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let known = known.join(", ");
            return Err(SetupError::new(format!("expected a prompt of {known}, but found {name}")));
        };
        Self::parse(name, text)
    }

    /// The prompt in a file; its name is that of the file.
    ///
    /// # Errors
    /// If it cannot be read, or has not one place for the document.
    pub fn read(path: &Path) -> Result<Self, SetupError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| SetupError::at("a prompt in UTF-8", path, error))?;
        let name = path.file_stem().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        Self::parse(&name, &text)
    }

    /// A prompt from its text: `{{document}}` once in what the user says; an own line
    /// `=== user ===` ends what the system says.
    ///
    /// # Errors
    /// If it has not one place for the document.
    pub fn parse(name: &str, text: &str) -> Result<Self, SetupError> {
        let (system, user) = match text.split_once(USER) {
            Some((system, user)) => (Some(system.trim().to_owned()), user),
            None => (None, text),
        };
        let places = text.matches(PLACE).count();
        let Some((before, after)) = user.trim().split_once(PLACE).filter(|_| places == 1) else {
            return Err(SetupError::new(format!(
                "expected {PLACE} once in what the user says of the prompt {name}, but found it \
                 {places} times in all of it"
            )));
        };
        Ok(Self {
            name: name.to_owned(),
            hash: short_hash(text.as_bytes()),
            system: system.filter(|system| !system.is_empty()),
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }

    /// Its name and the hash of its text, for provenance: `refine-v1:1f2e…`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}:{}", self.name, self.hash)
    }

    /// The messages about `document`: role and content.
    pub(crate) fn messages(&self, document: &str) -> Vec<(&'static str, String)> {
        let user = format!("{}{document}{}", self.before, self.after);
        let system = self.system.iter().map(|system| ("system", system.clone()));
        system.chain([("user", user)]).collect()
    }
}

/// The first 64 bits of the SHA-256 of `bytes`, in hexadecimal digits.
pub(crate) fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prompt_of_a_judge_asks_for_the_form_that_is_read() {
        for (name, text) in Prompt::JUDGES {
            assert_eq!(Prompt::judge(name).unwrap().messages("x").len(), 2);
            assert!(text.contains("<score>N</score>"), "{name}");
        }
        assert!(Prompt::judge("refine-v1").is_err());
    }

    #[test]
    fn every_built_in_prompt_parses_and_asks_for_the_form_that_is_read() {
        for (name, text) in Prompt::BUILT_IN {
            let prompt = Prompt::built_in(name).unwrap();
            assert_eq!(prompt.messages("x").len(), 2);
            for mark in ["<reason>", "</reason>", "<text>", "</text>"] {
                assert!(text.contains(mark), "{name}: {mark}");
            }
        }
    }

    #[test]
    fn the_document_stands_where_the_prompt_says() {
        let prompt = Prompt::parse("p", "be brief\n=== user ===\n<{{document}}>\n").unwrap();
        let messages = prompt.messages("{{document}}");
        assert_eq!(messages[0], ("system", "be brief".to_owned()));
        assert_eq!(messages[1], ("user", "<{{document}}>".to_owned()));
        assert_eq!(Prompt::parse("p", "{{document}}").unwrap().messages("x").len(), 1);
    }

    #[test]
    fn a_prompt_without_one_place_is_refused() {
        for text in ["no place", "{{document}}{{document}}", "{{document}}\n=== user ===\nx"] {
            let error = Prompt::parse("p", text).unwrap_err().to_string();
            assert!(error.starts_with("expected {{document}} once"), "{error}");
        }
    }

    #[test]
    fn another_text_is_another_label() {
        let label = |text| Prompt::parse("p", text).unwrap().label();
        assert_ne!(label("{{document}}"), label("{{document}}."));
        assert!(label("{{document}}").starts_with("p:"));
    }
}
