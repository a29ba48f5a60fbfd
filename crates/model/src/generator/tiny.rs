//! A tiny random generator, written as a folder of safetensors and as a GGUF file, for tests.

use super::config::{Architecture, Config, LayerPart, Tensor};
use super::gguf::writing::Writer;
use crate::random::Random;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Marks, which come behind the bytes and pairs.
pub(super) const MARKS: [&str; 3] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
const TEMPLATE: &str = "{% for m in messages %}<|im_start|>{{ m.role }} … <|im_end|>{% endfor %}";

/// A tiny model's shape and weights.
pub(super) struct Tiny {
    pub(super) config: Config,
    pub(super) tensors: Vec<(Tensor, Vec<f32>)>,
}

/// The vocabulary: letters for all bytes, some pairs, marks.
fn tokens() -> (Vec<String>, Vec<String>) {
    let itself = |byte: u32| matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
    let mut others = 256..;
    let letter = |byte| if itself(byte) { Some(byte) } else { others.next() };
    let letters = (0..256).filter_map(letter).filter_map(char::from_u32);
    let mut tokens: Vec<String> = letters.map(String::from).collect();
    let mut merges = Vec::new();
    for (left, right) in [("r", "e"), ("re", "m"), ("l", "i"), ("n", "e"), ("Ġ", "a"), ("i", "n")]
    {
        tokens.push(format!("{left}{right}"));
        merges.push(format!("{left} {right}"));
    }
    tokens.extend(MARKS.map(String::from));
    (tokens, merges)
}

impl Tiny {
    pub(super) fn new(architecture: Architecture, seed: u64) -> Self {
        let config = Config {
            architecture,
            vocabulary: tokens().0.len(),
            width: 32,
            layers: 2,
            heads: 4,
            kv_heads: 2,
            head_width: 16,
            inner: 96,
            theta: 10_000.0,
            rope_factors: vec![1.0; 8],
            epsilon: 1e-5,
            context: 4096,
            tied: architecture == Architecture::Llama,
        };
        let mut random = Random::of(&[seed]);
        let mut values = |tensor: Tensor| {
            let [rows, cols] = tensor.shape(&config);
            let spread = if tensor.is_norm() { 0.2 } else { 1.6 / (cols as f32).sqrt() };
            let middle = if tensor.is_norm() { 1.0 } else { 0.0 };
            (0..rows * cols).map(|_| random.normal() * spread + middle).collect::<Vec<_>>()
        };
        let tensors = config.tensors().into_iter().map(|tensor| (tensor, values(tensor))).collect();
        Self { config, tensors }
    }

    pub(super) fn values(&self, tensor: Tensor) -> &[f32] {
        &self.tensors.iter().find(|(found, _)| *found == tensor).unwrap().1
    }

    pub(super) fn config_json(&self) -> Value {
        let config = &self.config;
        let name = match config.architecture {
            Architecture::Llama => "LlamaForCausalLM",
            Architecture::Qwen3 => "Qwen3ForCausalLM",
        };
        json!({
            "architectures": [name], "vocab_size": config.vocabulary, "hidden_size": config.width,
            "num_hidden_layers": config.layers, "num_attention_heads": config.heads,
            "num_key_value_heads": config.kv_heads, "head_dim": config.head_width,
            "intermediate_size": config.inner, "rope_theta": config.theta,
            "rms_norm_eps": config.epsilon, "max_position_embeddings": config.context,
            "tie_word_embeddings": config.tied,
        })
    }

    fn safetensors(tensors: &[(Tensor, Vec<f32>)], config: &Config) -> Vec<u8> {
        let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
        for (tensor, values) in tensors {
            let start = data.len();
            data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            let [rows, cols] = tensor.shape(config);
            let shape = if tensor.is_norm() { json!([cols]) } else { json!([rows, cols]) };
            let place =
                json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]});
            header.insert(tensor.name(), place);
        }
        let header = serde_json::to_vec(&header).unwrap();
        [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat()
    }

    /// Writes the folder, weights in one file or in two.
    pub(super) fn write_folder(&self, path: &Path, files: usize) {
        fs::create_dir_all(path).unwrap();
        fs::write(path.join("config.json"), self.config_json().to_string()).unwrap();
        fs::write(path.join("tokenizer.json"), tokenizer_json().to_string()).unwrap();
        let template = json!({"chat_template": TEMPLATE}).to_string();
        fs::write(path.join("tokenizer_config.json"), template).unwrap();
        if files == 1 {
            let bytes = Self::safetensors(&self.tensors, &self.config);
            fs::write(path.join("model.safetensors"), bytes).unwrap();
            return;
        }
        let (first, second) = self.tensors.split_at(self.tensors.len() / 2);
        let mut map = serde_json::Map::new();
        for (name, tensors) in [("model-1.safetensors", first), ("model-2.safetensors", second)] {
            fs::write(path.join(name), Self::safetensors(tensors, &self.config)).unwrap();
            tensors.iter().for_each(|(tensor, _)| drop(map.insert(tensor.name(), json!(name))));
        }
        let index = json!({"weight_map": map}).to_string();
        fs::write(path.join("model.safetensors.index.json"), index).unwrap();
    }

    /// The GGUF file. Queries and keys of Llama models stand in it as llama.cpp turns them.
    pub(super) fn gguf(&self) -> Vec<u8> {
        let (config, mut file) = (&self.config, Writer::default());
        let kind = match config.architecture {
            Architecture::Llama => "llama",
            Architecture::Qwen3 => "qwen3",
        };
        file.text("general.architecture", kind);
        for (name, value) in [
            ("embedding_length", config.width),
            ("block_count", config.layers),
            ("attention.head_count", config.heads),
            ("attention.head_count_kv", config.kv_heads),
            ("attention.key_length", config.head_width),
            ("feed_forward_length", config.inner),
            ("context_length", config.context),
        ] {
            file.size(&format!("{kind}.{name}"), value as u32);
        }
        file.float(&format!("{kind}.rope.freq_base"), config.theta);
        file.float(&format!("{kind}.attention.layer_norm_rms_epsilon"), config.epsilon);
        let (tokens, merges) = tokens();
        file.text("tokenizer.ggml.model", "gpt2");
        file.text("tokenizer.ggml.pre", "smollm");
        file.texts("tokenizer.ggml.tokens", &tokens);
        file.texts("tokenizer.ggml.merges", &merges);
        let special = |token: &String| MARKS.contains(&token.as_str());
        let kinds: Vec<i32> = tokens.iter().map(|t| if special(t) { 3 } else { 1 }).collect();
        file.sizes("tokenizer.ggml.token_type", &kinds);
        file.text("tokenizer.chat_template", TEMPLATE);
        for (tensor, values) in &self.tensors {
            let shape = tensor.shape(config);
            file.floats(&tensor.gguf_name(), shape, &self.paired(*tensor, values));
        }
        file.bytes()
    }

    fn paired(&self, tensor: Tensor, values: &[f32]) -> Vec<f32> {
        let turned = matches!(tensor, Tensor::Layer(_, LayerPart::Query | LayerPart::Key));
        if !turned || self.config.architecture != Architecture::Llama {
            return values.to_vec();
        }
        let (half, cols) = (self.config.head_width / 2, self.config.width);
        let mut out = Vec::new();
        for head in values.chunks_exact(2 * half * cols) {
            for at in 0..half {
                out.extend_from_slice(&head[at * cols..][..cols]);
                out.extend_from_slice(&head[(half + at) * cols..][..cols]);
            }
        }
        out
    }
}

pub(super) fn tokenizer_json() -> Value {
    let (tokens, merges) = tokens();
    let vocabulary: serde_json::Map<String, Value> =
        tokens.iter().zip(0..).map(|(token, id)| (token.clone(), json!(id))).collect();
    let added = tokens.iter().zip(0..).filter(|(token, _)| MARKS.contains(&token.as_str()));
    let added: Vec<Value> = added
        .map(|(token, id)| {
            json!({"id": id, "content": token, "special": true, "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false})
        })
        .collect();
    json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null,
        "added_tokens": added, "post_processor": null, "decoder": null,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Digits", "individual_digits": true},
            {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}
        ]},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": merges},
    })
}
