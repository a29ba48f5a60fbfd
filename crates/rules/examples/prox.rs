//! Carries out programs of ProX as its own executor does: rows `{"text", "program"}` of standard
//! input, one row `{"text", "fate", "errors"}` each.

use refinex_rules::prox::execute_as_written;
use serde_json::{Value, json};
use std::error::Error;
use std::io::BufRead;

fn main() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let row: Value = serde_json::from_str(&line?)?;
        let field = |name: &str| row[name].as_str().unwrap_or_default();
        let done = execute_as_written(field("text"), field("program"));
        println!("{}", json!({"text": done.text, "fate": done.fate, "errors": done.errors}));
    }
    Ok(())
}
