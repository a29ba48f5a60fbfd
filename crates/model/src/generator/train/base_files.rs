//! `config.json` and `tokenizer_config.json` of a model that stood in a GGUF file.

use crate::error::ModelError;
use crate::generator::{Architecture, Config, Gguf, unfit};
use serde_json::{Value, json};

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

/// The `tokenizer_config.json` of a model that was read from a GGUF file, beside a `tokenizer.json`:
/// without it `transformers` does not know which tokens begin, end and fill texts, and trainers refuse
/// the folder. A file that names no token that fills is filled with the one that ends.
///
/// # Errors
/// If the file has no tokens, or names one that it does not have.
pub fn tokenizer_config_json(config: &Config, file: &Gguf) -> Result<Value, ModelError> {
    let tokens = file.texts("tokenizer.ggml.tokens")?;
    let token = |key: &str| {
        let key = format!("tokenizer.ggml.{key}_token_id");
        let Ok(id) = file.size(&key) else { return Ok(None) };
        let expected = || format!("one of {} tokens as {key}", tokens.len());
        tokens.get(id).map(Some).ok_or_else(|| unfit(expected(), id))
    };
    let end = token("eos")?;
    Ok(json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": token("bos")?, "eos_token": end, "unk_token": token("unknown")?,
        "pad_token": token("padding")?.or(end),
        "add_prefix_space": false, "clean_up_tokenization_spaces": false,
        "model_max_length": config.context,
        "chat_template": file.text("tokenizer.chat_template").ok(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::gguf::writing::Writer;
    use crate::generator::train::layout::tests::tiny;

    #[test]
    fn the_shape_of_a_gguf_file_becomes_a_config_json() {
        let mut file = Writer::default();
        file.size("tokenizer.ggml.eos_token_id", 5);
        let file = Gguf::parse(file.bytes()).unwrap();
        let config = tiny(Architecture::Qwen3, true).config;
        let scaled = config_json(&config, &file).unwrap_err().to_string();
        assert!(scaled.contains("rotations are not scaled"), "{scaled}");
        let config = Config { rope_factors: vec![1.0; 3], ..config };
        let json = config_json(&config, &file).unwrap();
        assert_eq!(json["eos_token_id"], 5);
        assert_eq!(Config::from_json(json.to_string().as_bytes()).unwrap(), config);
    }

    #[test]
    fn the_marks_of_a_gguf_file_become_a_tokenizer_config_json() {
        let mut file = Writer::default();
        file.texts("tokenizer.ggml.tokens", &["<|end|>", "<|start|>"].map(ToOwned::to_owned));
        file.size("tokenizer.ggml.bos_token_id", 1);
        file.size("tokenizer.ggml.eos_token_id", 0);
        file.text("tokenizer.chat_template", "<|start|>{{ messages }}");
        let config = tiny(Architecture::Llama, true).config;
        let marks =
            |file: &Writer| tokenizer_config_json(&config, &Gguf::parse(file.bytes()).unwrap());
        let json = marks(&file).unwrap();
        assert_eq!(json["bos_token"], "<|start|>");
        assert_eq!(
            (&json["eos_token"], &json["pad_token"]),
            (&json!("<|end|>"), &json!("<|end|>"))
        );
        assert_eq!(json["unk_token"], Value::Null);
        assert_eq!(json["chat_template"], "<|start|>{{ messages }}");
        file.size("tokenizer.ggml.padding_token_id", 7);
        let foreign = marks(&file).unwrap_err().to_string();
        assert!(foreign.contains("expected one of 2 tokens"), "{foreign}");
    }
}
