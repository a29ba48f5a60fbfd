//! Several refiners over one corpus in one run, each in a process of its own, in turn.
//!
//! ```text
//! documents → shares; each refiner: start, first answer
//! for each share: for each refiner (another one first each time): send, wait, time, memory
//! answers → deletions → scores against gold
//! ```

mod answer;
mod answers;
mod machine;
mod peer;
mod shares;
mod spec;
mod usage;

pub use answer::answer_rows;
pub use spec::{NamedRefiner, RefinerSpec, Threshold};

use crate::error::RunError;
use answers::Answers;
use peer::Peer;
use refinex_core::Measure;
use refinex_eval::{
    Benched, Benchmark, CorpusFacts, Evaluation, Evaluator, Predicted, Resampling, Speed, Timed,
};
use shares::{Quarter, Share, Subject};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// What is to be measured, and how.
pub struct Bench<'a> {
    /// The corpus: documents with gold deletions, or without.
    pub corpus: &'a str,
    /// The refiners.
    pub refiners: &'a [NamedRefiner],
    /// At most so many documents, evenly over the corpus.
    pub documents: Option<usize>,
    /// Shares of the documents.
    pub rounds: usize,
    /// Dollars for one core for one hour.
    pub usd_per_core_hour: f64,
    /// A `tokenizer.json` that counts tokens, instead of a quarter of the characters.
    pub tokenizer: Option<PathBuf>,
    /// How long a refiner may take for a share.
    pub patience: Duration,
    /// How intervals and p-values are drawn.
    pub resampling: Resampling,
    /// This program, which runs the refiners that are its own.
    pub program: PathBuf,
    /// Where the answers of the refiners are written, if anywhere.
    pub answers: Option<PathBuf>,
}

/// One refiner while it is measured.
struct Runner<'a> {
    named: &'a NamedRefiner,
    peer: Option<Peer>,
    stopped: Option<String>,
    seconds_to_first_answer: f64,
    shares: Vec<Timed>,
    peak_memory_bytes: Option<u64>,
    answers: Answers,
}

impl Bench<'_> {
    /// Measures. `tell` hears what goes on.
    ///
    /// # Errors
    /// If the corpus cannot be read, or a refiner does not start.
    pub fn run(&self, tell: &dyn Fn(&str)) -> Result<Benchmark, RunError> {
        self.check()?;
        let subjects = shares::read(self.corpus, self.documents)?;
        let (measure, tokens_are) = self.measure()?;
        let shares = shares::deal(&subjects, self.rounds, measure.as_ref());
        let mut runners = Vec::new();
        for named in self.refiners {
            tell(&format!("{}: starting", named.name));
            runners.push(self.start(named, &subjects)?);
        }
        let count = runners.len();
        for (round, share) in shares.iter().enumerate() {
            for turn in 0..count {
                let runner = &mut runners[(round + turn) % count];
                tell(&format!("{}: round {} of {}", runner.named.name, round + 1, shares.len()));
                runner.read(share, &subjects, self.patience);
            }
        }
        for runner in &mut runners {
            runner.peer.take().into_iter().for_each(Peer::stop);
            if let Some(folder) = &self.answers {
                runner.answers.write(folder, &runner.named.name, &subjects)?;
            }
        }
        let evaluation = self.evaluation(&subjects, &runners)?;
        let corpus = facts(self.corpus, &subjects, &shares, tokens_are);
        let first: Vec<Timed> = runners.first().map(|of| of.shares.clone()).unwrap_or_default();
        let benched =
            |runner: Runner<'_>| runner.benched(&first, self.usd_per_core_hour, &subjects);
        Ok(Benchmark {
            machine: machine::machine(),
            corpus,
            rounds: shares.len(),
            usd_per_core_hour: self.usd_per_core_hour,
            refiners: runners.into_iter().map(benched).collect(),
            evaluation,
        })
    }

    fn check(&self) -> Result<(), RunError> {
        let again = self.refiners.iter().enumerate().find(|(at, named)| {
            self.refiners[..*at].iter().any(|before| before.name == named.name)
        });
        match again {
            None => Ok(()),
            Some((_, named)) => Err(RunError::new(format!(
                "expected each refiner to have a name of its own, but found {} twice",
                named.name
            ))),
        }
    }

    fn measure(&self) -> Result<(Box<dyn Measure>, String), RunError> {
        let Some(path) = &self.tokenizer else {
            return Ok((Box::new(Quarter), "a quarter of the characters".to_owned()));
        };
        let limit = crate::sft::TokenLimit::of_file(usize::MAX, path)?;
        Ok((limit.measure, format!("those of {} ({})", path.display(), limit.tokenizer)))
    }

    /// Starts a refiner and waits for its first answer, which is not counted.
    fn start<'n>(
        &self,
        named: &'n NamedRefiner,
        subjects: &[Subject],
    ) -> Result<Runner<'n>, RunError> {
        let fail = |why: String| RunError::new(format!("{}: {why}", named.name));
        let mut peer = Peer::start(self.command(&named.spec)).map_err(fail)?;
        let first = shares::rows(subjects, &[0]);
        peer.ask(&first, 1, self.patience).map_err(fail)?;
        Ok(Runner {
            named,
            stopped: None,
            seconds_to_first_answer: peer.age(),
            peer: Some(peer),
            shares: Vec::new(),
            peak_memory_bytes: None,
            answers: Answers::new(subjects.len()),
        })
    }

    fn command(&self, spec: &RefinerSpec) -> Command {
        let mut command;
        if let RefinerSpec::Command(line) = spec {
            command = Command::new("sh");
            command.args(["-c", line]);
        } else {
            command = Command::new(&self.program);
            command.arg("bench-refiner").arg(spec.to_string());
        }
        command
    }

    /// The quality of the refiners on the documents with gold, if there are any.
    fn evaluation(
        &self,
        subjects: &[Subject],
        runners: &[Runner<'_>],
    ) -> Result<Option<Evaluation>, RunError> {
        let names: Vec<String> = runners.iter().map(|runner| runner.named.name.clone()).collect();
        let mut evaluator = Evaluator::new(&names);
        let mut judged = 0;
        for (at, subject) in subjects.iter().enumerate() {
            let Some(gold) = &subject.gold else { continue };
            judged += 1;
            let predicted: Vec<Predicted<'_>> =
                runners.iter().map(|runner| runner.answers.predicted(at)).collect();
            let Subject { text, page, facts, .. } = subject;
            let subject = refinex_eval::Subject { text, gold, page, facts };
            evaluator.take(&subject, &predicted).map_err(|(at, misfit)| {
                RunError::new(format!("{}: {misfit}", runners[at].named.name))
            })?;
        }
        Ok((judged > 0).then(|| evaluator.finish(self.corpus, self.resampling)))
    }
}

impl Runner<'_> {
    /// Lets it read a share, unless it has stopped.
    fn read(&mut self, share: &Share, subjects: &[Subject], patience: Duration) {
        let Some(peer) = &mut self.peer else { return };
        match peer.ask(&share.rows, share.documents.len(), patience) {
            Ok(answered) => {
                self.peak_memory_bytes = peer.usage().map(|usage| usage.peak_memory_bytes);
                self.shares.push(Timed {
                    bytes: share.bytes,
                    tokens: share.tokens,
                    wall_seconds: answered.wall_seconds,
                    cpu_seconds: answered.cpu_seconds,
                });
                self.answers.take(&answered.lines, &share.documents, subjects);
            }
            Err(why) => {
                self.stopped = Some(why);
                self.peer.take().into_iter().for_each(Peer::stop);
            }
        }
    }

    fn benched(self, first: &[Timed], usd_per_core_hour: f64, subjects: &[Subject]) -> Benched {
        let sums = self.answers.sums(subjects);
        Benched {
            name: self.named.name.clone(),
            refiner: self.named.spec.to_string(),
            stopped: self.stopped,
            seconds_to_first_answer: self.seconds_to_first_answer,
            speed: Speed::of(&self.shares, first, usd_per_core_hour),
            shares: self.shares,
            peak_memory_bytes: self.peak_memory_bytes,
            documents: sums.documents,
            failed: self.answers.failed,
            deleted_share: sums.deleted_share,
            emptied: sums.emptied,
        }
    }
}

fn facts(
    location: &str,
    subjects: &[Subject],
    shares: &[Share],
    tokens_are: String,
) -> CorpusFacts {
    CorpusFacts {
        location: location.to_owned(),
        documents: subjects.len() as u64,
        with_gold: subjects.iter().filter(|of| of.gold.is_some()).count() as u64,
        bytes: shares.iter().map(|share| share.bytes).sum(),
        tokens: shares.iter().map(|share| share.tokens).sum(),
        tokens_are,
    }
}
