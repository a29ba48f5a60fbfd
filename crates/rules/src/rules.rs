//! Rules in order, and what they decide on a document.

use crate::c4::{self, LineRule};
use crate::decision::{Broken, Dropped, Measured, Meter};
use crate::grams::Grams;
use crate::line_rules::{C4Lines, PunctuatedRuns};
use crate::profile::Profile;
use crate::step::Step;
use crate::tokens::Tokens;
use crate::words::Words;
use crate::{fineweb, gopher_quality, gopher_repetition};
use refinex_core::{Deletions, Identity, execute};
use std::collections::BTreeMap;

/// Rules in order. The first that a document breaks drops it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    names: String,
    profile: Profile,
    steps: Vec<Step>,
}

/// Room for deciding, which serves one document after the other. Decisions do not depend on it.
#[derive(Debug, Default)]
pub struct Scratch {
    tokens: Tokens,
    grams: Grams,
}

impl Scratch {
    /// The words of any text, as the tokeniser of a profile gives them: stripped, without the empty
    /// ones.
    pub fn words(&mut self, text: &str, profile: Profile) -> &Words {
        self.tokens.forget();
        self.tokens.words(text, profile)
    }

    /// Number of sentences of any text, as the tokeniser of a profile counts them.
    pub fn count_sentences(&mut self, text: &str, profile: Profile) -> usize {
        self.tokens.count_sentences(text, profile)
    }
}

/// What rules decide on a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Why it is dropped, if it is.
    pub dropped: Option<Dropped>,
    /// What is deleted from it, if it is kept.
    pub deletions: Deletions,
    /// The text after the rules that edit, as datatrove has it; none if none did.
    pub edited: Option<String>,
    /// Breaks between lines of which datatrove makes line feeds, and which stay as they are here,
    /// since nothing may be added: of all differences between `edited` and the text without
    /// `deletions` there is no other.
    pub foreign_breaks: usize,
    /// Lines that were left out, by reason.
    pub lines: BTreeMap<LineRule, u64>,
    /// What the steps that edit deleted, in order, also of a document that a later step dropped.
    pub edits: Vec<Edited>,
    /// What was measured, where it was [asked for](Rules::measure).
    pub measured: Vec<Measured>,
}

/// What one step deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The step.
    pub step: Step,
    /// Bytes that it deleted from what the steps before it left.
    pub deleted_bytes: usize,
    /// Code points that it deleted.
    pub deleted_chars: usize,
}

impl Rules {
    /// Reads names with commas between them, such as `gopher,c4`: the single filters
    /// `gopher-repetition`, `gopher-quality`, `c4`, `c4-any-end` (as FineWeb has it) and
    /// `fineweb-quality`; `gopher` for the first two, `fineweb` for the last, and `comb` for all in
    /// the order of FineWeb. `c4-lines`, `c4-lines-any-end` and `ptf-lines` are rules for lines.
    ///
    /// # Errors
    /// If a name is none, or C4 is named twice.
    pub fn parse(names: &str, profile: Profile) -> Result<Self, String> {
        let mut steps = Vec::new();
        for name in names.split(',').map(str::trim) {
            steps.extend(Step::named(name).ok_or_else(|| {
                format!(
                    "expected rules among gopher, c4, fineweb, comb, gopher-repetition, \
                     gopher-quality, c4-any-end, fineweb-quality, c4-lines, c4-lines-any-end and \
                     ptf-lines, but found {name:?}"
                )
            })?);
        }
        let edits = steps.iter().filter(|step| step.is_c4()).count();
        if edits > 1 {
            return Err(format!("expected at most one C4 filter, but found {edits} in {names:?}"));
        }
        Ok(Self { names: names.to_owned(), profile, steps })
    }

    /// The rules of FineWeb in its order.
    #[must_use]
    pub fn comb(profile: Profile) -> Self {
        let steps = Step::named("comb").unwrap_or_default();
        Self { names: "comb".to_owned(), profile, steps }
    }

    /// The names that it was read from.
    #[must_use]
    pub fn names(&self) -> &str {
        &self.names
    }

    /// The filters in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Which datatrove decides.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// Who decides.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let steps: Vec<&str> = self.steps.iter().map(|step| step.name()).collect();
        Identity {
            name: format!("rules {} ({})", self.names, self.profile),
            fingerprint: format!("rules-1 {} {}", self.profile, steps.join(",")),
        }
    }

    /// Decides on a document. datatrove fails on an empty text with the rules of repetition; here
    /// it is dropped as `empty_text`.
    #[must_use]
    pub fn decide(&self, text: &str, scratch: &mut Scratch) -> Decision {
        self.decide_with(text, scratch, Meter::default())
    }

    /// Decides as [`decide`](Self::decide) does, and says what every rule that was asked measured.
    #[must_use]
    pub fn measure(&self, text: &str, scratch: &mut Scratch) -> Decision {
        self.decide_with(text, scratch, Meter::remembering(true))
    }

    fn decide_with(&self, text: &str, scratch: &mut Scratch, mut meter: Meter) -> Decision {
        let mut decision = Decision::default();
        scratch.tokens.forget();
        for &step in &self.steps {
            meter.enter(step.name());
            if let Err(broken) = self.take(step, text, scratch, &mut meter, &mut decision) {
                let dropped = Some(broken.dropped(step.name()));
                let Decision { lines, edits, .. } = decision;
                let measured = meter.found();
                return Decision { dropped, lines, edits, measured, ..Decision::default() };
            }
        }
        decision.measured = meter.found();
        decision
    }

    fn take(
        &self,
        step: Step,
        text: &str,
        scratch: &mut Scratch,
        meter: &mut Meter,
        decision: &mut Decision,
    ) -> Result<(), Broken> {
        let now = decision.edited.as_deref().unwrap_or(text);
        let (profile, Scratch { tokens, grams }) = (self.profile, scratch);
        match step {
            Step::GopherRepetition => {
                gopher_repetition::check(now, meter, grams, || tokens.words(now, profile))
            }
            Step::GopherQuality => {
                gopher_quality::check(now, meter, tokens.words(now, profile), profile)
            }
            Step::FinewebQuality => {
                fineweb::check(now, meter, profile, grams, || tokens.words(now, profile))
            }
            Step::C4 | Step::C4AnyEnd => {
                let sentences = |line: &str| tokens.count_sentences(line, profile);
                let edit = c4::edit(now, meter, step == Step::C4AnyEnd, sentences)?;
                decision.take(step, text, edit, tokens);
                Ok(())
            }
            Step::C4Lines | Step::C4LinesAnyEnd | Step::PtfLines => {
                decision.take_lines(step, text, tokens);
                Ok(())
            }
        }
    }
}

impl Decision {
    /// Takes over what C4 makes of the text as it is now.
    fn take(&mut self, step: Step, text: &str, edit: c4::Edit, tokens: &mut Tokens) {
        let now = self.edited.as_deref().unwrap_or(text);
        if edit.text != now {
            tokens.forget();
        }
        self.edits.push(Edited::of(step, now, &edit.deletions));
        // There is one C4 at most, and before it line rules alone, which leave no foreign breaks.
        self.deletions = self.deletions.then(text, &edit.deletions);
        self.foreign_breaks = edit.foreign_breaks;
        self.edited = Some(edit.text);
        for (rule, count) in edit.lines {
            *self.lines.entry(rule).or_default() += count;
        }
    }

    /// Takes over what rules for lines delete. They read what is left of the text, in which breaks
    /// between lines are as they were; so do the steps after them.
    fn take_lines(&mut self, step: Step, text: &str, tokens: &mut Tokens) {
        let left = execute(text, &self.deletions);
        let more = match step {
            Step::PtfLines => PunctuatedRuns::deletions(&left),
            _ => C4Lines { any_end: step == Step::C4LinesAnyEnd }.deletions(&left, &mut self.lines),
        };
        tokens.forget();
        self.edits.push(Edited::of(step, &left, &more));
        self.deletions = self.deletions.then(text, &more);
        self.edited = Some(execute(&left, &more));
    }
}

impl Edited {
    fn of(step: Step, text: &str, deletions: &Deletions) -> Self {
        let gone = deletions.spans().iter().map(|span| span.of(text).chars().count());
        Self { step, deleted_bytes: deletions.deleted_bytes(), deleted_chars: gone.sum() }
    }
}
