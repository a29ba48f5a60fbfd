//! `refinex train generator`, from a tiny random model to a folder that can be read.

#![cfg(feature = "tokenizers")]
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing amiss")]

mod common;

use common::{refinex, rows, text};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const WIDTH: usize = 16;
const VOCABULARY: usize = 258;

/// Names and dimensions of a Qwen3-type model of one layer.
fn tensors() -> Vec<(String, Vec<usize>)> {
    let layer =
        |name: &str, shape: &[usize]| (format!("model.layers.0.{name}.weight"), shape.to_vec());
    vec![
        ("model.embed_tokens.weight".to_owned(), vec![VOCABULARY, WIDTH]),
        layer("input_layernorm", &[WIDTH]),
        layer("self_attn.q_proj", &[WIDTH, WIDTH]),
        layer("self_attn.k_proj", &[8, WIDTH]),
        layer("self_attn.v_proj", &[8, WIDTH]),
        layer("self_attn.q_norm", &[8]),
        layer("self_attn.k_norm", &[8]),
        layer("self_attn.o_proj", &[WIDTH, WIDTH]),
        layer("post_attention_layernorm", &[WIDTH]),
        layer("mlp.gate_proj", &[24, WIDTH]),
        layer("mlp.up_proj", &[24, WIDTH]),
        layer("mlp.down_proj", &[WIDTH, 24]),
        ("model.norm.weight".to_owned(), vec![WIDTH]),
    ]
}

/// Bytes as tokens, and the marks of a chat.
fn tokenizer() -> Value {
    let itself = |byte: u32| matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
    let mut others = 256..;
    let letters = (0..256).filter_map(|byte| if itself(byte) { Some(byte) } else { others.next() });
    let mut vocabulary = serde_json::Map::new();
    for (id, letter) in letters.filter_map(char::from_u32).enumerate() {
        vocabulary.insert(letter.to_string(), json!(id));
    }
    let mark = |(id, content): (usize, &str)| {
        json!({"id": id, "content": content, "single_word": false, "lstrip": false,
               "rstrip": false, "normalized": false, "special": true})
    };
    let marks: Vec<Value> = [(256, "<|im_start|>"), (257, "<|im_end|>")].map(mark).to_vec();
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": marks,
        "normalizer": null, "post_processor": null, "decoder": null,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                          "use_regex": true},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": []},
    })
}

/// A random model, and labelled documents.
fn base_and_data(folder: &Path) -> (String, String) {
    let base = folder.join("base");
    fs::create_dir(&base).unwrap();
    let config = json!({
        "architectures": ["Qwen3ForCausalLM"], "hidden_size": WIDTH, "intermediate_size": 24,
        "num_attention_heads": 2, "num_hidden_layers": 1, "num_key_value_heads": 1, "head_dim": 8,
        "rms_norm_eps": 1e-6, "rope_theta": 10000, "vocab_size": VOCABULARY,
        "tie_word_embeddings": true, "max_position_embeddings": 4096, "torch_dtype": "bfloat16",
    });
    fs::write(base.join("config.json"), config.to_string()).unwrap();
    fs::write(base.join("tokenizer.json"), tokenizer().to_string()).unwrap();
    let (mut header, mut data, mut state) = (serde_json::Map::new(), Vec::new(), 1u32);
    for (name, shape) in tensors() {
        let start = data.len();
        for _ in 0..shape.iter().product::<usize>() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = (state >> 8) as f32 / (1u32 << 24) as f32 - 0.5;
            let value = if name.contains("norm") { 1.0 } else { value };
            data.extend_from_slice(&value.to_le_bytes());
        }
        let place = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]});
        header.insert(name, place);
    }
    let header = serde_json::to_vec(&header).unwrap();
    let file = [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat();
    fs::write(base.join("model.safetensors"), file).unwrap();
    let labels = folder.join("labels.jsonl");
    let row = |at: usize| {
        let text = format!("Menu\nThe ferry of day {at} sails.");
        json!({"id": format!("d{at}"), "text": text, "deletions": [[0, 5]]}).to_string() + "\n"
    };
    fs::write(&labels, (0..40).map(row).collect::<String>()).unwrap();
    (text(&base).to_owned(), text(&labels).to_owned())
}

fn arguments<'a>(base: &'a str, data: &'a str, output: &'a str) -> Vec<&'a str> {
    let mut all = vec!["train", "generator", "--base", base, "--data", data, "-o", output];
    all.extend(["--batch", "4", "--held-out", "0.2", "--evaluate-every", "5", "--rate", "5e-3"]);
    all
}

#[test]
fn a_generator_is_trained_and_can_be_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let (base, data) = base_and_data(folder.path());
    let out = folder.path().join("out");
    let mut line = arguments(&base, &data, text(&out));
    line.extend(["--epochs", "3"]);
    let done = refinex(&line);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let metrics = rows(&out.join("metrics.jsonl"));
    let held = |row: &Value| row["held_loss"].as_f64().unwrap();
    assert!(held(metrics.last().unwrap()) < 0.9 * held(&metrics[0]), "{metrics:?}");
    let training: Value =
        serde_json::from_slice(&fs::read(out.join("training.json")).unwrap()).unwrap();
    assert_eq!(training["finished"], true);
    assert_eq!(training["examples"]["documents"], training["examples"]["examples"]);
    assert!(!out.join("checkpoints").exists());
    let config = fs::read_to_string(out.join("config.json")).unwrap();
    assert!(config.contains("float32"), "{config}");
    // What was written is a base again; and the same line finds its work done.
    let again = folder.path().join("again");
    let mut further = arguments(text(&out), &data, text(&again));
    further.extend(["--epochs", "1", "--lora-rank", "2", "--merge"]);
    let done = refinex(&further);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(again.join("adapter/adapter_model.safetensors").exists());
    let weights = |of: &Path| fs::read(of.join("model.safetensors")).unwrap();
    assert_ne!(weights(&out), weights(&again));
    let same = refinex(&line);
    assert!(String::from_utf8_lossy(&same.stderr).contains("finished before"));
}

#[test]
fn adapters_alone_leave_no_model_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (base, data) = base_and_data(folder.path());
    let out = folder.path().join("out");
    let mut line = arguments(&base, &data, text(&out));
    line.extend(["--epochs", "1", "--lora-rank", "4", "--lora-parts", "q_proj,v_proj"]);
    assert!(refinex(&line).status.success());
    let config = fs::read_to_string(out.join("adapter/adapter_config.json")).unwrap();
    let config: Value = serde_json::from_str(&config).unwrap();
    assert_eq!(config["target_modules"], json!(["q_proj", "v_proj"]));
    assert_eq!((&config["r"], &config["lora_alpha"]), (&json!(4), &json!(8.0)));
    assert!(!out.join("model.safetensors").exists());
}

#[test]
fn a_training_that_was_killed_goes_on_to_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    let (base, data) = base_and_data(folder.path());
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    let more = ["--epochs", "12", "--keep-every", "7"];
    let mut line = arguments(&base, &data, text(&whole));
    line.extend(more);
    assert!(refinex(&line).status.success());
    let mut line = arguments(&base, &data, text(&killed));
    line.extend(more);
    let mut child = Command::new(env!("CARGO_BIN_EXE_refinex"))
        .args(&line)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (state, begun) = (killed.join("checkpoints/state.safetensors"), Instant::now());
    while !state.exists() && begun.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(state.exists(), "a training that was killed between its first checkpoint and its end");
    // One copy goes on, the other ends here.
    let ended = folder.path().join("ended");
    copy(&killed, &ended);
    let mut finishing = line.clone();
    finishing[7] = text(&ended);
    finishing.push("--finish");
    let done = refinex(&finishing);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(ended.join("model.safetensors").exists() && !ended.join("checkpoints").exists());
    assert!(refinex(&line).status.success());
    let weights = |of: &Path| fs::read(of.join("model.safetensors")).unwrap();
    assert!(weights(&whole) == weights(&killed));
}

#[test]
fn a_gpu_that_cannot_be_used_is_told_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (base, data) = base_and_data(folder.path());
    let out = folder.path().join("out");
    let mut line = arguments(&base, &data, text(&out));
    line.extend(["--device", "cuda"]);
    let done = refinex(&line);
    let said = String::from_utf8_lossy(&done.stderr);
    // A build with the feature, on a machine with a GPU, trains.
    if cfg!(feature = "cuda") && done.status.success() {
        return;
    }
    assert!(said.contains("for --device cuda, but found"), "{said}");
    assert!(!out.exists());
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn what_does_not_fit_is_said_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let (base, data) = base_and_data(folder.path());
    let out = folder.path().join("out");
    let said = |line: &[&str]| {
        let output = refinex(line);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let error = said(&arguments("nowhere", &data, text(&out)));
    assert!(error.contains("a folder of a model or a GGUF file at nowhere"), "{error}");
    let error = said(&arguments(&base, "nowhere.jsonl", text(&out)));
    assert!(error.contains("nowhere.jsonl"), "{error}");
    let mut short = arguments(&base, &data, text(&out));
    short.extend(["--max-tokens", "50"]);
    let error = said(&short);
    assert!(error.contains("left out: ") && error.contains("found none"), "{error}");
    let nothing = folder.path().join("nothing");
    let mut finish = arguments(&base, &data, text(&nothing));
    finish.push("--finish");
    assert!(said(&finish).contains("expected a checkpoint of this training"));
    let mut other = arguments(&base, &data, text(&out));
    other.extend(["--seed", "2"]);
    let error = said(&other);
    assert!(error.contains("use another folder"), "{error}");
}
