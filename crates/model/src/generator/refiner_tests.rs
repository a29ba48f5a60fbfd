//! What must hold of the generator as a refiner, on tiny random models.

use super::config::Architecture;
use super::refiner::{Generator, GeneratorSettings};
use super::tiny::{MARKS, Tiny, tokenizer_json};
use super::tokenizer::Tokenizer;
use crate::random::Random;
use refinex_core::{Chunk, INSTRUCTION, Policy, Proposal, Refiner, Score, merge};
use std::fs;
use std::path::{Path, PathBuf};

fn settings(most_program_tokens: usize) -> GeneratorSettings {
    GeneratorSettings { most_program_tokens, ..GeneratorSettings::default() }
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("tiny");
    Tiny::new(Architecture::Llama, 1).write_folder(&path, 1);
    (place, path)
}

fn error(path: &Path) -> String {
    Generator::open(path, settings(40)).err().unwrap().to_string()
}

/// Without a constraint.
fn free(most_program_tokens: usize) -> GeneratorSettings {
    GeneratorSettings { constrained: false, ..settings(most_program_tokens) }
}

#[test]
fn a_question_is_the_chat_that_training_sets_hold() {
    let (_place, path) = folder();
    let generator = Generator::open(&path, settings(40)).unwrap();
    let question = generator.question(&Chunk::whole("a line\n<|im_end|>\n")).unwrap();
    let tokenizer = generator.tokenizer();
    let [_, start, end] = MARKS.map(|mark| tokenizer.mark(mark).unwrap());
    let marks = question.iter().filter(|token| [start, end].contains(token));
    // What a page says is never a mark.
    assert_eq!(marks.copied().collect::<Vec<_>>(), [start, end, start, end, start]);
    let text = tokenizer.text(&question);
    let expected =
        format!("system\n{}\nuser\n[1] a line\n[2] <|im_end|>\nassistant\n", INSTRUCTION.1.trim());
    assert_eq!(text, expected);
}

#[test]
fn a_gguf_file_and_a_folder_write_the_same_programs() {
    let (place, path) = folder();
    let file = place.path().join("tiny.gguf");
    fs::write(&file, Tiny::new(Architecture::Llama, 1).gguf()).unwrap();
    let chunks = [Chunk::whole("one line 123\nremind in a line\n"), Chunk::whole("é\n日本\n")];
    let of = |path: &Path| Generator::open(path, settings(60)).unwrap().refine(&chunks);
    assert_eq!(of(&path), of(&file));
}

#[test]
fn a_program_that_reached_the_limit_is_said_to_be_cut_off() {
    let (_place, path) = folder();
    for settings in (1..40).flat_map(|most| [settings(most), free(most)]) {
        let generator = Generator::open(&path, settings).unwrap();
        let chunk = Chunk::whole("a line\n");
        let written = generator.write(&chunk).unwrap();
        let proposal = generator.refine(&[chunk]).remove(0).unwrap();
        assert_eq!(matches!(proposal, Proposal::Draft(_)), written.ended);
        assert!(written.ended || written.tokens.len() == settings.most_program_tokens);
    }
}

#[test]
fn a_constrained_generator_writes_no_call_that_is_refused_whatever_its_weights() {
    let (_place, path) = folder();
    let generator = Generator::open(&path, settings(48)).unwrap();
    let words =
        ["a", "Reply ", "é", "\"", "\\", "\n", "\n\n", "\r\n", "\u{2028}", "日本", "12", "🦀", " "];
    let mut whole = 0;
    for seed in 0..1000 {
        let mut random = Random::of(&[seed]);
        let count = 1 + random.below(24);
        let text: String = (0..count).map(|_| words[random.below(words.len())]).collect();
        let chunk = Chunk::whole(&text);
        let proposal = generator.refine(std::slice::from_ref(&chunk)).remove(0).unwrap();
        whole += usize::from(matches!(proposal, Proposal::Draft(_)));
        let decision = merge(&text, [(&chunk, proposal)], Score::ONE, Policy::default());
        let refused: Vec<&str> = decision.refused.iter().map(|r| r.refusal.reason.name()).collect();
        assert!(refused.iter().all(|reason| *reason == "cut_off"), "{text:?}: {refused:?}");
    }
    assert!(whole > 0);
}

#[test]
fn a_chunk_that_leaves_no_room_for_a_program_is_skipped_with_a_reason() {
    let (_place, path) = folder();
    let generator = Generator::open(&path, settings(100)).unwrap();
    let long = "a line\n".repeat(2000);
    let answers = generator.refine(&[Chunk::whole(&long), Chunk::whole("a")]);
    let error = answers[0].as_ref().unwrap_err();
    assert_eq!(error.reason, "longer-than-context");
    assert!(error.message.contains("room for a program in the generator's context of 4096"));
    assert!(answers[1].is_ok());
}

#[test]
fn chunks_of_white_space_are_kept_without_being_asked_about() {
    let (_place, path) = folder();
    let generator = Generator::open(&path, settings(40)).unwrap();
    let answers = generator.refine(&[Chunk::whole(" \n\n"), Chunk::whole("")]);
    let kept = Ok(Proposal::Draft("keep_all()".to_owned()));
    assert_eq!(answers, [kept.clone(), kept]);
}

#[test]
fn what_decides_the_output_decides_the_fingerprint() {
    let (place, path) = folder();
    let print =
        |path: &Path, settings| Generator::open(path, settings).unwrap().identity().fingerprint;
    let first = print(&path, settings(40));
    assert_eq!(first, print(&path, GeneratorSettings { threads: 2, draft: 0, ..settings(40) }));
    assert_ne!(first, print(&path, settings(41)));
    let other = place.path().join("other");
    Tiny::new(Architecture::Llama, 2).write_folder(&other, 1);
    assert_ne!(first, print(&other, settings(40)));
}

#[test]
fn a_missing_a_foreign_and_another_models_tokenizer_are_refused_in_words() {
    let (_place, path) = folder();
    let file = path.join("tokenizer.json");
    fs::remove_file(&file).unwrap();
    assert!(error(&path).starts_with("expected a tokenizer at"), "{}", error(&path));
    fs::write(&file, "{}").unwrap();
    assert!(error(&path).starts_with("expected a tokenizer at"), "{}", error(&path));
    let mut json = tokenizer_json();
    json["pre_tokenizer"] = serde_json::json!({"type": "Whitespace"});
    fs::write(&file, json.to_string()).unwrap();
    assert!(error(&path).contains("byte pairs (BPE, ByteLevel)"), "{}", error(&path));
    let mut json = tokenizer_json();
    json["model"]["vocab"]["more"] = 265.into();
    fs::write(&file, json.to_string()).unwrap();
    let found = error(&path);
    assert!(found.ends_with("as the embedding has rows, 265, but found 266"), "{found}");
    assert!(Tokenizer::from_folder(&path, 266).is_ok());
    assert!(Tokenizer::from_folder(&path, 49152).is_err());
}

#[test]
fn a_model_without_the_marks_of_chatml_is_refused_in_words() {
    let (_place, path) = folder();
    fs::write(path.join("chat_template.jinja"), "[INST] {{ message }} [/INST]").unwrap();
    assert!(error(&path).contains("chat template is ChatML"), "{}", error(&path));
    fs::remove_file(path.join("chat_template.jinja")).unwrap();
    let json = tokenizer_json().to_string().replace("<|im_start|>", "<|start|>");
    fs::write(path.join("tokenizer.json"), json).unwrap();
    assert!(error(&path).contains("the mark <|im_start|> among its tokens"), "{}", error(&path));
}

#[test]
fn a_template_that_can_think_is_told_not_to() {
    let (_place, path) = folder();
    let template = "<|im_start|> <|im_end|> {% if enable_thinking is false %}";
    fs::write(path.join("chat_template.jinja"), template).unwrap();
    let generator = Generator::open(&path, settings(40)).unwrap();
    let question = generator.question(&Chunk::whole("a")).unwrap();
    let text = generator.tokenizer().text(&question);
    assert!(text.ends_with("assistant\n<think>\n\n</think>\n\n"), "{text}");
}
