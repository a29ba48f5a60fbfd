//! The files of a model folder that a GGUF file holds in another form: `config.json` and
//! `tokenizer.json`.

use crate::error::ModelError;
use crate::generator::{Architecture, Config, Gguf, unfit};
use serde_json::{Map, Value, json};

/// Kinds of tokens in a GGUF file that are added to the vocabulary: control and user-defined.
const ADDED: [f64; 2] = [3.0, 4.0];

/// How tokenizers of this name cut words: byte pairs behind a pattern. The patterns are those of
/// `llama-vocab.cpp`, as the models' own `tokenizer.json` state them.
fn cutting(name: &str) -> Result<Value, ModelError> {
    let bytes = |pattern: bool| {
        json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
               "use_regex": pattern})
    };
    let split = |pattern: &str| {
        let split = json!({"type": "Split", "pattern": {"Regex": pattern},
                           "behavior": "Isolated", "invert": false});
        json!({"type": "Sequence", "pretokenizers": [split, bytes(false)]})
    };
    let words = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    match name {
        "smollm" => {
            let digits = json!({"type": "Digits", "individual_digits": true});
            Ok(json!({"type": "Sequence", "pretokenizers": [digits, bytes(true)]}))
        }
        "gpt-2" => Ok(bytes(true)),
        "qwen2" => Ok(split(&words.replace("DIGITS", r"\p{N}"))),
        "llama-bpe" => Ok(split(&words.replace("DIGITS", r"\p{N}{1,3}"))),
        other => Err(unfit(
            "a GGUF file whose tokenizer is smollm, gpt-2, qwen2 or llama-bpe (or a folder with a \
             tokenizer.json)",
            other,
        )),
    }
}

/// The `tokenizer.json` of the tokenizer in a GGUF file.
///
/// # Errors
/// If it is not one of byte pairs that is known here.
pub fn tokenizer_json(file: &Gguf) -> Result<Value, ModelError> {
    let kind = file.text("tokenizer.ggml.model")?;
    if kind != "gpt2" {
        return Err(unfit("a GGUF file with a tokenizer of byte pairs (gpt2)", kind));
    }
    let cutting = cutting(file.text("tokenizer.ggml.pre")?)?;
    let tokens = file.texts("tokenizer.ggml.tokens")?;
    let kinds = file.numbers("tokenizer.ggml.token_type")?;
    let added = |(id, token): (usize, &String)| {
        let kind = kinds.get(id).copied().unwrap_or_default();
        ADDED.contains(&kind).then(|| {
            json!({"id": id, "content": token, "single_word": false, "lstrip": false,
                   "rstrip": false, "normalized": false, "special": kind == ADDED[0]})
        })
    };
    let added: Vec<Value> = tokens.iter().enumerate().filter_map(added).collect();
    let vocabulary: Map<String, Value> =
        tokens.iter().enumerate().map(|(id, token)| (token.clone(), json!(id))).collect();
    Ok(json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
        "normalizer": null, "pre_tokenizer": cutting, "post_processor": null,
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
                    "use_regex": true},
        "model": {"type": "BPE", "dropout": null, "unk_token": null,
                  "continuing_subword_prefix": null, "end_of_word_suffix": null,
                  "fuse_unk": false, "byte_fallback": false, "vocab": vocabulary,
                  "merges": file.texts("tokenizer.ggml.merges")?},
    }))
}

/// The `config.json` of a model that was read from a GGUF file, as `transformers` reads it.
///
/// # Errors
/// If its rotations are scaled: a GGUF file does not say how.
pub fn config_json(config: &Config, file: &Gguf) -> Result<Value, ModelError> {
    if config.rope_factors.iter().any(|&factor| factor != 1.0) {
        return Err(unfit(
            "a GGUF file whose rotations are not scaled (or a folder with a config.json)",
            "rope_freqs",
        ));
    }
    let (name, kind) = match config.architecture {
        Architecture::Llama => ("LlamaForCausalLM", "llama"),
        Architecture::Qwen3 => ("Qwen3ForCausalLM", "qwen3"),
    };
    let token = |key: &str| file.size(&format!("tokenizer.ggml.{key}_token_id")).ok();
    Ok(json!({
        "architectures": [name], "model_type": kind, "torch_dtype": "float32",
        "vocab_size": config.vocabulary, "hidden_size": config.width,
        "num_hidden_layers": config.layers, "num_attention_heads": config.heads,
        "num_key_value_heads": config.kv_heads, "head_dim": config.head_width,
        "intermediate_size": config.inner, "rope_theta": config.theta, "rope_scaling": null,
        "rms_norm_eps": config.epsilon, "max_position_embeddings": config.context,
        "tie_word_embeddings": config.tied, "hidden_act": "silu", "attention_bias": false,
        "mlp_bias": false, "attention_dropout": 0.0, "initializer_range": 0.02,
        "use_cache": true, "bos_token_id": token("bos"), "eos_token_id": token("eos"),
        "pad_token_id": token("padding"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::gguf::writing::Writer;

    fn file(cutting: &str) -> Gguf {
        let mut file = Writer::default();
        file.text("tokenizer.ggml.model", "gpt2");
        file.text("tokenizer.ggml.pre", cutting);
        let tokens = ["1", "a", "b", "Ġ", "ab", "<|im_end|>"].map(ToOwned::to_owned);
        file.texts("tokenizer.ggml.tokens", &tokens);
        file.sizes("tokenizer.ggml.token_type", &[1, 1, 1, 1, 1, 3]);
        file.texts("tokenizer.ggml.merges", &["a b".to_owned()]);
        file.size("tokenizer.ggml.eos_token_id", 5);
        Gguf::parse(file.bytes()).unwrap()
    }

    #[test]
    fn the_tokenizer_of_a_gguf_file_becomes_a_tokenizer_json() {
        let json = tokenizer_json(&file("smollm")).unwrap();
        assert_eq!(json["added_tokens"][0]["content"], "<|im_end|>");
        let error = tokenizer_json(&file("odd")).unwrap_err().to_string();
        assert!(error.contains("smollm, gpt-2") && error.ends_with("but found odd"), "{error}");
    }

    #[cfg(feature = "tokenizers")]
    #[test]
    fn every_way_to_cut_words_is_one_that_tokenizers_read() {
        for name in ["smollm", "gpt-2", "qwen2", "llama-bpe"] {
            let json = tokenizer_json(&file(name)).unwrap().to_string();
            let tokenizer = tokenizers::Tokenizer::from_bytes(json).unwrap();
            let ids = tokenizer.encode("ab 11<|im_end|>", false).unwrap().get_ids().to_vec();
            assert_eq!(ids, [4, 3, 0, 0, 5], "{name}");
        }
    }

    #[test]
    fn the_shape_of_a_gguf_file_becomes_a_config_json() {
        let config = crate::generator::train::layout::tests::tiny(Architecture::Qwen3, true).config;
        let scaled = config_json(&config, &file("smollm")).unwrap_err().to_string();
        assert!(scaled.contains("rotations are not scaled"), "{scaled}");
        let config = Config { rope_factors: vec![1.0; 3], ..config };
        let json = config_json(&config, &file("smollm")).unwrap();
        assert_eq!(json["eos_token_id"], 5);
        assert_eq!(Config::from_json(json.to_string().as_bytes()).unwrap(), config);
    }
}
