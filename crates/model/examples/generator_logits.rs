//! What `lab/generator_logits.py` compares with other libraries: `generator_logits MODEL IDS OUT`
//! reads the token ids in the file IDS in single precision, and writes the logits behind each of them
//! to OUT, a row a token, as 32-bit numbers, the small end first.

use refinex_model::generator::{Network, Precision, Weights};
use std::io::Write;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, ids, out] = &arguments[..] else {
        return Err("expected MODEL IDS OUT, but found other arguments".into());
    };
    let ids = std::fs::read_to_string(ids)?;
    let ids = ids.split_whitespace().map(str::parse).collect::<Result<Vec<u32>, _>>()?;
    let network = Network::of(&Weights::open(Path::new(model))?, Precision::Single, 1)?;
    let states = network.read(&mut network.cache(ids.len()), &ids, ids.len());
    let mut file = std::io::BufWriter::new(std::fs::File::create(out)?);
    for state in states.chunks_exact(network.config().width) {
        for logit in network.logits(state) {
            file.write_all(&logit.to_le_bytes())?;
        }
    }
    Ok(file.flush()?)
}
