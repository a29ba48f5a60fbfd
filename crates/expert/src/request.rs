//! What is asked: the body of a request, and the key under which its answer is kept.

use crate::error::SetupError;
use crate::prompt::short_hash;
use crate::task::Task;
use refinex_core::{Chunk, Identity};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::fmt;

/// Bytes of a SHA-256 that make a key: 160 bits, so that a key fits where a batch file allows an
/// id of 64 characters.
const KEY_BYTES: usize = 20;

/// Decoding settings. What is `None` is not sent, so the server's default holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// Temperature.
    pub temperature: Option<f64>,
    /// Nucleus.
    pub top_p: Option<f64>,
    /// Most tokens that an answer may have.
    pub max_tokens: Option<u64>,
    /// Seed of the server's sampling.
    pub seed: Option<u64>,
    /// More fields of the body, such as `{"chat_template_kwargs": {"enable_thinking": false}}`.
    #[serde(default)]
    pub extra: Map<String, Value>,
}

/// Everything that decides an answer beside the chunk.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The address that is asked, or a name for it: one model name means other models at other
    /// addresses.
    pub endpoint: String,
    /// The model.
    pub model: String,
    /// What it is asked for.
    pub task: Task,
    /// Decoding.
    pub sampling: Sampling,
}

/// The name of a request: a hash of its endpoint and body.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestKey(String);

impl RequestKey {
    /// Its hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key from its digits; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let sound = text.len() == 2 * KEY_BYTES
            && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        sound.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Asking {
    /// Checks that no extra field says something else than an option does.
    ///
    /// # Errors
    /// If one does.
    pub fn check(&self) -> Result<(), SetupError> {
        const TAKEN: [&str; 8] =
            ["model", "messages", "stream", "n", "temperature", "top_p", "max_tokens", "seed"];
        let field = self.task.field(&Chunk::whole(""));
        let field = field.as_ref().map_or("", |(name, _)| name.as_str());
        let is_taken = |key: &&String| TAKEN.contains(&key.as_str()) || key.as_str() == field;
        match self.sampling.extra.keys().find(is_taken) {
            None => Ok(()),
            Some(key) => Err(SetupError::new(format!(
                "expected extra fields that have no option of their own, but found {key}"
            ))),
        }
    }

    /// The body of the request about a chunk.
    #[must_use]
    pub fn body(&self, chunk: &Chunk<'_>) -> Value {
        let messages = self.task.messages(chunk).into_iter();
        let messages: Vec<Value> =
            messages.map(|(role, content)| json!({ "role": role, "content": content })).collect();
        let mut body = Map::new();
        body.insert("model".to_owned(), json!(self.model));
        body.insert("messages".to_owned(), Value::Array(messages));
        let Sampling { temperature, top_p, max_tokens, seed, extra } = &self.sampling;
        let options = [
            ("temperature", temperature.map(|t| json!(t))),
            ("top_p", top_p.map(|p| json!(p))),
            ("max_tokens", max_tokens.map(|n| json!(n))),
            ("seed", seed.map(|s| json!(s))),
        ];
        for (name, value) in options {
            body.extend(value.map(|value| (name.to_owned(), value)));
        }
        body.extend(self.task.field(chunk));
        body.extend(extra.clone());
        Value::Object(body)
    }

    /// The key of the request about a chunk.
    #[must_use]
    pub fn key(&self, chunk: &Chunk<'_>) -> RequestKey {
        let digest = Sha256::new()
            .chain_update(self.endpoint.as_bytes())
            .chain_update([0])
            .chain_update(self.body(chunk).to_string().as_bytes())
            .finalize();
        RequestKey(digest.iter().take(KEY_BYTES).map(|byte| format!("{byte:02x}")).collect())
    }

    /// Who answers.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let whole = match &self.task {
            Task::Rewrite(prompt) => {
                json!([self.endpoint, self.model, prompt.label(), self.sampling])
            }
            // A generator has one name wherever it is served.
            Task::Program(_) => json!([self.model, self.task.label(), self.sampling]),
        };
        let fingerprint = short_hash(whole.to_string().as_bytes());
        Identity { name: self.model.clone(), fingerprint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constrain::Constrain;
    use crate::prompt::Prompt;
    use refinex_core::INSTRUCTION;

    fn asking() -> Asking {
        Asking {
            endpoint: "http://127.0.0.1:8080/v1".into(),
            model: "m".into(),
            task: Task::Rewrite(Prompt::parse("p", "clean:\n{{document}}").unwrap()),
            sampling: Sampling { temperature: Some(0.0), ..Sampling::default() },
        }
    }

    #[test]
    fn the_body_is_what_the_protocol_says() {
        let mut asking = asking();
        asking.sampling.extra.insert("top_k".into(), json!(20));
        let body = asking.body(&Chunk::whole("a\nb\n"));
        let wanted = json!({
            "model": "m",
            "messages": [{ "role": "user", "content": "clean:\na\nb" }],
            "temperature": 0.0,
            "top_k": 20,
        });
        assert_eq!(body, wanted);
    }

    #[test]
    fn every_setting_and_the_chunk_are_part_of_the_key() {
        let key = |asking: &Asking, text| asking.key(&Chunk::whole(text));
        let base = asking();
        assert_eq!(key(&base, "a"), key(&asking(), "a"));
        let mut others = vec![key(&base, "b")];
        for change in [
            |a: &mut Asking| a.endpoint.push('x'),
            |a: &mut Asking| a.model.push('x'),
            |a: &mut Asking| a.task = Task::Rewrite(Prompt::parse("p", "{{document}}").unwrap()),
            |a: &mut Asking| a.task = Task::Program(Constrain::None),
            |a: &mut Asking| a.sampling.seed = Some(1),
        ] {
            let mut changed = asking();
            change(&mut changed);
            others.push(key(&changed, "a"));
            assert_ne!(base.identity(), changed.identity());
        }
        assert!(!others.contains(&key(&base, "a")));
        assert_eq!(RequestKey::parse(others[0].as_str()).as_ref(), Some(&others[0]));
    }

    #[test]
    fn a_program_is_asked_for_as_training_sets_have_it_under_one_name_everywhere() {
        let asking = |constrain, endpoint: &str| Asking {
            endpoint: endpoint.to_owned(),
            task: Task::Program(constrain),
            ..asking()
        };
        let chunk = Chunk::whole("Menu\nText\n");
        let free = asking(Constrain::None, "http://a/v1");
        let body = free.body(&chunk);
        let [system, user] = [0, 1].map(|at| body["messages"][at]["content"].as_str().unwrap());
        assert_eq!((system, user), (INSTRUCTION.1, "[1] Menu\n[2] Text"));
        assert_eq!(body.as_object().unwrap().len(), 3);
        let elsewhere = asking(Constrain::None, "http://b/v1");
        assert_eq!(free.identity(), elsewhere.identity());
        assert_ne!(free.key(&chunk), elsewhere.key(&chunk));
        let mut bound = asking(Constrain::LlamaCpp, "http://a/v1");
        assert_ne!(free.identity(), bound.identity());
        assert!(bound.body(&chunk)["grammar"].as_str().unwrap().starts_with("root::="));
        bound.sampling.extra.insert("grammar".into(), json!(""));
        assert!(bound.check().unwrap_err().to_string().ends_with("found grammar"));
    }

    #[test]
    fn an_extra_field_that_hides_an_option_is_refused() {
        let mut asking = asking();
        asking.sampling.extra.insert("seed".into(), json!(1));
        assert!(asking.check().unwrap_err().to_string().ends_with("found seed"));
    }
}
