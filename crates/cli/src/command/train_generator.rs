//! `refinex train generator`.

use crate::train_arguments::TrainGenerator;
use refinex::RunError;
use std::process::ExitCode;

/// Fine-tunes a generator.
#[cfg(not(feature = "tokenizers"))]
pub fn run(_: &TrainGenerator) -> Result<ExitCode, RunError> {
    Err(RunError::new(
        "expected a refinex with the feature tokenizers, but found one that was built without it",
    ))
}

/// Fine-tunes a generator.
#[cfg(feature = "tokenizers")]
pub fn run(arguments: &TrainGenerator) -> Result<ExitCode, RunError> {
    let command: Vec<String> = std::env::args().collect();
    let mut telling = telling::Telling::new();
    let output = arguments.output.as_path();
    telling::training(arguments).run((output, &command), &mut |news| telling.tell(&news))?;
    anstream::println!("a model in {}", output.display());
    Ok(ExitCode::SUCCESS)
}

#[cfg(feature = "tokenizers")]
mod telling {
    use super::TrainGenerator;
    use refinex::generator_training::{ExampleCounts, GeneratorTraining, News};
    use refinex::model::generator::train::{Lora, Metric, PRODUCTS, Settings};
    use std::io::IsTerminal;
    use std::time::Instant;

    pub fn training(arguments: &TrainGenerator) -> GeneratorTraining {
        GeneratorTraining {
            base: arguments.base.clone(),
            data: arguments.data.clone(),
            without: arguments.without.clone(),
            held_out: arguments.held_out,
            held_most: arguments.held_most,
            most_examples: arguments.most_examples.unwrap_or(usize::MAX),
            chunk_bytes: arguments.chunk_bytes,
            max_tokens: arguments.max_tokens,
            merge: arguments.merge,
            finish: arguments.finish,
            settings: settings(arguments),
        }
    }

    fn settings(arguments: &TrainGenerator) -> Settings {
        let lora = lora(arguments);
        let rate = arguments.rate.unwrap_or(if lora.is_some() { 2e-4 } else { 1e-4 });
        Settings {
            seed: arguments.seed,
            epochs: arguments.epochs,
            batch: arguments.batch,
            rate,
            warm_up: arguments.warm_up,
            decay: arguments.decay,
            clip: arguments.clip,
            threads: arguments.threads,
            pack_tokens: arguments.pack_tokens,
            device: arguments.device,
            evaluate_every: arguments.evaluate_every,
            patience: arguments.patience.unwrap_or(usize::MAX),
            keep_every: arguments.keep_every,
            lora,
        }
    }

    fn lora(arguments: &TrainGenerator) -> Option<Lora> {
        let rank = arguments.lora_rank?;
        let wanted = &arguments.lora_parts;
        let has = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
        let parts = PRODUCTS.iter().filter(|(name, _)| has(name)).map(|(_, part)| *part).collect();
        Some(Lora { rank, alpha: arguments.lora_alpha.unwrap_or(2.0 * rank as f32), parts })
    }

    /// Tells on standard error how far training is.
    pub struct Telling {
        /// Since when steps are done here, and tokens of these.
        begun: Option<Instant>,
        tokens: usize,
        is_terminal: bool,
    }

    impl Telling {
        pub fn new() -> Self {
            Self { begun: None, tokens: 0, is_terminal: std::io::stderr().is_terminal() }
        }

        pub fn tell(&mut self, news: &News<'_>) {
            match news {
                News::Examples(counts) => self.examples(counts),
                News::Step(metric) => self.step(metric),
                News::Done => anstream::eprintln!("this training was finished before"),
            }
        }

        fn examples(&mut self, counts: &ExampleCounts) {
            let ExampleCounts { documents, examples, keep_all, tokens, program_tokens, .. } =
                counts;
            anstream::eprintln!(
                "{examples} examples of {documents} documents: {tokens} tokens, {program_tokens} of \
                 them in programs, {keep_all} programs delete nothing; {} held back",
                counts.held
            );
            if counts.too_long + counts.blank > 0 {
                anstream::eprintln!(
                    "left out: {} chunks over the limit of tokens, {} documents without text",
                    counts.too_long,
                    counts.blank
                );
            }
        }

        fn step(&mut self, metric: &Metric) {
            let begun = *self.begun.get_or_insert_with(Instant::now);
            self.tokens += metric.tokens;
            let seconds = begun.elapsed().as_secs_f32();
            let speed = self.tokens as f32 / seconds.max(1e-3);
            let held = metric.held.map(|(loss, accuracy)| {
                format!(", held back {loss:.4} ({:.1} % of tokens right)", 100.0 * accuracy)
            });
            let line = format!(
                "step {} of {}, epoch {}, loss {:.4}{}, {speed:.0} tokens/s, {seconds:.0} s",
                metric.step,
                metric.steps,
                metric.epoch,
                metric.loss,
                held.clone().unwrap_or_default()
            );
            match (self.is_terminal, held) {
                (true, None) => anstream::eprint!("\r\x1b[K{line}"),
                (true, Some(_)) => anstream::eprintln!("\r\x1b[K{line}"),
                (false, _) => anstream::eprintln!("{line}"),
            }
        }
    }
}
