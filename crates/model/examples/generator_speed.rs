//! What `lab/generator_speed.py` measures of the generator in process, as JSON, a line a thing.
//!
//! `generator_speed MODEL THREADS speed IDS N`: reads the token ids in the file IDS and writes N
//! tokens. `generator_speed MODEL THREADS questions`: the tokens of the question about each chunk
//! of standard input, JSON lines `{"text", "program"}`. `… whole N DRAFT`: writes a program of at
//! most N tokens about each. `… draft N DRAFT`: writes the program that is given, and says how
//! many steps that took.

use refinex_core::Chunk;
use refinex_model::generator::{
    Allowed, Decoding, Generator, GeneratorSettings, Network, Written, write,
};
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;
use std::time::Instant;

/// Measures seconds by the clock, and seconds of processor time of all threads (Linux; in
/// hundredths), which says more where others work on the machine too.
struct Clock(Instant, f64);

impl Clock {
    fn new() -> Self {
        Self(Instant::now(), processor_seconds())
    }

    fn told(&self) -> Value {
        json!({ "seconds": self.0.elapsed().as_secs_f64(), "cpu": processor_seconds() - self.1 })
    }
}

fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, threads, what, rest @ ..] = &arguments[..] else {
        return Err("expected MODEL THREADS WHAT, but found fewer arguments".into());
    };
    let number = |at: usize| -> Result<usize, Box<dyn std::error::Error>> {
        Ok(rest.get(at).ok_or("expected more arguments")?.parse()?)
    };
    let draft = number(1).unwrap_or(0);
    let most_program_tokens = number(0).unwrap_or(256);
    let settings = GeneratorSettings {
        threads: threads.parse()?,
        draft,
        most_program_tokens,
        constrained: false,
    };
    let clock = Clock::new();
    let generator = Generator::open(Path::new(model), settings)?;
    let opened = clock.told();
    if what == "speed" {
        let ids = std::fs::read_to_string(&rest[0])?;
        let ids = ids.split_whitespace().map(str::parse).collect::<Result<Vec<u32>, _>>()?;
        println!("{}", speed(generator.network(), &ids, number(1)?, &opened));
        return Ok(());
    }
    let mut rows = String::new();
    std::io::stdin().read_to_string(&mut rows)?;
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row)?;
        let chunk = Chunk::whole(row["text"].as_str().unwrap_or_default());
        match what.as_str() {
            "questions" => println!("{}", json!(generator.question(&chunk)?)),
            "whole" => {
                let clock = Clock::new();
                let written = generator.write(&chunk)?;
                println!("{}", said(&written, &clock));
            }
            _ => {
                let program = row["program"].as_str().unwrap_or_default();
                println!("{}", scripted(&generator, &chunk, program, draft)?);
            }
        }
    }
    Ok(())
}

fn said(written: &Written, clock: &Clock) -> Value {
    json!({
        "tokens": written.tokens.len(), "steps": written.steps, "ended": written.ended,
        "time": clock.told(),
    })
}

/// Seconds for reading the tokens, and for writing `count` more.
fn speed(network: &Network, ids: &[u32], count: usize, opened: &Value) -> Value {
    let masks = vec![vec![true; network.config().vocabulary]];
    let mut cache = network.cache(ids.len() + count);
    let clock = Clock::new();
    let mut state = network.read(&mut cache, ids, 1);
    let read = clock.told();
    let clock = Clock::new();
    let mut tokens = Vec::new();
    for _ in 0..count {
        let token = network.best(&state, &masks)[0].unwrap_or(0);
        tokens.push(token);
        state = network.read(&mut cache, &[token], 1);
    }
    let wrote = clock.told();
    json!({ "read": read, "wrote": wrote, "opened": opened, "tokens": tokens })
}

/// Leaves the network one token to write, but drafts any.
struct Script {
    tokens: Vec<u32>,
    at: usize,
}

impl Allowed for Script {
    fn fill(&self, mask: &mut [bool]) {
        mask.fill(false);
        if let Some(token) = self.tokens.get(self.at) {
            mask[*token as usize] = true;
        }
    }

    fn permits(&self, _: u32) -> bool {
        true
    }

    fn advance(&mut self, _: u32) {
        self.at += 1;
    }

    fn fork(&self) -> Box<dyn Allowed> {
        Box::new(Self { tokens: self.tokens.clone(), at: self.at })
    }
}

/// Writes a program that is given.
fn scripted(
    generator: &Generator,
    chunk: &Chunk<'_>,
    program: &str,
    draft: usize,
) -> Result<Value, Box<dyn std::error::Error>> {
    let network = generator.network();
    let question = generator.question(chunk)?;
    let mut tokens = generator.tokenizer().tokens(program)?;
    tokens.push(generator.end());
    let (count, script) = (tokens.len(), Script { tokens, at: 0 });
    let writable = vec![true; network.config().vocabulary];
    let mut begun = network.cache(question.len());
    let _ = network.read(&mut begun, &question[..question.len() - 1], 0);
    let how = Decoding { most_tokens: count + 1, draft };
    let clock = Clock::new();
    let end = generator.end();
    let written = write(network, &begun, &question, Box::new(script), &writable, end, how);
    Ok(said(&written, &clock))
}
