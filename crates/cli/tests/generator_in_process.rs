//! `refine --generator` as a user meets it: a tiny model on the road, and what is no model.

#![cfg(feature = "tokenizers")]
#![allow(clippy::unwrap_used)]

mod common;

use common::{refinex, rows, text};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

const MARKS: [&str; 2] = ["<|im_start|>", "<|im_end|>"];

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Letters of bytes as GPT-2 wrote them, and the two marks.
fn tokens() -> Vec<String> {
    let itself = |byte: u32| matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
    let mut others = 256..;
    let letter = |byte| if itself(byte) { Some(byte) } else { others.next() };
    let letters = (0..256).filter_map(letter).filter_map(char::from_u32).map(String::from);
    letters.chain(MARKS.map(String::from)).collect()
}

fn tokenizer() -> Value {
    let ids: Map<String, Value> =
        tokens().into_iter().zip(0..).map(|(token, id)| (token, json!(id))).collect();
    let added = MARKS.iter().zip(256..).map(|(mark, id)| {
        json!({"id": id, "content": mark, "special": true, "single_word": false,
            "lstrip": false, "rstrip": false, "normalized": false})
    });
    json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null,
        "added_tokens": added.collect::<Vec<_>>(), "post_processor": null, "decoder": null,
        "pre_tokenizer":
            {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "vocab": ids, "merges": []},
    })
}

/// A model of one layer whose weights are all zero: it writes the first token without end.
fn model(folder: &Path) -> PathBuf {
    let path = folder.join("model");
    fs::create_dir_all(&path).unwrap();
    let config = json!({
        "architectures": ["LlamaForCausalLM"], "vocab_size": 258, "hidden_size": 32,
        "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32,
        "rms_norm_eps": 1e-5, "max_position_embeddings": 4096, "tie_word_embeddings": true,
    });
    fs::write(path.join("config.json"), config.to_string()).unwrap();
    fs::write(path.join("tokenizer.json"), tokenizer().to_string()).unwrap();
    let (mut header, mut end) = (Map::new(), 0);
    let mut tensor = |name: &str, shape: &[usize]| {
        let start = end;
        end += 4 * shape.iter().product::<usize>();
        let place = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, end]});
        header.insert(format!("model.{name}.weight"), place);
    };
    tensor("embed_tokens", &[258, 32]);
    tensor("norm", &[32]);
    for name in ["q_proj", "k_proj", "v_proj", "o_proj"] {
        tensor(&format!("layers.0.self_attn.{name}"), &[32, 32]);
    }
    for name in ["gate_proj", "up_proj", "down_proj"] {
        tensor(&format!("layers.0.mlp.{name}"), &[32, 32]);
    }
    tensor("layers.0.input_layernorm", &[32]);
    tensor("layers.0.post_attention_layernorm", &[32]);
    let header = serde_json::to_vec(&header).unwrap();
    let bytes = [&(header.len() as u64).to_le_bytes()[..], &header, &vec![0; end]].concat();
    fs::write(path.join("model.safetensors"), bytes).unwrap();
    path
}

fn refine(folder: &Path, generator: &Path, more: &[&str]) -> Output {
    let (input, out) = (folder.join("in.jsonl"), folder.join("out"));
    let documents = ["Menu\nA text.\n", &"A line that is rather long.\n".repeat(300)];
    let documents =
        documents.iter().zip(0..).map(|(text, id)| json!({"id": id.to_string(), "text": text}));
    let documents: Vec<String> = documents.map(|document| document.to_string()).collect();
    fs::write(&input, documents.join("\n")).unwrap();
    let mut arguments = vec!["refine", text(&input), "-o", text(&out), "-q"];
    arguments.extend(["--generator", text(generator)]);
    arguments.extend(more);
    refinex(&arguments)
}

#[test]
fn what_a_generator_writes_is_refused_or_carried_out_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let model = model(folder.path());
    let free = |most| ["--unconstrained", "--max-program-tokens", most];
    let output = refine(folder.path(), &model, &free("20"));
    // The second document is longer than the context of the model.
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let programs = folder.path().join("out/programs/in.jsonl.zst");
    let programs = rows(&programs);
    assert_eq!(programs[0]["outcome"], "kept");
    assert_eq!(programs[0]["refused"].as_array().unwrap().len(), 1, "{}", programs[0]);
    assert_eq!(programs[1]["unrefined"]["reason"], "longer-than-context", "{}", programs[1]);
    let run = fs::read_to_string(folder.path().join("out/run.json")).unwrap();
    assert!(run.contains("generator model"), "{run}");
    for other in [&free("21")[..], &free("20")[1..]] {
        let output = refine(folder.path(), &model, other);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
    let output = refine(folder.path(), &model, &free("20"));
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
}

#[test]
fn what_is_no_generator_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let model = model(folder.path());
    let fails = |generator: &Path, words: &str| {
        let output = refine(folder.path(), generator, &[]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    };
    fails(&folder.path().join("none"), "expected a folder of a model or a GGUF file at");
    fails(&folder.path().join("in.jsonl"), "expected a GGUF file, but found bytes that begin");
    fails(folder.path(), "expected the configuration of a model at");
    fs::write(model.join("model.safetensors"), "cut").unwrap();
    fails(&model, "expected a whole safetensors file at");
    fs::remove_file(model.join("tokenizer.json")).unwrap();
    fails(&model, "expected a whole safetensors file at");
}

#[test]
fn a_generator_has_neither_weights_of_a_tagger_nor_a_threshold() {
    let folder = tempfile::tempdir().unwrap();
    let model = model(folder.path());
    for more in [["--threshold", "0.5"], ["--weights", "x"]] {
        let output = refine(folder.path(), &model, &more);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("cannot be used with"), "{}", stderr(&output));
    }
}
