//! What the tests of several commands share.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs the program.
pub fn refinex(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_refinex")).args(arguments).output().expect("refinex runs")
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// The rows of a file of JSON lines, packed or not.
pub fn rows(path: &Path) -> Vec<Value> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let packed = path.extension().is_some_and(|e| e == "zst");
    let bytes = if packed { zstd::decode_all(bytes.as_slice()).unwrap() } else { bytes };
    let text = String::from_utf8(bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
