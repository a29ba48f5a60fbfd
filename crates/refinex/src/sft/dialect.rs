//! How training libraries want their examples, and the files that tell them so.

use crate::sft::example::Example;
use serde_json::{Value, json};
use std::fmt;

/// A library's way of chat-format training files. All put the loss on the program alone: the
/// document is the prompt, the program the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `{"messages": […]}`: TRL and most others.
    Messages,
    /// `{"prompt": […], "completion": […]}`: TRL, which then trains on the completion alone.
    PromptCompletion,
    /// LLaMA-Factory.
    LlamaFactory,
    /// ms-swift.
    Swift,
    /// axolotl.
    Axolotl,
}

impl Dialect {
    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::PromptCompletion => "prompt-completion",
            Self::LlamaFactory => "llama-factory",
            Self::Swift => "swift",
            Self::Axolotl => "axolotl",
        }
    }

    /// An example as a row.
    #[must_use]
    pub fn row(self, example: &Example) -> Value {
        let message = |role: &str, content: &str| json!({ "role": role, "content": content });
        let prompt = [message("system", &example.system), message("user", &example.user)];
        let answer = message("assistant", &example.program);
        let mut row = match self {
            Self::PromptCompletion => json!({ "prompt": prompt, "completion": [answer] }),
            _ => {
                let [system, user] = prompt;
                json!({ "messages": [system, user, answer] })
            }
        };
        row["id"] = example.id.as_str().into();
        row
    }

    /// The files that tell the library what the rows are: names and contents.
    #[must_use]
    pub fn files(self) -> Vec<(&'static str, String)> {
        let pretty = |value: Value| format!("{value:#}\n");
        let mut files = vec![("README.md", self.card())];
        match self {
            Self::Messages | Self::PromptCompletion => {}
            Self::LlamaFactory => files.push(("dataset_info.json", pretty(llama_factory()))),
            Self::Swift => files.push((
                "dataset_info.json",
                pretty(json!([{ "dataset_path": "train.jsonl", "dataset_name": "refinex" }])),
            )),
            Self::Axolotl => files.push(("axolotl.yaml", AXOLOTL.to_owned())),
        }
        files
    }

    /// A dataset card: `datasets` and the Hub read what stands between the dashes.
    fn card(self) -> String {
        let how = match self {
            Self::Messages => {
                "Chat messages; the loss belongs on the assistant's alone. In TRL use \
                 `SFTConfig(assistant_only_loss=True)` with a chat template that marks \
                 generations, or export with `--dialect prompt-completion`, which needs neither."
            }
            Self::PromptCompletion => {
                "Prompt and completion as chat messages: TRL's `SFTTrainer` trains on the \
                 completion alone without further settings."
            }
            Self::LlamaFactory => {
                "For LLaMA-Factory: `dataset_dir: .`, `dataset: refinex`, `stage: sft`. It trains \
                 on the assistant's messages alone unless `train_on_prompt` is set."
            }
            Self::Swift => {
                "For ms-swift: `swift sft --dataset train.jsonl` (or \
                 `--custom_dataset_info dataset_info.json`). It trains on the assistant's messages \
                 alone by default."
            }
            Self::Axolotl => {
                "For axolotl: take over `datasets:` from axolotl.yaml; `roles_to_train` keeps the \
                 loss on the assistant's messages."
            }
        };
        format!(
            "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: \
             train.jsonl\n---\n\nNumbered lines of documents, and the programs that delete what is \
             noise in them; written by\n`refinex export sft --dialect {self}`. What it was made \
             from stands in export.json.\n\n{how}\n"
        )
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn llama_factory() -> Value {
    json!({
        "refinex": {
            "file_name": "train.jsonl",
            "formatting": "sharegpt",
            "columns": { "messages": "messages" },
            "tags": {
                "role_tag": "role",
                "content_tag": "content",
                "user_tag": "user",
                "assistant_tag": "assistant",
                "system_tag": "system",
            },
        },
    })
}

const AXOLOTL: &str = "\
datasets:
  - path: train.jsonl
    ds_type: json
    type: chat_template
    field_messages: messages
    message_property_mappings:
      role: role
      content: content
    roles_to_train: [\"assistant\"]
    train_on_eos: turn
";

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Dialect; 5] = [
        Dialect::Messages,
        Dialect::PromptCompletion,
        Dialect::LlamaFactory,
        Dialect::Swift,
        Dialect::Axolotl,
    ];

    #[test]
    fn the_program_is_the_one_thing_that_the_assistant_says() {
        let example = Example {
            id: "a".into(),
            system: "s".into(),
            user: "u".into(),
            program: "keep_all()".into(),
        };
        for dialect in ALL {
            let row = dialect.row(&example);
            let answers = match dialect {
                Dialect::PromptCompletion => &row["completion"],
                _ => &row["messages"],
            };
            let said: Vec<&Value> = answers
                .as_array()
                .unwrap()
                .iter()
                .filter(|message| message["role"] == "assistant")
                .map(|message| &message["content"])
                .collect();
            assert_eq!(said, [&json!("keep_all()")], "{dialect}");
        }
    }

    #[test]
    fn every_dialect_has_a_card_that_names_its_file() {
        for dialect in ALL {
            let files = dialect.files();
            assert!(files[0].1.starts_with("---\nconfigs:") && files[0].1.contains("train.jsonl"));
            assert!(files.iter().skip(1).all(|(_, text)| text.contains("train.jsonl")));
        }
    }
}
