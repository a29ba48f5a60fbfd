//! Supervised fine-tuning of the generator: from a user's base weights and examples to a model.
//!
//! The network is run forwards and backwards by products of `rten-gemm` and gradients written by
//! hand, which are tested against finite differences; the loss is on the tokens of programs alone.

mod adamw;
mod adapters;
mod attention;
mod base_files;
mod decoder;
mod file;
mod layer;
mod layout;
mod learner;
mod ledger;
mod loss;
mod norm;
mod pack;
mod rope;
mod settings;
#[cfg(feature = "tokenizers")]
mod speech;
#[cfg(test)]
mod tests;
mod tuned;
mod workers;

use super::Weights;
use crate::error::ModelError;
use crate::random::Random;
pub use base_files::{config_json, tokenizer_config_json};
pub use file::FloatsFile;
use layout::Layout;
use learner::Learner;
pub use ledger::{Kept, Ledger, Metric};
pub use pack::Example;
pub use settings::{Lora, PRODUCTS, Settings};
#[cfg(feature = "tokenizers")]
pub use speech::Speech;
pub use tuned::Tuned;
use workers::Workers;

/// Trains a generator from base weights on `examples`. What is `held` back is not learnt from: the
/// model is that of the step that writes its programs best.
///
/// # Errors
/// If the weights cannot be read, an example has a token that the generator does not know or is
/// longer than it can read, or what `ledger` kept is not of this training.
pub fn fine_tune(
    base: &Weights,
    (examples, held): (&[Example], &[Example]),
    settings: &Settings,
    ledger: &mut dyn Ledger,
) -> Result<Tuned, ModelError> {
    let layout = Layout::of(base.config().clone());
    examples.iter().chain(held).try_for_each(|example| fits(example, &layout))?;
    let weights = layout.read(base)?;
    train(Learner::new(layout, weights, settings), (examples, held), settings, ledger)
}

/// The loop.
fn train(
    mut learner: Learner,
    (examples, held): (&[Example], &[Example]),
    settings: &Settings,
    ledger: &mut dyn Ledger,
) -> Result<Tuned, ModelError> {
    let mut workers = Workers::new(settings.threads, settings.pack_tokens, settings.device)?;
    let per_epoch = examples.len().div_ceil(settings.batch.max(1));
    let steps = settings.epochs * per_epoch;
    match ledger.kept(Kept::State) {
        Some(state) => learner.restore(&state)?,
        None => look(&mut learner, &workers, held, Metric { steps, ..Metric::default() }, ledger),
    }
    while learner.step < steps && learner.stale < settings.patience && !ledger.ends() {
        let epoch = learner.step / per_epoch;
        let batch = batch(examples, settings, epoch, learner.step % per_epoch);
        let rate = settings.rate_at(learner.step, steps);
        let (loss, g, rows) = workers.learn(learner.decoder(), &batch);
        let length = learner.learn(g, loss.tokens, settings, steps);
        let step = learner.step;
        let tokens = batch.iter().map(|example| example.tokens()).sum();
        let (mean, accuracy, epoch) = (loss.mean(), loss.accuracy(), epoch + 1);
        let metric = Metric {
            step,
            steps,
            epoch,
            loss: mean,
            accuracy,
            tokens,
            rows,
            length,
            rate,
            held: None,
        };
        if step == steps || step.is_multiple_of(settings.evaluate_every.max(1)) {
            look(&mut learner, &workers, held, metric, ledger);
        } else {
            ledger.metric(&metric);
        }
        workers.trouble()?;
        if step.is_multiple_of(settings.keep_every.max(1)) {
            ledger.keep(Kept::State, &learner.state());
        }
    }
    if let Some(best) = ledger.kept(Kept::Best).filter(|_| learner.best.is_some()) {
        learner.restore_values(&best)?;
    }
    Ok(learner.done())
}

/// Looks at what is held back, and keeps what has learnt if nothing was better.
fn look(
    learner: &mut Learner,
    workers: &Workers,
    held: &[Example],
    mut metric: Metric,
    ledger: &mut dyn Ledger,
) {
    if !held.is_empty() {
        let loss = workers.loss(learner.decoder(), held);
        metric.held = Some((loss.mean(), loss.accuracy()));
        if learner.look(loss.mean()) {
            ledger.keep(Kept::Best, &learner.values());
        }
    }
    ledger.metric(&metric);
}

/// The examples of a step, in the order of its epoch.
fn batch<'a>(
    examples: &'a [Example],
    settings: &Settings,
    epoch: usize,
    at: usize,
) -> Vec<&'a Example> {
    let mut order: Vec<usize> = (0..examples.len()).collect();
    Random::of(&[settings.seed, 1, epoch as u64]).shuffle(&mut order);
    let of_step = order.chunks(settings.batch.max(1)).nth(at).unwrap_or_default();
    of_step.iter().map(|&example| &examples[example]).collect()
}

/// Whether a generator can read an example.
fn fits(example: &Example, layout: &Layout) -> Result<(), ModelError> {
    let Layout { config, .. } = layout;
    let most =
        example.prompt.iter().chain(&example.program).max().map_or(0, |&token| token as usize);
    let unfit = |expected: String, found: String| Err(ModelError::Foreign { expected, found });
    if most >= config.vocabulary {
        let expected = format!("tokens under {}, as the weights know them", config.vocabulary);
        return unfit(expected, format!("{most}; is it the tokenizer of another model?"));
    }
    if example.tokens() > config.context {
        let expected =
            format!("examples of at most {} tokens, as the weights read", config.context);
        return unfit(expected, format!("one of {}", example.tokens()));
    }
    if example.prompt.is_empty() || example.program.is_empty() {
        return unfit("a prompt and a program".to_owned(), "an example without one".to_owned());
    }
    Ok(())
}
