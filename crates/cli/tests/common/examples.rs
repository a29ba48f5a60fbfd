//! Runs a page of the documentation as a reader would.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::process::Command;

/// Runs the examples of `docs/NAME`: files as it shows them (blocks `json NAME`), commands in their order
/// (blocks `console`), in one folder. Returns the number of commands.
pub fn run_examples(name: &str) -> usize {
    let page = fs::read_to_string(format!("../../docs/{name}")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut commands = 0;
    for block in page.split("\n```").skip(1).step_by(2) {
        let (kind, body) = block.split_once('\n').unwrap();
        if let Some(name) = kind.strip_prefix("json ") {
            fs::write(folder.path().join(name), body).unwrap();
        }
        if kind != "console" {
            continue;
        }
        for example in body.split("$ ").filter(|example| !example.is_empty()) {
            let (command, wanted) = example.split_once('\n').unwrap_or((example, ""));
            let script = command.replace("refinex", env!("CARGO_BIN_EXE_refinex"));
            let output =
                Command::new("sh").args(["-c", &script]).current_dir(&folder).output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            assert_eq!(String::from_utf8(said).unwrap().trim_end(), wanted.trim_end(), "{command}");
            commands += 1;
        }
    }
    commands
}
